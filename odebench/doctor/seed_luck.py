"""Whether it works is a matter of the seed."""

from __future__ import annotations

import math
from collections.abc import Sequence

from .diagnosis import Diagnosis
from .examination import GOOD, Examination

NAME = "seed-luck"
DESCRIPTION = "The result is a matter of luck: seeds differ"
SIGNAL = "largest error over the least, among the seeds tried"
THRESHOLD = 100.0
REMEDY = "report every seed, not the best; a hard initial condition, a smooth activation and a second-order optimizer "
REMEDY += "leave less to chance."


def seed_luck(examinations: Sequence[Examination]) -> Diagnosis | None:
    """The diagnosis where seeds differ by more than the threshold, and the worst is not good."""
    errors = [e.error if e.error is not None else e.defect for e in examinations]
    judged = [error for error in errors if error is not None]
    if len(judged) < 2 or max(judged) <= GOOD:
        return None
    value = max(judged) / max(min(judged), 1e-300)
    if not value > THRESHOLD:
        return None
    worst = "no solution" if math.isinf(max(judged)) else f"{max(judged):.2g}"
    return Diagnosis(
        NAME,
        SIGNAL,
        value,
        THRESHOLD,
        f"The best of {len(judged)} seeds has an error of {min(judged):.2g} of the solution's size, the worst {worst}.",
        REMEDY,
    )
