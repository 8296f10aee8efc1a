"""A solve in progress, looked at while the clock stands still, and ended early where it has come far enough."""

from __future__ import annotations

import operator
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from . import accuracy, checks, timing
from .backends import Array
from .errors import BadSolution
from .measurement import Checkpoint
from .model import IVP, Monitor, Solution
from .references import Reference

# After the first report, the next checkpoint is due at this time, and each later one at this multiple of the last.
# A solve of one second has about twenty checkpoints.
_SECOND_CHECKPOINT_S, _CHECKPOINT_RATIO = 0.01, 1.25
# With a target error, the time to the target is known to within this ratio.
_SECOND_CHECKPOINT_FOR_TARGET_S, _CHECKPOINT_RATIO_FOR_TARGET = 0.001, 1.05


@dataclass(frozen=True)
class Stopping:
    """When a solve that reports its progress has come far enough; None for never."""

    target_error: float | None = None
    """A `max_abs_error` that is small enough."""
    time_budget_s: float | None = None
    """Seconds of the solver's own time."""
    patience: int | None = None
    """Steps in which the loss does not fall below its lowest value so far."""


class Enough(BaseException):
    """Raised through a solver to end it; no `Exception`, so that none takes it for a fault of its own step."""

    def __init__(self, stopped_by: str, reason: str, solution: Solution) -> None:
        super().__init__(reason)
        self.stopped_by, self.reason, self.solution = stopped_by, reason, solution


class Watcher(Monitor):
    """Record checkpoints of a solve in progress while the clock stands still.

    The first report and the returned solution are always recorded. Between them, checkpoints follow at times that
    grow geometrically. Raises `Enough` when `stopping` applies; the solution of that moment is then the solver's.
    """

    def __init__(
        self,
        ivp: IVP,
        reference: Reference,
        pauses: timing.Pauses,
        stopping: Stopping,
        on_checkpoint: Callable[[Checkpoint], None],
        examiner: Monitor | None = None,
    ) -> None:
        """`examiner` is told of each report, too, while the clock stands still."""
        self.ivp, self.reference, self.pauses = ivp, reference, pauses
        self.stopping, self.on_checkpoint, self.examiner = stopping, on_checkpoint, examiner
        self.trace: list[Checkpoint] = []
        for_target = stopping.target_error is not None
        self._earliest_s = _SECOND_CHECKPOINT_FOR_TARGET_S if for_target else _SECOND_CHECKPOINT_S
        self._ratio = _CHECKPOINT_RATIO_FOR_TARGET if for_target else _CHECKPOINT_RATIO
        self._due_s = 0.0
        self._last_report: tuple[int, float | None] | None = None
        self._lowest_loss, self._lowest_at = float("inf"), 0
        self._began = time.perf_counter() - pauses.wall_s

    def __call__(
        self,
        step: int,
        loss: float | None,
        dense: Callable[[Array], Array],
        *,
        network: Any = None,
        points: Array | None = None,
    ) -> None:
        try:
            step = operator.index(step)  # a whole number of numpy's is one
        except TypeError:
            raise BadSolution(
                f"monitor(step, loss, dense): expected a whole number as step, received {step!r}"
            ) from None
        wall_s = self._elapsed_s()
        self._last_report = step, loss
        if self.examiner is not None:
            with self.pauses.pause():
                self.examiner(step, loss, dense, network=network, points=points)
        stop = self._exhausted(step, loss, wall_s)
        if wall_s < self._due_s and stop is None:
            return
        with self.pauses.pause():
            y = self._look(step, wall_s, loss, dense)
            error, target = self.trace[-1].max_abs_error, self.stopping.target_error
            if target is not None and error is not None and error <= target:
                stop = "target-error", f"the error, {error:.3g}, is within the target of {target:g}"
            if stop is not None:
                by, why = stop
                stats = {"steps": step} if loss is None else {"epochs": step, "final_loss": loss}
                reason = f"stopped at step {step}, after {wall_s:.3g} s: {why}"
                raise Enough(by, reason, Solution(y, dense, stats))

    def record_returned(self, solution: Solution) -> None:
        """Record the solution that the solver returned, unless its last step is a checkpoint already.

        Its step and loss are the statistics `epochs` and `final_loss`, or else those of the last report. Nothing is
        recorded for a solver that never reported, or for an invalid solution.
        """
        if self._last_report is None or not isinstance(solution, Solution):
            return
        wall_s = self._elapsed_s()
        with self.pauses.pause(), suppress(Exception):  # the checks after the solve raise the same with a reason
            step, loss = self._last_report
            y, _ = checks.states(solution, self.ivp)
            stats = checks.stats(solution)
            step, loss = int(stats.get("epochs") or step), stats.get("final_loss", loss)
            if self.trace and self.trace[-1].step == step:
                return
            self._record(checkpoint_of(self.ivp, self.reference, step, wall_s, loss, y, solution.dense))

    def _elapsed_s(self) -> float:
        """Return the solver's own time since its call, in seconds."""
        return time.perf_counter() - self.pauses.wall_s - self._began

    def _exhausted(self, step: int, loss: float | None, wall_s: float) -> tuple[str, str] | None:
        """By what the solve is to be stopped, and why in words, whatever it has come to."""
        budget_s, patience = self.stopping.time_budget_s, self.stopping.patience
        if budget_s is not None and wall_s >= budget_s:
            return "time-budget", f"its budget of {budget_s:g} s is spent"
        if patience is not None and loss is not None:
            if loss < self._lowest_loss:
                self._lowest_loss, self._lowest_at = loss, step
            elif step - self._lowest_at >= patience:
                return "patience", f"the loss has not fallen since step {self._lowest_at}"
        return None

    def _look(self, step: int, wall_s: float, loss: float | None, dense: Callable[[Array], Array]) -> Array:
        self._due_s = max(wall_s * self._ratio, self._earliest_s)
        y, checkpoint = look(self.ivp, self.reference, step, wall_s, loss, dense)
        self._record(checkpoint)
        return y

    def _record(self, checkpoint: Checkpoint) -> None:
        self.trace.append(checkpoint)
        self.on_checkpoint(checkpoint)


