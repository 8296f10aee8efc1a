"""Who is the fastest at a common error, or the most accurate at a common time: a table a problem."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING

from .. import text
from ..analysis.at_target import INTERPOLATED, MEASURED
from ..measurement import ERROR, TIME
from . import tables
from .columns import Column, Row

if TYPE_CHECKING:
    import pandas as pd

RATIOS = {TIME: "slowdown", ERROR: "error_ratio"}
_READ_OFF = (
    "read off between two neighbouring rungs of a measured ladder, on straight lines in logarithms; ≤ where what lies "
    "beyond has not been measured."
)
_CLASSICAL = "solver that is neither a network nor told the solution."
LEGEND = {
    TIME: f"time: {_READ_OFF} slowdown: against the fastest. classical: the fastest {_CLASSICAL}",
    ERROR: f"error: {_READ_OFF} error ratio: to the most accurate. classical: the most accurate {_CLASSICAL}",
}


def write(
    found: pd.DataFrame,
    limit: float,
    style: str = "rich",
    file: IO[str] | None = None,
    *,
    columns: Sequence[str] = (),
    sort: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> None:
    """Write what `Results.at_error` or `at_time` found, with the error or time it was asked for.

    `style`, `columns`, `sort` and `notes` are as in `odebench.report.comparison.write`.
    """
    if style == "csv":
        tables.write(tables.whole(found, columns, sort), style, file)
        return
    wanted = TIME if TIME in found.columns else ERROR
    closing = [*([LEGEND[wanted]] if len(found) and not columns else []), *(notes if len(found) else ["no samples"])]
    tables.write(list(_tables(found, wanted, limit, columns, sort)), style, file, notes=closing)


def _tables(
    found: pd.DataFrame, wanted: str, limit: float, columns: Sequence[str], sort: Sequence[str]
) -> Iterator[tables.Table]:
    ratio = RATIOS[wanted]
    complete = found.assign(
        problem=text.labels(zip(found["problem"], found["problem_params"], strict=True)),
        best=found[f"{ratio}_vs_best"] == 1,
        best_sign=_signs(found, found[f"{ratio}_vs_best"] == 1),
        classical_sign=_signs(found, found["strongest_classical"]),
        remarks=[", ".join(_remarks(row, wanted)) for row in found.to_dict("records")],
    )
    return tables.by_problem(complete, _usual(wanted, limit), columns, sort, strong="best")


def _signs(found: pd.DataFrame, rival: pd.Series[bool]) -> list[str]:
    """What stands before a ratio to its problem's rival, as either may be a bound."""
    bounded = (
        found["at_most"].where(rival).groupby([found["problem"], found["problem_params"]]).transform("max").eq(True)
    )
    signs = {(False, False): "", (True, False): "≤ ", (False, True): "≥ ", (True, True): "≈ "}
    pairs = zip(found["at_most"], bounded, rival, strict=True)
    return ["" if itself else signs[bool(own), bool(others)] for own, others, itself in pairs]


def _usual(wanted: str, limit: float) -> list[Column]:
    ratio = RATIOS[wanted]
    heading = f"time to {limit:g}" if wanted == TIME else f"error in {text.seconds(limit)}"
    return [
        Column("curve", "solver", lambda row: str(row["curve"]), numeric=False),
        Column(wanted, heading, lambda row: _value(row, wanted)),
        Column(f"{ratio}_vs_best", ratio.replace("_", " "), lambda row: _ratio(row, f"{ratio}_vs_best", "best_sign")),
        Column(
            f"{ratio}_vs_classical",
            "against classical",
            lambda row: _ratio(row, f"{ratio}_vs_classical", "classical_sign"),
        ),
        Column("remarks", "remarks", lambda row: str(row["remarks"]), numeric=False),
    ]


def _value(row: Row, wanted: str) -> str:
    shown = text.seconds(row[wanted]) if wanted == TIME else text.error(row[wanted])
    return f"≤ {shown}" if shown and row["at_most"] else shown


def _ratio(row: Row, name: str, sign: str) -> str:
    shown = text.ratio(row[name])
    return f"{row[sign]}{shown}" if shown else shown


def _remarks(row: Row, wanted: str) -> Iterator[str]:
    if row["strongest_classical"]:
        yield "strongest classical"
    if row["how"] not in (INTERPOLATED, MEASURED):
        yield str(row["how"])
    if row["neural"] and not math.isnan(row[wanted]) and math.isnan(row[f"{RATIOS[wanted]}_vs_classical"]):
        yield "no classical solver comes to it"
    if row["marks"]:
        yield str(row["marks"])
