"""Whether what has changed between two runs is to stop a merge."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

from ..errors import BadQuestion
from . import changes, significance
from .changes import Overall


def fraction(text: str) -> float:
    """0.05 of '5%' or '0.05'; raises `BadQuestion` for what may mean something else."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(%?)\s*", text)
    value = float(match[1]) / (100 if match[2] else 1) if match else -1.0
    if not match or value >= 10 or (not match[2] and value >= 1):
        raise BadQuestion(f"expected a share such as 5% or 0.05, received {text!r}. Five percent is 5%.")
    return value


def objections(
    table: pd.DataFrame,
    overall: Overall,
    *,
    slowdown: float | None = None,
    accuracy: bool = False,
    strict: bool = False,
) -> list[str]:
    """What speaks against a change, a sentence each; none where nothing does or nothing is asked.

    `slowdown`: a significant one above this, of a case or of all. `accuracy`: errors that have grown, or differ with
    too few seeds to judge them by. With either of them also cases that are no longer ok, and that no case could be
    judged. `strict`: cases that are no longer ok, gone or not judged.
    """
    said = []
    judged = table["time"].isin([changes.FASTER, changes.SLOWER, changes.SAME])
    if slowdown is not None:
        slower = (table["time"] == changes.SLOWER) & (table["ratio"] > 1 + slowdown)
        if slower.any():
            said.append(f"{_cases(slower)} slower by more than {_percent(slowdown)}")
        if overall.time == changes.SLOWER and overall.ratio > 1 + slowdown:
            said.append(f"all cases together are slower by more than {_percent(slowdown)}")
        if not judged.any():
            said.append("no case has a time in both runs and samples enough to be judged")
    if accuracy:
        worse = table["accuracy"] == changes.LARGER
        if worse.any():
            said.append(f"{_cases(worse)} less accurate")
        if not changes.ok_in_both(table).any():
            said.append("no case is ok in both runs, so that no error could be compared")
        doubtful = table["accuracy"] == changes.NOT_JUDGED
        if doubtful.any():
            said.append(
                f"{_cases(doubtful)} of another error, and fewer than {significance.FEWEST} seeds to judge it by"
            )
    if slowdown is not None or accuracy or strict:
        broken = changes.newly_not_ok(table)
        if broken.any():
            said.append(f"{_cases(broken)} no longer ok")
    if strict:
        gone = table["presence"] == changes.GONE
        if gone.any():
            said.append(f"{_cases(gone)} gone")
        unjudged = table["time"] == changes.NOT_JUDGED
        if unjudged.any():
            said.append(f"{_cases(unjudged)} not judged, for want of samples")
    return said


def _cases(which: pd.Series[bool]) -> str:
    return f"{which.sum()} case{'s are' if which.sum() > 1 else ' is'}"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
