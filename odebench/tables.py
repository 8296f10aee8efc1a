"""The journal as tables: a row a sample, a row a case; as CSV on disk."""

from __future__ import annotations

import csv
import json
import os
import tempfile
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from . import datapackage, parquet
from .analysis import aggregate
from .errors import OutputError
from .journal import Run
from .measurement import COLUMNS, ORACLE, TEXT, WHOLE, Checkpoint, DiagnosisRow

if TYPE_CHECKING:
    import pandas as pd

MEASUREMENTS = "measurements.csv"
COMPARISON = "comparison.csv"
TRACES = "traces.csv"
DIAGNOSES = "diagnoses.csv"
OF_SAMPLES = ("measurements.parquet", MEASUREMENTS)
"""Where a row a sample stands, the quickest to read first."""
SAMPLE = ("run_id", "case_id", "repeat", "seed", "status")
TRACE_COLUMNS = (*SAMPLE, *Checkpoint._fields)
DIAGNOSIS_COLUMNS = (*SAMPLE, *DiagnosisRow._fields)

ROWS_AT_ONCE = 2000
_TRUTH = {True: "true", False: "false"}
_ROWS_READ_AT_ONCE = 20_000
_encode = json.JSONEncoder(sort_keys=True).encode


def samples(run: Run) -> pd.DataFrame:
    """One row a sample, from the journal: the columns of measurements.csv and each plugin's metric.

    `problem_params` and `solver_params` are JSON text with sorted keys.
    """
    import pandas as pd

    lines = (fields for _, fields in run.lines())
    parts = [_table(part) for part in iter(lambda: list(islice(lines, _ROWS_READ_AT_ONCE)), [])]
    return typed(pd.concat(parts, ignore_index=True)) if len(parts) > 1 else next(iter(parts), typed())


def write_tables(run: Run, formats: Collection[str] = ()) -> None:
    """Write the CSV files beside the journal, holding no more than a few problems at a time.

    diagnoses.csv is written where the run asked for the doctor. With `parquet` among the `formats`, by default those
    that the run asked for, each as Parquet too. Raises `OutputError` or `BadRun`; the tables are then as they were.
    """
    try:
        journal_bytes = run.journal_path.stat().st_size
        with tempfile.TemporaryDirectory(dir=run.directory, prefix=".tables-") as scratch:
            n_rows, written = _write(run, Path(scratch))
            if "parquet" in (formats or run.meta.get("formats", ())):
                about = {name: run.meta[name] for name in ("run_id", "schema_version")}
                written += [parquet.from_csv(path, about) for path in written]
            for path in (run.directory / name for name in (MEASUREMENTS, COMPARISON, TRACES, DIAGNOSES)):
                path.with_suffix(".parquet").unlink(missing_ok=True)  # of before
            for path in written:
                os.replace(path, run.directory / path.name)
        sizes = {name: (run.directory / name).stat().st_size for name in OF_SAMPLES if (run.directory / name).exists()}
    except OSError as error:
        raise OutputError(
            f"cannot write the tables of '{run.directory}': {error.strerror}. The journal beside them is kept."
        ) from error
    datapackage.write(run)
    run.describe(tables={"rows": n_rows, "journal_bytes": journal_bytes, "bytes": sizes})


