"""A worker in a process of its own: whatever a plugin does there, its case ends in time, in memory and as a row."""

from __future__ import annotations

import math
import mmap
import os
import pickle
import queue
import secrets
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeAlias

from . import environment, measurement, memory, worker
from .cases import Task
from .errors import one_line
from .host import Host
from .measurement import Checkpoint, Measurement
from .provenance import Conditions
from .worker import Stage

TICK_S = 0.1
"""How often a case is looked at: whether it takes longer, or more memory, than it may."""
PREPARATION_S = 120.0
"""The least time that is given to what is not the solver's: the start of the process, and a problem's reference.

While a reference is being certified it begins anew with each step of that, whose number is bounded."""
MARK = "ODEBENCH_WORKER"
"""Environment variable by which a worker's descendants are known, wherever they have gone."""

_GRACE_S = 0.25  # a short solve is called a few times in one stage
_COUNTING = 4  # times the timeout, for a solve that is counted
_END_S = 1.0  # for a process that is ending by itself, and for its last output to arrive
_LOOKS = 100  # at a process that waits for a task, until one that it was handed is lost
_OUTPUT_BYTES = 4096
_STAGES = tuple(Stage)
_NOW = struct.Struct("=dqd")
_HEADER = struct.Struct("=16sI")


@dataclass(frozen=True)
class Limits:
    """What a case may take; None for no limit."""

    timeout_s: float | None = None
    """Wall-clock seconds of one solve, and of whatever else of a plugin runs at a stretch."""
    memory_mb: float | None = None
    """Resident MiB of the worker's process and all it started, together; what they share counts once."""


@dataclass(frozen=True)
class Setup:
    """What a process is told in order to become a worker."""

    conditions: Conditions
    files: tuple[Path, ...]
    """Plugin files."""
    token: bytes
    """Stands before each of its messages, so that nothing else is taken for one."""


@dataclass(frozen=True)
class Answer:
    """What a worker's process says when it has measured a task."""

    row: Measurement
    unfit: str | None = None
    """Why the process is not to be used again, in words for the row; empty where the row need not say."""


@dataclass(frozen=True)
class Progress:
    """What a worker's process says of a solve under way."""

    call: int
    """Which call of the solver, of those that the sample takes."""
    checkpoint: Checkpoint


Inbox: TypeAlias = "queue.SimpleQueue[tuple[IsolatedWorker, Answer | None]]"
"""Where the answers of one or more workers arrive; None from one that will not answer any more."""


class Now:
    """What a worker is at and since when: memory that its parent can read without disturbing it."""

    def __init__(self, descriptor: int) -> None:
        """Of a file made by `Now.file`, which may be closed afterwards."""
        self._memory = mmap.mmap(descriptor, _NOW.size)

    @staticmethod
    def file() -> int:
        """The descriptor of a new file for it, which nobody else can find or cut short."""
        if hasattr(os, "memfd_create"):
            import fcntl

            descriptor = os.memfd_create("now", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            os.truncate(descriptor, _NOW.size)
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK)
            return descriptor
        with tempfile.TemporaryFile() as file:
            file.write(bytes(_NOW.size))
            file.flush()
            return os.dup(file.fileno())

    def begin(self, stage: Stage) -> None:
        """Say that this stage begins."""
        self._say(stage, math.nan)

    def certifying(self, done: float) -> None:
        """Say which part, from 0 to 1, of a problem's reference is certified."""
        self._say(Stage.PROBLEM, done)

    def _say(self, stage: Stage, done: float) -> None:
        # all in one copy: pack_into would first write zeros, which the parent could read
        self._memory[:] = _NOW.pack(time.monotonic(), _STAGES.index(stage), done)

    def read(self) -> tuple[Stage, float]:
        """The stage, and how many seconds ago it began."""
        since, stage, _ = _NOW.unpack_from(self._memory)
        return _STAGES[stage] if 0 <= stage < len(_STAGES) else Stage.IDLE, time.monotonic() - since

    def certified(self) -> float | None:
        """Which part of a reference is certified; None where none is being certified."""
        done: float = _NOW.unpack_from(self._memory)[2]
        return None if math.isnan(done) else done

    def close(self) -> None:
        """Let go of the memory."""
        self._memory.close()


