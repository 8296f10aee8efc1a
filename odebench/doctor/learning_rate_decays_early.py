"""Steps that are too short too soon."""

from __future__ import annotations

from . import courses
from .diagnosis import Evidence, multiplied, pathology
from .examination import Examination

_SHORT = 1e-3  # of the longest steps
_FLAT = 1e-2  # of the first gradient: below it there is little left to descend


@pathology(
    kind="method",
    signal="part of the training that was left when the steps had fallen below a thousandth of the longest",
    threshold=0.3,
    remedy="a slower schedule, a higher learning rate, or an optimizer that chooses its steps.",
)
def learning_rate_decays_early(examination: Examination) -> Evidence | None:
    """The learning rate decays too early: the weights stand still on a slope.

    Seen from how far the weights move. Judged where the solution is not good and the gradient is not yet flat.
    """
    if examination.is_good or courses.is_low(examination) or courses.chooses_its_steps(examination):
        return None
    if len(examination.moves) < 20:
        return None
    longest = max(move for _, move in examination.moves)
    moving = [step for step, move in examination.moves if move > _SHORT * longest]
    first, last = examination.moves[0][0], examination.moves[-1][0]
    steepness = _steepness(examination)
    if not moving or last <= first or steepness is None or steepness < _FLAT:
        return None
    left = (last - moving[-1]) / (last - first)
    return Evidence(
        left,
        f"For the last {left:.0%} of the training the weights move by less than a thousandth of what they did at most, "
        f"while the gradient is still {steepness:.2g} times the first: the learning rate has decayed too soon.",
        (
            {"schedule": "constant"},
            {"schedule": "none"},
            *multiplied(examination.parameters, "learning_rate", 10),
            *multiplied(examination.parameters, "epochs", 4),
        ),
    )


def _steepness(examination: Examination) -> float | None:
    """The last gradient's length over the first's."""
    import numpy as np

    lengths = [
        float(np.linalg.norm(look.inside.gradient))
        for look in examination.looks
        if look.inside is not None and look.inside.gradient is not None
    ]
    return lengths[-1] / lengths[0] if len(lengths) > 1 and lengths[0] > 0 else None
