"""The comparison as a table: in the terminal, or as Markdown."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, Any

from .. import certificate, measurement
from . import text

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

_WIDTH_IN_A_FILE = 140
HEADINGS = ("solver", "max error", "time", "slowdown", "first call", "samples", "remarks")
_MOST_CASES = 500
_LESS_NEEDED = ("first call", "samples")  # left out where the terminal is narrow
LEGEND = (
    "max error: against the reference; ≤ where the reference knows no better. time: median of the samples. "
    "slowdown: against the fastest solver at this error or less. first call: with imports and compilation. "
    "front: nobody is as accurate and faster. oracle: is told the solution, and not ranked. "
    "unstable: its times scatter."
)


def print_tables(comparisons: Iterable[pd.DataFrame], file: IO[str] | None = None) -> None:
    """One table a problem, the most accurate first; of very many cases, the first few hundred."""
    from rich.console import Console

    file = file or sys.stdout
    width = None if file.isatty() or "COLUMNS" in os.environ else _WIDTH_IN_A_FILE
    console = Console(file=file, width=width, highlight=False, markup=False, emoji=False)
    printed = left_out = 0
    for comparison in comparisons:
        for title, rows in _tables(comparison):
            if printed and printed + len(rows) > _MOST_CASES:
                left_out += len(rows)
            else:
                _print_table(console, title, rows)
                printed += len(rows)
    if left_out:
        console.print(f"... and {left_out} more cases: see comparison.csv", style="bold")
    console.print(LEGEND if printed else "no samples", style="dim")


def _print_table(console: Console, title: str, rows: list[list[str]]) -> None:
    from rich import box
    from rich.table import Table

    shown = [k for k, heading in enumerate(HEADINGS) if console.width >= 100 or heading not in _LESS_NEEDED]
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    table.padding = (0, 1, 0, 0)
    longest = max(len(row[0]) for row in rows)
    for k in shown:
        if HEADINGS[k] == "solver":
            table.add_column("solver", min_width=min(longest, max(12, console.width - 58)), overflow="fold")
        elif HEADINGS[k] == "remarks":
            table.add_column("remarks", overflow="fold")
        else:
            table.add_column(HEADINGS[k], justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*(row[k] for k in shown), style="bold green" if row[-1].startswith("front") else "")
    console.print(table)


def markdown(comparison: pd.DataFrame) -> str:
    """The same tables for a README or an issue."""
    parts = []
    for title, rows in _tables(comparison):
        escaped = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
        rule = ["---" if h in ("solver", "remarks") else "---:" for h in HEADINGS]
        lines = [f"| {' | '.join(cells)} |" for cells in (HEADINGS, rule, *escaped)]
        parts.append("\n".join([f"**{title}**", "", *lines]))
    return "\n\n".join([*parts, LEGEND])


def _tables(comparison: pd.DataFrame) -> Iterator[tuple[str, list[list[str]]]]:
    """Yield a title and the cells for each problem."""
    solvers = text.labels(zip(comparison["solver"], comparison["solver_params"], strict=True))
    problems = text.labels(zip(comparison["problem"], comparison["problem_params"], strict=True))
    labelled = comparison.assign(solver=solvers, problem=problems)
    for title, rows in labelled.groupby("problem", sort=False):
        ordered = rows.sort_values(["max_abs_error_median", "wall_s_median"], na_position="last", kind="stable")
        yield str(title), [_cells(row) for row in ordered.to_dict("records")]


def _cells(row: Mapping[Hashable, Any]) -> list[str]:
    return [
        row["solver"],
        text.error(row["max_abs_error_median"], at_floor=row["at_reference_floor"]),
        text.seconds(row["wall_s_median"]),
        text.ratio(row["slowdown_vs_best_at_this_error"]),
        text.seconds(row["first_s"]),
        str(row["samples"]),
        ", ".join(_remarks(row)),
    ]


def _remarks(row: Mapping[Hashable, Any]) -> Iterator[str]:
    if row["status"] != measurement.OK:
        yield f"{row['status']}: {row['reason']}"
    elif row["on_front"]:
        yield "front"
    elif math.isnan(row["slowdown_vs_best_at_this_error"]) and "not ranked" not in str(row["reason"]):
        yield "oracle"
    if row["status"] == measurement.OK and isinstance(row["reason"], str):
        yield row["reason"]
    match row["error_bound_kind"]:
        case certificate.BOUND:
            yield f"bound {text.error(row['error_bound_median'])}"
        case certificate.ESTIMATE:
            yield f"estimate {text.error(row['error_bound_median'])}"
        case certificate.NONE:
            yield "no bound found"
    if row["unstable"] is True:
        yield "unstable"
