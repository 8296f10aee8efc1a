"""Read runs back as tables, and write them as CSV."""

from __future__ import annotations

import csv
import json
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from . import analysis
from .errors import BadRun, OutputError
from .journal import Run
from .measurement import COLUMNS, COUNTED, Checkpoint, DiagnosisRow

if TYPE_CHECKING:
    import pandas as pd

MEASUREMENTS = "measurements.csv"
COMPARISON = "comparison.csv"
TRACES = "traces.csv"
DIAGNOSES = "diagnoses.csv"
_SAMPLE = ("run_id", "case_id", "repeat", "seed", "status")
TRACE_COLUMNS = (*_SAMPLE, *Checkpoint._fields)
DIAGNOSIS_COLUMNS = (*_SAMPLE, *DiagnosisRow._fields)

ORACLE = "oracle"
_NOT_COMPARED = ("versions", "thread_variables", "memory_mb", "clock_resolution_s")
_PROTOCOL = ("threads", "executor", "jobs", "target_error", "time_budget_s", "patience")
_MOST = 12
_ROWS_AT_ONCE = 2000
_encode = json.JSONEncoder(sort_keys=True).encode
_COUNTS = ("rhs_calls", "jac_calls", *COUNTED, "steps", "epochs", "n_parameters")
_WHOLE = ("seed", "repeat", "loops", *_COUNTS, "threads")
_REAL = tuple(c for c in COLUMNS if c.endswith(("_s", "_error", "_mb", "_drift", "_loss", "_bound")))


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

    `problem_params` and `solver_params` are JSON text with sorted keys. A sample that one run took over from another
    (`--reuse`) is one row, however many of the runs hold it.
    """
    return _table(_each_once([runs] if isinstance(runs, Run) else runs))


def _each_once(runs: Iterable[Run]) -> Iterator[dict[str, Any]]:
    seen: set[tuple[Any, ...]] = set()
    for run in runs:
        here = []
        for _, fields in run.lines():
            here.append(tuple(fields[name] for name in (*_SAMPLE, "started_at")))
            if here[-1] not in seen:
                yield fields
        seen.update(here)


def differences(runs: Iterable[Run]) -> list[str]:
    """In what circumstances runs differ, where that bears on comparing them, such as 'numpy (2.4.6, 2.5.0)'.

    Not what only some of them have installed: that is what separate environments are for.
    """
    values: dict[str, list[str]] = {}
    for run in runs:
        resumed = run.meta.get("resumed", ())
        for environment in [run.meta.get("environment", {}), *(again.get("environment", {}) for again in resumed)]:
            said = {key: value for key, value in environment.items() if key not in _NOT_COMPARED}
            said |= environment.get("versions", {})
            said |= {p["name"]: p["version"] for p in run.meta.get("plugins", ()) if p["source"] != "built-in"}
            said["machine"] = ", ".join(run.meta.get("machines", {})) or None
            if protocol := run.meta.get("protocol"):
                said |= {key: protocol.get(key, "none") for key in _PROTOCOL}
            for key, value in said.items():
                if value is not None and str(value) not in values.setdefault(key, []):
                    values[key].append(str(value))
    different = [f"{key} ({', '.join(found)})" for key, found in values.items() if len(found) > 1]
    return different if len(different) <= _MOST else [*different[:_MOST], f"{len(different) - _MOST} more"]


def write_tables(run: Run) -> None:
    """Write the CSV files beside the journal, holding no more than a few problems at a time.

    diagnoses.csv is written where the run asked for the doctor.
    """
    columns = [*COLUMNS, *run.meta.get("metrics", ())]
    try:
        with ExitStack() as files:

            def table(name: str, columns: Iterable[str]) -> Any:
                file = files.enter_context((run.directory / name).open("w", newline="", encoding="utf-8"))
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(columns)
                return writer

            rows, traces = table(MEASUREMENTS, columns), table(TRACES, TRACE_COLUMNS)
            examined = run.meta.get("protocol", {}).get("doctor", False)
            diagnoses = table(DIAGNOSES, DIAGNOSIS_COLUMNS) if examined else None
            index = _Index()
            for position, fields in run.lines():
                index.add(position, fields)
                cells = _cells(fields)
                rows.writerow([cells.get(name) for name in columns])
                sample = [fields[name] for name in _SAMPLE]
                traces.writerows([*sample, *checkpoint] for checkpoint in fields["trace"])
                if diagnoses is not None:
                    for found in map(DiagnosisRow._make, fields["diagnoses"]):
                        remedy = None if found.parameters is None else _encode(found.parameters)
                        diagnoses.writerow([*sample, *{**found._asdict(), "parameters": remedy}.values()])
        with (run.directory / COMPARISON).open("w", newline="", encoding="utf-8") as file:
            for k, part in enumerate(_comparisons(run, index)):
                write_csv(part, file, header=k == 0)
    except OSError as error:
        raise OutputError(
            f"cannot write '{error.filename}': {error.strerror}. The journal beside it is kept."
        ) from error


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
            if len(chunk) >= _ROWS_AT_ONCE:
                yield chunk
                chunk = array("Q")
        if chunk or not self.of_problem:
            yield chunk


def _comparisons(run: Run, index: _Index) -> Iterator[pd.DataFrame]:
    return (analysis.compare(_table(run.lines_at(positions))) for positions in index.chunks())


def write_csv(table: pd.DataFrame, file: IO[str], *, header: bool = True) -> None:
    """As CSV that reads back to the same float64: numbers with as many digits as that takes, nothing for missing."""
    words = {name: table[name].map({True: "true", False: "false"}) for name in analysis.TRUTH_VALUES}
    table.assign(**words).to_csv(file, header=header, index=False, lineterminator="\n")


def _table(lines: Iterable[Mapping[str, Any]]) -> pd.DataFrame:
    import pandas as pd

    table = pd.DataFrame(_cells(fields) | {ORACLE: fields["oracle"]} for fields in lines)
    table = table.reindex(columns=[*COLUMNS, *(c for c in table.columns if c not in (*COLUMNS, ORACLE)), ORACLE])
    table[ORACLE] = table[ORACLE].fillna(False).astype(bool)
    for name in _WHOLE:
        table[name] = pd.to_numeric(table[name]).convert_dtypes()  # whole numbers stay whole beside missing ones
    for name in _REAL:
        table[name] = table[name].astype("float64")
    return table


def _cells(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A measurement as a flat row."""
    params = {name: _encode(fields[name]) for name in ("problem_params", "solver_params")}
    cells: dict[str, Any] = {name: fields[name] for name in COLUMNS} | params | fields["metrics"]
    return cells
