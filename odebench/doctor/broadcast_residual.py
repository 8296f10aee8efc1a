"""The residual subtracts every f from every slope."""

from __future__ import annotations

from . import losses
from .diagnosis import Evidence, pathology
from .examination import Examination


@pathology(
    kind="code",
    signal="distance of the reported loss from that of the right residual, relative, where that of all pairs of points "
    "gives it to six digits",
    threshold=losses.DIFFERENT,
    remedy="give both sides of the subtraction one shape, (n, d): (n, 1) minus (n,) is an (n, n) table. An assertion "
    "that residual.shape == y.shape finds it.",
)
def broadcast_residual(examination: Examination) -> Evidence | None:
    """The residual is a table of all pairs of points, by broadcasting.

    mean over i and j of (dy_i/dt - f_j)^2 is least where every slope is the mean of all f: a straight line.
    """
    right = losses.match(examination, losses.RIGHT)
    wrong = losses.match(examination, losses.EVERY_PAIR)
    if wrong is None or not wrong.holds or right is None or right.holds:
        return None
    return Evidence(
        right.off,
        "The loss is the mean over all pairs of points of (dy_i/dt - f_j)^2: an (n, 1) array met an (n,) one and was "
        "broadcast to (n, n). Such a loss asks every slope to be near the mean of all f, which makes a straight line.",
    )
