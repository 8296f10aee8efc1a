"""What all problems say together of each solver: profiles at an error."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ...analysis import profiles
from ...results import Results
from . import captions, data

if TYPE_CHECKING:
    import pandas as pd


def performance(results: Results, networks: Collection[str] = (), nobody: str = "") -> list[dict[str, Any]]:
    """`Results.performance_profile` at each of `captions.LEVELS` to which anybody comes.

    None of fewer than two problems or curves, nor where a time is zero, to which there is no ratio.
    """
    if results.cases.empty:
        return []
    made = []
    curves = results.curves()
    named = set(curves.loc[curves["solver"].isin(list(networks)), "curve"])
    alone = [] if results.whole is results else ["That is among the curves on this page."]
    scatter = captions.scatter(results.cases[~results.cases["solver"].isin(list(results.oracles))])
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
        said = [*caption(profile, level, named, nobody), *alone, *scatter]
        made.append({"level": captions.power(level), "captions": said, "curves": drawn})
    return made


def caption(profile: pd.DataFrame, level: float, networks: Collection[str] = (), nobody: str = "") -> list[str]:
    """Who is the fastest most often, and who comes so far most often; where a network does, the best of the others.

    `networks` are curves; `nobody` is said where there is no other.
    """
    at_once = profile[profile["tau"] <= 1].groupby("solver", sort=False)["fraction"].max()
    in_the_end = profile.groupby("solver", sort=False)["fraction"].max()
    n = int(profile["problems"].iloc[0])
    fastest, surest = ([str(c) for c in f.index[f == f.max()]] for f in (at_once, in_the_end))
    are, reach = ("is", "reaches") if len(fastest) == 1 else ("are each", "reach")
    said = (
        f"At an error of {captions.power(level)} {captions.who(fastest)} {are} the fastest on {_of(at_once.max(), n)}"
    )
    most = _of(in_the_end.max(), n)
    named = set(fastest[: captions.NAMED])
    if set(fastest) <= set(surest):
        said += f", and {reach} it on {most}, no other on more"
    else:
        said += f", and reaches it on {_of(in_the_end[fastest[0]], n)}" if len(fastest) == 1 else ""
        said += f"; {captions.who(surest)} {'reaches' if len(surest) == 1 else 'each reach'} it on {most}"
        named |= set(surest[: captions.NAMED])
    if set(networks) & {*fastest, *surest} and named <= set(networks):
        others = [str(curve) for curve in at_once.index if curve not in networks]
        best = max(others, key=lambda curve: (at_once[curve], in_the_end[curve]), default=None)
        if best is None:
            return [f"{said}; {nobody}."]
        said += f"; the strongest classical solver, {best}, is the fastest on {_of(at_once[best], n)}"
        said += f" and reaches it on {_of(in_the_end[best], n)}"
    return [f"{said}."]


def _of(fraction: float, n: int) -> str:
    return f"{round(fraction * n)} of {n} problems"
