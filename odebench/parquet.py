"""Tables as Parquet beside CSV: the same rows, with types. Needs pyarrow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .analysis import aggregate
from .errors import BadRun, OutputError
from .measurement import TEXT, WHOLE, DiagnosisRow

if TYPE_CHECKING:
    import pandas as pd

REMEDY = "pip install 'odebench[parquet]'"
_STARTED = "started_at"
_WORDS = {*TEXT, "marks", *(name for name in DiagnosisRow._fields if name not in ("value", "threshold"))} - {_STARTED}
_TRUTH_VALUES = {*aggregate.TRUTH_VALUES, "oracle"}
_BLOCK = 1 << 23  # bytes of CSV at a time
_ZONE = "+00:00"


def require() -> None:
    """Raise `OutputError` without pyarrow."""
    try:
        import pyarrow.parquet  # noqa: F401  # whether it can be
    except ModuleNotFoundError:
        raise OutputError(f"Parquet needs pyarrow, which is not installed: {REMEDY}") from None


def from_csv(path: Path, metadata: Mapping[str, Any]) -> Path:
    """Write the table of a CSV file as Parquet beside it, some thousands of rows at a time; returns where.

    Words and JSON are strings, whole numbers int64, truth values bool, `started_at` is a timestamp in UTC, and
    everything else float64; missing values are null. Counts are float64 where a solver's are not whole. The
    `metadata` stands in the file's own.
    """
    require()
    import pyarrow as pa

    whole = {"samples", "step", *WHOLE} - ({*aggregate.COLUMNS} - {"samples"} if path.stem == "comparison" else set())
    target = path.with_suffix(".parquet")
    try:
        _convert(path, target, metadata, whole)
    except pa.ArrowInvalid:  # a count that is not whole
        _convert(path, target, metadata, {"repeat", "seed"})
    return target


def _convert(source: Path, target: Path, metadata: Mapping[str, Any], whole: set[str]) -> None:
    import csv

    import pyarrow as pa
    from pyarrow import csv as arrow
    from pyarrow import parquet

    def column(name: str) -> Any:
        if name in _WORDS:
            return pa.string()
        if name in _TRUTH_VALUES:
            return pa.bool_()
        return pa.timestamp("ms", tz="UTC") if name == _STARTED else pa.float64()

    with source.open(newline="", encoding="utf-8") as file:
        names = next(csv.reader(file))
    types = {name: column(name) for name in names}
    said = {f"odebench.{key}": str(value) for key, value in metadata.items()}
    schema = pa.schema([(name, pa.int64() if name in whole else kind) for name, kind in types.items()], metadata=said)
    batches = arrow.open_csv(
        source,
        read_options=arrow.ReadOptions(block_size=_BLOCK),
        parse_options=arrow.ParseOptions(newlines_in_values=True),
        convert_options=arrow.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True),
    )
    with batches, parquet.ParquetWriter(target, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_table(pa.Table.from_batches([batch]).cast(schema))


def names(path: Path) -> list[str]:
    """The names of a Parquet file's columns; `ModuleNotFoundError` without pyarrow."""
    from pyarrow import parquet

    return list(_readable(path, parquet.read_schema).names)


def read(path: Path) -> pd.DataFrame:
    """A table as it is in CSV: `started_at` as text. `ModuleNotFoundError` without pyarrow."""
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import parquet

    table = _readable(path, parquet.read_table)
    if _STARTED in table.column_names and pa.types.is_timestamp(table.schema.field(_STARTED).type):
        k = table.column_names.index(_STARTED)
        text = pc.strftime(table[_STARTED].cast(pa.timestamp("ms", tz="UTC")), f"%Y-%m-%dT%H:%M:%S{_ZONE}")
        table = table.set_column(k, _STARTED, text)
    rows: pd.DataFrame = table.to_pandas(split_blocks=True, self_destruct=True)
    return rows


def _readable(path: Path, read: Any) -> Any:
    import pyarrow as pa

    try:
        return read(path)
    except (OSError, pa.ArrowException) as error:
        raise BadRun(
            f"'{path}' cannot be read as Parquet: {error}. Expected a whole file, such as --format writes."
        ) from error
