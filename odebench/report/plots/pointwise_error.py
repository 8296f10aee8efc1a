"""Where on its way each solution goes wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import NothingToDraw
from . import cases as of_cases
from . import foot, style
from .looks import MOST, looks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...results import Results


def pointwise_error(results: Results, *, size: str = "page") -> Figure:
    """The error over time: of each curve the rung that came closest, so that no panel holds more than is seen.

    Raises `NothingToDraw` where the journals hold none, as those of older runs.
    """
    chosen = style.size_of(size)
    cases = of_cases.named(results)
    errors = results.errors_over_time
    known = cases[cases["case_id"].isin(errors["case_id"]) & (cases["kind"] != "oracle")]
    if known.empty:
        raise NothingToDraw("nothing to draw: the runs hold no errors over time. Newer runs do; measure again.")
    best = of_cases.closest(known)
    names, left_out = of_cases.problems(best)
    shown = list(best["curve"].drop_duplicates())[:MOST]
    best = best[best["panel"].isin(names) & best["curve"].isin(shown)]
    with style.styled(chosen):
        all_looks = looks(best[["curve", "kind"]].itertuples(index=False, name=None))
        figure, grid = style.panels(chosen, len(names), share=False)
        for axes, name in zip(grid, names, strict=True):
            for row in best[best["panel"] == name].to_dict("records"):
                over_time = errors[(errors["case_id"] == row["case_id"]) & (errors["abs_error"] > 0)]
                t, e = over_time["t"].to_numpy(float), over_time["abs_error"].to_numpy(float)
                k = list(all_looks).index(row["curve"])
                axes.plot(t, e, label=row["curve"], gid=f"curve {row['curve']}", markevery=(2 * k % 12, 14),
                          **all_looks[row["curve"]].drawn)  # fmt: skip
            key = best.loc[best["panel"] == name, ["problem", "problem_params"]].iloc[0]
            solution = results.solutions.get((key.iloc[0], key.iloc[1]))
            style.plain(axes)
            style.logarithmic(axes.yaxis)
            if solution is not None and solution.logarithmic:
                style.logarithmic(axes.xaxis)
            axes.set_title(name)
        style.labelled(grid, "t", "error")
        words = ["Of each curve the rung that came closest.", left_out, of_cases.failed(cases)]
        foot.put(figure, foot.groups(all_looks), of_cases.sentences(words), chosen.font)
    return figure
