"""Which part of a network's error longer training takes away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import text
from ...errors import BadQuestion, NothingToDraw
from . import cases as of_cases
from . import rows
from .style import said
from .times import of_panel

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...results import Results

_PARTS = {"error": "error", "of the discretisation": "discretisation", "of the optimisation": "optimisation"}


def error_split(results: Results, *, size: str = "page") -> Figure:
    """The error of each training, what its discretisation leaves of it, and what longer training takes away.

    Raises `NothingToDraw` where nobody was trained for different lengths.
    """
    cases = of_cases.named(results)
    try:
        found = results.error_split()
    except BadQuestion as why:
        raise NothingToDraw(f"nothing to draw: {why}") from None
    if found.empty:
        raise NothingToDraw("nothing to draw: no solver was trained for different lengths; sweep its epochs.")
    labels = text.labels(zip(found["curve"].str.partition("[")[0], found["solver_params"], strict=True))
    panel = text.labels(zip(found["problem"], found["problem_params"], strict=True))
    found = found.assign(label=list(map(said, labels)), panel=list(map(said, panel)))
    names, left_out = of_cases.problems(found)
    panels = {name: rows.of_parts(of_panel(found, name), _PARTS) for name in names}
    signs = dict(zip(_PARTS, rows.SERIES, strict=False))
    unsettled = "The longest training has not settled everywhere." if not found["settled"].astype(bool).all() else ""
    caption = of_cases.sentences(unsettled, left_out, of_cases.failed(cases))
    return rows.draw(panels, signs, size=size, label="largest error", caption=caption)
