"""The comparison of solvers, a table a problem."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import IO, TYPE_CHECKING

from .. import certificate, measurement, text
from ..analysis import marks
from ..measurement import ERROR, SLOWDOWN, TIME
from . import columns as columns_
from . import tables
from .columns import Column, Row

if TYPE_CHECKING:
    import pandas as pd

_MOST_CASES = 500
LEGEND = (
    "max error: against the reference; ≤ where the reference knows no better. time: median of the samples. Both to the "
    "digits that their spread supports. slowdown: against the fastest solver at this error or less. first call: with "
    "imports and compilation. front: nobody is as accurate and faster."
)
UNSTABLE = "unstable: its times scatter."
ORACLE = "oracle: is told the solution, and not ranked."


def write(
    comparisons: Iterable[pd.DataFrame],
    style: str = "rich",
    file: IO[str] | None = None,
    *,
    columns: Sequence[str] = (),
    sort: Sequence[str] = (),
    notes: Sequence[str] = (),
    most: int | None = None,
) -> None:
    """Write comparisons in a style of `odebench.report.tables.write`.

    Parameters
    ----------
    columns, sort : sequence of str
        Names or headings; '-' before one to sort by it from the greatest. By default the most accurate come first, and
        in CSV all columns in the order the cases were measured.
    notes : sequence of str
        Sentences below all tables.
    most : int, optional
        How many cases to show, and whole problems at least; in a terminal some hundreds by default.

    Raises
    ------
    BadSelection
        Where a column is none.
    """
    if style == "csv":
        tables.write((_as_data(comparison, columns, sort) for comparison in comparisons), style, file)
        return
    most = _MOST_CASES if most is None and style == "rich" else most
    shown = left_out = 0

    def drawn() -> Iterator[tables.Table]:
        nonlocal shown, left_out
        for comparison in comparisons:
            for table in _tables(comparison, columns, sort):
                if shown and most is not None and shown + len(table.frame) > most:
                    left_out += len(table.frame)
                else:
                    shown += len(table.frame)
                    yield table

    def closing() -> Iterator[str]:
        if left_out:
            yield f"... and {text.count(left_out, 'more case')}: see comparison.csv."
        if shown and not columns:
            yield LEGEND
        yield from notes if shown else ["no samples"]

    tables.write(drawn(), style, file, notes=closing())


def _as_data(comparison: pd.DataFrame, columns: Sequence[str], sort: Sequence[str]) -> tables.Table:
    """All its values."""
    known = _known(comparison)
    chosen = columns_.named(columns, known) if columns else columns_.of(comparison)
    complete = comparison.assign(remarks=_remarks_of(comparison)) if columns or sort else comparison
    return tables.Table(columns_.ordered(complete, sort, known), chosen)


def _tables(comparison: pd.DataFrame, columns: Sequence[str], sort: Sequence[str]) -> Iterator[tables.Table]:
    known = _known(comparison)
    chosen = columns_.named(columns, known) if columns else _usual()
    labelled = text.labelled(comparison).assign(remarks=_remarks_of(comparison))
    for title, rows in labelled.groupby("problem", sort=False):
        rows = rows.sort_values([ERROR, TIME], na_position="last", kind="stable")
        yield tables.Table(columns_.ordered(rows, sort, known), chosen, str(title), strong="on_front")


def _usual() -> list[Column]:
    return [
        Column("solver", "solver", lambda row: str(row["solver"]), numeric=False, marks=_oracle),
        Column(ERROR, "max error", error),
        Column(TIME, "time", seconds, marks=_unstable),
        Column(SLOWDOWN, "slowdown", lambda row: text.ratio(row[SLOWDOWN], time_digits(row))),
        Column("first_s", "first call", lambda row: text.seconds(row["first_s"], 2), less_needed=True),
        Column("samples", "samples", lambda row: str(row["samples"]), less_needed=True),
        Column("remarks", "remarks", lambda row: str(row["remarks"]), numeric=False),
    ]


def _known(comparison: pd.DataFrame) -> list[Column]:
    """The usual columns, and those of comparison.csv as their names say."""
    usual = _usual()
    shown = {column.name for column in usual}
    return [*usual, *(column for column in columns_.of(comparison) if column.name not in shown)]


def error(row: Row) -> str:
    """The error of a case, to the digits that its samples support."""
    spread = row["max_abs_error_worst"] - row[ERROR]
    return text.error(row[ERROR], text.digits(row[ERROR], spread), at_floor=row["at_reference_floor"] is True)


def seconds(row: Row) -> str:
    """The time of a case, likewise."""
    return text.seconds(row[TIME], time_digits(row))


def time_digits(row: Row) -> int:
    """How many digits of its time they support."""
    return text.digits(row[TIME], (row["wall_s_ci_high"] - row["wall_s_ci_low"]) / 2)


def _oracle(row: Row) -> Iterator[str]:
    if marks.ORACLE in _marks(row) and row["status"] == measurement.OK:
        yield ORACLE


def _unstable(row: Row) -> Iterator[str]:
    if marks.UNSTABLE in _marks(row):
        yield UNSTABLE


def _marks(row: Row) -> list[str]:
    return str(row["marks"]).split(", ")


def _remarks_of(comparison: pd.DataFrame) -> list[str]:
    return [", ".join(_remarks(row)) for row in comparison.to_dict("records")]


def _remarks(row: Row) -> Iterator[str]:
    if row["status"] != measurement.OK:
        yield f"{row['status']}: {row['reason']}" if isinstance(row["reason"], str) else str(row["status"])
    elif row["on_front"]:
        yield "front"
    if row["status"] == measurement.OK and isinstance(row["reason"], str):
        yield row["reason"]
    match row["error_bound_kind"]:
        case certificate.BOUND:
            yield f"bound {text.error(row['error_bound_median'])}"
        case certificate.ESTIMATE:
            yield f"estimate {text.error(row['error_bound_median'])}"
        case certificate.NONE:
            yield "no bound found"
