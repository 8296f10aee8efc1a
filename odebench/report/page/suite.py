"""What all problems say together of each solver: profiles at an error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...analysis import profiles
from . import captions, data
from .columns import ERROR, TIME

if TYPE_CHECKING:
    import pandas as pd


def costs(table: pd.DataFrame, level: float) -> pd.DataFrame:
    """The time of each curve on each problem to an error of `level` or less, of measured cases; missing where none.

    Problems that nobody brought so far are rows too; oracles are left out.
    """
    ok = captions.ranked(table)
    ok = ok[(ok[ERROR] <= level) & (ok[TIME] > 0)]
    times = ok.pivot_table(index="problem_label", columns="curve", values=TIME, aggfunc="min")
    rivals = table.loc[~table["oracle"], "curve"].unique()
    return times.reindex(index=table["problem_label"].unique(), columns=rivals)


def performance(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The performance profile at each of `captions.LEVELS`; of fewer than two problems, none."""
    made = []
    for level in captions.LEVELS:
        matrix = costs(table, level)
        if matrix.shape[0] < 2 or matrix.shape[1] < 2 or not matrix.notna().any().any():
            continue
        profile = profiles.performance(matrix)
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
    sentence = f"At an error of {captions.power(level)} or less {first} is the fastest on {_of(at_once[first], n)}"
    if in_the_end[first] == in_the_end[most]:
        return [f"{sentence}, and reaches it on {_of(in_the_end[first], n)}, no other on more."]
    return [
        f"{sentence}, and reaches it on {_of(in_the_end[first], n)}; {most} reaches it on {_of(in_the_end[most], n)}."
    ]


def _of(fraction: float, n: int) -> str:
    return f"{round(fraction * n)} of {n} problems"
