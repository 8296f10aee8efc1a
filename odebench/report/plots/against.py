"""Any statistic against any other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import measurement
from ...errors import NothingToDraw
from . import cases as of_cases
from . import panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ...results import Results

_UNITS = {"_s": "s", "_mb": "MiB"}


def against(results: Results, x: str, y: str, *, size: str = "page") -> Figure:
    """Two statistics of each case, as `Results.against` takes them: `rhs_calls`, `peak_rss_mb`, `problem.n`, ...

    A panel a problem, a curve a ladder; where `x` is a parameter of the problem, which makes the cases problems of
    their own, they share a panel.

    Raises `NothingToDraw` where no case has both, and `UnknownName` for a statistic that is none.
    """
    named = of_cases.named(results)
    values = results.against(x, y)[["case_id", *dict.fromkeys((x, y))]]
    kept = ["case_id", "curve", "rung", "kind", "panel", "status", "problem", "at_reference_floor"]
    table = named[kept].merge(values.rename(columns={x: "_x", y: "_y"} if x != y else {x: "_x"}), on="case_id")
    table["_y"] = table["_y"] if x != y else table["_x"]
    good = (table["status"] == measurement.OK) & table["_x"].abs().lt(float("inf")) & table["_y"].abs().lt(float("inf"))
    if not good.any():
        raise NothingToDraw(f"nothing to draw: no case that is ok has both {x} and {y}. {of_cases.failed(named)}")
    drawn = table[good].copy()
    if x.startswith("problem."):
        drawn["panel"] = drawn["problem"]
        drawn["rung"] = drawn["_x"]
    timed = any(name.removesuffix("_median").endswith("_s") for name in (x, y))
    scattering = of_cases.scattering(named[named["case_id"].isin(drawn["case_id"])]) if timed else ""
    caption = [of_cases.not_drawn(named, drawn, f"{x} or {y}"), scattering]
    return panels.draw(drawn, "_x", "_y", size=size, labels=(label(x), label(y)), caption=caption)


def label(name: str) -> str:
    """'wall time (s)' of wall_s_median; other names as they are."""
    known = {measurement.TIME: "time of a solve (s)", measurement.ERROR: "largest error"}
    unit = next((unit for ending, unit in _UNITS.items() if name.removesuffix("_median").endswith(ending)), None)
    return known.get(name, name.replace("_", " ") + (f" ({unit})" if unit else ""))
