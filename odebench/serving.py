"""What runs in a worker's process: tasks come in, rows go out, and each case finds the process as the first one did."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import pickle
import signal
import sys
import threading
from contextlib import suppress
from typing import IO

from . import memory
from .cases import Case
from .host import Host
from .isolation import MARK, Answer, Now, Progress, Setup, framed
from .measurement import Checkpoint
from .process_state import ProcessState
from .worker import Stage, Worker

_MANY_FILES = 64


def main() -> None:
    """Serve until the tasks end."""
    now, alive = map(int, sys.argv[1:])
    tasks, answers = _private_channels()
    setup: Setup = pickle.load(tasks)
    this = os.getpid()
    if sys.platform == "linux":
        _outlive_nobody(alive)
    os.close(alive)
    os.register_at_fork(after_in_child=lambda: _close(tasks.fileno(), answers.fileno()))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    stage = Now(now)
    os.close(now)

    def send(content: Answer | Progress) -> None:
        answers.write(framed(setup.token, content))
        answers.flush()

    def send_progress(case: Case, call: int, checkpoint: Checkpoint) -> None:
        send(Progress(call, checkpoint))

    host = Host(setup.files, from_environment=False)
    worker = Worker(
        host,
        setup.conditions,
        on_stage=stage.begin,
        on_checkpoint=send_progress,
        on_certifying=lambda problem, done: stage.certifying(done),
        let_through=(),
    )
    state = ProcessState(setup.conditions.threads)
    health = _Health(tasks)
    while True:
        stage.begin(Stage.IDLE)
        try:
            task = pickle.load(tasks)
        except EOFError:
            return
        row = worker.measure(task)
        if os.getpid() != this:  # a fork that a solver has left running
            os._exit(0)
        stage.begin(Stage.CLEAN_UP)
        state.restore()
        send(Answer(row, health.unfit(state)))


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        with suppress(OSError):
            os.close(descriptor)


def _private_channels() -> tuple[IO[bytes], IO[bytes]]:
    """Move standard input and output out of plugins' reach: nothing comes in there, and what they print is output."""
    tasks, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a text stream, as the interpreter made it
    faulthandler.enable()
    return tasks, answers


def _outlive_nobody(alive: int) -> None:
    """See to it that this process and all it starts end when the parent does, however that comes about.

    This one is killed by the kernel. For the others a sentinel waits until the pipe from the parent breaks. It is no
    child of this process: a solver that waits for its children does not wait for it.
    """
    if os.fork() == 0:
        if os.fork() == 0:
            _stand_guard(alive)
        os._exit(0)
    os.wait()
    set_parent_death_signal, set_child_subreaper = 1, 36  # linux/prctl.h
    prctl = ctypes.CDLL(None).prctl
    prctl(set_child_subreaper, 1, 0, 0, 0)
    prctl(set_parent_death_signal, signal.SIGKILL, 0, 0, 0)


def _stand_guard(alive: int) -> None:
    os.setsid()
    _close(*(fd for fd in range(64) if fd != alive))
    os.read(alive, 1)
    mark = f"{MARK}={os.environ[MARK]}"
    for _ in range(20):
        for pid in memory.marked(mark):
            if pid != os.getpid():
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
    os._exit(0)


class _Health:
    """What would let a case pay for the one before it, and cannot be put back."""

    def __init__(self, tasks: IO[bytes]) -> None:
        self.tasks, self._inode = tasks, os.fstat(tasks.fileno()).st_ino
        self._threads = threading.active_count()
        self._files = _open_files()

    def unfit(self, state: ProcessState) -> str | None:
        """Why this process is not to be used again; None where it is fit."""
        with suppress(OSError):
            if os.fstat(self.tasks.fileno()).st_ino == self._inode:
                if left := _children():
                    return f"left {left} processes running, which were ended"
                if (threads := threading.active_count() - self._threads) > 0:
                    return f"left {threads} threads running, which were ended"
                if state.is_lost() or _open_files() > self._files + _MANY_FILES:
                    return ""
                return None
        return "closed a connection that was not its own"


def _open_files() -> int:
    try:
        return len(os.listdir("/proc/self/fd"))
    except OSError:
        return 0


def _children() -> int:
    """How many children are running."""
    with suppress(ChildProcessError, AttributeError):
        while os.waitpid(-1, os.WNOHANG)[0]:  # those that have ended
            pass
        return len(memory.family(os.getpid())) - 1
    return 0
