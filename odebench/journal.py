"""A run on disk: run.json says what was asked and where; measurements.jsonl gains a line a sample, as it happens."""

from __future__ import annotations

import json
import os
import secrets
import time
import warnings
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TypeAlias

from . import measurement
from .errors import BadRun, OutputError, one_line
from .measurement import BLANK, FIELDS, Measurement
from .migrations import SCHEMA_VERSION, is_known, migrate

try:
    import fcntl
except ModuleNotFoundError:  # Windows, where nothing keeps two runs apart but their directories
    fcntl = None  # type: ignore[assignment]  # a module elsewhere

_WORTH_KEEPING = (measurement.OK, measurement.UNSUPPORTED)  # what went wrong may go right
_SYNC_S = 1.0  # what a power cut may cost; a crash costs nothing
_ESSENTIAL = {"run_id", "started_at", "status", "problems", "solvers"}
_OF_NOTHING: dict[str, Any] = {"problems": {}, "solvers": {}}
_encode = json.JSONEncoder(allow_nan=False).encode
_REMEDY = "Expected a run directory, such as 'odebench run' makes."


class Archive:
    """The samples of all runs below a directory, to be found by what they are samples of and how they were taken."""

    def __init__(self, root: Path, contexts: Collection[str], *, without: Path) -> None:
        """Of samples in one of these contexts, `without` those of one directory."""
        self._runs: list[Run] = []
        self._at: dict[_Key, tuple[int, int]] = {}  # the run's number and the line's position
        self._solutions: dict[str, tuple[int, int]] = {}  # likewise, by problem
        found = []
        for path in root.glob("*/run.json"):
            if path.parent.absolute() != without:
                with suppress(BadRun):  # another version's, or a broken one's
                    found.append(Run.open(path.parent))
        for run in sorted(found, key=lambda run: str(run.meta["started_at"])):
            with suppress(BadRun):
                self._add(run, contexts)

    def _add(self, run: Run, contexts: Collection[str]) -> None:
        self._runs.append(run)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a torn last line is no loss here
            for position, fields in run.lines():
                if fields["context"] in contexts and fields["status"] in _WORTH_KEEPING:
                    at = self._at[_key(**fields)] = len(self._runs) - 1, position
                    if fields["reference_solution"] is not None:
                        self._solutions[f"{fields['problem']}{fields['problem_params']}"] = at

    def find(self, case_id: str, repeat: int, seed: int | None, context: str) -> Measurement | None:
        """The one of the run that began last; None where there is none."""
        found = self._at.get(_key(case_id, repeat, seed, context))
        if found is None:
            return None
        return self._read(*found)

    def solution(self, row: Measurement) -> dict[str, Any] | None:
        """The `reference_solution` of the row's problem; None where no sample has it."""
        found = self._solutions.get(f"{row.problem}{row.problem_params}")
        return None if found is None else self._read(*found).reference_solution

    def _read(self, number: int, position: int) -> Measurement:
        return Measurement(**next(self._runs[number].lines_at([position])))


_Key: TypeAlias = tuple[str, int, int | None, str]


def _key(case_id: str, repeat: int, seed: int | None, context: str, **_: Any) -> _Key:
    return case_id, repeat, seed, context


