"""The methods that extensisq adds to `scipy.integrate.solve_ivp`."""

import sys
from typing import Any, Literal

import numpy as np

from odebench import IVP, Array, Solution, Solver, SolverFailed, Unsupported, compile_once, hookimpl, solver

LEAST_RTOL = 100 * sys.float_info.epsilon
IMPLICIT = ("TRBDF2", "TRX2", "KC3I", "KC4I", "KC4Ia", "Kv3I")
NYSTROM = ("Fi4N", "Fi5N", "Mu5Nmb", "MR6NN")


@solver(
    requires=["extensisq>=0.6,<0.7"],
    tags=["adaptive", "classical"],
    ladder=[{"rtol": 10.0**-k, "atol": 10.0 ** -(k + 3)} for k in range(2, 13)],
    source="extensisq, by W.R. Kampinga; each method's paper is named in its README",
)
def extensisq(
    ivp: IVP,
    t_eval: Array,
    *,
    method: Literal[
        "BS5", "CK5", "CKdisc", "Ts5", "Me4", "Pr7", "Pr8", "Pr9", "CFMR7osc", "SSV2stab", "SWAG",
        "Fi4N", "Fi5N", "Mu5Nmb", "MR6NN", "TRBDF2", "TRX2", "KC3I", "KC4I", "KC4Ia", "Kv3I",
    ] = "BS5",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    max_step: float | None = None,
    dense_output: bool = False,
) -> Solution:  # fmt: skip
    """Adaptive steps with an error estimate held below rtol |y| + atol in each, by methods that scipy does not have.

    method: BS5 (Bogacki-Shampine 5(4)), CK5 (Cash-Karp), Ts5 (Tsitouras 5(4)), Me4 (Merson), Pr7, Pr8, Pr9 (Prince, the
    order in the name): explicit Runge-Kutta methods, for nonstiff problems. CKdisc: Cash-Karp of variable order, for
    slopes that jump. CFMR7osc: order 7, for oscillations. SSV2stab: Runge-Kutta-Chebyshev of order 2, for large, mildly
    stiff problems. SWAG: Adams-Bashforth-Moulton of orders 1 to 12. Fi4N, Fi5N (Fine), Mu5Nmb (Murua), MR6NN
    (El-Mikkawy & Rahmo): Runge-Kutta-Nystrom, for second-order equations alone: the state is all positions and then
    all speeds; for MR6NN forces do not depend on the speeds. TRBDF2, TRX2 (Hosea & Shampine, order 2), KC3I, KC4I,
    KC4Ia (Kennedy & Carpenter, orders 3, 4, 4), Kv3I (Kvaerno, order 3): implicit (ESDIRK), for stiff problems; they
    are given the analytic Jacobian where the problem has one. max_step: in units of t; none for no limit.
    dense_output: keep the interpolant of every step, at some cost.
    """
    import extensisq as xq
    from scipy.integrate import solve_ivp

    from ..support.calls import counting

    if rtol < LEAST_RTOL:
        raise ValueError(f"expected rtol of {LEAST_RTOL:.2g} or more, received {rtol}: extensisq would not keep it")
    if method in NYSTROM:
        _expect_second_order(ivp, method)
    options: dict[str, Any] = {"jac": ivp.jac} if method in IMPLICIT else {}
    if max_step is not None:
        options["max_step"] = max_step
    f, calls = counting(ivp.f)  # extensisq leaves out the calls that choose its first step
    out = solve_ivp(f, ivp.t_span, ivp.y0, getattr(xq, method), t_eval, dense_output, rtol=rtol, atol=atol, **options)
    if not out.success:
        raise SolverFailed(out.message)
    sol = out.sol  # None without dense_output
    return Solution(
        out.y.T, sol and (lambda t: sol(t).T), {"rhs_calls": next(calls), "jac_calls": out.njev if ivp.jac else 0}
    )


@compile_once
def _expect_second_order(ivp: IVP, method: str) -> None:
    """Tried at a state of no meaning: extensisq looks at the initial one, where slopes may be speeds by chance."""
    n, t0 = ivp.n_states // 2, ivp.t_span[0]
    state = ivp.y0 + np.linspace(0.1, 0.2, ivp.n_states)
    slope = ivp.f(t0, state)
    if ivp.n_states % 2 or not np.array_equal(slope[:n], state[n:]):
        raise Unsupported(f"{method} is for y'' = g(t, y, y'), all positions and then all speeds being the state")
    faster = np.append(state[:n], 2 * state[n:] + 1)
    if method == "MR6NN" and not np.array_equal(slope[n:], ivp.f(t0, faster)[n:], equal_nan=True):
        raise Unsupported(f"{method} is for forces that do not depend on the speeds")


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [extensisq]
