"""Where tasks are carried out. Every executor drives the same worker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from .cases import Task
from .measurement import Measurement
from .worker import Worker


class Executor(Protocol):
    """Carries out tasks and yields a row for each, in any order."""

    def run(self, tasks: Iterable[Task]) -> Iterator[Measurement]:
        """`tasks` may be endless and is asked for the next one only when there is room to work on it."""
        ...


class InlineExecutor:
    """One task after the other, in this process."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    def run(self, tasks: Iterable[Task]) -> Iterator[Measurement]:
        return map(self.worker.measure, tasks)
