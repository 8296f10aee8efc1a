"""measurements.csv, read quickly; what is wrong with one is found slowly, line by line."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import BadRun
from .measurement import COLUMNS, ORACLE, TEXT

if TYPE_CHECKING:
    import pandas as pd

_TRUTH = {"": False, "true": True, "false": False, "True": True, "False": False}


def header(path: Path) -> list[str]:
    """The names of the columns; raises `BadRun` where there are none, or where the last line has no end."""
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise BadRun(f"'{path}' is empty. Expected a line of column names.")
            file.seek(-1, 2)
            ended = file.read(1) == b"\n"
        with path.open(encoding="utf-8-sig", newline="") as text:
            names = next(csv.reader(text), [])
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


def read(path: Path, names: Sequence[str], metrics: Sequence[str]) -> pd.DataFrame:
    """The rows, by pyarrow where there is one; raises `BadRun` with the line that cannot be read."""
    text = [name for name in names if name in TEXT]
    numbers = [name for name in names if (name in COLUMNS or name in metrics) and name not in (*TEXT, ORACLE)]
    try:
        try:
            table = _by_pyarrow(path, text, numbers)
        except ModuleNotFoundError:
            table = _by_pandas(path, text, numbers)
        if ORACLE in table:
            words = table[ORACLE].fillna("")
            table[ORACLE] = words.map(_TRUTH)
            if table[ORACLE].isna().any():
                raise ValueError
    except (ValueError, UnicodeError) as error:  # of which Arrow's and pandas' are
        raise BadRun(_what_is_wrong(path, error, numbers)) from error
    return table


def _by_pyarrow(path: Path, text: Iterable[str], numbers: Iterable[str]) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.csv as arrow

    types = dict.fromkeys(text, pa.large_string()) | dict.fromkeys(numbers, pa.float64())
    types[ORACLE] = pa.large_string()
    converted = arrow.ConvertOptions(
        column_types=types, null_values=[""], strings_can_be_null=True, include_missing_columns=False
    )
    parsed = arrow.ParseOptions(newlines_in_values=True)
    table = arrow.read_csv(path, parse_options=parsed, convert_options=converted)
    rows: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
    return rows


def _by_pandas(path: Path, text: Iterable[str], numbers: Iterable[str]) -> pd.DataFrame:
    import pandas as pd

    types = dict.fromkeys((*text, ORACLE), "str") | dict.fromkeys(numbers, "float64")
    missing = {name: ["", "nan", "NaN"] for name in numbers} | {name: [""] for name in (*text, ORACLE)}
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
                    if name == ORACLE and value not in _TRUTH:
                        yield f"line {line}: expected {name} as true or false, received {value!r:.60}."
        except csv.Error as error:
            yield f"line {reader.line_num}: {error}."


def _is_number(text: str) -> bool:
    try:
        float(text or 0)
    except ValueError:
        return False
    return True
