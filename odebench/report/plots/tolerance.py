"""Whether errors are what the tolerance asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import NothingToDraw
from ...measurement import ERROR
from . import cases as of_cases
from . import panels
from .orders import with_effort

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...results import Results


def tolerance(results: Results, *, size: str = "page") -> Figure:
    """The achieved error against the tolerance that was asked for; on the grey line both are equal.

    Raises `NothingToDraw` where no ladder is one of tolerances.
    """
    named, found = of_cases.named(results), results.tolerance_proportionality()
    if found.empty:
        raise NothingToDraw("nothing to draw: no ladder of these runs is one of tolerances.")
    drawn = of_cases.positive(with_effort(results, named, found), "effort", ERROR)

    def diagonal(axes: Axes, rows: pd.DataFrame) -> None:
        ends = [rows["effort"].min(), rows["effort"].max()]
        axes.plot(ends, ends, "-", color="0.8", linewidth=4, zorder=1, gid="equal")

    caption = ["On the grey line the error is the tolerance; above it, larger.", of_cases.failed(named)]
    return panels.draw(
        drawn, "effort", ERROR, size=size, labels=("tolerance", "largest error"), caption=caption, more=diagonal
    )
