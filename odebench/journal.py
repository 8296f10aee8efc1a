"""A run on disk: run.json says what was asked and where; measurements.jsonl gains a line a sample, as it happens."""

from __future__ import annotations

import json
import os
import secrets
import warnings
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .errors import BadRun, OutputError
from .measurement import Measurement

SCHEMA_VERSION = 1

_REMEDY = "Expected a run directory, such as 'odebench run' makes."


class Run:
    """A run directory. `create` begins one, `open` reads one that exists."""

    def __init__(self, directory: Path, meta: dict[str, Any]) -> None:
        self.directory = directory
        self.meta = meta
        """What run.json holds."""

    @property
    def id(self) -> str:
        """Made of the time it began and a few random digits."""
        return str(self.meta["run_id"])

    @property
    def journal_path(self) -> Path:
        return self.directory / "measurements.jsonl"

    @classmethod
    def create(cls, directory: Path | None, meta: Mapping[str, Any]) -> Run:
        """Begin a run in `directory`, which must be new or empty; by default in results/<run-id>.

        Raises `OutputError` where it cannot be written or holds something.
        """
        now = datetime.now(UTC)
        run_id = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        directory = Path("results") / run_id if directory is None else directory.expanduser()
        started = {"started_at": now.isoformat(timespec="microseconds"), "finished_at": None, "status": "running"}
        # absolute, as a solver may change the working directory
        run = cls(directory.absolute(), {**meta, "run_id": run_id, "schema_version": SCHEMA_VERSION, **started})
        try:
            directory.mkdir(parents=True, exist_ok=True)
            if any(directory.iterdir()):
                raise OutputError(
                    f"output directory '{directory}' is not empty. Name a new one with -o, or leave -o out."
                )
            run._write_meta()
            run.journal_path.touch()
        except OSError as error:
            raise OutputError(
                f"cannot write the output directory '{directory}': {error.strerror}. Name another with -o."
            ) from error
        return run

    @classmethod
    def open(cls, directory: Path) -> Run:
        """Read a run; raises `BadRun` where the directory is none."""
        if not directory.is_dir():
            raise BadRun(f"'{directory}' is not a directory. {_REMEDY}")
        try:
            meta = json.loads((directory / "run.json").read_text(encoding="utf-8"))
        except OSError as error:
            raise BadRun(f"'{directory}' is not a run: no readable run.json ({error.strerror}). {_REMEDY}") from error
        except ValueError as error:
            raise BadRun(f"'{directory / 'run.json'}' cannot be read: {error}. {_REMEDY}") from error
        if not isinstance(meta, dict) or "run_id" not in meta:
            raise BadRun(f"'{directory / 'run.json'}' is not a run's. {_REMEDY}")
        if meta.get("schema_version") != SCHEMA_VERSION:
            written_by = meta.get("environment", {}).get("odebench", "another version")
            raise BadRun(
                f"'{directory}' has schema version {meta.get('schema_version')}; this odebench reads {SCHEMA_VERSION}. "
                f"Read it with the odebench that wrote it: {written_by}."
            )
        return cls(directory, meta)

    def append(self, measurement: Measurement) -> None:
        """Add a line to the journal and hand it to the operating system: a crash of this process loses nothing."""
        line = memoryview(json.dumps(vars(measurement), allow_nan=False).encode() + b"\n")
        try:
            descriptor = os.open(self.journal_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
            try:
                while line:
                    line = line[os.write(descriptor, line) :]
            finally:
                os.close(descriptor)
        except OSError as error:
            raise OutputError(
                f"cannot write to '{self.journal_path}': {error.strerror}. Everything before it is kept."
            ) from error

    def measurements(self) -> Iterator[Measurement]:
        """Every sample of the journal, in the order they were taken; a torn last line is dropped with a warning."""
        return (row for _, row in self.positions())

    def positions(self) -> Iterator[tuple[int, Measurement]]:
        """The same, each with the position of its line, for `at`."""
        if not self.journal_path.exists():
            return
        position = 0
        with self.journal_path.open("rb") as journal:
            for number, line in enumerate(journal, 1):
                if not line.endswith(b"\n"):
                    warnings.warn(f"'{self.journal_path}': the last line is torn and was dropped.", stacklevel=2)
                    return
                try:
                    yield position, Measurement(**json.loads(line))
                except (ValueError, TypeError) as error:
                    what = error if isinstance(error, ValueError) else "it has other fields"
                    raise BadRun(f"'{self.journal_path}', line {number}, is not a measurement: {what}.") from error
                position += len(line)

    def at(self, positions: Iterable[int]) -> Iterator[Measurement]:
        """The samples whose lines stand at these positions."""
        with self.journal_path.open("rb") as journal:
            for position in positions:
                journal.seek(position)
                yield Measurement(**json.loads(journal.readline()))

    def finish(self, status: str) -> None:
        """Record that the run ended: `complete` or `interrupted`."""
        self.meta |= {"finished_at": datetime.now(UTC).isoformat(timespec="microseconds"), "status": status}
        self._write_meta()

    def _write_meta(self) -> None:
        path = self.directory / "run.json"
        part = path.with_suffix(".part")
        part.write_text(json.dumps(self.meta, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        os.replace(part, path)
