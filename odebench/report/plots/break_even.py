"""How often a trained network has to be asked before it has paid for its training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import text
from ...errors import NothingToDraw
from . import cases as of_cases
from . import rows
from .style import said
from .times import of_panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...results import Results

_AGAINST = {
    "against solving anew": "queries_against_solving",
    "against dense output": "queries_against_dense_output",
}


def break_even(results: Results, *, size: str = "page") -> Figure:
    """The number of queries from which a network is the cheaper: of each curve the rung that came closest.

    A query is one evaluation at all times asked for; `Results.break_even` has every rung. Raises `NothingToDraw` where
    no network was compared.
    """
    cases = of_cases.named(results)
    found = results.break_even()
    if found.empty:
        raise NothingToDraw("nothing to draw: these runs hold no network that worked.")
    problems = text.labels(zip(found["problem"], found["problem_params"], strict=True))
    found = found.assign(panel=list(map(said, problems)))
    found = found.sort_values("max_abs_error", kind="stable").drop_duplicates(["panel", "curve"]).sort_index()
    names, left_out = of_cases.problems(found)
    solver = found["curve"].str.partition("[")[0]
    labels = text.labels(zip(solver, found["solver_params"], strict=True))
    found = found.assign(label=list(map(said, labels)))
    panels = {name: [_row(row) for row in of_panel(found, name)] for name in names}
    signs = dict(zip(_AGAINST, rows.SERIES, strict=False))
    caption = of_cases.sentences(
        "Of each curve the rung that came closest, compared with integrators that are as accurate.",
        left_out,
        of_cases.scattering(cases[cases["problem"].isin(found["problem"])]),
        of_cases.failed(cases),
    )
    return rows.draw(panels, signs, size=size, label="queries until it has paid for its training", caption=caption)


def _row(case: dict[str, object]) -> rows.Row:
    points = {name: float(str(case[column])) for name, column in _AGAINST.items()}
    never = [name for name, value in points.items() if value == float("inf")]
    words = "never" if len(never) == len(_AGAINST) else " ".join(f"never {name}" for name in never)
    if not words and not any(value > 0 for value in points.values()):
        words = str(case["remark"])
    return rows.Row(str(case["label"]), points, words=words)
