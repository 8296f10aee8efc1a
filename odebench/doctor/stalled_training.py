"""The loss is high and falls no more."""

from __future__ import annotations

from .courses import gain_of_last_half, promised
from .diagnosis import Evidence, pathology
from .examination import Examination, badness

_WRONG = 1e-2


@pathology(
    kind="rest",
    signal="error that the loss stands for (its square root times the time span, as a part of the solution's size) "
    "where the second half of the training lowered it by less than a factor of 2",
    threshold=1e-3,
    remedy="a second-order optimizer (L-BFGS, Levenberg-Marquardt), another width or depth, time windows, other seeds.",
)
def stalled_training(examination: Examination) -> Evidence | None:
    """Training is stuck: the loss is high and falls no more.

    What is left where no other cause was found. Judged where the error is above 1 % of the solution's size.
    """
    gain, stands_for = gain_of_last_half(examination), promised(examination)
    if gain is None or gain > 2 or stands_for is None or badness(examination) <= _WRONG:
        return None
    return Evidence(
        stands_for,
        f"The loss has stayed at {examination.final_loss:.2g} for the second half of the training (it fell by a factor "
        f"of {gain:.2g}), and the error goes with it.",
        (
            {"weighting": "causal"},
            {"activation": "tanh"},
            {"optimizer": "levenberg-marquardt"},
            {"optimizer": "lbfgs"},
            {"windows": 4},
        ),
    )
