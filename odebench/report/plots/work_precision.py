"""How long each method takes for each accuracy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...measurement import ERROR, TIME
from . import cases as of_cases
from . import foot, style
from .looks import MOST, OTHER, Look, looks

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...results import Results

_ENDS = ("wall_s_min", "wall_s_ci_low", "wall_s_ci_high", TIME)


def work_precision(results: Results, *, size: str = "page") -> Figure:
    """The largest error against the time of a solve, both logarithmic: a panel a problem, a curve a ladder of effort.

    Lower is more accurate, and further left is faster. Networks are dashed, integrators are not; the grey staircase is
    the front: nobody is below and to the left of it. Hollow, with an arrow: the error is no larger than the
    reference's, and may be smaller. A bar through a point reaches over times that scatter.

    Raises `NothingToDraw` where no case has a time and an error, `BadParameter` for an unknown size, and `OutputError`
    where matplotlib is missing.
    """
    chosen = style.size_of(size)
    cases = of_cases.named(results)
    drawn = of_cases.positive(cases, TIME, ERROR)
    near, far = of_cases.near(drawn)
    names, left_out = of_cases.problems(near)
    near = near[near["panel"].isin(names)]
    shown, others = _curves(near)
    with style.styled(chosen):
        named = near.loc[near["curve"].isin(shown), ["curve", "kind"]]
        all_looks = looks(named.itertuples(index=False, name=None))
        figure, grid = style.panels(chosen, len(names))
        for axes, name in zip(grid, names, strict=True):
            _panel(axes, near[near["panel"] == name], all_looks)
            axes.set_title(name)
        _axes(grid)
        handles = _handles(all_looks, others, near)
        alone = "No classical solver." if set(near["kind"]) == {"network"} else ""
        words = of_cases.sentences(alone, *_legend(near), far, of_cases.not_drawn(cases, drawn), left_out)
        foot.put(figure, handles, words, chosen.font)
    return figure


def _curves(drawn: pd.DataFrame) -> tuple[list[str], int]:
    """The curves that get a look of their own, those with cases on a front first, and how many do not."""
    names = list(drawn.groupby("curve", sort=False)["on_front"].sum().sort_values(ascending=False, kind="stable").index)
    kept = set(names[:MOST])
    return [name for name in drawn["curve"].drop_duplicates() if name in kept], max(0, len(names) - MOST)


def _panel(axes: Axes, rows: pd.DataFrame, all_looks: dict[str, Look]) -> None:
    """Draw the front, then curve by curve."""
    _front(axes, rows)
    for curve, points in rows.groupby("curve", sort=False):
        look, points = all_looks.get(str(curve), OTHER), points.sort_values("rung", kind="stable")
        x, y = points[TIME].to_numpy(float), points[ERROR].to_numpy(float)
        axes.plot(x, y, label=str(curve), gid=f"curve {curve}", **look.drawn)
        floor = points[points["at_reference_floor"].astype(bool) & (look.kind != "oracle")]
        if len(floor):
            _at_floor(axes, floor[TIME].to_numpy(float), floor[ERROR].to_numpy(float), look)
        for row in points[points["unstable"].fillna(value=False).astype(bool)].to_dict("records"):
            ends = [float(row[name]) for name in _ENDS if row[name] > 0]
            axes.plot(
                [min(ends), max(ends)], [row[ERROR]] * 2, "-", color=look.colour, marker="|", zorder=2,
                linewidth=0.6, markersize=4, gid="unstable",
            )  # fmt: skip


def _front(axes: Axes, rows: pd.DataFrame) -> None:
    front = rows[rows["on_front"].astype(bool)].sort_values(TIME)
    if len(front) > 1:
        x, y = front[TIME].to_numpy(float), front[ERROR].to_numpy(float)
        axes.step(x, y, where="post", color=style.PALE, linewidth=5, solid_joinstyle="miter", zorder=1, gid="front")


def _at_floor(axes: Axes, x: Any, y: Any, look: Look) -> None:
    axes.plot(x, y, **look.drawn | {"linestyle": "none", "zorder": 4}, markerfacecolor="white", gid="at floor")
    for there in zip(x, y, strict=True):
        arrow = {"arrowstyle": "<|-", "color": look.colour, "linewidth": 0.6, "mutation_scale": 5, "shrinkA": 2}
        axes.annotate("", there, (0, -11), textcoords="offset points", arrowprops=arrow, annotation_clip=False)


def _axes(grid: list[Axes]) -> None:
    for axes in grid:
        style.plain(axes)
        style.logarithmic(axes.xaxis)
        style.logarithmic(axes.yaxis)
    style.labelled(grid, "time of a solve (s)", "largest error")


def _handles(all_looks: dict[str, Look], others: int, drawn: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """For the legends: a group a kind of solver, and one of signs."""
    from matplotlib.lines import Line2D

    groups = foot.groups(all_looks)
    if others:
        groups[""][f"{others} others"] = Line2D([], [], **OTHER.drawn)
    if drawn["on_front"].any():
        groups[""]["front"] = Line2D([], [], color=style.PALE, linewidth=5)
    return groups


def _legend(drawn: pd.DataFrame) -> list[str]:
    """What the signs mean that are in the picture."""
    words = []
    if (drawn["at_reference_floor"].astype(bool) & (drawn["kind"] != "oracle")).any():
        words.append("Hollow: no larger than the reference's own error.")
    if drawn["unstable"].fillna(value=False).astype(bool).any():
        words.append("Bars: times that scatter.")
    if (drawn["kind"] == "oracle").any():
        words.append("Oracles are told the solution and not ranked.")
    return words
