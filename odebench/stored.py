"""The table of a run's samples, read back: quickly where it can be trusted, from the journal where it cannot."""

from __future__ import annotations

import csv
import json
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import tables
from .errors import BadRun
from .journal import Run
from .measurement import COLUMNS, TEXT

if TYPE_CHECKING:
    import pandas as pd

_ESSENTIAL_TEXT = ("run_id", "case_id", "problem", "problem_params", "solver", "solver_params", "status")
ESSENTIAL = (*_ESSENTIAL_TEXT, "repeat", "wall_s", "max_abs_error")
"""Columns without which a table says nothing; others may be missing, and are then empty."""
_TRUTH = {"": False, "true": True, "false": False, "True": True, "False": False}
_IDENTITY = (*tables.SAMPLE, "started_at")


def samples(runs: Iterable[Run]) -> pd.DataFrame:
    """One row a sample: the columns of measurements.csv and each plugin's metric.

    `problem_params` and `solver_params` are JSON text. A sample that one run took over from another (`--reuse`) is one
    row, however many of the runs hold it. Raises `BadRun`, with file and line.
    """
    import pandas as pd

    found: list[pd.DataFrame] = []
    for run in runs:
        rows = of_run(run)
        for earlier in found:
            rows = rows[~_taken_over(rows, earlier)]
        found.append(rows)
    return tables.typed(pd.concat(found, ignore_index=True)) if len(found) > 1 else next(iter(found), tables.typed())


def _taken_over(rows: pd.DataFrame, earlier: pd.DataFrame) -> pd.Series[bool]:
    """Which rows stand in an earlier run too."""
    import pandas as pd

    shared = rows["run_id"].isin(earlier["run_id"].unique())
    if shared.any():
        there = pd.MultiIndex.from_frame(earlier.loc[earlier["run_id"].isin(rows["run_id"].unique()), list(_IDENTITY)])
        shared &= pd.MultiIndex.from_frame(rows[list(_IDENTITY)]).isin(there)
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
        names = _header(path)
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise BadRun(f"'{path}' has two columns of one name: {', '.join(twice)}.")
    if missing := [name for name in ESSENTIAL if name not in names]:
        raise BadRun(f"'{path}' lacks the columns {', '.join(missing)}: it is not a table of samples.")
    table = parquet.read(path) if path.suffix == ".parquet" else _read_csv(path, names, metrics)
    if tables.ORACLE not in table:
        table[tables.ORACLE] = told_the_solution(table)
    table = tables.typed(table)
    for name in _ESSENTIAL_TEXT:
        if (empty := table[name].isna().to_numpy()).any():
            raise BadRun(f"'{path}', row {empty.argmax() + 1}: {name} is empty.")
    for name in ("problem_params", "solver_params"):
        for text in table[name].unique():
            if not _is_object(text):
                row = (table[name] == text).to_numpy().argmax() + 1
                raise BadRun(f"'{path}', row {row}: expected {name} as a JSON object, received {text!r:.60}.")
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


def _header(path: Path) -> list[str]:
    """The names of the columns; raises `BadRun` where there are none, or where the last line has no end."""
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise BadRun(f"'{path}' is empty. Expected a line of column names.")
            file.seek(-1, 2)
            ended = file.read(1) == b"\n"
        with path.open(encoding="utf-8-sig", newline="") as text:
            names = next(csv.reader(text))
    except OSError as error:
        raise BadRun(f"'{path}' cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadRun(_what_is_wrong(path, error)) from error
    if not ended:
        raise BadRun(
            f"'{path}': its last line does not end: it is torn. Copy the file again from where it was whole, or take "
            "that line out."
        )
    return names


def _read_csv(path: Path, names: Sequence[str], metrics: Sequence[str]) -> pd.DataFrame:
    text = [name for name in names if name in TEXT]
    numbers = [name for name in names if (name in COLUMNS or name in metrics) and name not in (*TEXT, tables.ORACLE)]
    try:
        try:
            table = _by_pyarrow(path, text, numbers)
        except ModuleNotFoundError:
            table = _by_pandas(path, text, numbers)
        if tables.ORACLE in table:
            words = table[tables.ORACLE].fillna("")
            table[tables.ORACLE] = words.map(_TRUTH)
            if table[tables.ORACLE].isna().any():
                raise ValueError
    except (ValueError, UnicodeError) as error:  # of which Arrow's and pandas' are
        raise BadRun(_what_is_wrong(path, error, numbers)) from error
    return table


def _by_pyarrow(path: Path, text: Iterable[str], numbers: Iterable[str]) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.csv as arrow

    types = dict.fromkeys(text, pa.large_string()) | dict.fromkeys(numbers, pa.float64())
    types[tables.ORACLE] = pa.large_string()
    converted = arrow.ConvertOptions(
        column_types=types, null_values=[""], strings_can_be_null=True, include_missing_columns=False
    )
    parsed = arrow.ParseOptions(newlines_in_values=True)
    table = arrow.read_csv(path, parse_options=parsed, convert_options=converted)
    rows: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
    return rows


def _by_pandas(path: Path, text: Iterable[str], numbers: Iterable[str]) -> pd.DataFrame:
    import pandas as pd

    types = dict.fromkeys((*text, tables.ORACLE), "str") | dict.fromkeys(numbers, "float64")
    missing = {name: ["", "nan", "NaN"] for name in numbers} | {name: [""] for name in (*text, tables.ORACLE)}
    exact: dict[str, Any] = {"float_precision": "round_trip"} if int(pd.__version__.partition(".")[0]) < 3 else {}
    table: pd.DataFrame = pd.read_csv(
        path, dtype=types, keep_default_na=False, na_values=missing, encoding="utf-8-sig", **exact
    )
    return table


def _what_is_wrong(path: Path, error: Exception, numbers: Iterable[str] = ()) -> str:
    """The first line of a CSV file that cannot be read, and why; where none is found, what the reader said."""
    for complaint in _complaints(path, set(numbers)):
        return f"'{path}', {complaint}"
    return f"'{path}' cannot be read: {error}."


def _complaints(path: Path, numbers: set[str]) -> Iterator[str]:
    with path.open("rb") as file:
        for number, content in enumerate(file, 1):
            try:
                content.decode()
            except UnicodeDecodeError as error:
                yield f"line {number}: it is not UTF-8: {error.reason} at byte {error.start + 1}."
                return
    with path.open(encoding="utf-8-sig", newline="") as text:
        reader = csv.reader(text, strict=True)
        try:
            names = next(reader)
            begin = reader.line_num + 1
            for row in reader:
                line, begin = begin, reader.line_num + 1
                if row and len(row) != len(names):
                    yield f"line {line}: expected {len(names)} values, as many as columns, received {len(row)}."
                for name, value in zip(names, row, strict=False):
                    if name in numbers and not _is_number(value):
                        yield f"line {line}: expected {name} as a number, received {value!r:.60}."
                    if name == tables.ORACLE and value not in _TRUTH:
                        yield f"line {line}: expected {name} as true or false, received {value!r:.60}."
        except csv.Error as error:
            yield f"line {reader.line_num}: {error}."


def _is_number(text: str) -> bool:
    try:
        float(text or 0)
    except ValueError:
        return False
    return True
