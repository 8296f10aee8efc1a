"""What solutions are compared with: the exact formula, or a tight numeric solution, with its own error."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from .backends import Array
from .errors import BadProblem
from .model import IVP

EXACT = "exact"
NUMERIC = "numeric"
ITSELF = "itself"  # an oracle checked against the very formula it evaluates


@dataclass(frozen=True, eq=False)
class Reference:
    """The solution at `t_eval`, (n, d), and how far it may itself be from the truth (in the unit of the state)."""

    y: Array
    kind: str
    error: float

    def __post_init__(self) -> None:
        self.y.flags.writeable = False  # metrics see it, and the next solver is compared with it


def reference(ivp: IVP) -> Reference:
    """The best solution there is at `ivp.t_eval`.

    A formula is taken to be right to the rounding of its largest value and of its argument. Without one, two
    independent methods at tight tolerance are compared, and their disagreement is the error of the better one.
    Raises `BadProblem` where the formula contradicts the problem, or where the two methods do not finish.
    """
    return _numeric(ivp) if ivp.exact is None else _exact(ivp, ivp.exact)


def _exact(ivp: IVP, exact: Callable[[Array], Array]) -> Reference:
    import numpy as np

    y = np.array(exact(ivp.t_eval), dtype=np.float64)
    expected = (ivp.t_eval.size, ivp.n_states)
    if y.shape != expected:
        raise BadProblem(f"expected exact(t) to return shape {expected}, received shape {y.shape}.")
    if not np.isfinite(y).all():
        first = int(np.argmin(np.isfinite(y).all(axis=1)))
        raise BadProblem(
            f"expected exact(t) to return finite numbers, received {y[first]} at t = {ivp.t_eval[first]:g}."
        )
    if np.abs(y[0] - ivp.y0).max() > 1e-9 * max(1.0, np.abs(ivp.y0).max()):
        raise BadProblem(f"expected exact(t0) to be y0 = {ivp.y0}, received {y[0]}.")
    # t is rounded before the formula sees it
    with np.errstate(all="ignore"):
        slopes = np.asarray(ivp.rhs(ivp.t_eval, y, np))
        of_argument = sys.float_info.epsilon * float(np.abs(ivp.t_eval[:, None] * slopes).max())
    if not math.isfinite(of_argument):
        first = int(np.argmin(np.isfinite(slopes).all(axis=1)))
        raise BadProblem(f"the right-hand side is not finite on the exact solution, at t = {ivp.t_eval[first]:g}.")
    return Reference(y, EXACT, _rounding(y) + of_argument)


def _numeric(ivp: IVP) -> Reference:
    try:
        better, other = _tight(ivp, "DOP853"), _tight(ivp, "RK45")
    except _TooManyCalls:  # stiff: explicit methods creep
        better, other = _tight(ivp, "Radau"), _tight(ivp, "LSODA")
    disagreement = float(abs(better - other).max())
    return Reference(better, NUMERIC, max(disagreement, _rounding(better)))


class _TooManyCalls(Exception):
    """The explicit method spent its budget of right-hand-side calls."""


_EXPLICIT_CALLS = 100_000
"""Calls of the right-hand side after which DOP853 gives up and the problem is taken to be stiff."""


def _tight(ivp: IVP, method: Literal["DOP853", "RK45", "Radau", "LSODA"]) -> Array:
    """The solution at `t_eval` by a method of `solve_ivp` at the tightest tolerance it takes."""
    from scipy.integrate import solve_ivp

    calls = 0

    def f(t: float, y: Array) -> Array:
        nonlocal calls
        calls += 1
        if method == "DOP853" and calls > _EXPLICIT_CALLS:
            raise _TooManyCalls
        return ivp.f(t, y)

    # 5e-14: just above the least rtol that solve_ivp takes (100 machine epsilons)
    options: dict[str, Any] = {"jac": ivp.jac} if method in ("Radau", "LSODA") else {}
    solution = solve_ivp(f, ivp.t_span, ivp.y0, method, t_eval=ivp.t_eval, rtol=5e-14, atol=1e-20, **options)
    if not solution.success:
        raise BadProblem(f"no reference solution: {method} stopped at t = {solution.t[-1]:g}: {solution.message}")
    y: Array = solution.y.T
    return y


def _rounding(y: Array) -> float:
    """One unit in the last place of the largest value."""
    return math.ulp(float(abs(y).max()))
