"""The tables of a run written anew, in other formats or elsewhere; and its journal, where only the tables are left."""

from __future__ import annotations

import json
import math
import os
import shutil
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import datapackage, parquet, stored, tables
from .errors import BadRun, OutputError
from .journal import Run
from .measurement import BLANK, COLUMNS, WHOLE

if TYPE_CHECKING:
    import pandas as pd

CSV, PARQUET, JSONL = "csv", "parquet", "jsonl"


def export(run: Run, formats: Collection[str], directory: Path | None = None) -> Path:
    """Write a run's tables, and with `jsonl` its journal, into a new `directory`, or where the run is; returns where.

    `directory` is a run then, with its run.json. Where the run is, its CSV files are always written. What is
    exported is what `odebench.load` reads. Raises `OutputError` or `BadRun`; the run is then as it was.
    """
    if PARQUET in formats:
        parquet.require()
    if directory is None and run.journal_path.exists():
        tables.write_tables(run, formats)
        return run.directory
    if directory is None:
        directory, formats = run.directory, {*formats, CSV}
    elif directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise OutputError(f"'{directory}' is there already, and is no empty directory. Name a new one with -o.")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=directory, prefix=".export-") as scratch:
            copy = Run(Path(scratch), {key: value for key, value in run.meta.items() if key != "tables"})
            journal = copy.journal_path
            if run.journal_path.exists():
                copy.journal_path = run.journal_path
            else:
                _rebuild_journal(run, copy)
            tables.write_tables(copy, formats)
            if JSONL in formats and copy.journal_path != journal:
                shutil.copyfile(run.journal_path, journal)
            unasked = [] if CSV in formats else [*copy.directory.glob("*.csv"), copy.directory / datapackage.NAME]
            for path in [*unasked, *([] if JSONL in formats else [journal])]:
                path.unlink(missing_ok=True)
            for path in sorted(copy.directory.iterdir(), key=lambda path: path.name != "run.json"):
                os.replace(path, directory / path.name)
    except OSError as error:
        raise OutputError(
            f"cannot write into '{directory}': {error.strerror}. Name another directory with -o."
        ) from error
    return directory


def _rebuild_journal(run: Run, copy: Run) -> None:
    """What the tables still say of each sample, as lines of a journal."""
    samples = stored.of_run(run)
    metrics = [name for name in samples if name not in COLUMNS and samples[name].dtype.kind in "fi"]
    copy.meta["metrics"] = metrics
    traces = _by_sample(stored.traces([run]))
    diagnoses = _by_sample(stored.beside(run, tables.DIAGNOSES, tables.DIAGNOSIS_COLUMNS, ("value", "threshold")))
    for found in diagnoses.values():
        for diagnosis in found:
            diagnosis[-1] = json.loads(diagnosis[-1]) if diagnosis[-1] else None
    with copy.journal_path.open("w", encoding="utf-8") as journal:
        for number, row in enumerate(_plain(samples).to_dict("records"), 1):
            fields = BLANK | {name: row[name] for name in COLUMNS}
            fields |= {name: json.loads(row[name]) for name in ("problem_params", "solver_params")}
            fields |= {name: int(row[name]) for name in WHOLE if row[name] is not None and row[name] == int(row[name])}
            fields["metrics"] = {name: row[name] for name in metrics}
            key = tuple(fields[name] for name in tables.SAMPLE)
            fields |= {"trace": traces.get(key, []), "diagnoses": diagnoses.get(key, [])}
            try:
                journal.write(json.dumps(fields, allow_nan=False) + "\n")
            except ValueError as error:
                infinite = [name for name, value in row.items() if value in (math.inf, -math.inf)] or ["its trace"]
                raise BadRun(
                    f"'{run.directory}', row {number} of its samples: a journal holds no infinity, as in "
                    f"{', '.join(map(str, infinite))}."
                ) from error


def _by_sample(table: pd.DataFrame) -> dict[Sequence[Any], list[list[Any]]]:
    """What stands in the further columns of each sample's rows."""
    found: dict[Sequence[Any], list[list[Any]]] = {}
    for row in _plain(table).itertuples(index=False, name=None):
        of, said = row[: len(tables.SAMPLE)], row[len(tables.SAMPLE) :]
        found.setdefault(of, []).append(list(said))
    return found


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    """With Python's own values, None where one is missing."""
    return table.astype(object).where(table.notna(), None)
