"""The integrators of `scipy.integrate.solve_ivp`, with a right-hand side compiled by numba."""

import copy
import math
from typing import Any, Literal

from odebench import IVP, Array, Solution, Solver, compile_once, hookimpl, solver

from .scipy_ivp import scipy_ivp


@solver(
    requires=["numba>=0.61", "scipy"],
    tags=["adaptive", "classical", "compiled"],
    ladder=scipy_ivp.ladder,
    source="scipy.integrate.solve_ivp; Lam, Pitrou & Seibert, LLVM-HPC 2015",
)
def scipy_ivp_numba(
    ivp: IVP,
    t_eval: Array,
    *,
    method: Literal["RK45", "RK23", "DOP853", "Radau", "BDF", "LSODA"] = "RK45",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    max_step: float | None = None,
    dense_output: bool = False,
) -> Solution:
    """As scipy-ivp, parameters and all, but for the slopes f(t, y): machine code in place of Python.

    The equation is written out, one operation a line, and compiled once, in the first call; it has to be traceable and
    of 2000 operations at most. The integrator is scipy's own and stays in Python: of a few operations the slopes
    take as long either way, of hundreds far less time here. Jacobians are those of scipy-ivp.

    method, rtol, atol, max_step, dense_output: as there.
    """
    options = {"max_step": max_step, "dense_output": dense_output}
    return scipy_ivp(compiled_twin(ivp), t_eval, method=method, rtol=rtol, atol=atol, **options)


@compile_once
def compiled_twin(ivp: IVP) -> IVP:
    """The same problem, its `f` compiled."""
    import numba
    import numpy as np

    from ..support.written_out import for_numba

    lines = for_numba(ivp, [f"y[{j}]" for j in range(ivp.n_states)])
    body = "\n    ".join([f"slope = empty({ivp.n_states})", *lines, "return slope"])
    namespace: dict[str, Any] = {"empty": np.empty, **vars(math)}
    exec(f"def f(t, y):\n    {body}", namespace)
    number = numba.float64
    state = numba.types.Array(number, 1, "A", readonly=True)  # which arrays of any layout can be passed for
    # where Python's division raises, this gives inf or NaN, as numpy's does
    f = numba.njit(number[::1](number, state), error_model="numpy")(namespace["f"])
    twin = copy.copy(ivp)
    for own in ("_compiled", "_compiling"):  # what `compile_once` keeps is of that problem alone
        vars(twin).pop(own, None)
    vars(twin)["f"] = f
    return twin


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [scipy_ivp_numba]
