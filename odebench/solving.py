"""The calls of one solver on one problem, each under the eyes of the host: its monitor, and the doctor's."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from . import checks, timing
from .doctor import Diagnosis, Examiner, diagnoses
from .errors import one_line
from .measurement import Checkpoint, DiagnosisRow
from .model import IVP, Solution, Solver
from .references import Reference
from .watching import Enough, Stopping, Watcher


class Calls:
    """Call it to solve once; what is said here is of the last call."""

    def __init__(
        self,
        solver: Solver,
        ivp: IVP,
        reference: Reference,
        arguments: Mapping[str, Any],
        stopping: Stopping,
        on_checkpoint: Callable[[int, Checkpoint], None],
        *,
        doctor: bool = False,
    ) -> None:
        """`on_checkpoint` hears how far which call has come; the clock stands still by `pauses` meanwhile."""
        self.solver, self.ivp, self.reference, self.arguments = solver, ivp, reference, arguments
        self.stopping, self.on_checkpoint, self.doctor = stopping, on_checkpoint, doctor
        self.pauses = timing.Pauses()
        self.trace: list[Checkpoint] = []
        self.stopped: Enough | None = None
        """Why the host ended it early; None where it ended by itself."""
        self._numbers = itertools.count()
        self._examiner: Examiner | None = None

    def __call__(self) -> Solution:
        if self.doctor:
            with self.pauses.pause():
                self._examiner = Examiner(self.ivp)
        if not self.solver.reports:
            return self.solver.function(self.ivp, self.ivp.t_eval, **self.arguments)
        on_checkpoint = partial(self.on_checkpoint, next(self._numbers))
        watcher = Watcher(self.ivp, self.reference, self.pauses, self.stopping, on_checkpoint, self._examiner)
        self.trace, self.stopped = watcher.trace, None
        try:
            return self.solver.function(self.ivp, self.ivp.t_eval, **{**self.arguments, "monitor": watcher})
        except Enough as enough:
            self.stopped = enough
            return enough.solution

    def diagnoses(
        self, solution: Solution | None, parameters: Mapping[str, Any], ended: str | None
    ) -> list[DiagnosisRow]:
        """What the doctor finds, where it was asked; `ended` says why there is no solution, where there is none.

        Raises whatever the solver's dense output does.
        """
        if self._examiner is None:
            return []
        examination = self._examiner.examination(
            solution,
            truth=self.reference.y,
            parameters=parameters,
            seed=self.arguments.get("seed"),
            ended=None if ended is None else one_line(ended),
        )
        return [_row(diagnosis) for diagnosis in diagnoses(examination, self.solver)]


def _row(diagnosis: Diagnosis) -> DiagnosisRow:
    return DiagnosisRow(
        pathology=diagnosis.pathology,
        signal=diagnosis.signal,
        value=checks.finite_or_none(diagnosis.value),
        threshold=diagnosis.threshold,
        finding=diagnosis.finding,
        remedy=diagnosis.remedy,
        parameters=None if diagnosis.parameters is None else dict(diagnosis.parameters),
    )
