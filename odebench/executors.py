"""Where tasks are carried out. Every executor drives the same worker."""

from __future__ import annotations

import logging
import queue
import secrets
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from . import environment, measurement
from .cases import Case, Task
from .errors import ClusterError, PluginError, one_line
from .host import Host
from .isolation import TICK_S, Inbox, IsolatedWorker, Limits
from .measurement import Checkpoint, Measurement
from .provenance import Conditions
from .worker import Worker, blank

CONNECT_S = 10.0
"""How long a run tries to reach the scheduler of a cluster."""

_NO_WORKER_S = 300  # time for a scheduler of batch jobs to start one
_LOOK_S = 1.0  # how often the cluster is asked how large it is
_POLLS_S = 0.001, 0.05  # the first wait for a result, and the longest
_FORGOTTEN_S = 600  # without a task, after which a worker on a cluster is taken to be that of a client that was killed


class Executor(Protocol):
    """Carries out tasks and yields a row for each, in any order."""

    @property
    def machines(self) -> Mapping[str, Mapping[str, Any]]:
        """The machines that rows came from so far, described, by the id that stands in the rows."""
        ...

    def run(self, tasks: Iterable[Task]) -> Iterator[Measurement]:
        """`tasks` may be endless and is asked for the next one only when there is room to work on it."""
        ...


def _this_machine() -> dict[str, Mapping[str, Any]]:
    return {environment.machine_id(): environment.machine()}


class InlineExecutor:
    """One task after the other, in this process, for debugging: what a plugin does to the process befalls the run."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker
        self.machines = _this_machine()

    def run(self, tasks: Iterable[Task]) -> Iterator[Measurement]:
        return map(self.worker.measure, tasks)


class ProcessExecutor:
    """Each task in a worker's process, which is kept while it is fit; as many at a time as the conditions say."""

    def __init__(
        self,
        host: Host,
        conditions: Conditions,
        limits: Limits,
        on_certifying: Callable[[str, float], None] = lambda problem, done: None,
        on_checkpoint: Callable[[Case, Checkpoint], None] = lambda case, checkpoint: None,
    ) -> None:
        """Two hear of what takes a while: `on_certifying`, of which problem a reference is being certified, and which
        part of it is done; `on_checkpoint`, of a solver that reports it, how far it has come with which case.

        Raises `PluginError` for plugins that only this process has.
        """
        _expect_to_be_found_elsewhere(host)
        self.host, self.conditions, self.limits = host, conditions, limits
        self.on_certifying, self.on_checkpoint = on_certifying, on_checkpoint
        self.machines = _this_machine()

    def run(self, tasks: Iterable[Task]) -> Iterator[Measurement]:
        remaining = iter(tasks)
        inbox: Inbox = queue.SimpleQueue()
        workers: list[IsolatedWorker] = []
        busy: dict[IsolatedWorker, Task] = {}
        lost: Task | None = None
        look_at = time.monotonic() + TICK_S

        def begin(task: Task) -> None:
            worker = self._idle(workers, busy)
            if worker is None:
                worker = IsolatedWorker(self.host, self.conditions, self.limits, inbox)
                workers.append(worker)
            busy[worker] = task
            worker.begin(task)

        try:
            while True:
                while len(busy) < self.conditions.jobs and (task := next(remaining, None)) is not None:
                    begin(task)
                if not busy:
                    return
                try:
                    worker, answer = inbox.get(timeout=TICK_S)
                except queue.Empty:
                    pass
                else:
                    if worker not in busy:  # it ended with nothing to do
                        continue
                    task = busy.pop(worker)
                    unseen = answer is None and worker.is_idle() and task is not lost
                    row = worker.finish(answer)
                    if not worker.fit:
                        workers.remove(worker)
                        worker.close()
                    if unseen:  # it ended for what an earlier task had done
                        lost = task
                        begin(task)
                    else:
                        yield row
                if time.monotonic() >= look_at and inbox.empty():
                    for worker, task in busy.items():
                        worker.enforce_limits()
                        if (done := worker.certified()) is not None:
                            self.on_certifying(task.case.problem.name, done)
                        elif (checkpoint := worker.checkpoint()) is not None:
                            self.on_checkpoint(task.case, checkpoint)
                    look_at = time.monotonic() + TICK_S
        finally:
            for worker in workers:
                worker.close()

    def _idle(self, workers: list[IsolatedWorker], busy: Container[IsolatedWorker]) -> IsolatedWorker | None:
        """One that waits for a task; those that have ended meanwhile are put away."""
        for worker in [worker for worker in workers if worker not in busy]:
            if worker.is_alive():
                return worker
            workers.remove(worker)
            worker.close()
        return None


