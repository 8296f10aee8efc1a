"""Tables that people read, all alike: in the terminal, as Markdown, as LaTeX; and as CSV, for programs."""

from __future__ import annotations

import itertools
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any

from ..text import plain
from . import columns as columns_
from . import latex, markdown
from .columns import Column

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

STYLES = ("rich", "markdown", "csv", "latex")
_SIGNS = "†‡§¶‖"
_WIDTH_IN_A_FILE = 140
_NARROW = 100


@dataclass(frozen=True)
class Table:
    """Rows and how they are shown."""

    frame: pd.DataFrame
    columns: Sequence[Column]
    title: str = ""
    strong: str | None = None
    """The column of truth values that says which rows are set off."""

    @cached_property
    def cells(self) -> list[list[tuple[str, tuple[str, ...]]]]:
        """Each value as text, and its footnotes."""
        rows: list[Any] = self.frame.to_dict("records")
        return [[(column.show(row), tuple(column.marks(row))) for column in self.columns] for row in rows]

    @cached_property
    def set_off(self) -> list[bool]:
        """Which rows are."""
        return [False] * len(self.frame) if self.strong is None else [v is True for v in self.frame[self.strong]]


def whole(frame: pd.DataFrame, columns: Sequence[str], sort: Sequence[str]) -> Table:
    """A table of every column, or of these, for programs."""
    known = columns_.of(frame)
    return Table(columns_.ordered(frame, sort, known), columns_.named(columns, known) if columns else known)


def by_problem(
    frame: pd.DataFrame,
    usual: Sequence[Column],
    columns: Sequence[str],
    sort: Sequence[str],
    strong: str | None = None,
) -> Iterator[Table]:
    """A table for each `problem`, of the usual columns or of those that are asked for."""
    shown = {column.name for column in usual}
    known = [*usual, *(column for column in columns_.of(frame) if column.name not in shown)]
    chosen = columns_.named(columns, known) if columns else usual
    for title, rows in frame.groupby("problem", sort=False):
        yield Table(columns_.ordered(rows, sort, known), chosen, str(title), strong)


def write(
    tables: pd.DataFrame | Table | Iterable[Table],
    style: str = "rich",
    file: IO[str] | None = None,
    *,
    title: str = "",
    notes: Iterable[str] = (),
) -> None:
    """Write tables, and below them what their signs mean and some notes.

    Parameters
    ----------
    tables : DataFrame, Table or several
        Of a DataFrame all columns are shown, each as its name and type say.
    style : str
        "rich" for a terminal, "markdown", "latex" (needs the package booktabs), or "csv": the values to all their
        digits, without titles, signs and notes, and under one header where all tables have the same columns.
    file : text file
        Standard output by default.
    title : str
        Above a DataFrame.
    notes : iterable of str
        Sentences below all tables; asked for when these are written.
    """
    import pandas as pd

    file = file or sys.stdout
    if isinstance(tables, pd.DataFrame):
        tables = Table(tables, columns_.of(tables), title)
    tables = [tables] if isinstance(tables, Table) else tables
    if style == "csv":
        _write_csv(tables, file)
    elif style == "rich":
        _print(tables, file, notes)
    else:
        tables = list(tables)
        signs = signed(tables)
        writer = {"markdown": markdown.lines, "latex": latex.lines}[style]
        for k, table in enumerate(tables):
            file.write("\n" if k else "")
            file.writelines(f"{line}\n" for line in writer(table, signs))
        closing = {"markdown": markdown.notes, "latex": latex.notes}[style]([*legend(signs), *notes])
        file.write(f"\n{closing}\n" if tables and closing else f"{closing}\n" if closing else "")


def signed(tables: Iterable[Table]) -> dict[str, str]:
    """A sign for each footnote, in the order in which they occur."""
    marks = dict.fromkeys(mark for table in tables for row in table.cells for _, found in row for mark in found)
    signs = (sign * times for times in itertools.count(1) for sign in _SIGNS)
    return dict(zip(marks, signs, strict=False))


def legend(signs: Mapping[str, str]) -> list[str]:
    """What the signs mean."""
    return [f"{sign} {mark}" for mark, sign in signs.items()]


def _write_csv(tables: Iterable[Table], file: IO[str]) -> None:
    from ..tables import write_csv

    header: list[str] = []
    for table in tables:
        frame = table.frame[[column.name for column in table.columns]]
        write_csv(frame, file, header=list(frame.columns) != header)
        header = list(frame.columns)


def _print(tables: Iterable[Table], file: IO[str], notes: Iterable[str]) -> None:
    """Each table as soon as it comes."""
    console = terminal(file)
    signs: dict[str, str] = {}
    for table in tables:
        marks = dict.fromkeys(mark for row in table.cells for _, found in row for mark in found)
        fresh = (sign * times for times in itertools.count(1) for sign in _SIGNS if sign * times not in signs.values())
        signs |= dict(zip((mark for mark in marks if mark not in signs), fresh, strict=False))
        _print_table(console, table, signs)
    for line in [*legend(signs), *notes]:
        console.print(plain(line), style="dim", soft_wrap=False)


def terminal(file: IO[str]) -> Console:
    """What draws on it; as wide as it is, or wide enough where it is a file."""
    from rich.console import Console

    width = None if file.isatty() or "COLUMNS" in os.environ else _WIDTH_IN_A_FILE
    return Console(file=file, width=width, highlight=False, markup=False, emoji=False)


def _print_table(console: Console, table: Table, signs: Mapping[str, str]) -> None:
    from rich import box
    from rich import table as rich_table
    from rich.text import Text

    shown = [k for k, column in enumerate(table.columns) if console.width >= _NARROW or not column.less_needed]
    drawn = rich_table.Table(
        title=Text(plain(table.title)) if table.title else None,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
    )
    drawn.padding = (0, 1, 0, 0)
    rows = [[plain(text) + "".join(signs[m] for m in marks) for text, marks in row] for row in table.cells]
    for k in shown:
        column = table.columns[k]
        if column.numeric:
            drawn.add_column(Text(plain(column.heading)), justify="right", no_wrap=True)
        else:
            longest = max((len(row[k]) for row in rows), default=0)
            least = min(longest, max(12, console.width - 58)) if k == shown[0] else None
            drawn.add_column(Text(plain(column.heading)), min_width=least, overflow="fold")
    for row, strong in zip(rows, table.set_off, strict=True):
        drawn.add_row(*(Text(row[k]) for k in shown), style="bold green" if strong else "")
    console.print(drawn)
