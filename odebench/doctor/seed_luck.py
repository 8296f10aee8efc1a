"""Whether it works is a matter of the seed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .diagnosis import Diagnosis
from .examination import GOOD, Examination


@dataclass(frozen=True)
class SeedLuck:
    """The one pathology that takes several solves to be seen; its fields are those of the others."""

    name: str = "seed-luck"
    description: str = "Whether it works is a matter of luck: the seeds differ"
    signal: str = "largest error over the least, among the seeds tried"
    threshold: float = 100.0
    remedy: str = (
        "report every seed, not the best; a hard initial condition, a smooth activation and a second-order optimizer "
        "leave less to chance."
    )

    def diagnose(self, examinations: Sequence[Examination]) -> Diagnosis | None:
        """The diagnosis where seeds differ by more than the threshold, and the worst is not good."""
        errors = [e.error if e.error is not None else e.defect for e in examinations]
        judged = [error for error in errors if error is not None]
        if len(judged) < 2 or max(judged) <= GOOD:
            return None
        value = max(judged) / max(min(judged), 1e-300)
        if not value > self.threshold:
            return None
        worst = "no solution" if math.isinf(max(judged)) else f"{max(judged):.2g}"
        finding = (
            f"The best of {len(judged)} seeds has an error of {min(judged):.2g} of the solution's size, the worst "
            f"{worst}."
        )
        return Diagnosis(self.name, self.signal, value, self.threshold, finding, self.remedy)


seed_luck = SeedLuck()
