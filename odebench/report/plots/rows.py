"""Dot plots: a row a case, what was measured of it side by side on one axis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from . import foot, style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST = 30
"""Rows that a panel holds."""


@dataclass
class Row:
    """One case."""

    label: str
    points: dict[str, float]
    """Values by the name of their series; what is not finite or not above zero is left out."""
    interval: tuple[float, float] | None = None
    hollow: bool = False
    words: str = ""


@dataclass(frozen=True)
class Sign:
    """How a series is drawn."""

    marker: str
    colour: str


SERIES = (
    Sign("o", style.BLUE),
    Sign("s", style.VERMILLION),
    Sign("^", style.GREEN),
    Sign("D", style.PURPLE),
)


def of_parts(cases: Iterable[Mapping[str, object]], parts: Mapping[str, str]) -> list[Row]:
    """A row a case, a point a part: `parts` has the columns that these are in, by the names of their series."""
    return [
        Row(str(case["label"]), {part: float(str(case[column])) for part, column in parts.items()}) for case in cases
    ]


def draw(
    panels: Mapping[str, Sequence[Row]],
    signs: Mapping[str, Sign],
    *,
    size: str,
    label: str,
    caption: str,
    line_at: float | None = None,
) -> Figure:
    """A panel a name; a legend where there is more than one series; `line_at` is a value to compare with."""
    chosen = style.size_of(size)
    shown = {name: list(rows)[:MOST] for name, rows in panels.items()}
    beyond = sum(len(rows) for rows in panels.values()) - sum(map(len, shown.values()))
    heights = [(4.5 + 2.1 * len(rows)) * chosen.font / 72 for rows in shown.values()]
    with style.styled(chosen):
        figure = style.figure(chosen.width, sum(heights) + 2.2 * chosen.font / 72)
        grid = figure.subplots(len(shown), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
        for axes, (name, rows) in zip(grid, shown.items(), strict=True):
            _panel(axes, rows, signs, connect=len(signs) > 1)
            if line_at is not None:
                axes.axvline(line_at, color="0.6", linewidth=0.8, zorder=1, gid="line")
            axes.set_title(name)
            style.plain(axes)
            style.logarithmic(axes.xaxis)
        style.labelled(list(grid), label, None)
        more = f" {beyond} more are not drawn." if beyond else ""
        foot.put(figure, {"": _handles(signs)}, (caption + more).strip(), chosen.font, rounds=4)
    return figure


def _panel(axes: Axes, rows: Sequence[Row], signs: Mapping[str, Sign], *, connect: bool) -> None:
    for place, row in enumerate(rows):
        points = {name: value for name, value in row.points.items() if 0 < value < float("inf")}
        if connect and len(points) > 1:
            ends = [min(points.values()), max(points.values())]
            axes.plot(ends, [place, place], "-", color="0.8", zorder=1, gid="range")
        for name, value in points.items():
            sign = signs[name]
            face = "white" if row.hollow else sign.colour
            if row.interval is not None:
                axes.plot(row.interval, [place, place], "-", color=sign.colour, gid="interval")
            axes.plot([value], [place], ls="none", marker=sign.marker, color=sign.colour, markerfacecolor=face,
                      gid=name)  # fmt: skip
        if row.words:
            right = max([*points.values(), *(row.interval or ())], default=None)
            there: dict[str, Any] = {"xycoords": "data", "xytext": (7, 0), "textcoords": "offset points"}
            if right is None:
                there = {"xycoords": axes.get_yaxis_transform()}
            axes.annotate(row.words, (0.02 if right is None else right, place), va="center", fontsize="small",
                          color="0.35", annotation_clip=False, **there)  # fmt: skip
    axes.set_yticks(range(len(rows)), [row.label for row in rows])
    axes.set_ylim(len(rows) - 0.4, -0.6)


def _handles(signs: Mapping[str, Sign]) -> dict[str, Any]:
    from matplotlib.lines import Line2D

    return {name: Line2D([], [], ls="none", marker=sign.marker, color=sign.colour) for name, sign in signs.items()}