class IsolatedWorker:
    """One process that measures one task at a time.

    `begin` hands it a task. Its answer arrives in the inbox and becomes a row by `finish`; until then, call
    `enforce_limits` every now and then. A worker that is no longer `fit` is to be closed and replaced.
    """

    def __init__(self, host: Host, conditions: Conditions, limits: Limits, inbox: Inbox) -> None:
        self.host, self.conditions, self.limits = host, conditions, limits
        self.fit = True
        self._row: Measurement | None = None  # of the task at hand, blank
        self._idle_looks = 0
        self._verdict: tuple[str, str] | None = None  # status and reason, where we ended it ourselves
        self._output = b""
        self._trace: list[Progress] = []  # of the solve under way
        self._closed = False
        self._token = secrets.token_bytes(16)
        self._mark = f"{MARK}={secrets.token_hex(8)}"
        now = Now.file()
        alive, self._alive = os.pipe()  # its other end closes when this process ends, however it does
        self._now = Now(now)
        self._now.begin(Stage.START)
        variables = dict.fromkeys(environment.THREAD_VARIABLES, str(conditions.threads))
        variables |= dict([self._mark.split("=")])
        # -P: not the working directory, but what this process itself imports from
        start = f"import sys; sys.path[:] = {[p for p in sys.path if p]!r}; from odebench.serving import main; main()"
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", start, str(now), str(alive)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=os.environ | variables,
                pass_fds=(now, alive),
                start_new_session=True,  # a process group of its own, and out of Ctrl-C's reach
            )
        except BaseException:
            os.close(self._alive)
            raise
        finally:
            os.close(now)
            os.close(alive)
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        answers, output = self._process.stdout, self._process.stderr
        self._readers = {
            threading.Thread(target=self._read_answers, args=(answers, inbox), daemon=True): answers,
            threading.Thread(target=self._read_output, args=(output,), daemon=True): output,
        }
        for reader in self._readers:
            reader.start()
        self._write(Setup(conditions, host.files, self._token))

    def is_alive(self) -> bool:
        """Whether the process runs; it may have ended for what an earlier case did."""
        return self._process.poll() is None

    def is_idle(self) -> bool:
        """Whether it waits for a task, or did so to its end."""
        return self._now.read()[0] is Stage.IDLE

    def certified(self) -> float | None:
        """Which part, from 0 to 1, of its problem's reference is certified; None where it is at something else."""
        return self._now.certified()

    def checkpoint(self) -> Checkpoint | None:
        """How far the solve under way has come, where it reports that."""
        trace = self._trace  # the thread that reads puts a new list in its place
        return trace[-1].checkpoint if trace else None

    def begin(self, task: Task) -> None:
        """Hand it a task."""
        self._row = worker.blank(self.host, task, self.conditions)
        self._idle_looks, self._output, self._trace = 0, b"", []
        self._write(task)

    def finish(self, answer: Answer | None) -> Measurement:
        """The row of the task at hand, from what arrived in the inbox."""
        assert self._row is not None
        row, self._row = self._row, None
        if answer is not None:
            row = answer.row
            if self._verdict is not None:  # it was ended in the moment in which it answered
                self.fit = False
            elif answer.unfit is not None:
                self.fit = False
                row.reason = "; ".join(filter(None, (row.reason, answer.unfit))) or None
            elif self.limits.memory_mb is not None and self._resident_mb() > self.limits.memory_mb / 2:
                self.fit = False  # what it has kept would be charged to the next case
            return row
        how = self._wait()
        self.close()
        output = self._output.decode(errors="replace").strip()
        row.status, row.reason = self._verdict or (measurement.CRASHED, how)
        row.traceback = output or None
        row.trace = [progress.checkpoint for progress in self._trace]
        if row.trace:  # what it had come to
            last = row.trace[-1]
            row.final_loss, row.max_abs_error, row.rms_abs_error = last.loss, last.max_abs_error, last.rms_abs_error
            row.reason = f"{row.reason}; it had come to step {last.step}"
        if printed := _last_lines(output):
            row.reason = f"{row.reason}; its last output: {printed}"
        return row

    def enforce_limits(self) -> None:
        """End the process where its case takes longer, or more memory, than it may; the inbox is then told.

        To be called every `TICK_S`, and while the inbox holds no answer of it.
        """
        if self._verdict is not None:
            return
        stage, seconds = self._now.read()
        if stage is Stage.IDLE:
            self._idle_looks += 1  # not seconds: this process may itself have been stopped
            if self._idle_looks > _LOOKS:
                self._verdict = measurement.CRASHED, "the process did not take up the case"
        elif self.limits.timeout_s is not None:
            preparing = stage in (Stage.START, Stage.PROBLEM, Stage.CERTIFY, Stage.EXAMINE, Stage.COUNT, Stage.DESCRIBE)
            # while a solve is counted it compiles anew and is slowed down, and what was measured hangs on its end
            allowed = self.limits.timeout_s * (_COUNTING if stage is Stage.COUNT else 1)
            allowed = max(allowed, PREPARATION_S) if preparing else allowed
            if seconds > allowed + _GRACE_S:
                self._verdict = measurement.TIMEOUT, f"{stage.value} took longer than {allowed:g} s and was ended"
        if self.limits.memory_mb is not None and stage is not Stage.IDLE:
            resident_mb = self._resident_mb(self.limits.memory_mb)
            if resident_mb > self.limits.memory_mb:
                came_to = (
                    f"{resident_mb:.0f} MB of resident memory, more than the {self.limits.memory_mb:.0f} MB allowed"
                )
                self._verdict = measurement.OUT_OF_MEMORY, f"{stage.value} came to {came_to}, and was ended"
        if self._verdict is not None:
            self._kill()

    def close(self) -> None:
        """End the process and whatever it started, in the middle of a case or not."""
        self.fit = False
        if self._closed:
            return
        self._closed = True
        self._kill()
        with suppress(subprocess.TimeoutExpired):  # it may hang in the kernel, where no signal reaches it
            self._process.wait(_END_S)
        for reader, stream in self._readers.items():
            reader.join(_END_S)
            if not reader.is_alive():  # a descendant out of reach may keep the pipe open
                stream.close()
        if self._process.stdin is not None:
            with suppress(OSError):
                self._process.stdin.close()
        with suppress(OSError):
            os.close(self._alive)
        self._now.close()

    def _wait(self) -> str:
        """How a process that answers no more came to its end."""
        try:
            return _ending(self._process.wait(_END_S))
        except subprocess.TimeoutExpired:
            return "the process could not be heard any more: its connection was closed, or written into"

    def _write(self, message: object) -> None:
        assert self._process.stdin is not None
        with suppress(OSError):  # the process has ended: that is noticed where its answers are read
            pickle.dump(message, self._process.stdin)
            self._process.stdin.flush()

    def _read_answers(self, stream: IO[bytes], inbox: Inbox) -> None:
        try:
            while (said := self._read_message(stream)) is not None:
                if isinstance(said, Answer):
                    inbox.put((self, said))
                else:
                    if self._trace and said.call != self._trace[-1].call:
                        self._trace = []
                    self._trace.append(said)
        finally:
            inbox.put((self, None))

    def _read_message(self, stream: IO[bytes]) -> Answer | Progress | None:
        """None at the end of the stream, and where a plugin has written into it."""
        with suppress(Exception):
            token, size = _HEADER.unpack(stream.read(_HEADER.size))
            if token == self._token:
                said = pickle.loads(stream.read(size))
                if isinstance(said, (Answer, Progress)):
                    return said
        return None

    def _read_output(self, stream: IO[bytes]) -> None:
        while chunk := os.read(stream.fileno(), 65536):
            self._output = (self._output + chunk)[-_OUTPUT_BYTES:]

    def _resident_mb(self, suspicious_mb: float = float("inf")) -> float:
        return memory.resident_mb(memory.family(self._process.pid), suspicious_mb)

    def _kill(self) -> None:
        """End the process and its descendants at once; none of them is asked, and none can outrun it."""
        if hasattr(os, "killpg") and self._process.returncode is None:
            with suppress(OSError):
                os.killpg(self._process.pid, signal.SIGSTOP)  # so that it starts no more
        killed: set[int] = set()
        for _ in range(100):
            left = {pid for pid in memory.marked(self._mark) if pid != self._process.pid}
            if self._process.returncode is None:  # afterwards its number may be somebody else's
                left |= {*memory.family(self._process.pid)[1:]}
            if left <= killed:  # until it is looked after, what was killed is still there
                break
            for pid in left - killed:
                with suppress(OSError):
                    os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
            killed |= left
        if hasattr(os, "killpg") and self._process.returncode is None:
            with suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()


def framed(token: bytes, content: Answer | Progress) -> bytes:
    """A message as a worker's process sends it."""
    body = pickle.dumps(content)
    return _HEADER.pack(token, len(body)) + body


def _ending(code: int) -> str:
    """An exit status, or a signal by its name."""
    if code >= 0:
        return f"the process ended with exit status {code} in the middle of the case"
    known = {s.value: s.name for s in signal.Signals}
    name = known.get(-code, f"signal {-code}")
    hint = " (by the system, perhaps for want of memory)" if name == "SIGKILL" else ""
    return f"the process was killed by {name}{hint}"


def _last_lines(output: str) -> str:
    """The last lines of what a plugin printed, without what Python's fault handler adds."""
    lines = output.partition("Fatal Python error")[0].splitlines()
    return one_line(" | ".join(line.strip() for line in lines[-3:] if line.strip()))[-300:]
