"""The loss is made of differences, and goes to zero where the differences' solution is, not the equation's."""

from __future__ import annotations

from . import losses, samples
from .diagnosis import Evidence, pathology
from .examination import Examination


@pathology(
    kind="method",
    signal="root mean square residual of the solution's own derivative over that of the differences in the loss",
    threshold=10.0,
    remedy="the derivative by automatic differentiation, differences of higher order, or a finer grid.",
)
def discretisation_floor(examination: Examination) -> Evidence | None:
    """The error stands at the floor of the discretisation.

    The loss is recognised as that of differences between the points. Trained better, the network comes nearer to the
    solution of the difference equation (implicit Euler's, for backward differences) and no nearer to the true one.
    Judged where the solution is not good.
    """
    at = examination.at_points
    if at is None or examination.is_good:
        return None
    right = losses.match(examination, losses.RIGHT)
    if right is None or right.holds:
        return None
    for hypothesis in losses.DIFFERENCES:
        found = losses.match(examination, hypothesis)
        if found is None or not found.holds:
            continue
        exact, of_differences = samples.rms(at.residual), hypothesis.square(at, examination.span) ** 0.5
        now = examination.parameters
        points = now.get("points")
        finer = ({"points": 10 * points},) if isinstance(points, int) and not isinstance(points, bool) else ()
        return Evidence(
            exact / max(of_differences, 1e-300),
            f"The loss is that of the residual {hypothesis.name}, which has come down to {of_differences:.2g}, while "
            f"that of the derivative itself is {exact:.2g}: the network has learned the difference equation's "
            "solution. No width, depth or number of epochs lowers this error.",
            ({"difference": "central"}, {"derivative": "autograd"}, *finer),
        )
    return None
