"""Where tasks are carried out. Every executor drives the same worker."""

from __future__ import annotations

import logging
import queue
import shutil
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from . import environment, measurement
from .cases import Task
from .errors import ClusterError, PluginError, one_line
from .host import Host
from .isolation import TICK_S, Inbox, IsolatedWorker, Limits
from .measurement import Measurement
from .worker import Worker, blank

_CONNECT_S = 10
_NO_WORKER_S = 300  # time for a scheduler of batch jobs to start one
_LOOK_S = 1.0  # how often the cluster is asked how large it is
_POLL_S = 0.005


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
    """Each task in a worker's process, which is kept while it is fit; `jobs` of them at a time."""

    def __init__(self, host: Host, run_id: str, threads: int, limits: Limits, jobs: int = 1) -> None:
        """Raises `PluginError` for plugins that only this process has."""
        _expect_to_be_found_elsewhere(host)
        self.host, self.run_id, self.threads, self.limits, self.jobs = host, run_id, threads, limits, jobs
        self.machines = _this_machine()

    def run(self, tasks: Iterable[Task]) -> Iterator[Measurement]:
        remaining = iter(tasks)
        inbox: Inbox = queue.SimpleQueue()
        idle: list[IsolatedWorker] = []
        busy: set[IsolatedWorker] = set()
        look_at = time.monotonic() + TICK_S
        try:
            while True:
                while len(busy) < self.jobs and (task := next(remaining, None)) is not None:
                    worker = idle.pop() if idle else self._worker(inbox)
                    worker.begin(task)
                    busy.add(worker)
                if not busy:
                    return
                if time.monotonic() >= look_at:
                    for worker in busy:
                        worker.enforce_limits()
                    look_at = time.monotonic() + TICK_S
                try:
                    worker, answer = inbox.get(timeout=TICK_S)
                except queue.Empty:
                    continue
                if worker in busy:
                    busy.remove(worker)
                    row = worker.finish(answer)
                    if worker.fit:
                        idle.append(worker)
                    else:
                        worker.close()
                    yield row
                elif worker in idle:  # it ended with nothing to do
                    idle.remove(worker)
                    worker.close()
        finally:
            for worker in (*idle, *busy):
                worker.close()

    def _worker(self, inbox: Inbox) -> IsolatedWorker:
        return IsolatedWorker(self.host, self.run_id, self.threads, self.limits, inbox)


class DaskExecutor:
    """Each task in a worker's process on some machine of a Dask cluster; a lost machine's tasks are done elsewhere."""

    def __init__(
        self, host: Host, run_id: str, threads: int, limits: Limits, jobs: int = 1, address: str | None = None
    ) -> None:
        """On the cluster whose scheduler has this `address`, or on a local one of `jobs` workers.

        Raises `PluginError` for plugins that only this process has.
        """
        _expect_to_be_found_elsewhere(host)
        self.host, self.run_id, self.threads, self.jobs, self.address = host, run_id, threads, jobs, address
        sources = {path.name: path.read_bytes() for path in host.files}
        self.elsewhere = Elsewhere(run_id, threads, limits, sources)
        self.machines = _this_machine()

    def run(self, tasks: Iterable[Task]) -> Iterator[Measurement]:
        """Raises `ClusterError` where there is no scheduler, or no longer one."""
        from distributed import CancelledError, as_completed

        remaining = iter(tasks)
        with self._client() as client:
            try:
                finished = as_completed(loop=client.loop)
                under_way: dict[Any, Task] = {}
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
                        time.sleep(_POLL_S)
                        continue
                    future = next(finished)
                    task = under_way.pop(future)
                    if future.cancelled():
                        raise CancelledError
                    yield self._row(future, task)
            except (OSError, CancelledError, TimeoutError) as error:
                raise ClusterError(f"the Dask scheduler is lost: {one_line(error) or type(error).__name__}.") from error
            finally:
                with suppress(Exception):  # a cluster that is lost cleans up by itself
                    client.run(close_worker, self.run_id)

    def _row(self, future: Any, task: Task) -> Measurement:
        if (error := future.exception()) is None:
            row, described = future.result()
            self.machines.setdefault(row.machine, described)
            return row  # type: ignore[no-any-return]  # what measure_elsewhere returns
        row = blank(self.host, task, self.run_id, self.threads)
        row.status, row.reason = measurement.CRASHED, f"on the cluster: {type(error).__name__}: {one_line(error)}"
        return row

    def _client(self) -> Any:
        try:
            from distributed import Client
        except ModuleNotFoundError as error:
            raise ClusterError("needs Dask. Install it with: pip install 'odebench[dask]'.") from error
        for name in ("distributed", "distributed.client"):  # each has a level of its own
            logging.getLogger(name).setLevel(logging.CRITICAL)  # what is lost is said by ClusterError
        if self.address is None:
            quiet = {"dashboard_address": None, "silence_logs": logging.CRITICAL}
            # the processes beside the Dask workers have limits of their own
            return Client(n_workers=self.jobs, threads_per_worker=1, memory_limit=0, set_as_default=False, **quiet)
        try:
            return Client(self.address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise ClusterError(
                f"no Dask scheduler at {self.address!r}: {one_line(error)}. Start one with 'dask scheduler', or leave "
                "out --dask for a local one."
            ) from error


@dataclass(frozen=True)
class Elsewhere:
    """What another machine needs to know in order to measure tasks of this run."""

    run_id: str
    threads: int
    limits: Limits
    sources: Mapping[str, bytes]
    """The plugin files, by name."""


_workers: dict[tuple[str, int], tuple[Inbox, Host, IsolatedWorker | None]] = {}  # by run and thread of this process


def measure_elsewhere(elsewhere: Elsewhere, task: Task) -> tuple[Measurement, Mapping[str, Any]]:
    """Measure a task on a Dask worker, in a process beside it; the row, and what machine this is."""
    key = elsewhere.run_id, threading.get_ident()
    if key not in _workers:
        folder = Path(tempfile.mkdtemp(prefix="odebench-"))
        for name, source in elsewhere.sources.items():
            (folder / name).write_bytes(source)
        _workers[key] = queue.SimpleQueue(), Host([folder / name for name in elsewhere.sources]), None
    inbox, host, worker = _workers[key]
    if worker is None or not worker.fit:
        for other in {run_id for run_id, _ in _workers} - {elsewhere.run_id}:  # whose client was killed
            close_worker(other)
        worker = IsolatedWorker(host, elsewhere.run_id, elsewhere.threads, elsewhere.limits, inbox)
    _workers[key] = inbox, host, worker
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
    return row, environment.machine()


def close_worker(run_id: str) -> None:
    """End what a run has left running on this Dask worker."""
    for key in [key for key in _workers if key[0] == run_id]:
        _, host, worker = _workers.pop(key)
        if worker is not None:
            worker.close()
        for folder in {path.parent for path in host.files}:
            shutil.rmtree(folder, ignore_errors=True)


def _expect_to_be_found_elsewhere(host: Host) -> None:
    if here_only := [p.origin.name for p in host.plugins if p.origin.source == "module"]:
        raise PluginError(
            f"{', '.join(here_only)}: registered in this process, where no other finds it. Put it into a file, or "
            "use the inline executor."
        )
