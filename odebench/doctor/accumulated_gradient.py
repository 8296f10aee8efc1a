"""Gradients of earlier steps are added to each new one."""

from __future__ import annotations

from . import gradients
from .diagnosis import Evidence, pathology
from .examination import Examination


@pathology(
    kind="code",
    signal="distance of the gradient's direction from the one in which the loss rises (0 to 2), where what has come to "
    "it since the step before is off by a tenth of that or less",
    threshold=0.01,
    remedy="call zero_grad() before each backward().",
)
def accumulated_gradient(examination: Examination) -> Evidence | None:
    """Gradients add up over the steps: they are not set to zero.

    backward() adds to `grad`. Without zero_grad() the optimizer goes by the sum of all gradients so far, as a heavy
    ball without friction does, and overshoots ever further.
    """
    off = gradients.disagreement(examination)
    if off is None:
        return None
    of_increase = gradients.disagreement(examination, seen=gradients.increase)
    if of_increase is None or of_increase > gradients.SAME * off:
        return None
    return Evidence(
        off,
        "The gradient that training goes by is the sum of those of all steps so far: what comes to it in a step is the "
        "loss's gradient, but it never was set to zero.",
    )
