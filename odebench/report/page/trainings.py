"""How the methods that train or iterate came to their solutions: the checkpoints of each solve."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ... import stored, text
from ...measurement import Checkpoint
from ...results import Results
from . import data

if TYPE_CHECKING:
    import pandas as pd

MOST_POINTS = 60
"""Checkpoints of one solve; of more, evenly chosen ones, the first and the last among them."""
MOST_SOLVES = 48
"""Of one problem: those that came closest."""


SIZES = ((MOST_SOLVES, MOST_POINTS), (24, 30), (12, 20), (6, 12), (2, 8))
"""Solves of a problem, and checkpoints of each: the next where the page would be too large."""


class Training(NamedTuple):
    """One solve with its checkpoints."""

    problem: str
    label: str
    curve: str
    seed: int | None
    trace: list[Checkpoint]

    @property
    def best(self) -> Checkpoint | None:
        """The checkpoint with the smallest error that is known."""
        return min(
            (c for c in self.trace if _known(c.max_abs_error)), key=lambda c: c.max_abs_error or 0.0, default=None
        )


def of(results: Results, table: pd.DataFrame) -> list[Training]:
    """The solves of all runs that have checkpoints, each once; `table` as `data.cases` has it."""
    names = table.set_index("case_id")[["problem_label", "label", "curve"]].to_dict("index")
    return [
        Training(name["problem_label"], name["label"], name["curve"], seed, trace)
        for case_id, seed, trace in stored.checkpoints(results.traces)
        if (name := names.get(case_id))
    ]


def by_problem(
    trainings: Iterable[Training], solves: int = MOST_SOLVES, points: int = MOST_POINTS
) -> list[dict[str, Any]]:
    """What the page draws, a problem each: at most so many solves with so many checkpoints each."""
    grouped: dict[str, list[Training]] = {}
    for training in trainings:
        grouped.setdefault(training.problem, []).append(training)
    return [
        {
            "label": label,
            "captions": caption(of_problem, solves),
            "solves": _drawn(_closest(of_problem)[:solves], points),
        }
        for label, of_problem in grouped.items()
    ]


def closeness(training: Training) -> float:
    """How close it came: the error of its best checkpoint."""
    return (training.best.max_abs_error or 0.0) if training.best else math.inf


def _closest(trainings: Sequence[Training]) -> list[Training]:
    return sorted(trainings, key=closeness)


def _drawn(trainings: Sequence[Training], points: int) -> list[dict[str, Any]]:
    named = {"step": "step", "wall_s": "wall_s", "loss": "loss", "error": "max_abs_error", "residual": "max_residual"}
    count = Counter(t.label for t in trainings)
    drawn = []
    for training in trainings:
        trace = thinned(training.trace, points)
        columns = {key: [data.number(getattr(c, field)) for c in trace] for key, field in named.items()}
        seed = f" seed {training.seed}" if count[training.label] > 1 else ""
        drawn.append({"name": f"{training.label}{seed}", "curve": training.curve, **columns})
    return drawn


def thinned(trace: Sequence[Checkpoint], most: int) -> list[Checkpoint]:
    """At most so many, evenly chosen, with the first and the last."""
    if len(trace) <= most:
        return list(trace)
    return [trace[round(k * (len(trace) - 1) / (most - 1))] for k in range(most)]


def caption(trainings: Sequence[Training], solves: int = MOST_SOLVES) -> list[str]:
    """Which training of one problem came closest, when, and whether it stayed there."""
    said = []
    if len(trainings) > solves:
        said.append(f"The {solves} of {len(trainings)} trainings that came closest are drawn.")
    closest = _closest(trainings)[0]
    if (best := closest.best) is None:
        return [*said, "No checkpoint has an error that is known."]
    last = closest.trace[-1]
    sentence = (
        f"The closest training is that of {closest.label}: an error of {text.error(best.max_abs_error)} "
        f"after {text.seconds(best.wall_s)} (step {best.step} of {last.step})"
    )
    if _known(last.max_abs_error) and (last.max_abs_error or 0.0) > 2 * (best.max_abs_error or 0.0):
        sentence += f"; it ended at {text.error(last.max_abs_error)}"
    said.append(f"{sentence}.")
    if stuck := sum(_misled(t) for t in trainings):
        said.append(
            f"In {stuck} of {len(trainings)} the loss fell by ten or more while the error did not fall by half."
        )
    return said


def _misled(training: Training) -> bool:
    """Whether the loss promised what the error did not keep."""
    pairs = [(c.loss, c.max_abs_error) for c in training.trace if _known(c.loss) and _known(c.max_abs_error)]
    if len(pairs) < 2:
        return False
    (loss, error), (last_loss, last_error) = pairs[0], pairs[-1]
    return bool(last_loss * 10 <= loss and last_error * 2 > error)  # type: ignore[operator]  # known, above


def _known(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
