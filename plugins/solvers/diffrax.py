"""Integrators of diffrax: Runge-Kutta methods compiled by JAX, for one problem or a batch of its copies."""

from typing import Literal

from odebench import IVP, Array, Solution, Solver, hookimpl, solver

REQUIRES = ["diffrax>=0.7,<0.8", "jax>=0.8"]
SOURCE = "Kidger, On Neural Differential Equations, PhD thesis, University of Oxford, 2021; diffrax.diffeqsolve"


@solver(
    requires=REQUIRES,
    tags=["adaptive", "classical"],
    ladder=[{"rtol": 10.0**-k, "atol": 10.0 ** -(k + 3)} for k in range(2, 13)],
    source=SOURCE,
)
def diffrax(
    ivp: IVP,
    t_eval: Array,
    *,
    method: Literal[
        "Tsit5", "Dopri5", "Dopri8", "Bosh3", "Heun", "Midpoint", "Ralston", "Kvaerno3", "Kvaerno4", "Kvaerno5"
    ] = "Tsit5",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    batch: int = 1,
    max_steps: int | None = None,
    dense_output: bool = False,
) -> Solution:
    """Adaptive Runge-Kutta steps, the root mean square of error / (rtol |y| + atol) held below 1 in each; in float64.

    method: Tsit5 (Tsitouras 5(4)), Dopri5 and Dopri8 (Dormand-Prince 5(4) and 8(7)), Bosh3 (Bogacki-Shampine 3(2)),
    Heun, Midpoint and Ralston (2(1)): explicit, for nonstiff problems. Kvaerno3, Kvaerno4 and Kvaerno5 (Kvaerno, BIT
    44 (2004) 489-502): diagonally implicit, for stiff ones, their Jacobians by automatic differentiation. batch: so
    many copies of the problem are solved in one call, under vmap; the row's time is that of the whole batch. max_steps:
    tried at most; None for 100,000, or 10,000 with dense_output, which keeps room for all of them. dense_output: keep
    the interpolant of every step. Compiled in the first call, for all tolerances.
    """
    from ..support.diffrax_solve import solution

    most = (10_000 if dense_output else 100_000) if max_steps is None else max_steps
    return solution(ivp, t_eval, method, batch, most, dense_output, rtol, atol)


@solver(
    requires=REQUIRES, tags=["fixed-step", "classical"], ladder=[{"steps": 10 * 4**k} for k in range(6)], source=SOURCE
)
def diffrax_fixed(
    ivp: IVP,
    t_eval: Array,
    *,
    method: Literal[
        "Euler",
        "Heun",
        "Midpoint",
        "Ralston",
        "Bosh3",
        "Tsit5",
        "Dopri5",
        "Dopri8",
        "ImplicitEuler",
        "Kvaerno3",
        "Kvaerno4",
        "Kvaerno5",
    ] = "Tsit5",
    steps: int = 100,
    batch: int = 1,
    dense_output: bool = False,
) -> Solution:
    """Equal Runge-Kutta steps of (t1 - t0) / steps, without error control; in float64.

    method: Euler (order 1), Heun, Midpoint, Ralston (2), Bosh3 (3), Tsit5, Dopri5 (5), Dopri8 (8): explicit, for
    nonstiff problems. ImplicitEuler (1), Kvaerno3, Kvaerno4, Kvaerno5 (3, 4, 5): for stiff ones, with Newton's method.
    Between the steps the method's own interpolant, of a lower order. batch: so many copies of the problem are solved in
    one call, under vmap; the row's time is that of the whole batch. dense_output: keep the interpolant of every step.
    Compiled in the first call.
    """
    from ..support.diffrax_solve import solution

    return solution(ivp, t_eval, method, batch, steps, dense_output)


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [diffrax, diffrax_fixed]
