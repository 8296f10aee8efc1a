"""Training ended while the loss was still falling."""

from __future__ import annotations

from . import courses
from .diagnosis import Evidence, multiplied, pathology
from .examination import Examination


@pathology(
    kind="rest",
    signal="least loss of the first half of the training over the least of the second",
    threshold=2.0,
    remedy="more epochs, or an optimizer that takes longer steps.",
)
def too_few_epochs(examination: Examination) -> Evidence | None:
    """Training ends too soon: the loss is still falling.

    What is left where no other cause was found. Judged where the solution is not good and all epochs were spent.
    """
    gain = courses.gain_of_last_half(examination)
    if gain is None or examination.is_good or courses.is_low(examination) or courses.ended_early(examination):
        return None
    return Evidence(
        gain,
        f"In the second half of the training the loss still fell by a factor of {gain:.2g}, to "
        f"{examination.final_loss:.2g}: it was not done.",
        multiplied(examination.parameters, "epochs", 10),
    )
