"""Panels of curves, one a problem: what several figures share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from . import cases as of_cases
from . import foot, style
from .looks import MOST, OTHER, Look, looks

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Draw = Callable[["Axes", "pd.DataFrame"], None]


def draw(
    table: pd.DataFrame,
    x: str,
    y: str,
    *,
    size: str,
    labels: tuple[str, str],
    caption: Iterable[str],
    more: Draw = lambda axes, rows: None,
) -> Figure:
    """`y` against `x`, columns of a table of cases (`of_cases.named`), a curve a ladder in order of `rung`.

    Axes are logarithmic where all values are above zero. `more` draws what else a panel has, before its curves.
    """
    chosen = style.size_of(size)
    table, far = of_cases.near(table, y) if "error" in labels[1] else (table, "")
    names, left_out = of_cases.problems(table)
    table = table[table["panel"].isin(names)]
    shown = list(table["curve"].drop_duplicates())
    with style.styled(chosen):
        named = table.loc[table["curve"].isin(shown[:MOST]), ["curve", "kind"]]
        all_looks = looks(named.itertuples(index=False, name=None))
        figure, grid = style.panels(chosen, len(names))
        for axes, name in zip(grid, names, strict=True):
            rows = table[table["panel"] == name]
            more(axes, rows)
            for curve, points in rows.groupby("curve", sort=False):
                along(axes, points.sort_values("rung", kind="stable"), x, y, all_looks.get(str(curve), OTHER))
            axes.set_title(name)
        decorate(grid, table, x, y)
        style.labelled(grid, *labels)
        words = [*caption, far, left_out]
        if len(shown) > MOST:
            words.append(f"{len(shown) - MOST} more curves are grey.")
        if (table["at_reference_floor"].astype(bool) & (table["kind"] != "oracle")).any():
            words.append("Hollow: no larger than the reference's own error.")
        foot.put(figure, foot.groups(all_looks), of_cases.sentences(words), chosen.font)
    return figure


def along(axes: Axes, points: pd.DataFrame, x: str, y: str, look: Look) -> None:
    """One curve; what is at the reference's floor is hollow."""
    name = str(points["curve"].iloc[0])
    axes.plot(points[x].to_numpy(float), points[y].to_numpy(float), label=name, gid=f"curve {name}", **look.drawn)
    floor = points[points["at_reference_floor"].astype(bool) & (look.kind != "oracle")]
    if len(floor):
        hollow: dict[str, Any] = look.drawn | {"linestyle": "none", "zorder": 4, "markerfacecolor": "white"}
        axes.plot(floor[x].to_numpy(float), floor[y].to_numpy(float), gid="at floor", **hollow)


def decorate(grid: Sequence[Axes], table: pd.DataFrame, x: str, y: str) -> None:
    """Grids, and logarithmic axes where the values allow."""
    for axes in grid:
        style.plain(axes)
        for axis, column in ((axes.xaxis, x), (axes.yaxis, y)):
            if (table[column] > 0).all():
                style.logarithmic(axis)
