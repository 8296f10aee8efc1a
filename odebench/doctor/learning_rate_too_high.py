"""Steps that are too long."""

from __future__ import annotations

import math

from . import courses, gradients
from .diagnosis import Evidence, multiplied, pathology
from .examination import Examination

_ANOTHER = 0.1  # distance of two directions, 0 to 2


@pathology(
    kind="method",
    signal="factor by which the losses of the second half of the training go up and down about their trend; the last "
    "loss over the least; or a tenth of the largest over the first",
    threshold=10.0,
    remedy="a tenth of the learning rate, or a schedule that lowers it.",
)
def learning_rate_too_high(examination: Examination) -> Evidence | None:
    """The learning rate is too high: the loss jumps, rises or overflows.

    Judged where the solution is not good and the loss not low, and where it is the loss reported that is made small.
    """
    now = examination.parameters
    far_off = (now.get("learning_rate") or 0) > 10
    lower = () if courses.chooses_its_steps(examination) else multiplied(now, "learning_rate", 0.1)
    lower = ({"learning_rate": 1e-3}, *lower) if far_off else (*lower, {"learning_rate": 1e-3})
    if any(not math.isfinite(loss) for _, loss in examination.losses):
        step = next(step for step, loss in examination.losses if not math.isfinite(loss))
        last = courses.finite_losses(examination)
        before = f", after {last[-1][1]:.2g}" if last else ""
        return Evidence(math.inf, f"The loss is not finite from step {step} on{before}: the steps overshoot.", lower)
    if examination.is_good or courses.is_low(examination) or courses.chooses_its_steps(examination):
        return None
    if _minimises_another(examination):
        return None
    course, factor = courses.finite_losses(examination), courses.swing(examination)
    if factor is None:
        return None
    least = min(loss for _, loss in course)
    late = sorted(loss for _, loss in course[-max(5, len(course) // 20) :])
    rise = late[len(late) // 2] / least
    overshoot = max(loss for _, loss in course) / course[0][1]
    if overshoot / 10 > max(factor, rise):
        said = f"The loss rose to {overshoot:.2g} times its first value: the steps overshoot."
        return Evidence(overshoot / 10, f"{said} Where they end, units may be saturated or dead.", lower)
    return Evidence(
        max(factor, rise),
        f"In the second half of the training the loss goes up and down by a factor of {factor:.2g} about its trend, "
        f"and ends at {rise:.2g} times its least: the steps overshoot.",
        lower,
    )


def _minimises_another(examination: Examination) -> bool:
    """Whether the gradient is that of another loss than the one reported, such as one with weights that change.

    That may rise while the other falls.
    """
    off = gradients.disagreement(examination)
    return off is not None and off > _ANOTHER
