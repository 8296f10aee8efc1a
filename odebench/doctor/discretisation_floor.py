"""The loss is made of differences, and goes to zero where the differences' solution is, not the equation's."""

from __future__ import annotations

from . import losses, samples
from .derivative_errors import derivative_error
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

    The loss is recognised as that of differences between the points, or over a step. Trained better, the network comes
    nearer to the solution of the difference equation (implicit Euler's, for backward differences on the grid) and no
    nearer to the true one. Judged where the solution is not good.
    """
    at = examination.at_points
    if at is None or examination.is_good:
        return None
    differences = _differences(examination)
    if differences is None:
        return None
    name, left = differences
    exact = samples.rms(at.residual)
    points = examination.parameters.get("points")
    finer = ({"points": 10 * points},) if isinstance(points, int) and not isinstance(points, bool) else ()
    return Evidence(
        exact / max(left, 1e-300),
        f"The loss is that of the residual {name}, which has come down to {left:.2g}, while that of the derivative "
        f"itself is {exact:.2g}: the network has learned the difference equation's solution. No width, depth or number "
        "of epochs lowers this error.",
        ({"difference": "central"}, {"derivative": "autograd"}, {"derivative": "time"}, *finer),
    )


def _differences(examination: Examination) -> tuple[str, float] | None:
    """The residual of differences that the loss is made of, and its root mean square at the end."""
    at = examination.at_points
    right = losses.match(examination, losses.RIGHT)
    if at is None or right is None or right.holds:
        return None
    for hypothesis in losses.DIFFERENCES:
        found = losses.match(examination, hypothesis)
        if found is not None and found.holds:
            return hypothesis.name, hypothesis.square(at, examination.span) ** 0.5
    over_a_step = derivative_error(examination)
    if over_a_step is None or over_a_step.step is None:
        return None
    h = over_a_step.step
    return f"(y(t + h) - y(t))/h - f with h = {h:.2g}", samples.rms(at.residual + h / 2 * at.curvature)
