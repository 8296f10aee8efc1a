"""Integrators of CyRK: the method in C++ and the right-hand side compiled by numba, so that no step sees Python."""

import math
import weakref
from typing import Any, Literal

import numpy as np

from odebench import IVP, Array, Solution, Solver, SolverFailed, compile_once, hookimpl, solver

MOST_MIB = 4096


@solver(
    requires=["cyrk>=0.20,<0.21", "numba>=0.61"],
    tags=["adaptive", "classical", "compiled"],
    ladder=[{"rtol": 10.0**-k, "atol": 10.0 ** -(k + 3)} for k in range(2, 13)],
    source="Renaud, CyRK, https://github.com/jrenaud90/CyRK",
)
def cyrk(
    ivp: IVP,
    t_eval: Array,
    *,
    method: Literal["RK45", "RK23", "DOP853", "TSIT5", "VERN7", "VERN8", "RADAU", "BDF", "LSODA"] = "RK45",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    max_steps: int = 1_000_000,
    dense_output: bool = False,
) -> Solution:
    """The methods of solve_ivp and three more, with an error estimate held below rtol |y| + atol in each step.

    method: RK45 (Dormand-Prince 5(4)), RK23 (Bogacki-Shampine 3(2)), DOP853 (Dormand-Prince 8(5,3)), TSIT5 (Tsitouras
    5(4)), VERN7 and VERN8 (Verner 7(6) and 8(7)): explicit, for nonstiff problems. RADAU (Radau IIA of order 5), BDF
    (orders 1 to 5), LSODA (Adams, or BDF where stiff): implicit, with Jacobians by differences, as CyRK takes no other
    from numba. The equation is written out, compiled once, in the first call, and has to be traceable and of 2000
    operations at most. max_steps: more is a failure. dense_output: keep the interpolant of every step.
    """
    from CyRK import nbsolve2_ivp

    options = {"rtol": rtol, "atol": atol, "max_num_steps": max_steps, "max_ram_MB": MOST_MIB}
    out = nbsolve2_ivp(_slopes(ivp).address, ivp.t_span, ivp.y0, method, t_eval, dense_output, **options)
    y, steps, failed = out.y.T.copy(), int(out.steps_taken), "" if out.success else out.message
    dense = _dense(out) if dense_output and not failed else out.free()  # which nobody does for it
    if failed:
        raise SolverFailed(f"CyRK, after {steps} steps: {failed}")
    return Solution(y, dense, {"steps": steps})


def _dense(out: Any) -> Any:
    def dense(t: Array) -> Array:
        values: Array = out.call_vectorize(np.ascontiguousarray(t, dtype=np.float64)).T
        return values

    weakref.finalize(dense, out.free)
    return dense


@compile_once
def _slopes(ivp: IVP) -> Any:
    """The right-hand side as a C function of (slope, t, y, nothing)."""
    import numba
    from CyRK.nb.numba_solver import cyjit_sig

    from ..support.written_out import for_numba

    states = [f"y{j}" for j in range(ivp.n_states)]
    lines = for_numba(ivp, states)
    body = "\n    ".join([*(f"y{j} = y[{j}]" for j in range(ivp.n_states)), *lines])
    namespace: dict[str, Any] = dict(vars(math))
    exec(f"def f(slope, t, y, nothing):\n    {body}", namespace)
    # as CyRK's own cyjit, but that a division by zero gives inf or NaN, as numpy's does
    return numba.cfunc(cyjit_sig, error_model="numpy")(namespace["f"])


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [cyrk]