def look(
    ivp: IVP, reference: Reference, step: int, wall_s: float, loss: float | None, dense: Callable[[Array], Array]
) -> tuple[Array, Checkpoint]:
    """Return the states at `t_eval` of a reported solution, and its checkpoint.

    Raises `BadSolution` if `dense` does not return states.
    """
    y = checks.dense_states(dense(ivp.t_eval), ivp)
    return y, checkpoint_of(ivp, reference, step, wall_s, loss, y, dense)


def checkpoint_of(
    ivp: IVP,
    reference: Reference,
    step: int,
    wall_s: float,
    loss: float | None,
    y: Array,
    dense: Callable[[Array], Array] | None,
) -> Checkpoint:
    """Return the checkpoint of a solution with the states `y`, shape (n, d), at `t_eval`.

    `max_residual` is None without dense output.
    """
    measured: dict[str, float | None] = {**accuracy.errors(y, reference.y, ivp.weights)}
    if dense is not None:
        measured |= accuracy.between(dense, ivp, None)
    values = (loss, *(measured.get(name) for name in ("max_abs_error", "rms_abs_error", "max_residual")))
    return Checkpoint(step, wall_s, *(None if value is None else checks.finite_or_none(value) for value in values))


def at_lowest_loss(
    trace: list[Checkpoint], final_loss: float | None, final_error: float | None
) -> tuple[float, float] | None:
    """The lowest loss, of all that was looked at and of the end, and the `max_abs_error` of that moment.

    It is what somebody has who keeps the weights of the lowest loss and knows nothing of the error. None where no
    loss with an error was seen.
    """
    seen = [(c.loss, c.max_abs_error) for c in trace] + [(final_loss, final_error)]
    known = [(loss, error) for loss, error in seen if loss is not None and error is not None]
    return min(known, key=lambda pair: pair[0], default=None)
