"""The calls of one solver on one problem, each under the eyes of the host: its monitor, and the doctor's."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from . import checks, timing
from .backends import Array
from .counting import counted
from .doctor import Diagnosis, Examiner, diagnoses
from .errors import Untraceable, one_line
from .measurement import Checkpoint, DiagnosisRow, Measurement
from .model import IVP, Monitor, Solution, Solver
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
            solution = self.solver.function(self.ivp, self.ivp.t_eval, **{**self.arguments, "monitor": watcher})
        except Enough as enough:
            self.stopped = enough
            return enough.solution
        watcher.record_returned(solution)
        return solution

    def again(self, ivp: IVP) -> Solution:
        """Solve once more, `ivp` in place of the problem; it ends at the step at which the last call was ended."""
        arguments = dict(self.arguments)
        if self.solver.reports:
            arguments["monitor"] = _Until(ivp, self.trace[-1].step if self.stopped is not None else None)
        try:
            return self.solver.function(ivp, ivp.t_eval, **arguments)
        except Enough as enough:
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


class _Until(Monitor):
    """Ends a solve at a step, and looks at nothing before."""

    def __init__(self, ivp: IVP, last: int | None) -> None:
        self.ivp, self.last = ivp, last

    def __call__(self, step: int, loss: float | None, dense: Callable[[Array], Array], **_: Any) -> None:
        if step == self.last:
            raise Enough("", "", Solution(dense(self.ivp.t_eval)))


def enter_counts(row: Measurement, calls: Calls, y: Array) -> str | None:
    """Enter what the host counts in one more solve, where it comes to the states `y` again as it did last.

    Returns what there is to say of it: why there is no number, or what the solver claims that is not so.
    """
    import numpy as np

    ivp, counts = counted(calls.ivp)
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # they were heard in the solve that was measured
            again, _ = checks.states(calls.again(ivp), ivp)
    except Untraceable as error:
        return f"not counted: {one_line(error)}"
    except (Exception, SystemExit) as error:
        return f"not counted: one more solve raised {type(error).__name__}: {one_line(error)}"
    if not np.array_equal(again, y):
        return f"not counted: one more solve came to another solution, by {np.abs(again - y).max():.1e}"
    if counts.uncounted is not None:
        return f"not counted: {counts.uncounted}"
    if not (counts.rhs_calls or counts.jac_calls or calls.solver.is_oracle):
        return "not counted: it evaluated nothing that the host sees"
    row.counted_rhs_calls, row.counted_jac_calls = counts.rhs_calls, counts.jac_calls
    false = [
        f"claims {claimed:g} {what}, made {made}"
        for what, claimed, made in (
            ("rhs calls", row.rhs_calls, counts.rhs_calls),
            ("jac calls", row.jac_calls, counts.jac_calls),
        )
        if claimed is not None and claimed != made
    ]
    return "; ".join(false) or None


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
