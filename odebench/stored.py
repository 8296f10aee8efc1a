"""The tables of a run, read back: samples quickly where they can be trusted, from the journal where they cannot."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from . import csv_reading, tables
from .errors import BadRun
from .journal import Run
from .measurement import ORACLE, Checkpoint

if TYPE_CHECKING:
    import pandas as pd

_ESSENTIAL_TEXT = ("run_id", "case_id", "problem", "problem_params", "solver", "solver_params", "status")
ESSENTIAL = (*_ESSENTIAL_TEXT, "repeat", "wall_s", "max_abs_error")
"""Columns without which a table says nothing; others may be missing, and are then empty."""
_IDENTITY = (*tables.SAMPLE, "started_at")


def samples(runs: Iterable[Run]) -> pd.DataFrame:
    """One row a sample: the columns of measurements.csv and each plugin's metric.

    `problem_params` and `solver_params` are JSON text. A sample that one run took over from another (`--reuse`) is one
    row, however many of the runs hold it. Raises `BadRun`, with file and line.
    """
    import pandas as pd

    found = _each_once(map(of_run, runs), _IDENTITY)
    return tables.typed(pd.concat(found, ignore_index=True)) if len(found) > 1 else next(iter(found), tables.typed())


def _each_once(of_runs: Iterable[pd.DataFrame], identity: Sequence[str]) -> list[pd.DataFrame]:
    """Tables of several runs without the rows of samples that stand in an earlier one too."""
    found: list[pd.DataFrame] = []
    for rows in of_runs:
        for earlier in found:
            rows = rows[~_taken_over(rows, earlier, list(identity))]
        found.append(rows)
    return found


def _taken_over(rows: pd.DataFrame, earlier: pd.DataFrame, identity: list[str]) -> pd.Series[bool]:
    """Which rows are of a sample that stands in an earlier run too."""
    import pandas as pd

    shared = rows["run_id"].isin(earlier["run_id"].unique())
    if shared.any():
        there = pd.MultiIndex.from_frame(earlier.loc[earlier["run_id"].isin(rows["run_id"].unique()), identity])
        shared &= pd.MultiIndex.from_frame(rows[identity]).isin(there)
    return shared


def of_run(run: Run) -> pd.DataFrame:
    """The samples of one run: of its tables, where they are those of its whole journal or there is none; else of that.

    Tables are the journal's where both have as many bytes as run.json says they had when the tables were written: a
    journal only ever grows.
    """
    run.expect_there()
    said = run.meta.get("tables", {})
    paths = [path for name in tables.OF_SAMPLES if (path := run.directory / name).exists()]
    if not run.journal_path.exists():
        if not paths:
            raise BadRun(f"'{run.directory}' has neither measurements.jsonl nor measurements.csv: nothing to read.")
        rows = read(paths[0], run.meta.get("metrics", ()))
        if len(rows) != said.get("rows", len(rows)):
            raise BadRun(
                f"'{paths[0]}' has {len(rows)} rows, run.json says {said['rows']}, and there is no journal to read "
                "instead. Copy it again from where it was whole."
            )
        return rows
    if run.journal_path.stat().st_size == said.get("journal_bytes"):
        for path in paths:
            if path.stat().st_size == said.get("bytes", {}).get(path.name):
                with suppress(ModuleNotFoundError):
                    return read(path, run.meta.get("metrics", ()))
            else:
                warnings.warn(f"'{path}' is not as it was written: the journal is read instead.", stacklevel=2)
    return tables.samples(run)


def read(path: Path, metrics: Sequence[str] = ()) -> pd.DataFrame:
    """The samples in measurements.csv or measurements.parquet, typed as `tables.samples` types them.

    Other columns are kept. Raises `BadRun` where an essential column is missing or a line cannot be read, and of
    Parquet `ModuleNotFoundError` without pyarrow.
    """
    if path.suffix == ".parquet":
        from . import parquet

        names = parquet.names(path)
    else:
        names = csv_reading.header(path)
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadRun(f"'{path}' has two columns of one name: {', '.join(twice)}.")
    if missing := [name for name in ESSENTIAL if name not in names]:
        raise BadRun(f"'{path}' lacks the columns {', '.join(missing)}: it is not a table of samples.")
    table = parquet.read(path) if path.suffix == ".parquet" else csv_reading.read(path, names, metrics)
    if ORACLE not in table:
        table[ORACLE] = told_the_solution(table)
    # a column of Arrow's without rows cannot be joined to anything: one of no samples is made anew
    table = tables.typed(table if len(table) else table.astype(object))
    for name in _ESSENTIAL_TEXT:
        if (empty := table[name].isna().to_numpy()).any():
            raise BadRun(f"'{path}', row {empty.argmax() + 1}: {name} is empty.")
    for name in ("problem_params", "solver_params"):
        for text in table[name].unique():
            if not _is_object(text):
                row = (table[name] == text).to_numpy().argmax() + 1
                raise BadRun(f"'{path}', row {row}: expected {name} as a JSON object, received {text!r:.60}.")
    for name in ("wall_s", "max_abs_error"):
        if (negative := (table[name] < 0).to_numpy()).any():
            row = int(negative.argmax())
            received = float(table[name].iloc[row])
            raise BadRun(f"'{path}', row {row + 1}: expected {name} of zero or more, received {received}.")
    return table


def traces(runs: Iterable[Run]) -> pd.DataFrame:
    """One row a checkpoint, the columns of traces.csv: of the journal, or where there is none of that table.

    Each sample is there once, however many of the runs hold it. Raises `BadRun`.
    """
    import pandas as pd

    found = _each_once(map(_traces, runs), tables.SAMPLE)
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=list(tables.TRACE_COLUMNS))


def _traces(run: Run) -> pd.DataFrame:
    import pandas as pd

    if run.journal_path.exists():
        rows = [
            [*(fields[name] for name in tables.SAMPLE), *Checkpoint(*checkpoint)]
            for _, fields in run.lines()
            for checkpoint in fields["trace"]
        ]
        found = pd.DataFrame(rows, columns=list(tables.TRACE_COLUMNS))
    else:
        found = beside(run, tables.TRACES, tables.TRACE_COLUMNS, Checkpoint._fields)
    whole = {"repeat": "int64", "seed": "Int64", "step": "int64"}
    return found.astype({**dict.fromkeys(Checkpoint._fields, "float64"), **whole})


def checkpoints(traces: pd.DataFrame) -> Iterator[tuple[str, int | None, list[Checkpoint]]]:
    """The rows of `traces` by sample: its case, its seed, and its checkpoints."""
    plain = traces.astype(object).where(traces.notna(), None)
    for _, rows in plain.groupby(list(tables.SAMPLE), sort=False, dropna=False):
        points = rows[list(Checkpoint._fields)].itertuples(index=False, name=None)
        yield rows["case_id"].iloc[0], rows["seed"].iloc[0], [Checkpoint(*point) for point in points]


def beside(run: Run, name: str, columns: Sequence[str], numbers: Sequence[str]) -> pd.DataFrame:
    """A further table that a run may have, traces.csv or diagnoses.csv, or the same as Parquet: these columns.

    Without the table there are no rows. Raises `BadRun` where one says nothing of the sample, or a line cannot be read.
    """
    import pandas as pd

    if (path := run.directory / name).exists():
        table = csv_reading.read(path, csv_reading.header(path), numbers)
    elif (path := path.with_suffix(".parquet")).exists():
        from . import parquet

        table = parquet.read(path)
    else:
        return pd.DataFrame(columns=list(columns))
    table = table.reindex(columns=list(columns))
    for needed in columns[: len(tables.SAMPLE) + 1]:
        if needed != "seed" and (empty := table[needed].isna().to_numpy()).any():
            raise BadRun(f"'{path}', row {empty.argmax() + 1}: {needed} is empty.")
    return table


def told_the_solution(table: pd.DataFrame) -> pd.Series[bool]:
    """Which rows are an oracle's, of a table that is older than the column.

    Those checked against their own formula, and those of the built-in `analytic`; a plugin's oracle on a problem
    without a formula cannot be told.
    """
    import pandas as pd

    own = table["reference"] == "itself" if "reference" in table else pd.Series(data=False, index=table.index)
    return own | (table["solver"] == "analytic")


def _is_object(text: object) -> bool:
    try:
        return isinstance(json.loads(str(text)), dict)
    except ValueError:
        return False
