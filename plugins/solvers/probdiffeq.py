"""Probabilistic solvers of probdiffeq: filters and smoothers for ordinary differential equations, compiled by JAX."""

from typing import Literal

from odebench import IVP, Array, Solution, Solver, hookimpl, solver


@solver(
    requires=["probdiffeq>=0.9.2,<0.10", "jax>=0.8"],
    tags=["adaptive", "probabilistic"],
    ladder=[{"rtol": 10.0**-k, "atol": 10.0 ** -(k + 3)} for k in range(2, 13)],
    source="Kraemer & Hennig, JMLR 25 (2024) 50:1-29; probdiffeq.ivpsolve.solve_adaptive_save_at",
)
def probdiffeq(
    ivp: IVP,
    t_eval: Array,
    *,
    method: Literal["EK0", "EK1"] = "EK1",
    order: int = 4,
    strategy: Literal["filter", "smoother"] = "smoother",
    calibration: Literal["mle", "dynamic", "none"] = "mle",
    covariance: Literal["dense", "blockdiag", "isotropic"] = "dense",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    max_steps: int = 100_000,
    deviation: bool = False,
) -> Solution:
    """Gaussian beliefs about the solution and `order` of its derivatives, updated by the equation step by step.

    The row's states are the posterior's means at t_eval. The prior is an integrated Wiener process that starts from the
    solution's Taylor series, the steps are adaptive: the root mean square of error / (rtol |y| + atol) is held below 1.
    method: the equation linearised at the predicted mean, to order 0 (EK0, for nonstiff problems, no Jacobian) or 1
    (EK1, for stiff ones). strategy: what t_eval knows of later times, nothing (filter) or all (smoother, fixed-point).
    calibration: the prior's scale, one for all times (mle), one a step (dynamic) or 1 (none). covariance: between all
    states (dense: matrices of d (order + 1) rows, 1 GiB in all at most), of each state alone (blockdiag), the same for
    all (isotropic): the last two for large systems. max_steps: tried at most. deviation: the largest standard deviation
    at t_eval is computed, on the clock, and kept as `max_std`. No dense output: the library has none with adaptive
    steps. In float64, compiled in the first call, for all tolerances. Schober, Sarkka & Hennig, Stat. Comput. 29 (2019)
    99-122; Kraemer, ProbNum 2025, PMLR 271, 12-24.
    """
    from ..support.probdiffeq_solve import Model, solution

    model = Model(method, order, strategy, calibration, covariance, deviation)
    return solution(ivp, t_eval, model, max_steps, rtol, atol)


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [probdiffeq]
