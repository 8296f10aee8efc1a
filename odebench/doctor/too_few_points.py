"""The equation holds at the points, and not between them."""

from __future__ import annotations

from . import samples
from .diagnosis import Evidence, pathology
from .examination import Examination

_MATTERS = 1e-2
_MET = 0.1  # of the solution's size: a residual that is larger at the points is not met there either


@pathology(
    kind="method",
    signal="root mean square residual between the points over that at the points",
    threshold=10.0,
    remedy="more points, drawn anew now and then, or a smaller network.",
)
def too_few_points(examination: Examination) -> Evidence | None:
    """There are too few collocation points.

    The network satisfies the equation where it is looked at and does what it likes in between. Judged where the
    solution is not good, by the residual held out: in the middle between each two points.
    """
    at, between = examination.at_points, examination.between_points
    if at is None or between is None or examination.is_good:
        return None
    held_out, seen = samples.rms(between.residual), samples.rms(at.residual)
    if held_out * examination.span < _MATTERS * examination.size or seen * examination.span > _MET * examination.size:
        return None
    now = examination.parameters
    points = now.get("points")
    more = ({"points": 4 * points},) if isinstance(points, int) and not isinstance(points, bool) else ()
    return Evidence(
        held_out / max(seen, 1e-300),
        f"The residual is {seen:.2g} at the {at.t.size} points of the loss and {held_out:.2g} between them.",
        more,
    )
