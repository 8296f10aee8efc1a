"""One solve, recorded as it goes on: what it had come to after how many steps, for pictures of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from . import checks, watching
from .backends import Array
from .errors import BadSolution, Diverged, OdebenchError, SolverFailed, Unsupported, one_line
from .measurement import Checkpoint
from .model import IVP, Monitor, Solver
from .references import Reference

_MORE_STEPS = 1.2  # from one frame to the next; a thousand steps are some thirty frames


@dataclass(frozen=True, eq=False)
class Frame:
    """The solution at some step."""

    checkpoint: Checkpoint
    y: Array
    """At `t_eval`, (n, d)."""


@dataclass(frozen=True, eq=False)
class Recording:
    """The frames of a solve, in their order, and why it ended early where it did."""

    frames: list[Frame]
    failure: str | None = None


class _Recorder(Monitor):
    """Keeps what is reported at steps that grow geometrically; the time that takes is not the solver's."""

    def __init__(self, ivp: IVP, reference: Reference, on_frame: Callable[[Checkpoint], None]) -> None:
        self.ivp, self.reference, self.on_frame = ivp, reference, on_frame
        self.frames: list[Frame] = []
        self._due = 0.0
        self._last: tuple[int, float | None] = 0, None
        self._began, self._paused_s = time.perf_counter(), 0.0

    def __call__(
        self,
        step: int,
        loss: float | None,
        dense: Callable[[Array], Array],
        *,
        network: Any = None,
        points: Array | None = None,
    ) -> None:
        self._last = step, loss
        if step >= self._due:
            self.keep(step, loss, dense)

    def keep(self, step: int, loss: float | None, dense: Callable[[Array], Array]) -> None:
        now = time.perf_counter()
        y, checkpoint = watching.look(self.ivp, self.reference, step, self.seconds(now), loss, dense)
        self.frames.append(Frame(checkpoint, y))
        self.on_frame(checkpoint)
        self._due = max(step + 1, step * _MORE_STEPS)
        self._paused_s += time.perf_counter() - now

    def seconds(self, now: float) -> float:
        """Of the solver's own time, since its call."""
        return now - self._began - self._paused_s

    @property
    def last(self) -> tuple[int, float | None]:
        """The last step that was reported, and its loss."""
        return self._last


def record(
    solver: Solver,
    ivp: IVP,
    reference: Reference,
    params: Mapping[str, Any],
    seed: int,
    on_frame: Callable[[Checkpoint], None] = lambda checkpoint: None,
) -> Recording:
    """Solve in this process, and keep frames; the last one is the solution itself.

    A solver that fails after some frames has a recording all the same. Raises `BadSolution` for one that does not
    report its progress, or where there is not a frame.
    """
    import numpy as np

    if not solver.reports:
        raise BadSolution(
            f"{solver.name} does not report its progress: expected one that takes a monitor, such as pinn-autograd."
        )
    arguments = dict(params) | ({"seed": seed} if solver.uses_chance else {})
    _warm_up(solver, ivp, arguments)
    recorder = _Recorder(ivp, reference, on_frame)
    failure = None
    with np.errstate(all="ignore"):
        try:
            solution = solver.function(ivp, ivp.t_eval, monitor=recorder, **arguments)
            y, _ = checks.states(solution, ivp)
            step, loss = recorder.last
            counted = {name: value for name, value in checks.stats(solution).items() if value is not None}
            dense = solution.dense or (lambda t: _straight_lines(t, ivp, y))
            step = int(counted.get("epochs", step))
            if recorder.frames and recorder.frames[-1].checkpoint.step == step:
                recorder.frames.pop()
            recorder.keep(step, counted.get("final_loss", loss), dense)
        except (OdebenchError, Diverged, SolverFailed, Unsupported) as error:
            failure = one_line(error)
        except Exception as error:
            failure = f"{type(error).__name__}: {one_line(error)}"
    if not recorder.frames:
        raise BadSolution(f"{solver.name} reported no step{': ' + failure if failure else ''}.")
    return Recording(recorder.frames, failure)


class _Begun(BaseException):
    """Ends a solve that has come to its second step."""


def _warm_up(solver: Solver, ivp: IVP, arguments: Mapping[str, Any]) -> None:
    """A few steps that nobody looks at, so that imports and first calls are not taken for training time."""

    class Ending(Monitor):
        steps = 0

        def __call__(self, *_: Any, **__: Any) -> None:
            self.steps += 1
            if self.steps > 1:
                raise _Begun

    with suppress(_Begun, Exception):  # what is wrong is found, and said, in the solve itself
        solver.function(ivp, ivp.t_eval, monitor=Ending(), **arguments)


def _straight_lines(t: Array, ivp: IVP, y: Array) -> Array:
    """Through the states, where a solver has no dense output."""
    import numpy as np

    return np.stack([np.interp(t, ivp.t_eval, component) for component in y.T], axis=-1)
