"""How long each solver took, and how wrong it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import text
from ...measurement import ERROR, TIME
from . import cases as of_cases
from . import rows, style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...results import Results

_SIGNS = {
    "integrator": rows.Sign("o", style.BLUE),
    "network": rows.Sign("*", style.VERMILLION),
    "oracle": rows.Sign("+", style.BLACK),
}


def times(results: Results, *, size: str = "page") -> Figure:
    """The median time of a solve by each variant, on a logarithmic axis, with its largest error beside it.

    A panel a problem, the fastest on top; a bar reaches over the confidence interval of the median where there are
    samples enough for one. No ranking: times are to be compared at one accuracy, as `work_precision` shows.

    Raises `NothingToDraw` where no case has a time, `BadParameter` for an unknown size, and `OutputError` where
    matplotlib is missing.
    """
    cases = labelled(of_cases.named(results))
    drawn = of_cases.positive(cases, TIME)
    names, left_out = of_cases.problems(drawn)
    ordered = drawn.sort_values(TIME, kind="stable")
    panels = {name: [_row(row) for row in of_panel(ordered, name)] for name in names}
    kinds = {kind: sign for kind, sign in _SIGNS.items() if (drawn["kind"] == kind).any()}
    caption = of_cases.sentences(left_out, of_cases.failed(cases))
    label = "time of a solve (s); beside it the largest error"
    return rows.draw(panels, kinds, size=size, label=label, caption=caption)


def labelled(cases: pd.DataFrame) -> pd.DataFrame:
    """With each variant's name and the parameters in which it differs, as `label`."""
    full = text.labels(zip(cases["solver"], cases["solver_params"], strict=True))
    return cases.assign(label=list(map(style.said, full)))


def of_panel(cases: pd.DataFrame, name: str) -> list[dict[str, object]]:
    """The cases of one panel."""
    return [{str(key): value for key, value in row.items()} for row in cases[cases["panel"] == name].to_dict("records")]


def _row(case: dict[str, object]) -> rows.Row:
    low, high, seconds = (float(str(case[name])) for name in ("wall_s_ci_low", "wall_s_ci_high", TIME))
    floor = case["at_reference_floor"] is True
    error = text.error(float(str(case[ERROR])), at_floor=floor)
    return rows.Row(
        str(case["label"]),
        {str(case["kind"]): seconds},
        interval=(low, high) if 0 < low < float("inf") else None,
        hollow=floor and case["kind"] != "oracle",
        words=", ".join(filter(None, [error, "unstable" if case["unstable"] is True else ""])),
    )
