"""How many times as fast one method is as another, over the problems of a suite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import BadQuestion, NothingToDraw
from . import cases as of_cases
from . import rows
from .style import said

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...results import Results


def speedups(results: Results, *, error: float = 1e-6, baseline: str | None = None, size: str = "page") -> Figure:
    """The geometric mean, over the problems that both solve, of the baseline's time to an error over each curve's.

    The baseline is a curve's name; by default the integrator that solves most problems, and of several the fastest. A
    bar is the 95 % interval of the mean; there is none over a single problem. Raises `NothingToDraw` where nothing can
    be compared.
    """
    cases = of_cases.named(results)
    try:
        table = results.speedups(error)
    except BadQuestion as why:
        raise NothingToDraw(f"nothing to draw: {why}") from None
    kinds = dict(zip(map(said, cases["curve"]), cases["kind"], strict=True))
    if baseline is None:
        totals = (table["both"] + table["only_baseline"]).groupby(table["baseline"], sort=False).first()
        won = table.groupby("baseline", sort=False)["speedup"].median()
        order = sorted(totals.index, key=lambda name: (kinds.get(said(name)) == "network", -totals[name], won[name]))
        baseline = str(order[0]) if order else ""
    against = table[(table["baseline"] == baseline) & (table["both"] > 0)].sort_values("speedup", ascending=False)
    if against.empty:
        raise NothingToDraw(f"nothing to draw: no problem on which two come to an error of {error:g}.")
    of_all = int(against[["both", "only_solver", "only_baseline", "neither"]].iloc[0].sum())
    shown = [
        rows.Row(
            said(row["solver"]),
            {"speed-up": row["speedup"]},
            interval=(row["speedup_ci_low"], row["speedup_ci_high"]) if row["speedup_ci_low"] > 0 else None,
            words=f"{row['speedup']:.3g}x, {row['both']} of {of_all}",
        )
        for row in against.to_dict("records")
    ]
    caption = of_cases.sentences(
        f"To an error of {error:g}; right of the line: faster. Beside it: on how many of the problems both came to it.",
        of_cases.scattering(cases),
        of_cases.failed(cases),
    )
    title = f"against {said(baseline)}"
    signs = {"speed-up": rows.SERIES[0]}
    return rows.draw({title: shown}, signs, size=size, label="times as fast", caption=caption, line_at=1.0)
