"""What a solver costs once, each time, and each time one asks its solution."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...measurement import TIME
from . import cases as of_cases
from . import rows
from .times import labelled, of_panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...results import Results

_PARTS = {"first call": "first_s", "solve": TIME, "query of the dense solution": "query_s_median"}


def cost_split(results: Results, *, size: str = "page") -> Figure:
    """The first call, with imports and compilation, a solve after it, and one evaluation of the dense solution.

    Of each curve the rung that came closest.

    Raises `NothingToDraw` where no case has a time.
    """
    cases = labelled(of_cases.named(results))
    drawn = of_cases.closest(of_cases.positive(cases, TIME)).sort_values(TIME, kind="stable")
    names, left_out = of_cases.problems(drawn)
    panels = {name: rows.of_parts(of_panel(drawn, name), _PARTS) for name in names}
    signs = dict(zip(_PARTS, rows.SERIES, strict=False))
    caption = of_cases.sentences(
        "Of each curve the rung that came closest. The first call of a process has imports and compilation in it, "
        "where no case before has made them.",
        left_out, of_cases.scattering(drawn), of_cases.failed(cases),
    )  # fmt: skip
    return rows.draw(panels, signs, size=size, label="time (s)", caption=caption)
