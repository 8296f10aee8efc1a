"""The gradient is not that of the loss."""

from __future__ import annotations

from . import gradients
from .detached_derivative import detached_derivative
from .diagnosis import Evidence, pathology
from .examination import Examination


@pathology(
    kind="code",
    signal="distance of the gradient's direction from the one in which the loss rises (0 to 2), median over the "
    "reports",
    threshold=0.2,
    remedy="call zero_grad() before each backward(), and report the loss, the gradient and the solution of the same "
    "weights.",
)
def stale_gradient(examination: Examination) -> Evidence | None:
    """The gradient is another one than the loss's: added up over steps, or of earlier weights."""
    off = gradients.disagreement(examination)
    if off is None or detached_derivative.diagnose(examination) is not None:
        return None
    return Evidence(
        off,
        "The gradient that training goes by does not point where the reported loss rises: gradients of earlier steps "
        "are added to it (zero_grad is missing), or it was taken at other weights.",
    )