def _write(run: Run, directory: Path) -> tuple[int, list[Path]]:
    """The CSV files, into this directory: how many samples there are, and the files."""
    columns = [*COLUMNS, *run.meta.get("metrics", ())]
    written: list[Path] = []
    with ExitStack() as files:

        def table(name: str, columns: Iterable[str]) -> Any:
            written.append(directory / name)
            writer = csv.writer(
                files.enter_context(written[-1].open("w", newline="", encoding="utf-8")), lineterminator="\n"
            )
            writer.writerow(columns)
            return writer

        rows, traces = table(MEASUREMENTS, columns), table(TRACES, TRACE_COLUMNS)
        examined = run.meta.get("protocol", {}).get("doctor", False)
        diagnoses = table(DIAGNOSES, DIAGNOSIS_COLUMNS) if examined else None
        index, n_rows = _Index(), 0
        for position, fields in run.lines():
            index.add(position, fields)
            n_rows += 1
            cells = _cells(fields)
            cells[ORACLE] = _TRUTH[cells[ORACLE]]
            rows.writerow([cells.get(name) for name in columns])
            sample = [fields[name] for name in SAMPLE]
            traces.writerows([*sample, *checkpoint] for checkpoint in fields["trace"])
            if diagnoses is not None:
                for found in map(DiagnosisRow._make, fields["diagnoses"]):
                    remedy = None if found.parameters is None else _encode(found.parameters)
                    diagnoses.writerow([*sample, *{**found._asdict(), "parameters": remedy}.values()])
    written.append(directory / COMPARISON)
    with written[-1].open("w", newline="", encoding="utf-8") as file:
        for k, part in enumerate(_comparisons(run, index)):
            write_csv(part, file, header=k == 0)
    return n_rows, written


def comparisons(run: Run) -> Iterator[pd.DataFrame]:
    """The rows of comparison.csv, a few whole problems at a time, in the order they were first measured."""
    index = _Index()
    for position, fields in run.lines():
        index.add(position, fields)
    return _comparisons(run, index)


class _Index:
    """Where the lines of each problem begin in the journal; the samples of a problem need not stand together."""

    def __init__(self) -> None:
        self.of_problem: dict[str, array[int]] = {}

    def add(self, position: int, fields: Mapping[str, Any]) -> None:
        self.of_problem.setdefault(f"{fields['problem']}{fields['problem_params']}", array("Q")).append(position)

    def chunks(self) -> Iterator[array[int]]:
        """The lines of whole problems, some thousands at a time; at least one chunk, if an empty one."""
        chunk = array("Q")
        for positions in self.of_problem.values():
            chunk += positions
            if len(chunk) >= ROWS_AT_ONCE:
                yield chunk
                chunk = array("Q")
        if chunk or not self.of_problem:
            yield chunk


def _comparisons(run: Run, index: _Index) -> Iterator[pd.DataFrame]:
    return (aggregate.by_case(_table(run.lines_at(positions))) for positions in index.chunks())


def write_csv(table: pd.DataFrame, file: IO[str], *, header: bool = True) -> None:
    """As CSV that reads back to the same float64: numbers with as many digits as that takes, nothing for missing."""
    names = [n for n in map(str, table.columns) if n in aggregate.TRUTH_VALUES or table[n].dtype == bool]
    words = {name: table[name].map(_TRUTH) for name in names}
    table.assign(**words).to_csv(file, header=header, index=False, lineterminator="\n")


def _table(lines: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    return typed(pd.DataFrame(_cells(fields) for fields in lines))


def typed(table: pd.DataFrame | None = None) -> pd.DataFrame:
    """A table of samples with every column, in order, each of its type; without one, that of no samples."""
    import pandas as pd

    table = pd.DataFrame() if table is None else table
    table = table.reindex(columns=[*COLUMNS, *(name for name in table.columns if name not in COLUMNS)])
    table[ORACLE] = table[ORACLE].fillna(False).astype(bool)
    for name in COLUMNS:
        if name in WHOLE:
            table[name] = pd.to_numeric(table[name]).convert_dtypes()  # they stay whole beside missing ones
        elif name not in (*TEXT, ORACLE):
            table[name] = table[name].astype("float64")
    return table


def params_text(params: Mapping[str, Any]) -> str:
    """Parameters as they stand in the tables: JSON with sorted keys."""
    return _encode(params)


def _cells(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A measurement as a flat row."""
    params = {name: params_text(fields[name]) for name in ("problem_params", "solver_params")}
    cells: dict[str, Any] = {name: fields[name] for name in COLUMNS} | params | fields["metrics"]
    return cells
