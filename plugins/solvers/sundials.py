"""CVODE of SUNDIALS: Adams methods and BDF of variable order, by scikit-sundae."""

import math
import re
import sys
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any, Literal

import numpy as np

from odebench import IVP, Array, Solution, Solver, SolverFailed, Unsupported, compile_once, hookimpl, solver

FEW = 32  # states; of more, zeros in the Jacobian are worth leaving out
ORDERS = {"BDF": 5, "Adams": 12}
MESSAGE = re.compile(r"\n\[\w+, Error: -?\d+\] .*\n", re.DOTALL)  # as scikit-sundae prints those of CVODE


@solver(
    requires=["scikit-sundae>=1.1,<2"],
    tags=["adaptive", "classical", "compiled"],
    ladder=[{"rtol": 10.0**-k, "atol": 10.0 ** -(k + 3)} for k in range(2, 13)],
    source="Hindmarsh et al., ACM TOMS 31 (2005) 363-396",
)
def sundials(
    ivp: IVP,
    t_eval: Array,
    *,
    method: Literal["BDF", "Adams"] = "BDF",
    linear_solver: Literal["auto", "dense", "band", "sparse"] = "auto",
    rtol: float = 1e-6,
    atol: float = 1e-9,
    max_step: float | None = None,
    max_steps: int = 100_000,
    max_order: int | None = None,
) -> Solution:
    """Multistep methods of variable step and order, with an error estimate below rtol |y| + atol in each step.

    They take h f(t_n, y_n) and values of earlier steps: sum over i = 0..q of a_i y_(n-i) = h b f(t_n, y_n) for BDF,
    q = 1 to 5, for stiff problems; y_n - y_(n-1) = h times the sum over i = 0..q-1 of b_i f_(n-i) for Adams, q = 1 to
    12, for nonstiff ones. Either is implicit and solved by Newton's method, with the analytic Jacobian where the
    problem has one, else with differences.

    linear_solver: what Newton's equations are solved by. dense: LU. band: LU of the diagonals that may differ from
    zero. sparse: SuperLU_MT. auto: dense for up to 32 states and where more than a quarter of the entries may differ
    from zero, else band where the band is a quarter of the matrix or less, else sparse. max_step: in units of t; none
    for no limit. max_steps: from one output to the next; more is a failure, as where steps no longer move t. max_order:
    none for all that the method has; BDF of order above 2 is unstable near the imaginary axis, and where eigenvalues
    lie there it takes small steps. It begins anew where the problem says that its slope is not smooth. No dense output:
    scikit-sundae has none.
    """
    most = ORDERS[method]
    if max_order is not None and not 1 <= max_order <= most:
        raise ValueError(f"expected max_order of 1 to {most} for {method}, received {max_order}")
    cvode = _cvode(ivp, method, linear_solver, rtol, atol, max_step, max_steps, max_order or most)
    quiet: Any = _WithoutMessages(sys.stdout)
    with redirect_stdout(quiet):
        return _solution(cvode, ivp, t_eval)


def _solution(cvode: Any, ivp: IVP, t_eval: Array) -> Solution:
    y, rows, rhs_calls, jac_calls = ivp.y0, [], 0, 0
    for times in _pieces(ivp, t_eval):
        out = cvode.solve(times, y)
        if not out.success:
            raise SolverFailed(f"CVODE, at t = {out.t[-1]:g}: {out.message}")
        rows.append(out.y if times is t_eval else out.y[np.isin(times, t_eval)])
        y, rhs_calls, jac_calls = out.y[-1], rhs_calls + out.nfev, jac_calls + out.njev
    if not ivp.jac:  # differences stand in for it, which CVODE leaves out
        rhs_calls, jac_calls = rhs_calls + jac_calls * ivp.n_states, 0
    states = rows[0] if len(rows) == 1 else np.concatenate(rows)
    return Solution(states, stats={"rhs_calls": rhs_calls, "jac_calls": jac_calls})


