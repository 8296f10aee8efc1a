"""How long each solver took, and how wrong it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .. import text
from . import cases as of_cases
from . import foot, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...results import Results

TIME, ERROR = "wall_s_median", "max_abs_error_median"
_MOST_ROWS = 30
_SIGNS = {"integrator": ("o", "circles"), "network": ("*", "stars"), "oracle": ("+", "plus signs")}
_COLOURS = {"integrator": style.BLUE, "network": style.VERMILLION, "oracle": style.BLACK}


def times(results: Results, *, size: str = "page") -> Figure:
    """The median time of a solve by each variant, on a logarithmic axis, with its largest error beside it.

    A panel a problem, the fastest on top; a bar reaches over the confidence interval of the median where there are
    five samples or more. No ranking: times are to be compared at one accuracy, as `work_precision` shows.

    Raises `NothingToDraw` where no case has a time, `BadParameter` for an unknown size, and `OutputError` where
    matplotlib is missing.
    """
    chosen = style.size_of(size)
    cases = of_cases.named(results)
    cases["label"] = list(map(style.said, text.labels(zip(cases["solver"], cases["solver_params"], strict=True))))
    drawn = of_cases.positive(cases, TIME)
    names, left_out = of_cases.problems(drawn)
    shown = {name: drawn[drawn["panel"] == name].sort_values(TIME, kind="stable")[:_MOST_ROWS] for name in names}
    heights = [0.55 + 0.028 * chosen.font * len(rows) for rows in shown.values()]
    with style.styled(chosen):
        figure = style.figure(chosen.width, sum(heights))
        grid = figure.subplots(len(names), 1, squeeze=False, sharex=True, height_ratios=heights)[:, 0]
        for axes, (name, rows) in zip(grid, shown.items(), strict=True):
            _panel(axes, rows)
            axes.set_title(name)
            style.plain(axes)
            style.logarithmic(axes.xaxis)
        style.labelled(list(grid), "time of a solve (s); beside it the largest error", None)
        beyond = len(drawn) - sum(map(len, shown.values()))
        more = f"{beyond} slower ones are not drawn." if beyond else ""
        caption = of_cases.sentences(
            ", ".join(f"{sign}: {kind}s" for kind, (_, sign) in _SIGNS.items() if (drawn["kind"] == kind).any()) + ".",
            more, left_out, of_cases.failed(cases),
        )  # fmt: skip
        foot.put(figure, {}, caption, chosen.font)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame) -> None:
    places = range(len(rows))
    for place, row in zip(places, rows.to_dict("records"), strict=True):
        marker, colour = _SIGNS[row["kind"]][0], _COLOURS[row["kind"]]
        low, high = row["wall_s_ci_low"], row["wall_s_ci_high"]
        if low > 0:
            axes.plot([low, high], [place, place], "-", color=colour, gid="interval")
        hollow = row["at_reference_floor"] and row["kind"] != "oracle"
        face = "white" if hollow else colour
        axes.plot([row[TIME]], [place], ls="none", marker=marker, color=colour, markerfacecolor=face, gid="time")
        said = text.error(row[ERROR], at_floor=bool(row["at_reference_floor"]))
        words = ", ".join(filter(None, [said, "unstable" if row["unstable"] is True else ""]))
        beside = (max(row[TIME], high if high > 0 else 0), place)
        axes.annotate(words, beside, (7, 0), textcoords="offset points", va="center", fontsize="small", color="0.35",
                      annotation_clip=False)  # fmt: skip
    axes.set_yticks(places, rows["label"])
    axes.set_ylim(len(rows) - 0.4, -0.6)
