"""How far a run is: a bar on a terminal, now and then a line elsewhere; never drawn while a sample is timed."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Protocol

from .. import measurement, text
from ..cases import Case
from ..measurement import Checkpoint, Measurement

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from ..runner import Plan

_LINE_EVERY_S = 5.0
_BAR_EVERY_S = 0.1


class Observer(Protocol):
    """Is told of each row, and of what takes a while: a reference that is being certified, a network that trains."""

    def __call__(self, row: Measurement) -> None: ...

    def certifying(self, problem: str, done: float) -> None: ...

    def training(self, case: Case, checkpoint: Checkpoint) -> None: ...


def _draws() -> bool:
    """Whether standard error is a terminal on which a line can be written anew."""
    return sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")


@contextmanager
def progress(plan: Plan, *, quiet: bool = False) -> Iterator[Observer]:
    """An observer of rows that shows the run's progress on standard error."""
    if quiet:
        yield _Nothing()
    elif _draws():
        with _bar(plan) as observer:
            yield observer
    else:
        yield _Lines(plan)


@contextmanager
def bar(label: str) -> Iterator[Callable[[float], None]]:
    """Shows on a terminal which part, from 0 to 1, of one long piece of work is done."""
    if not _draws():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(label, total=1.0)
        yield lambda done: shown.update(task, completed=done)


@contextmanager
def _bar(plan: Plan) -> Iterator[Observer]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # auto_refresh would draw from a second thread, on the solvers' time
    with Progress(*columns, console=Console(stderr=True), transient=True, auto_refresh=False) as bar:
        task = bar.add_task("starting", total=plan.total)
        bar.refresh()
        yield _Bar(plan, bar, task)


class _Nothing:
    def __call__(self, row: Measurement) -> None: ...

    def certifying(self, problem: str, done: float) -> None: ...

    def training(self, case: Case, checkpoint: Checkpoint) -> None: ...


class _Bar:
    def __init__(self, plan: Plan, shown: Progress, samples: TaskID) -> None:
        self.plan, self.shown, self.samples = plan, shown, samples
        self.reference: TaskID | None = None  # the bar of the one being certified
        self.drawn = time.monotonic()

    def __call__(self, row: Measurement) -> None:
        if self.reference is not None:
            self.shown.remove_task(self.reference)
            self.reference = None
        self.shown.update(self.samples, advance=1, total=self.plan.total, description=f"{row.problem} {row.solver}")
        self._draw()

    def certifying(self, problem: str, done: float) -> None:
        if self.reference is None:
            self.reference = self.shown.add_task("", total=100)
        self.shown.update(self.reference, completed=int(100 * done), description=f"certifying {problem}, %")
        self._draw()

    def training(self, case: Case, checkpoint: Checkpoint) -> None:
        description = f"{case.problem.name} {case.solver.name}: {_stand(checkpoint)}"
        self.shown.update(self.samples, description=description)
        self._draw()

    def _draw(self) -> None:
        if time.monotonic() - self.drawn > _BAR_EVERY_S:
            self.shown.refresh()
            self.drawn = time.monotonic()


class _Lines:
    def __init__(self, plan: Plan) -> None:
        self.plan, self.done, self.not_ok = plan, 0, 0
        self.announced = ""  # the problem whose certification was last mentioned
        self.started = self.printed = time.monotonic()
        _say(f"odebench: {text.count(plan.total, 'sample')} to take")

    def __call__(self, row: Measurement) -> None:
        self.done += 1
        self.not_ok += row.status != measurement.OK
        now = time.monotonic()
        if now - self.printed > _LINE_EVERY_S or self.done == self.plan.total:
            not_ok = f", {self.not_ok} not ok" if self.not_ok else ""
            _say(f"odebench: {self.done}/{self.plan.total} samples{not_ok}, {now - self.started:.0f} s")
            self.printed = now

    def certifying(self, problem: str, done: float) -> None:
        now = time.monotonic()
        if now - self.printed > _LINE_EVERY_S or problem != self.announced:
            self.announced = problem
            _say(f"odebench: certifying the reference of {problem}: {done:.0%}, {now - self.started:.0f} s")
            self.printed = now

    def training(self, case: Case, checkpoint: Checkpoint) -> None:
        now = time.monotonic()
        if now - self.printed > _LINE_EVERY_S:
            named = f"{case.solver.name} on {case.problem.name}"
            _say(f"odebench: {named}: {_stand(checkpoint)}, {now - self.started:.0f} s")
            self.printed = now


def _stand(checkpoint: Checkpoint) -> str:
    """How far a training has come, in a few words."""
    loss = "" if checkpoint.loss is None else f", loss {checkpoint.loss:.2e}"
    error = "" if checkpoint.max_abs_error is None else f", error {checkpoint.max_abs_error:.2e}"
    return f"step {checkpoint.step}{loss}{error}"


def _say(line: str) -> None:
    with suppress(BrokenPipeError):  # nobody listens any more: no reason to stop measuring
        print(line, file=sys.stderr, flush=True)


@contextmanager
def live(label: str) -> Iterator[Callable[[Checkpoint], None]]:
    """Shows how far one training has come: on a terminal a line that is written anew, elsewhere one now and then."""
    if not _draws():
        said = time.monotonic()

        def say(checkpoint: Checkpoint) -> None:
            nonlocal said
            if time.monotonic() - said > _LINE_EVERY_S:
                _say(f"odebench: {label}: {_stand(checkpoint)}")
                said = time.monotonic()

        yield say
        return
    from rich.console import Console
    from rich.status import Status

    with Status(label, console=Console(stderr=True)) as status:
        yield lambda checkpoint: status.update(f"{label}: {_stand(checkpoint)}")