class Run:
    """A run directory. `create` begins one, `open` reads one that exists, `resume` goes on with one.

    One process writes it at a time: the journal is locked from its opening to `finish`, or to the end of the process.
    """

    def __init__(self, directory: Path, meta: dict[str, Any]) -> None:
        self.directory = directory
        self.meta = meta
        """What run.json holds."""
        self.journal_path = directory / "measurements.jsonl"
        self._journal: int | None = None  # a file descriptor, where this process writes
        self._synced = time.monotonic()
        self._torn_at = 0  # how long the journal was when its last line was said to be torn

    @property
    def id(self) -> str:
        """Made of the time it began and a few random digits."""
        return str(self.meta["run_id"])

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
        run = cls(
            directory.absolute(), {**_OF_NOTHING, **meta, "run_id": run_id, "schema_version": SCHEMA_VERSION, **started}
        )
        try:
            directory.mkdir(parents=True, exist_ok=True)
            if any(directory.iterdir()):
                raise FileExistsError
            run._journal = os.open(run.journal_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o666)
            try:
                run._lock()
                run._write_meta()
            except BaseException:  # the directory may be named again
                run.close()
                run.journal_path.unlink()
                raise
        except FileExistsError:
            what = "is not empty" if directory.is_dir() else "is a file"
            raise OutputError(
                f"output directory '{directory}' {what}. Name a new one with -o, or leave -o out."
            ) from None
        except OSError as error:
            raise OutputError(
                f"cannot write the output directory '{directory}': {error.strerror}. Name another with -o."
            ) from error
        return run

    @classmethod
    def resume(cls, directory: Path) -> Run:
        """Open a run to go on with it; a torn last line is cut off, with a warning. `describe` says that it goes on.

        Raises `BadRun` where the directory is none, `OutputError` where it cannot be written or somebody else does.
        """
        run = cls.open(directory)
        run.directory, run.journal_path = directory.absolute(), run.journal_path.absolute()
        try:
            run._journal = os.open(run.journal_path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
            run._lock()
            whole = 0
            with open(run._journal, "rb", closefd=False) as journal:
                for line in journal:
                    whole += len(line) if line.endswith(b"\n") else 0
            if whole < os.fstat(run._journal).st_size:
                warnings.warn(f"'{run.journal_path}': the last line is torn and was dropped.", stacklevel=2)
                os.ftruncate(run._journal, whole)
        except OSError as error:
            run.close()
            raise OutputError(f"cannot go on with the run '{directory}': {error.strerror}.") from error
        except OutputError:
            run.close()
            raise
        return run

    def close(self) -> None:
        """Close the journal, which lets other processes write the run."""
        if self._journal is not None:
            os.close(self._journal)
            self._journal = None

    def __del__(self) -> None:
        self.close()

    def _lock(self) -> None:
        """Keep others from writing; the operating system lets go of it when this process ends, however it does."""
        if fcntl is not None and self._journal is not None:
            try:
                fcntl.flock(self._journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise OutputError(
                    f"another process is writing the run '{self.directory}'. Wait for it, or end it."
                ) from None

    @classmethod
    def open(cls, directory: Path) -> Run:
        """Read a run, as if this version had written it; raises `BadRun` where the directory is none."""
        if not directory.is_dir():
            raise BadRun(f"'{directory}' is not a directory. {_REMEDY}")
        try:
            meta = json.loads((directory / "run.json").read_text(encoding="utf-8"))
        except OSError as error:
            raise BadRun(f"'{directory}' is not a run: no readable run.json ({error.strerror}). {_REMEDY}") from error
        except ValueError as error:
            raise BadRun(f"'{directory / 'run.json'}' cannot be read: {error}. {_REMEDY}") from error
        if not isinstance(meta, dict) or "schema_version" not in meta:
            raise BadRun(f"'{directory / 'run.json'}' is not a run's. {_REMEDY}")
        if not is_known(meta["schema_version"]):
            written_by = meta.get("environment", {}).get("odebench", "another version")
            raise BadRun(
                f"'{directory}' has schema version {meta['schema_version']}; this odebench reads 1 to "
                f"{SCHEMA_VERSION}. Read it with the odebench that wrote it: {written_by}."
            )
        meta = migrate(meta)
        if missing := _ESSENTIAL - meta.keys():
            raise BadRun(f"'{directory / 'run.json'}' is not a run's: it lacks {', '.join(sorted(missing))}. {_REMEDY}")
        return cls(directory, meta)

    def append(self, row: Measurement) -> None:
        """Add a line to the journal and hand it to the operating system: a crash of this process loses nothing."""
        if self._journal is None:
            raise OutputError(
                f"the run '{self.directory}' is open for reading, or finished: use Run.create or Run.resume."
            )
        try:
            line = _encode(vars(row)).encode() + b"\n"
        except (TypeError, ValueError) as error:  # what a plugin brought in may be anything
            line = _encode(vars(_unwritable(row, error))).encode() + b"\n"
        written = 0
        try:
            while written < len(line):
                written += os.write(self._journal, line[written:])
            self._sync()
        except OSError as error:
            with suppress(OSError):  # half a line would be in the way of those to come
                os.ftruncate(self._journal, os.fstat(self._journal).st_size - written)
            raise OutputError(
                f"cannot write to '{self.journal_path}': {error.strerror}. Everything before it is kept; "
                f"'odebench run --resume {self.directory}' goes on from there."
            ) from error

    def _sync(self) -> None:
        """Have the disk itself hold the journal, once in a while: it may take as long as a solve."""
        if self._journal is not None and time.monotonic() - self._synced > _SYNC_S:
            os.fsync(self._journal)
            self._synced = time.monotonic()

    def is_same(self, other: Run) -> bool:
        """Whether a run of the same id is this run: the journal of one is that of the other, or its beginning.

        Where one is left with its tables alone, what run.json says has to be the same.
        """
        if not (self.journal_path.exists() and other.journal_path.exists()):
            return self.meta == other.meta
        with self._read_journal() as ours, other._read_journal() as theirs:
            for one, another in zip(ours, theirs, strict=False):
                if one != another and one.endswith(b"\n") and another.endswith(b"\n"):  # a last line may be torn
                    return False
        return True

    @property
    def journal_bytes(self) -> int:
        """How long the journal is; 0 where there is none."""
        return self.journal_path.stat().st_size if self.journal_path.exists() else 0

    def measurements(self) -> Iterator[Measurement]:
        """Every sample of the journal, in the order they were taken; a torn last line is dropped, and told once."""
        return (Measurement(**fields) for _, fields in self.lines())

    def lines(self, holding: str | None = None) -> Iterator[tuple[int, dict[str, Any]]]:
        """The same as the fields of a `Measurement`, each with the position of its line, for `lines_at`.

        `holding`: only those of which this field, an object where it is not null, says something; the others are not
        even taken apart.
        """
        wanted = b"" if holding is None else f'"{holding}": {{'.encode()  # in a text the quotation marks are escaped
        if holding is not None and self.directory.is_dir() and not self.journal_path.exists():
            return  # only the tables are here
        position = 0
        with self._read_journal() as journal:
            for number, line in enumerate(journal, 1):
                if not line.endswith(b"\n"):
                    size = position + len(line)
                    if size != self._torn_at:  # said once, however often it is read
                        warnings.warn(f"'{self.journal_path}': the last line is torn and was dropped.", stacklevel=2)
                    self._torn_at = size
                    return
                if wanted not in line:
                    position += len(line)
                    continue
                try:
                    fields = BLANK | json.loads(line.decode())
                    if fields.keys() != FIELDS:
                        raise ValueError("it has other fields")
                except (ValueError, TypeError) as error:
                    raise BadRun(f"'{self.journal_path}', line {number}, is not a measurement: {error}.") from error
                yield position, fields
                position += len(line)

    def expect_there(self) -> None:
        """Raise `BadRun` where the directory is gone since it was opened."""
        if not self.directory.is_dir():
            raise BadRun(f"the run '{self.directory}' has disappeared. It was there a moment ago.")

    def _read_journal(self) -> IO[bytes]:
        try:
            return self.journal_path.open("rb")
        except OSError as error:
            self.expect_there()
            raise BadRun(f"'{self.directory}' has no journal that can be read: {error.strerror}. {_REMEDY}") from error

    def lines_at(self, positions: Iterable[int]) -> Iterator[dict[str, Any]]:
        """The fields of the samples whose lines stand at these positions."""
        with self._read_journal() as journal:
            for position in positions:
                journal.seek(position)
                yield BLANK | json.loads(journal.readline().decode())

    def describe(self, **more: Any) -> None:
        """Add to what run.json says; `OutputError` where it cannot be written."""
        self.meta |= more
        try:
            self._write_meta()
        except OSError as error:
            raise OutputError(
                f"cannot write '{self.directory / 'run.json'}': {error.strerror}. Everything measured is kept; "
                f"'odebench run --resume {self.directory}' goes on from there."
            ) from error

    def finish(self, status: str) -> None:
        """Record that the run ended, `complete`, `interrupted` or `failed`, and write it no more."""
        self.meta |= {"finished_at": datetime.now(UTC).isoformat(timespec="microseconds"), "status": status}
        try:
            if self._journal is not None:
                os.fsync(self._journal)
            self._write_meta()
        except OSError as error:
            raise OutputError(
                f"cannot write '{self.directory / 'run.json'}': {error.strerror}. The journal has every sample."
            ) from error
        finally:
            self.close()

    def _write_meta(self) -> None:
        path = self.directory / "run.json"
        part = path.with_suffix(".part")
        try:
            with part.open("w", encoding="utf-8") as file:
                file.write(json.dumps(self.meta, indent=2, ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())  # before the one it replaces is gone
            os.replace(part, path)
        except OSError:
            part.unlink(missing_ok=True)
            raise


def _unwritable(row: Measurement, error: Exception) -> Measurement:
    """What can be written of a row that cannot."""
    kept = ("run_id", "case_id", "problem", "problem_params", "solver", "solver_params", "plugin", "plugin_version")
    reason = f"what was measured cannot be written as JSON: {one_line(error)}"
    fields = {name: getattr(row, name) for name in (*kept, "seed", "repeat", "threads", "machine", "context")}
    return Measurement(**fields, status=measurement.FAILED, reason=reason)
