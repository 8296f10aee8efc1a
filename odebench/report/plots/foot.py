"""What stands under the panels: who is who, and what is to be known of the picture."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.legend import Legend

    from .looks import Look

_GAP = 0.06
_LINE = 1.35  # of the font's size, from one line to the next
_LETTER = 0.56  # of the font's size, how wide a letter is


def put(figure: Figure, groups: Mapping[str, Mapping[str, Any]], caption: str, font: float, rounds: int = 1) -> None:
    """Make the figure higher and put legends, one a group of names and handles, and a caption under the panels.

    The caption is the figure's description in the file, too.
    """
    width, height = figure.get_size_inches()
    legends = [_legend(figure, title, handles, width) for title, handles in groups.items() if handles]
    heights = [legend.get_window_extent().height / figure.dpi for legend in legends]
    small = 0.85 * font
    lines = textwrap.wrap(caption, max(20, int((width - 0.1) * 72 / (small * _LETTER))))
    words = len(lines) * small * _LINE / 72
    below = sum(heights) + words + _GAP * (len(legends) + bool(lines) + 1)
    figure.set_size_inches(width, height + below)
    layout: Any = figure.get_layout_engine()
    layout.set(rect=(0, below / (height + below), 1, height / (height + below)))
    at = below - _GAP
    for legend, high in zip(legends, heights, strict=True):
        legend.set_bbox_to_anchor((0.05 / width, at / (height + below)), transform=figure.transFigure)
        at -= high + _GAP
    if lines:
        where: dict[str, Any] = {"fontsize": small, "va": "top", "ha": "left", "linespacing": _LINE, "color": "0.35"}
        text = figure.text(0.05 / width, at / (height + below), "\n".join(lines), gid="caption", **where)
        text.set_in_layout(False)
    for _ in range(rounds):  # of a layout in which words stand beside points, which it moves
        figure.draw_without_rendering()  # makes all ticks, by this style and not by one that is in force later
    figure.set_layout_engine("none")  # and leaves all where it is, but for the solver's noise in the last digits
    for axes in figure.axes:
        left, bottom, wide, high = axes.get_position().bounds
        axes.set_position((round(left, 5), round(bottom, 5), round(wide, 5), round(high, 5)))


def _legend(figure: Figure, title: str, handles: Mapping[str, Any], width: float) -> Legend:
    """With as many columns as the width allows."""
    for columns in range(min(6, len(handles)), 0, -1):
        legend = figure.legend(
            list(handles.values()),
            list(handles),
            title=title or None,
            loc="upper left",
            alignment="left",
            ncols=columns,
            frameon=False,
            borderpad=0,
            borderaxespad=0,
            columnspacing=1.4,
            handlelength=2.8,
        )
        legend.set_in_layout(False)
        if columns == 1 or legend.get_window_extent().width / figure.dpi <= width - 0.1:
            return legend
        legend.remove()
    raise AssertionError("one column is always taken")


def groups(all_looks: Mapping[str, Look]) -> dict[str, dict[str, Any]]:
    """The legends of curves: a group a kind of solver; where there is one kind only, without a title."""
    from matplotlib.lines import Line2D

    found: dict[str, dict[str, Any]] = {"integrators": {}, "networks": {}, "": {}}
    for name, look in all_looks.items():
        oracle = look.kind == "oracle"
        found["" if oracle else f"{look.kind}s"][f"{name} (oracle)" if oracle else name] = Line2D([], [], **look.drawn)
    return found