class _WithoutMessages:
    """stdout for a solve: what a right-hand side prints, and not what CVODE complains of, which the failure says."""

    def __init__(self, out: Any) -> None:
        self.out, self.message = out, False

    def write(self, text: str, /) -> int:
        """Pass it on, but for a message and the end of its line."""
        if self.message and text == "\n":
            self.message = False
            return 1
        self.message = MESSAGE.fullmatch(text) is not None
        return len(text) if self.message or self.out is None else int(self.out.write(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.out, name)


def _pieces(ivp: IVP, t_eval: Array) -> list[Array]:
    """The times of each smooth piece, with its ends: anew from the first number after each break."""
    if not ivp.breaks and t_eval.size > 2:
        return [t_eval]
    pieces, start = [], ivp.t_span[0]
    for end in (*ivp.breaks, ivp.t_span[1]):
        within = t_eval[(start < t_eval) & (t_eval < end)]
        # of two times alone, CVODE's answer would be all its steps
        pieces.append(np.array([start, *(within if within.size else [(start + end) / 2]), end]))
        start = math.nextafter(end, math.inf)
    return pieces


@compile_once
def _cvode(
    ivp: IVP,
    method: str,
    linear_solver: str,
    rtol: float,
    atol: float,
    max_step: float | None,
    max_steps: int,
    max_order: int,
) -> Any:
    """The integrator, which begins anew with each solve; to make it takes longer than a short solve."""
    from sksundae.cvode import CVODE

    options = {"rtol": rtol, "atol": atol, "max_step": max_step or 0.0, "max_num_steps": max_steps}
    options["max_order"] = max_order
    with warnings.catch_warnings():  # that the pattern is not needed for differences where the Jacobian is known
        warnings.simplefilter("ignore")
        return CVODE(_in_place(ivp), method=method, **options, **_linear_algebra(ivp, linear_solver))


def _in_place(ivp: IVP) -> Callable[[float, Array, Array], None]:
    """The right-hand side as CVODE wants it: of a few states written out, with no array made on the way."""
    from ..support.written_out import written_out

    f = ivp.f

    def rhs(t: float, y: Array, slope: Array) -> None:
        slope[:] = f(t, y)

    if ivp.n_states > FEW:
        return rhs
    states = [f"y{j}" for j in range(ivp.n_states)]
    try:
        lines = written_out(ivp, states)
    except Unsupported:
        return rhs
    body = "\n        ".join([f"{', '.join(states)}, = y.tolist()", *lines])
    # what is inf or NaN to numpy is an error to Python: overflow, division by zero, the logarithm of a negative number
    namespace: dict[str, Any] = {"rhs": rhs, "failures": (ArithmeticError, ValueError, TypeError), **vars(math)}
    exec(f"def f(t, y, slope):\n    try:\n        {body}\n    except failures:\n        rhs(t, y, slope)", namespace)
    written: Callable[[float, Array, Array], None] = namespace["f"]
    return written


def _linear_algebra(ivp: IVP, wanted: str) -> dict[str, Any]:
    """The linear solver, what it has to know, and the Jacobian in the form that it takes."""
    from scipy.sparse import csc_array

    n, jac = ivp.n_states, ivp.jac
    entries = ivp.sparsity if n > FEW or wanted in ("band", "sparse") else None
    if entries is None or jac is None:
        if wanted in ("band", "sparse"):
            raise Unsupported("its Jacobian is not known, nor where it is zero: take linear_solver=dense")
        return {"linsolver": "dense"} | ({"jacfn": _filling(jac, ...)} if jac else {})
    rows, columns = entries
    lower, upper = int(max(0, *(rows - columns))), int(max(0, *(columns - rows)))
    if wanted == "auto":
        wanted = "dense" if len(rows) > n * n / 4 else "band" if lower + upper < n / 4 else "sparse"
    numbers = rows.astype(np.int32), columns.astype(np.int32)  # those of SUNDIALS
    pattern = csc_array((np.ones(len(rows)), numbers), shape=(n, n))
    options: dict[str, Any] = {"linsolver": wanted}
    if wanted == "band":
        options |= {"lband": lower, "uband": upper}
    if wanted == "sparse":
        options["sparsity"] = pattern
    at = pattern.indices, np.repeat(np.arange(n), np.diff(pattern.indptr))  # row and column, column by column
    return options | {"jacfn": _filling(jac, at, flat=wanted == "sparse")}


def _filling(jac: Callable[[float, Array], Any], at: Any, *, flat: bool = False) -> Callable[..., None]:
    """`jac` for CVODE: it writes the entries that may differ from zero, into a matrix or one after the other."""
    place = ... if flat else at

    def jacfn(t: float, y: Array, slope: Array, jacobian: Array) -> None:
        matrix = jac(t, y)
        jacobian[place] = matrix[at] if isinstance(matrix, np.ndarray) else matrix.data

    return jacfn


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [sundials]
