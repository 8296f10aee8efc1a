"""The probabilistic solver that a choice of parameters means, compiled once a problem."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from probdiffeq import ivpsolve
from probdiffeq import probdiffeq as parts

from odebench import IVP, Array, Solution, SolverFailed, Unsupported, compile_once

from .jax_tools import in_float64, slope

CALIBRATIONS = {"mle": parts.solver_mle, "dynamic": parts.solver_dynamic, "none": parts.solver}
COVARIANCES = {
    "dense": parts.state_space_model_dense,
    "blockdiag": parts.state_space_model_blockdiag,
    "isotropic": parts.state_space_model_isotropic,
}
STRATEGIES = {"filter": parts.strategy_filter, "smoother": parts.strategy_smoother_fixedpoint}

MOST_BYTES = 2**30
MATRICES = {"filter": 25, "smoother": 45}
"""Dense ones that XLA keeps room for; those of the smoother beside one for each time."""


class Model(NamedTuple):
    """The parameters that make up a solver, hashable."""

    method: str
    order: int
    strategy: str
    calibration: str
    covariance: str
    deviation: bool
    """Whether the standard deviations are asked for: without them less has to be computed."""


class Limited(ivpsolve.control_integral):  # type: ignore[misc]  # probdiffeq has no types where linting is done
    """The library's default control of steps, with an end: the last one tried leads nowhere, where all loops stop."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most

    def init(self, dt: Any, /) -> Any:
        return 0

    def apply(self, dt: Any, tried: Any, /, *, error_power: Any) -> Any:
        dt, _ = super().apply(dt, (), error_power=error_power)
        return jnp.where(tried + 1 < self.most, dt, jnp.nan), tried + 1


def solution(ivp: IVP, t_eval: Array, model: Model, max_steps: int, rtol: float, atol: float) -> Solution:
    """The means at t_eval; raises `SolverFailed` where they are not finite, `Unsupported` where JAX cannot trace."""
    if model.order < 1 or max_steps < 1:
        raise ValueError(f"expected order and max_steps of 1 or more, received {model.order} and {max_steps}")
    if model.covariance == "dense":
        expect_room(ivp.n_states * (model.order + 1), t_eval.size, model.strategy)
    solve = compiled_solve(ivp, t_eval.tobytes(), model, max_steps)
    with in_float64():
        means, deviations, steps = solve(rtol, atol)
    y, counted = np.array(means), np.asarray(steps)
    if not np.isfinite(y).all():
        raise SolverFailed(
            f"not finite after {counted[-1]:,} steps: it diverged, or max_steps of {max_steps:,} was reached; try "
            "EK1 with dense covariances and dynamic calibration, a lower order or more steps"
        )
    stats = {"steps": int(counted[-1])}
    return Solution(y, stats=stats if deviations is None else stats | {"max_std": float(np.asarray(deviations).max())})


def expect_room(rows: int, n_times: int, strategy: str) -> None:
    """Raise `Unsupported` where dense covariances would take more than 1 GiB, each step of which takes seconds."""
    matrices = MATRICES[strategy] + (n_times if strategy == "smoother" else 0)
    if (needed := 8 * rows**2 * matrices) > MOST_BYTES:
        raise Unsupported(
            f"expected dense covariances of 1 GiB at most, these are {matrices} matrices of {rows:,} rows, "
            f"{needed / 2**30:.1f} GiB; take covariance=blockdiag, isotropic with method=EK0, or a lower order"
        )


@compile_once
def compiled_solve(ivp: IVP, times: bytes, model: Model, max_steps: int) -> Callable[..., Any]:
    """`solve(rtol, atol)`: the means at these times (n, d), their standard deviations or None, the steps until each."""
    with in_float64():
        f = slope(ivp)
        y0, t_eval = jnp.asarray(ivp.y0), jnp.asarray(np.frombuffer(times))

    def field(y: Any, /, *, t: Any) -> Any:
        return f(t, y)

    ode = parts.ode(field, jacobian=parts.jacobian_materialize())
    space = COVARIANCES[model.covariance]()
    linearised = (
        space.constraint_ode_ts0(ode)
        if model.method == "EK0"
        else space.constraint_residual(parts.residual_from_ode(ode))
    )
    solve_at = ivpsolve.solve_adaptive_save_at(
        solver=CALIBRATIONS[model.calibration](strategy=STRATEGIES[model.strategy](), constraint=linearised),
        error=parts.error_residual_std(constraint=linearised),
        control=Limited(max_steps),
    )
    # times nearer than this are one to the library
    near = min(1e-8, 1e-6 * float(np.diff(np.frombuffer(times)).min()))

    def solve(y0: Any, t_eval: Any, rtol: Any, atol: Any) -> Any:
        taylor, _ = parts.jetexpand_ode_padded_scan(num=model.order)(ode, (y0,), t=t_eval[0])
        prior = space.prior_wiener_integrated(taylor)
        step = ivpsolve.dt0_adaptive(
            field, (y0,), t0=t_eval[0], error_contraction_rate=model.order + 1, rtol=rtol, atol=atol
        )
        out = solve_at(prior, save_at=t_eval, atol=atol, rtol=rtol, dt0=step, eps=near)
        return out.u.mean[0], out.u.std[0] if model.deviation else None, out.num_steps

    return partial(jax.jit(solve), y0, t_eval)
