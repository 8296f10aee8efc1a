"""What diffrax is asked, compiled once a problem, and what its answer means."""

from collections.abc import Callable
from functools import partial
from typing import Any

import diffrax
import jax
import jax.numpy as jnp
import numpy as np
import optimistix

from odebench import IVP, Array, Solution, SolverFailed, compile_once

from .jax_tools import in_float64, slope

IMPLICIT = ("ImplicitEuler", "Kvaerno3", "Kvaerno4", "Kvaerno5")


def solution(
    ivp: IVP, t_eval: Array, method: str, batch: int, most: int, dense_output: bool, *tolerances: float
) -> Solution:
    """The solution by at most so many steps of the method under error control, or exactly so many equal ones.

    Raises `SolverFailed` where diffrax gave up, `Unsupported` where JAX cannot trace the right-hand side.
    """
    if min(batch, most) < 1:
        raise ValueError(f"expected batch and a number of steps of 1 or more, received {batch} and {most}")
    solve = _compiled(ivp, t_eval.tobytes(), method, batch, most, dense_output, bool(tolerances))
    with in_float64():
        states, counts, interpolant = solve(*tolerances)
    y, counted = np.array(states), np.asarray(counts)  # all copies, ready
    if batch > 1:
        y, counted = y[0], counted[0]
    steps, failed = counted.tolist()
    if failed:
        raise SolverFailed(
            f"max_steps of {most:,} was reached, {steps:,} of them accepted; try more, a larger rtol, or Kvaerno5 "
            "where the problem is stiff"
            if tolerances
            else f"the implicit equations of step {steps + 1:,} could not be solved; try more steps"
        )
    dense = None if interpolant is None else partial(_dense, interpolant, batch > 1)
    return Solution(y, dense, {"steps": steps})


@compile_once
def _compiled(
    ivp: IVP, times: bytes, method: str, batch: int, most: int, dense: bool, adaptive: bool
) -> Callable[..., Any]:
    """`solve(*tolerances)`: the states at these times, [steps, whether it failed], the interpolant or None."""
    with in_float64():
        f = slope(ivp)
        y0, t_eval = (
            jnp.asarray(ivp.y0 if batch == 1 else np.tile(ivp.y0, (batch, 1))),
            jnp.asarray(np.frombuffer(times)),
        )
    (t0, t1), term = ivp.t_span, diffrax.ODETerm(lambda t, y, _: f(t, y))

    def solve(y0: Any, t_eval: Any, *tolerances: Any) -> Any:
        steps = diffrax.PIDController(*tolerances) if adaptive else diffrax.StepTo(jnp.linspace(t0, t1, most + 1))
        out = diffrax.diffeqsolve(
            term,
            _method(method, adaptive),
            t0,
            t1,
            None,
            y0,
            saveat=diffrax.SaveAt(ts=t_eval, dense=dense),
            stepsize_controller=steps,
            max_steps=most,
            throw=False,
        )
        failed = out.result != diffrax.RESULTS.successful
        # in one array, and without the rejected steps: on a small problem XLA spends longer on them than on the steps
        return out.ys, jnp.stack([out.stats["num_accepted_steps"], failed]), out.interpolation

    compiled = jax.jit(solve if batch == 1 else jax.vmap(solve, in_axes=(0, *[None] * (3 if adaptive else 1))))
    return partial(compiled, y0, t_eval)


def _method(name: str, adaptive: bool) -> Any:
    if name in IMPLICIT and not adaptive:  # the root finder has no tolerances to go by
        return getattr(diffrax, name)(root_finder=optimistix.Newton(rtol=1e-10, atol=1e-12))
    return getattr(diffrax, name)()


def _dense(interpolant: Any, batched: bool, t: Array) -> Array:
    """The interpolant at times (n,): compiled for powers of two, the last time repeated, as any n may be asked for."""
    padded = np.pad(np.asarray(t, dtype=np.float64), (0, (1 << (len(t) - 1).bit_length()) - len(t)), mode="edge")
    with in_float64():
        return np.array(_evaluated(interpolant, batched, padded))[: len(t)]


@partial(jax.jit, static_argnums=1)
def _evaluated(interpolant: Any, batched: bool, t: Any) -> Any:
    first = jax.tree.map(lambda a: a[0], interpolant) if batched else interpolant
    return jax.vmap(first.evaluate)(t)
