"""The six integrators of `scipy.integrate.solve_ivp`."""

import sys
from typing import Any, Literal

from odebench import IVP, Array, Solution, Solver, SolverFailed, hookimpl, solver

LEAST_RTOL = 100 * sys.float_info.epsilon
IMPLICIT = ("Radau", "BDF", "LSODA")
FEW = 32  # states; of more, a Jacobian may be a sparse matrix


@solver(
    requires=["scipy"],
    tags=["adaptive", "classical"],
    ladder=[{"rtol": 10.0**-k, "atol": 10.0 ** -(k + 3)} for k in range(2, 13)],
    source="scipy.integrate.solve_ivp",
)
def scipy_ivp(
    ivp: IVP,
    t_eval: Array,
    *,
    method: Literal["RK45", "RK23", "DOP853", "Radau", "BDF", "LSODA"] = "RK45",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    max_step: float | None = None,
    dense_output: bool = False,
) -> Solution:
    """Adaptive steps with an error estimate held below rtol |y| + atol in each.

    method: RK45 (Dormand-Prince 5(4)), RK23 (Bogacki-Shampine 3(2)), DOP853 (Dormand-Prince 8(5,3)): explicit, for
    nonstiff problems. Radau (Radau IIA of order 5), BDF (orders 1 to 5), LSODA (Adams, or BDF where stiff): implicit;
    they are given the analytic Jacobian where the problem has one; what one by differences evaluates instead is in
    rhs_calls. max_step: in units of t; none for no limit.
    dense_output: keep the interpolant of every step, at some cost.
    """
    from scipy.integrate import solve_ivp

    from ..support.calls import counting

    if rtol < LEAST_RTOL:
        raise ValueError(f"expected rtol of {LEAST_RTOL:.2g} or more, received {rtol}: solve_ivp would not keep it")
    options: dict[str, Any] = {}
    if max_step is not None:
        options["max_step"] = max_step
    if method in IMPLICIT and ivp.jac is not None:
        options |= _banded(ivp) if method == "LSODA" and ivp.n_states > FEW else {"jac": ivp.jac}
    # their nfev leaves out what a Jacobian by differences takes
    f, evaluated = counting(ivp.f) if method in ("Radau", "BDF") and ivp.jac is None else (ivp.f, None)
    out = solve_ivp(f, ivp.t_span, ivp.y0, method, t_eval, dense_output, rtol=rtol, atol=atol, **options)
    if not out.success:
        raise SolverFailed(out.message)
    sol = out.sol  # None without dense_output
    stats = {
        "rhs_calls": out.nfev if evaluated is None else next(evaluated),
        "jac_calls": out.njev if "jac" in options else 0,
    }
    return Solution(out.y.T, sol and (lambda t: sol(t).T), stats)


def _banded(ivp: IVP) -> dict[str, Any]:
    """What LSODA, which knows no sparse matrices, is told of one: how far from its diagonal its entries lie."""
    if ivp.sparsity is None:
        return {}
    rows, columns = ivp.sparsity
    return {"lband": int(max(rows - columns)), "uband": int(max(columns - rows))}


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [scipy_ivp]
