"""Whether errors fall with the steps as the order promises."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...analysis.against import statistic
from ...errors import NothingToDraw
from ...measurement import ERROR
from . import cases as of_cases
from . import panels

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...results import Results


def orders(results: Results, *, size: str = "page") -> Figure:
    """The largest error against the number of steps or points, with the line that gives the observed order.

    A grey line lies behind the rungs that `Results.orders` fits, with the order found and, in brackets, the one that
    the solver declares. Raises `NothingToDraw` where no ladder sets a number of steps.
    """
    named, found = of_cases.named(results), results.orders()
    if found.empty:
        raise NothingToDraw("nothing to draw: no ladder of these runs sets a number of steps or points.")
    table = with_effort(results, named, found)
    drawn = of_cases.positive(table, "effort", ERROR)

    def lines(axes: Axes, rows: pd.DataFrame) -> None:
        for curve, points in rows.groupby("curve", sort=False):
            said = points.iloc[0]
            if not said["order"] > 0:
                continue
            middle = points[(points["effort"] >= said["steps_from"]) & (points["effort"] <= said["steps_to"])]
            x, y = middle["effort"].to_numpy(float), middle[ERROR].to_numpy(float)
            if len(x) < 2:
                continue
            ends = (x.min(), x.max())
            height = 10.0 ** (float(_log(y)) + said["order"] * float(_log(x)))
            line = [height * end ** -said["order"] for end in ends]
            axes.plot(ends, line, "-", color="0.8", linewidth=4, zorder=1, gid=f"order {curve}")
            declared = f" ({said['declared']:g})" if said["declared"] == said["declared"] else ""
            axes.annotate(f"{said['order']:.2f}{declared}", (ends[1], line[1]), (6, -2), textcoords="offset points",
                          fontsize="small", va="top", color="0.3", annotation_clip=False)  # fmt: skip

    caption = ["Beside each line: the observed order, and in brackets the declared one.", of_cases.failed(named)]
    return panels.draw(
        drawn, "effort", ERROR, size=size, labels=("steps or points", "largest error"), caption=caption, more=lines
    )


def with_effort(results: Results, named: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """The cases of the curves found, with their effort and what was found of the curve."""
    table = named.assign(_name=results.curves()["curve"].to_numpy())
    keys = ["_name", "problem", "problem_params"]
    table = table.merge(found.rename(columns={"curve": "_name"}), on=keys, suffixes=("", "_found"))
    table["effort"] = float("nan")
    for by, rows in table.groupby("by"):
        reported = by == "steps" and rows["steps"].notna().any()  # else it is the ladder's parameter
        values = statistic(rows, results.samples, "steps" if reported else f"solver.{by}")
        table.loc[rows.index, "effort"] = values - 1 if by == "points" else values
    return table


def _log(values: object) -> float:
    import numpy as np

    return float(np.log10(np.asarray(values)).mean())
