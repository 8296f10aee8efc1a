"""What solutions are compared with, and how far that may itself be from the truth.

The exact formula where there is one; otherwise a certified solution (`certification`); where that cannot be had, one
in double precision, whose error is unknown.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from . import certification
from .backends import Array
from .errors import BadProblem
from .model import IVP

EXACT = "exact"
CERTIFIED = "certified"
NUMERIC = "numeric"
ITSELF = "itself"  # an oracle checked against the very formula it evaluates

_STEP = 1e-100  # of the complex-step derivative: below it nothing is rounded away
_OFF = 1e-6  # relative; by how much a formula's slope may miss the right-hand side, whose terms may cancel


@dataclass(frozen=True, eq=False)
class Reference:
    """The solution at `t_eval`, (n, d), and how far it may itself be from the truth (in the unit of the state)."""

    y: Array
    kind: str
    error: float | None
    """None where nobody knows."""
    between: Array | None = None
    """The solution in the middle between each two times of `t_eval`, (n - 1, d); None where only solvers know it."""
    note: str | None = None
    """What a row should say of it."""

    def __post_init__(self) -> None:
        self.y.flags.writeable = False  # metrics see it, and the next solver is compared with it


def reference(ivp: IVP, progress: Callable[[float], None] = lambda done: None) -> Reference:
    """The best solution there is at `ivp.t_eval`; `progress` hears which part is done, where it takes a while.

    A formula is taken to be right to the rounding of its largest value and of its argument. Raises `BadProblem` where
    it contradicts the problem, or where no method reaches the end.
    """
    if ivp.exact is not None:
        return _exact(ivp, ivp.exact)
    certificate = certification.find(ivp)
    if certificate is None:
        try:
            certificate = certification.certify(ivp, progress)
        except certification.Uncertifiable as error:
            return _numeric(ivp, str(error))
        with suppress(OSError):  # no room to keep it: it is made again next time
            certification.keep(certificate, ivp)
    y, between = certificate.y[::2].copy(), certificate.y[1::2]
    return Reference(y, CERTIFIED, float(certificate.error.max()), between)


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
    _expect_solution(ivp, exact, y, slopes)
    with np.errstate(all="ignore"):
        between = np.asarray(exact(ivp.t_eval[:-1] + np.diff(ivp.t_eval) / 2), dtype=np.float64)
    return Reference(y, EXACT, _rounding(y) + of_argument, between)


def _expect_solution(ivp: IVP, exact: Callable[[Array], Array], y: Array, slopes: Array) -> None:
    """Refuse a formula that does not satisfy the equation, where its derivative can be had."""
    import numpy as np

    try:
        with np.errstate(all="ignore"):
            complex_times: Any = ivp.t_eval + 1j * _STEP
            derivative = np.asarray(exact(complex_times))
    except (TypeError, ValueError):
        return
    if derivative.dtype.kind != "c" or derivative.shape != y.shape or not np.isfinite(derivative).all():
        return
    smooth = ~np.isin(ivp.t_eval, ivp.breaks)
    smooth[[0, -1]] = False  # where the slope may be infinite
    off = np.abs(derivative.imag / _STEP - slopes)[smooth]
    # terms of a stiff equation cancel on its solution: a rounding of y is an error of the slope
    size = np.abs(slopes).max() + np.abs(y).max() / (ivp.t_span[1] - ivp.t_span[0])
    if off.size and off.max() > _OFF * size:
        worst = ivp.t_eval[smooth][int(off.max(axis=1).argmax())]
        raise BadProblem(
            f"exact(t) does not satisfy the equation: at t = {worst:g} its slope is off by {off.max():.2g}."
        )


def _numeric(ivp: IVP, why: str) -> Reference:
    """The best that double precision gives; how far that is from the truth nobody knows."""
    try:
        y = _tight(ivp, "DOP853")
    except _TooManyCalls:  # stiff: explicit methods creep
        y = _tight(ivp, "Radau")
    return Reference(y, NUMERIC, None, note=f"reference_error is unknown, not ranked: {why}")


class _TooManyCalls(Exception):
    """The explicit method spent its budget of right-hand-side calls."""


_EXPLICIT_CALLS = 100_000
"""Calls of the right-hand side after which DOP853 gives up and the problem is taken to be stiff."""


def _tight(ivp: IVP, method: Literal["DOP853", "Radau"]) -> Array:
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
    options: dict[str, Any] = {"jac": ivp.jac} if method == "Radau" else {}
    solution = solve_ivp(f, ivp.t_span, ivp.y0, method, t_eval=ivp.t_eval, rtol=5e-14, atol=1e-20, **options)
    if not solution.success:
        raise BadProblem(f"no reference solution: {method} stopped at t = {solution.t[-1]:g}: {solution.message}")
    y: Array = solution.y.T
    return y


def _rounding(y: Array) -> float:
    """One unit in the last place of the largest value."""
    return math.ulp(float(abs(y).max()))
