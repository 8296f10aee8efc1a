"""Read runs back as tables, and write them as CSV."""

from __future__ import annotations

import csv
import json
from array import array
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from . import analysis
from .errors import BadRun, OutputError
from .journal import Run
from .measurement import COLUMNS, Measurement

if TYPE_CHECKING:
    import pandas as pd

MEASUREMENTS = "measurements.csv"
COMPARISON = "comparison.csv"

ORACLE = "oracle"
_ROWS_AT_ONCE = 2000
_WHOLE = ("seed", "repeat", "loops", "rhs_calls", "jac_calls", "steps", "epochs", "n_parameters", "threads")
_REAL = tuple(c for c in COLUMNS if c.endswith(("_s", "_error", "_mb", "_drift", "_loss")))


def find(name: str | None, root: Path = Path("results")) -> Run:
    """The run in the directory `name`, or of that id below results/; the newest there where `name` is None."""
    if name is not None:
        below = root / name
        return Run.open(below if not Path(name).exists() and below.exists() else Path(name))
    runs = []
    for path in root.glob("*/run.json"):
        with suppress(BadRun):  # another version's, or a broken one's: not what is asked for
            runs.append(Run.open(path.parent))
    if not runs:
        raise BadRun(f"no runs below '{root}'. Make one with 'odebench run', or name a run directory.")
    return max(runs, key=lambda run: str(run.meta["started_at"]))


def measurements(runs: Run | Iterable[Run]) -> pd.DataFrame:
    """One row a sample, from the journals: the columns of measurements.csv, each plugin's metric, and `oracle`.

    `problem_params` and `solver_params` are JSON text with sorted keys.
    """
    return _table(row for run in ([runs] if isinstance(runs, Run) else runs) for row in run.measurements())


def write_tables(run: Run) -> None:
    """Write measurements.csv and comparison.csv beside the journal, holding no more than a few problems at a time."""
    try:
        with (run.directory / MEASUREMENTS).open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            columns = [*COLUMNS, *run.meta.get("metrics", ())]
            writer.writerow(columns)
            lines = _Lines()
            for position, row in run.positions():
                cells = _cells(vars(row))
                writer.writerow([cells.get(name) for name in columns])
                lines.add(row, position)
        with (run.directory / COMPARISON).open("w", newline="", encoding="utf-8") as file:
            for k, table in enumerate(_comparisons(run, lines)):
                write_csv(table, file, header=k == 0)
    except OSError as error:
        raise OutputError(
            f"cannot write '{error.filename}': {error.strerror}. The journal beside it is kept."
        ) from error


def comparisons(run: Run) -> Iterator[pd.DataFrame]:
    """The rows of comparison.csv, a few whole problems at a time, in the order they were first measured."""
    lines = _Lines()
    for position, row in run.positions():
        lines.add(row, position)
    return _comparisons(run, lines)


class _Lines:
    """Where the lines of each problem begin in the journal; the samples of a problem need not stand together."""

    def __init__(self) -> None:
        self.of_problem: dict[str, array[int]] = {}

    def add(self, row: Measurement, position: int) -> None:
        self.of_problem.setdefault(f"{row.problem}{row.problem_params}", array("Q")).append(position)


def _comparisons(run: Run, lines: _Lines) -> Iterator[pd.DataFrame]:
    chunk: list[Measurement] = []
    for positions in lines.of_problem.values():
        chunk += run.at(positions)
        if len(chunk) >= _ROWS_AT_ONCE:
            yield analysis.compare(_table(chunk))
            chunk = []
    if chunk or not lines.of_problem:
        yield analysis.compare(_table(chunk))


def write_csv(table: pd.DataFrame, file: IO[str], *, header: bool = True) -> None:
    """As CSV that reads back to the same float64: numbers with as many digits as that takes, nothing for missing."""
    writer = csv.writer(file, lineterminator="\n")
    if header:
        writer.writerow(table.columns)
    for row in table.astype(object).where(table.notna(), None).itertuples(index=False, name=None):
        writer.writerow([str(value).lower() if isinstance(value, bool) else value for value in row])


def _table(rows: Iterable[Measurement]) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(_cells(vars(row)) | {ORACLE: row.oracle} for row in rows)
    table = table.reindex(columns=[*COLUMNS, *(c for c in table.columns if c not in (*COLUMNS, ORACLE)), ORACLE])
    table[ORACLE] = table[ORACLE].fillna(False).astype(bool)
    for name in _WHOLE:
        table[name] = pd.to_numeric(table[name]).convert_dtypes()  # whole numbers stay whole beside missing ones
    for name in _REAL:
        table[name] = table[name].astype("float64")
    return table


def _cells(row: dict[str, Any]) -> dict[str, Any]:
    """A journal line as a flat row."""
    flat: dict[str, Any] = {name: row[name] for name in COLUMNS} | row["metrics"]
    for name in ("problem_params", "solver_params"):
        flat[name] = json.dumps(flat[name], sort_keys=True)
    return flat
