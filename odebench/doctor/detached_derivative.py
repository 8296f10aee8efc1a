"""The derivative in the loss is right, but training does not see it."""

from __future__ import annotations

from . import gradients
from .diagnosis import Evidence, pathology
from .examination import Examination


@pathology(
    kind="code",
    signal="distance of the gradient's direction from the one in which the loss rises (0 to 2), where with dy/dt held "
    "fast it is a tenth of that or less",
    threshold=0.01,
    remedy="keep the derivative in the graph: torch.autograd.grad(..., create_graph=True), without detach(), .data, "
    "item() or no_grad() between it and the loss.",
)
def detached_derivative(examination: Examination) -> Evidence | None:
    """The derivative is cut off from the weights.

    The loss reported is the right one, but its gradient is that of a loss in which dy/dt is a constant: training moves
    y towards where f(t, y) is the slope it happens to have.
    """
    off = gradients.disagreement(examination)
    if off is None:
        return None
    cut_off = gradients.disagreement(examination, frozen_slopes=True)
    if cut_off is None or cut_off > gradients.SAME * off:
        return None
    return Evidence(
        off,
        "The gradient is that of a loss in which dy/dt does not depend on the weights: the derivative has the right "
        "value but is detached from the graph, so training never learns how the weights change it.",
    )
