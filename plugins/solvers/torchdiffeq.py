"""Integrators of torchdiffeq: Runge-Kutta and Adams methods on torch's tensors."""

from typing import Literal

from odebench import IVP, Array, Solution, Solver, hookimpl, solver

REQUIRES = ["torchdiffeq>=0.2.4,<0.3", "torch>=2.2"]
SOURCE = "Chen, Rubanova, Bettencourt & Duvenaud, NeurIPS 2018; torchdiffeq.odeint"


@solver(
    requires=REQUIRES,
    tags=["adaptive", "classical"],
    ladder=[{"rtol": 10.0**-k, "atol": 10.0 ** -(k + 3)} for k in range(2, 13)],
    source=SOURCE,
)
def torchdiffeq(
    ivp: IVP,
    t_eval: Array,
    *,
    method: Literal["dopri5", "dopri8", "bosh3", "fehlberg2", "adaptive_heun"] = "dopri5",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    max_steps: int = 100_000,
) -> Solution:
    """Adaptive explicit steps, the root mean square of error / (rtol |y| + atol) held below 1 in each; in float64.

    method: dopri5 (Dormand-Prince 5(4)), dopri8 (Dormand-Prince 8(7)), bosh3 (Bogacki-Shampine 3(2)), fehlberg2
    (Fehlberg 2(1)), adaptive_heun (Heun 2(1)): for nonstiff problems, one call into torch for every operation. Between
    the steps a polynomial of degree 4, whatever the method's order. max_steps: tried at most.
    """
    from ..support.torchdiffeq_solve import adaptive

    return adaptive(ivp, t_eval, method, max_steps, rtol=rtol, atol=atol)


@solver(
    requires=REQUIRES,
    tags=["fixed-step", "classical"],
    ladder=[{"steps": 10 * 4**k} for k in range(6)],
    source=SOURCE,
)
def torchdiffeq_fixed(
    ivp: IVP,
    t_eval: Array,
    *,
    method: Literal["euler", "midpoint", "heun2", "heun3", "rk4", "explicit_adams", "implicit_adams"] = "rk4",
    steps: int = 100,
    max_order: int = 12,
) -> Solution:
    """Equal steps of (t1 - t0) / steps, without error control; in float64.

    method: euler (order 1), midpoint, heun2 (2), heun3 (3), rk4 (4, by the 3/8 rule): explicit Runge-Kutta methods.
    explicit_adams, implicit_adams: Adams-Bashforth, and with Adams-Moulton's corrector by fixed-point iteration, of
    orders that rise to max_order (4 to 12); the higher, the smaller the steps have to be. For nonstiff problems. Where
    t_eval holds other times than the steps' ends, cubic Hermite polynomials between these, at a call each.
    """
    from ..support.torchdiffeq_solve import fixed

    return fixed(ivp, t_eval, method, steps, max_order)


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [torchdiffeq, torchdiffeq_fixed]
