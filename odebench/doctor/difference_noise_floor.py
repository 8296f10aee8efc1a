"""The step of the differences in the loss is so small that rounding is what they see."""

from __future__ import annotations

import math

from . import losses, samples
from .diagnosis import Evidence, pathology
from .examination import Examination

_AT_FIRST = 0.05
_MATTERS = 1e-4


@pathology(
    kind="method",
    signal="reported loss at the end over the loss recomputed from the solution, where the two agreed within 5 % at "
    "the start",
    threshold=10.0,
    remedy="a step near the cube root of the dtype's epsilon (6e-6 in float64, 5e-3 in float32) with central "
    "differences, or automatic differentiation.",
)
def difference_noise_floor(examination: Examination) -> Evidence | None:
    """Differences over too small a step see rounding, not slopes.

    y(t + h) - y(t) has an error of eps |y|, and its quotient one of eps |y| / h. The loss then stays at
    (eps |y| / h)^2 though the solution's own residual is far lower.
    """
    reports = losses.reports(examination)
    if len(reports) < 4:
        return None
    squares = [losses.RIGHT.square(r.sample, examination.span) for r in reports]
    conditions = [samples.rms(r.sample.start - examination.ivp.y0) ** 2 for r in reports]
    first, loss = reports[0].loss, reports[-1].loss
    weights = _weights(first, squares[0], conditions[0], examination.span)
    if weights is None:
        return None
    recomputed = [weights[0] * s + weights[1] * c for s, c in zip(squares, conditions, strict=True)]
    late = max(2, len(reports) // 5)
    ratios = sorted(r.loss / max(own, 1e-300) for r, own in zip(reports[-late:], recomputed[-late:], strict=True))
    noise = math.sqrt(loss / weights[0]) * examination.span / examination.size
    if noise < _MATTERS or loss > 1e-2 * first:
        return None
    return Evidence(
        ratios[late // 2],
        f"The loss stays at {loss:.2g}, while the solution's own residual gives {recomputed[-1]:.2g}: the differences "
        "in the loss see the rounding of y, divided by a step that is too small.",
        ({"derivative": "autograd"}, {"step": 1e-5}, {"difference_step": 1e-5}, {"dtype": "float64"}),
    )


def _weights(loss: float, square: float, condition: float, span: float) -> tuple[float, float] | None:
    """The common weights with which the first loss is what it should be."""
    for scale in (1.0, span**2, span**2 / 4):
        for of_condition in (1.0, 0.0):
            if abs(scale * square + of_condition * condition - loss) <= _AT_FIRST * loss:
                return scale, of_condition
    return None
