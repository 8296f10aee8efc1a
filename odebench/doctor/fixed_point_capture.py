"""The solution comes to rest at an equilibrium that the true one never reaches."""

from __future__ import annotations

from ..backends import Array
from .diagnosis import Evidence, more_windows, pathology
from .examination import Examination

_AT_REST = 0.1  # of the fastest that the true solution moves
_FAR = 0.1  # of the solution's size


@pathology(
    kind="method",
    signal="part of the time span that the solution spends at rest at a zero of f, far from the true solution",
    threshold=0.25,
    remedy="train from the start onwards: time windows or causal weights; more points near t0.",
)
def fixed_point_capture(examination: Examination) -> Evidence | None:
    """The solution is captured by a fixed point.

    At rest at a zero of f the residual is zero whatever the initial condition, and training that looks at all times at
    once finds such a place first. Judged against the reference.
    """
    import numpy as np

    y, truth, ivp = examination.y, examination.truth, examination.ivp
    if y is None or truth is None or examination.is_good:
        return None
    gaps = np.diff(ivp.t_eval)
    # of a solution that moves fast for a moment only, nothing is at rest that would cross it within the span
    moves = np.abs(np.asarray(ivp.rhs(ivp.t_eval, truth, np))).max()
    fastest = min(moves, examination.size / (_AT_REST * examination.span))
    at_rest = _norm(np.asarray(ivp.rhs(ivp.t_eval, y, np))) <= _AT_REST * fastest
    still = np.append(_norm(np.diff(y, axis=0)) <= _AT_REST * fastest * gaps, True)
    far = _norm(y - truth) > _FAR * examination.size
    captured = at_rest & still & far
    part = float(gaps[captured[:-1] & captured[1:]].sum()) / examination.span
    if not captured.any():
        return None
    # a constant solution is the trivial one, which has its own name
    if np.ptp(y, axis=0).max() <= 1e-2 * np.ptp(truth, axis=0).max():
        return None
    where = y[np.nonzero(captured)[0][-1]]
    place = ", ".join(f"{v:.3g}" for v in where[:3]) + (", ..." if where.size > 3 else "")
    return Evidence(
        part,
        f"For {part:.0%} of the time span the solution rests at y = {place}, where f is zero and the residual with it, "
        "while the true one is elsewhere: it has been caught by an equilibrium.",
        ({"weighting": "causal"}, more_windows(examination.parameters, 4)),
    )


def _norm(values: Array) -> Array:
    """The largest component's magnitude, (n,)."""
    largest: Array = abs(values).max(axis=1)
    return largest