class DaskExecutor:
    """Each task in a worker's process on some machine of a Dask cluster; a lost machine's tasks are done elsewhere."""

    def __init__(self, host: Host, conditions: Conditions, limits: Limits, address: str | None = None) -> None:
        """On the cluster whose scheduler has this `address`, or on a local one of as many workers as `conditions.jobs`.

        Raises `PluginError` for plugins that only this process has.
        """
        _expect_to_be_found_elsewhere(host)
        self.host, self.conditions, self.address = host, conditions, address
        sources = tuple((path.name, path.read_bytes()) for path in host.files)
        self.elsewhere = Elsewhere(secrets.token_hex(8), conditions, limits, sources)
        self.machines = _this_machine()

    def run(self, tasks: Iterable[Task]) -> Iterator[Measurement]:
        """Raises `ClusterError` where there is no scheduler, or no longer one."""
        from distributed import CancelledError, as_completed

        remaining = iter(tasks)
        under_way: dict[Any, Task] = {}
        with self._client() as client:
            try:
                finished = as_completed(loop=client.loop)
                wait_s = _POLLS_S[0]
                slots, looked, seen, exhausted = 0, 0.0, time.monotonic(), False
                while True:
                    if (now := time.monotonic()) - looked > _LOOK_S:
                        slots, looked = sum(client.nthreads().values()), now
                        if slots:
                            seen = now
                        elif now - seen > _NO_WORKER_S:
                            raise ClusterError(f"the Dask cluster has had no worker for {_NO_WORKER_S} s. Start some.")
                    # two tasks a slot, so that none waits for the next; more would be out of the plan's hands
                    while len(under_way) < 2 * slots and not exhausted:
                        if (task := next(remaining, None)) is None:
                            exhausted = True
                        else:
                            future = client.submit(measure_elsewhere, self.elsewhere, task, pure=False)
                            under_way[future] = task
                            finished.add(future)
                    if exhausted and not under_way:
                        return
                    if not finished.has_ready():
                        time.sleep(wait_s)
                        wait_s = min(2 * wait_s, _POLLS_S[1])
                        continue
                    wait_s = _POLLS_S[0]
                    future = next(finished)
                    task = under_way.pop(future)
                    if future.cancelled():
                        raise CancelledError
                    yield self._row(future, task)
            except (OSError, CancelledError, TimeoutError) as error:
                if client.status == "running":  # it is about something else
                    raise
                raise ClusterError(f"the Dask scheduler is lost: {one_line(error) or type(error).__name__}.") from error
            finally:
                with suppress(Exception):  # a cluster that is lost cleans up by itself
                    client.cancel(list(under_way), force=True)
                    client.run(close_workers, self.elsewhere.key)

    def _row(self, future: Any, task: Task) -> Measurement:
        if (error := future.exception()) is None:
            row, described = future.result()
            self.machines.setdefault(row.machine, described)
            return row  # type: ignore[no-any-return]  # what measure_elsewhere returns
        row = blank(self.host, task, self.conditions)
        row.machine = row.context = None  # nobody knows where it was
        row.status, row.reason = measurement.CRASHED, f"on the cluster: {type(error).__name__}: {one_line(error)}"
        return row

    def _client(self) -> Any:
        try:
            import dask
            from distributed import Client
        except ModuleNotFoundError as error:
            raise ClusterError("needs Dask. Install it with: pip install 'odebench[dask]'.") from error
        for name in ("distributed", "distributed.client"):  # each has a level of its own
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what is lost is said by ClusterError
        if self.address is None:
            # a port of its own, as Dask warns where another cluster has the usual one
            scheduler = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
            quiet = {"scheduler_kwargs": scheduler, "silence_logs": logging.CRITICAL}
            # the processes beside the Dask workers have limits of their own
            one_each = {"threads_per_worker": 1, "memory_limit": 0}
            # Ctrl-C reaches all processes of a terminal; here this one ends the others
            deaf = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
            # what Dask does for its dashboard, dozens of times a second, would be on the solvers' time
            idle = {"distributed.worker.profile.enabled": False, "distributed.admin.tick.interval": "1 s"}
            named = {f"DASK_{key.replace('.', '__').upper()}": str(value) for key, value in idle.items()}
            with dask.config.set(idle):
                jobs = self.conditions.jobs
                return Client(n_workers=jobs, set_as_default=False, preload=deaf, env=named, **one_each, **quiet)
        try:
            return Client(self.address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise ClusterError(
                f"no Dask scheduler at {self.address!r}: {one_line(error)}. Start one with 'dask scheduler', or "
                "choose another with --dask, or another executor."
            ) from error


@dataclass(frozen=True)
class Elsewhere:
    """What another machine needs to know in order to measure tasks of this run."""

    key: str
    """Of the client: a run that is resumed has another."""
    conditions: Conditions
    limits: Limits
    sources: tuple[tuple[str, bytes], ...]
    """The plugin files: name and content."""


@dataclass
class _Kept:
    """A worker beside a thread of a Dask worker, with what it needs to be replaced."""

    host: Host
    folder: Path
    inbox: Inbox = field(default_factory=queue.SimpleQueue)
    worker: IsolatedWorker | None = None
    busy: bool = False
    used: float = field(default_factory=time.monotonic)

    def close(self) -> None:
        if self.worker is not None:
            self.worker.close()
        shutil.rmtree(self.folder, ignore_errors=True)


_kept: dict[tuple[str, int], _Kept] = {}  # by client and thread of this process
_closed: set[str] = set()  # clients that want nothing measured any more
_lock = threading.Lock()


def measure_elsewhere(elsewhere: Elsewhere, task: Task) -> tuple[Measurement, Mapping[str, Any]]:
    """Measure a task on a Dask worker, in a process beside it; the row, and what machine this is."""
    with _lock:
        if elsewhere.key in _closed:
            raise ClusterError("the run has ended.")
        for key, kept in list(_kept.items()):
            if not kept.busy and time.monotonic() - kept.used > _FORGOTTEN_S:
                _kept.pop(key).close()
        key = elsewhere.key, threading.get_ident()
        if key not in _kept:
            _kept[key] = _unpacked(elsewhere)
        kept = _kept[key]
        kept.busy = True
    try:
        if kept.worker is None or not (kept.worker.fit and kept.worker.is_alive()):
            kept.worker = IsolatedWorker(kept.host, elsewhere.conditions, elsewhere.limits, kept.inbox)
        row = _measure(kept.worker, kept.inbox, task)
    finally:
        kept.busy, kept.used = False, time.monotonic()
    return row, environment.machine()


def _unpacked(elsewhere: Elsewhere) -> _Kept:
    folder = Path(tempfile.mkdtemp(prefix="odebench-"))
    try:
        files = [folder / str(number) / name for number, (name, _) in enumerate(elsewhere.sources)]
        for path, (_, source) in zip(files, elsewhere.sources, strict=True):
            path.parent.mkdir()
            path.write_bytes(source)
        return _Kept(Host(files, from_environment=False), folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _measure(worker: IsolatedWorker, inbox: Inbox, task: Task) -> Measurement:
    try:
        worker.begin(task)
        answering = None
        while answering is not worker:  # the end of an earlier one may arrive yet
            try:
                answering, answer = inbox.get(timeout=TICK_S)
            except queue.Empty:
                worker.enforce_limits()
        row = worker.finish(answer)
    except BaseException:
        worker.close()
        raise
    if not worker.fit:
        worker.close()
    return row


def close_workers(key: str) -> None:
    """End what a client has left running on this Dask worker, and begin nothing more for it."""
    with _lock:
        _closed.add(key)
        for ours in [ours for ours in _kept if ours[0] == key]:
            _kept.pop(ours).close()


def _expect_to_be_found_elsewhere(host: Host) -> None:
    if here_only := [p.origin.name for p in host.plugins if p.origin.source == "module"]:
        raise PluginError(
            f"{', '.join(here_only)}: registered in this process, where no other finds it. Put it into a file, or "
            "use the inline executor."
        )
