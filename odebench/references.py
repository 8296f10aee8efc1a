"""What solutions are compared with, and how far that may itself be from the truth.

The exact formula where there is one; otherwise a certified solution (`certification`); where that cannot be had, one
in double precision, whose error is unknown.
"""

from __future__ import annotations

import sys
import warnings
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
_OFF = 1e-7  # relative; by how much a formula's slope may miss the right-hand side
_ROUNDINGS = 1e-14  # relative; how well a formula is evaluated
_BETWEEN = 0.382  # of a gap: where a formula is held to its equation, off the grid and off its middles


@dataclass(frozen=True, eq=False)
class Reference:
    """The solution at `t_eval`, (n, d), and how far it may itself be from the truth (in the unit of the state)."""

    y: Array
    kind: str
    error: float | None
    """The largest of a component times its weight, as errors are measured; None where nobody knows."""
    between: Array | None = None
    """The solution in the middle between each two times of `t_eval`, (n - 1, d); None where only solvers know it."""
    note: str | None = None
    """What a row should say of it."""
    final_errors: Array | None = None
    """How far each component may be from the truth at the last time, (d,), without its weight."""

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
    return Reference(y, CERTIFIED, _weighted(certificate.error, ivp), between, final_errors=certificate.error)


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
        of_argument = sys.float_info.epsilon * np.abs(ivp.t_eval[:, None] * slopes)
    if not np.isfinite(of_argument).all():
        first = int(np.argmin(np.isfinite(slopes).all(axis=1)))
        raise BadProblem(f"the right-hand side is not finite on the exact solution, at t = {ivp.t_eval[first]:g}.")
    _expect_solution(ivp, exact)
    with np.errstate(all="ignore"):
        between = np.asarray(exact(ivp.t_eval[:-1] + np.diff(ivp.t_eval) / 2), dtype=np.float64)
    errors = np.spacing(np.abs(y).max(axis=0)) + of_argument.max(axis=0)
    final_errors = np.spacing(np.abs(y[-1])) + of_argument[-1]
    return Reference(y, EXACT, _weighted(errors, ivp), between, final_errors=final_errors)


def _expect_solution(ivp: IVP, exact: Callable[[Array], Array]) -> None:
    """Refuse a formula that does not satisfy the equation, at times between those of `t_eval`."""
    import numpy as np

    gaps = np.diff(ivp.t_eval)
    times = ivp.t_eval[:-1] + _BETWEEN * gaps
    with np.errstate(all="ignore"):
        y = np.asarray(exact(times), dtype=np.float64)
        slopes = np.asarray(ivp.rhs(times, y, np), dtype=np.float64)
        derivative, uncertain = _derivative(exact, times, y, gaps)
        off = np.abs(derivative - slopes)
        size = np.abs(slopes).max(axis=1) + np.abs(y).max(axis=1) / (ivp.t_span[1] - ivp.t_span[0])
        # what is as nothing beside the largest slope may have underflowed
        allowed = _OFF * size + uncertain.max(axis=1) + sys.float_info.epsilon * np.abs(slopes).max()
        for k in np.flatnonzero(off.max(axis=1) > allowed):
            # terms of a stiff equation cancel on its solution: a rounding of y is a large error of the slope
            if ivp.jac is not None:
                by_state: Any = abs(ivp.jac(times[k], y[k]))
                allowed[k] += _ROUNDINGS * np.max(by_state @ np.abs(y[k]))
            if off[k].max() > allowed[k] and np.isfinite(off[k]).all():
                where = f"at t = {times[k]:g} its slope is off by {off[k].max():.2g}"
                raise BadProblem(f"exact(t) does not satisfy the equation: {where}.")


def _derivative(exact: Callable[[Array], Array], times: Array, y: Array, gaps: Array) -> tuple[Array, Array]:
    """The slope of a formula and how far that may be off, both (n, d).

    By a complex step where the formula takes complex times, by central differences where it does not.
    """
    import numpy as np

    with suppress(TypeError, ValueError), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a formula that makes real numbers of complex ones
        complex_times: Any = times + 1j * _STEP
        moved = np.asarray(exact(complex_times))
        # one that takes the real part first, or the magnitude, gives no imaginary part, or a wrong one
        if moved.dtype.kind == "c" and moved.shape == y.shape and np.isfinite(moved).all() and moved.imag.any():
            return moved.imag / _STEP, np.zeros_like(y)

    def difference(part: float) -> Array:
        """Of fourth order, over this part of a gap."""
        h = part * gaps
        far = exact(times + 2 * h) - exact(times - 2 * h)
        return np.asarray((8 * (exact(times + h) - exact(times - h)) - far) / (12 * h[:, None]))

    coarse, fine = difference(0.05), difference(0.025)
    return fine, 10 * np.abs(fine - coarse) + 1e-14 * np.abs(y) / gaps[:, None]


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


def _weighted(errors: Array, ivp: IVP) -> float:
    """The largest of the components' errors (d,), each times its weight."""
    return float((errors if ivp.weights is None else errors * ivp.weights).max())
