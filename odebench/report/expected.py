"""How long it takes on average to come to an error, trying again where an attempt fails: a table a problem."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import IO, TYPE_CHECKING

from .. import text
from . import tables
from .columns import Column, Row

if TYPE_CHECKING:
    import pandas as pd

LEGEND = (
    "expected time: the seconds of all samples, those that failed too, by the number of them that came to the error; "
    "of each method at its best rung, and of the classical one that takes least. ≥ where it is not known how long a "
    "failure took."
)


def write(
    found: pd.DataFrame,
    error: float,
    style: str = "rich",
    file: IO[str] | None = None,
    *,
    columns: Sequence[str] = (),
    sort: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> None:
    """Write what `Results.expected_time` found: as CSV every rung, else of each method the rung that takes least.

    `style`, `columns`, `sort` and `notes` are as in `odebench.report.comparison.write`.
    """
    if style == "csv":
        tables.write(tables.whole(found, columns, sort), style, file)
        return
    closing = [*([LEGEND] if len(found) and not columns else []), *(notes if len(found) else ["no samples"])]
    tables.write(list(_tables(found, error, columns, sort)), style, file, notes=closing)


def _tables(found: pd.DataFrame, error: float, columns: Sequence[str], sort: Sequence[str]) -> Iterator[tables.Table]:
    best = found.drop_duplicates(["problem", "problem_params", "curve"])  # the least stands first
    complete = best.assign(problem=text.labels(zip(best["problem"], best["problem_params"], strict=True)))
    usual = [
        Column("curve", "solver", lambda row: str(row["curve"]), numeric=False),
        Column("expected_s", f"expected time to {error:g}", _time),
        Column("successes", "came to it", lambda row: f"{row['successes']} of {row['samples']}"),
        Column("marks", "remarks", _remarks, numeric=False),
    ]
    return tables.by_problem(complete, usual, columns, sort)


def _time(row: Row) -> str:
    if not math.isfinite(row["expected_s"]):
        return ""
    return f"≥ {text.seconds(row['expected_s'])}" if row["at_least"] else text.seconds(row["expected_s"])


def _remarks(row: Row) -> str:
    said = "strongest classical" if row["strongest_classical"] else ""
    said = "not tried" if row["samples"] == 0 else "never" if row["successes"] == 0 else said
    return ", ".join(filter(None, [said, row["marks"]]))
