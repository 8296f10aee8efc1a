"""What all problems say together of each solver: profiles at an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...analysis import profiles
from ...results import Results
from . import captions, data

if TYPE_CHECKING:
    import pandas as pd


def performance(results: Results) -> list[dict[str, Any]]:
    """`Results.performance_profile` at each of `captions.LEVELS` to which anybody comes.

    None of fewer than two problems or curves, nor where a time is zero, to which there is no ratio.
    """
    if results.cases.empty:
        return []
    made = []
    for level in captions.LEVELS:
        costs = results.costs(level)
        if costs.shape[0] < 2 or costs.shape[1] < 2 or not costs.notna().any(axis=None) or (costs <= 0).any(axis=None):
            continue
        profile = profiles.performance(costs)
        drawn = {
            str(curve): {
                "tau": [data.number(v) for v in rows["tau"]],
                "fraction": [data.number(v) for v in rows["fraction"]],
            }
            for curve, rows in profile.groupby("solver", sort=False)
        }
        made.append({"level": captions.power(level), "captions": caption(profile, level), "curves": drawn})
    return made


def caption(profile: pd.DataFrame, level: float) -> list[str]:
    """Who is the fastest most often, and who comes so far most often."""
    at_once = profile[profile["tau"] <= 1].groupby("solver", sort=False)["fraction"].max()
    in_the_end = profile.groupby("solver", sort=False)["fraction"].max()
    n = int(profile["problems"].iloc[0])
    first, most = str(at_once.idxmax()), str(in_the_end.idxmax())
    sentence = f"At an error of {captions.power(level)} {first} is the fastest on {_of(at_once[first], n)}"
    if in_the_end[first] == in_the_end[most]:
        return [f"{sentence}, and reaches it on {_of(in_the_end[first], n)}, no other on more."]
    return [
        f"{sentence}, and reaches it on {_of(in_the_end[first], n)}; {most} reaches it on {_of(in_the_end[most], n)}."
    ]


def _of(fraction: float, n: int) -> str:
    return f"{round(fraction * n)} of {n} problems"
