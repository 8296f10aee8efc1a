"""The loss promises a solution that is not there."""

from __future__ import annotations

import math

from .courses import promised
from .diagnosis import Evidence, pathology
from .examination import Examination, badness

_WRONG = 1e-2


@pathology(
    kind="rest",
    signal="error (without a reference, the residual's) over what the loss promises: its square root times the time "
    "span",
    threshold=10.0,
    remedy="look at the residual held out and at a certificate, not at the loss; then at the loss's own formula.",
)
def low_loss_wrong_solution(examination: Examination) -> Evidence | None:
    """The loss is low and the solution wrong.

    What is left where no other cause was found: the loss leaves something out, or the problem amplifies small
    residuals. Judged where the error (without a reference, what the residual along the whole span adds up to) is above
    1 % of the solution's size.
    """
    error, stands_for = badness(examination), promised(examination)
    if stands_for is None or not math.isfinite(error) or error <= _WRONG:
        return None
    return Evidence(
        error / max(stands_for, 1e-300),
        f"The loss of {examination.final_loss:.2g} promises an error of some {stands_for:.2g} of the solution's size, "
        f"and it is {error:.2g}: the loss does not see what is wrong.",
        ({"initial_condition": "hard"}, {"windows": 4}),
    )
