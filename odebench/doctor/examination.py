"""What is seen of one solve, report by report, and of what it came to."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ..backends import Array
from ..model import IVP, Monitor, Solution
from . import network as networks
from . import samples
from .network import Inside
from .samples import Sample

GOOD = 1e-3
"""A solution whose largest error is at most this part of the solution's size is not complained of for being slow,
coarse or badly scaled; a loss that is not what it should be is."""

_NEXT_STEP, _NEXT_S = 1.2, 1.5  # looks are this much further apart than the one before, in steps or in seconds
_MOST_POINTS = 4096
_PUSHED = 8
_MOST_KEPT = 10_000


@dataclass(frozen=True, eq=False)
class Push:
    """The dense output with one weight moved a little, one way and the other."""

    index: int
    """Which weight, counted as in `Inside.weights`."""
    length: float
    """How far, in the weight's own unit."""
    minus: Sample
    plus: Sample


@dataclass(frozen=True, eq=False)
class Look:
    """What a method had come to when it reported."""

    step: int
    loss: float | None
    sample: Sample | None
    """The dense output at the points of the loss; None where they were not handed over."""
    inside: Inside | None = None
    """The network; None where none was handed over."""
    pushes: tuple[Push, ...] = ()
    """Empty where the method keeps no gradient to compare with."""


@dataclass(frozen=True, eq=False)
class Examination:
    """One solve as it was seen: what a pathology judges."""

    ivp: IVP
    looks: tuple[Look, ...]
    losses: tuple[tuple[int, float], ...]
    """(step, loss) of the reports that had one: all, or of very many every second, fourth, ..., and the last."""
    moves: tuple[tuple[int, float], ...]
    """(step, distance the weights have moved a step since the report before), where a network was handed over."""
    y: Array | None
    """The states returned, (n, d); None where none were, or not finite ones."""
    at_points: Sample | None = None
    """The final dense output at the points of the loss."""
    between_points: Sample | None = None
    """The final dense output in the middle between each two of them."""
    everywhere: Sample | None = None
    """The final dense output at `t_eval`."""
    truth: Array | None = None
    """The reference at `t_eval`, (n, d)."""
    stats: Mapping[str, float] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """The solver's, all of them."""
    precision: str = "float64"
    """Of the network's weights, or of the states returned."""
    ended: str | None = None
    """Why it ended without a solution."""
    seed: int | None = None

    @property
    def span(self) -> float:
        """t1 - t0."""
        return self.ivp.t_span[1] - self.ivp.t_span[0]

    @cached_property
    def size(self) -> float:
        """The largest magnitude of the solution, in the unit of the state; 1 where it is zero throughout."""
        import numpy as np

        states = self.truth if self.truth is not None else self.y if self.y is not None else self.ivp.y0
        return float(np.abs(states).max()) or 1.0

    @cached_property
    def error(self) -> float | None:
        """The largest error at `t_eval` as a part of the solution's size; None where nobody knows."""
        import numpy as np

        if self.y is None or self.truth is None:
            return math.inf if self.y is None else None
        return float(np.abs(self.y - self.truth).max()) / self.size

    @cached_property
    def defect(self) -> float | None:
        """The root mean square residual over `t_eval`, times the span, and the distance of y(t0) from y0.

        As a part of the solution's size; None without a dense output.
        """
        import numpy as np

        if self.everywhere is None:
            return None
        start = float(np.abs(self.everywhere.start - self.ivp.y0).max())
        return (samples.rms(self.everywhere.residual) * self.span + start) / self.size

    @property
    def is_good(self) -> bool:
        """Whether the solution is as good as one expects of a method that has no fault."""
        judged = self.error if self.error is not None else self.defect
        return judged is not None and judged <= GOOD

    @cached_property
    def final_loss(self) -> float | None:
        """The loss of the solution, as the method counted it or last reported it."""
        if (said := self.stats.get("final_loss")) is not None:
            return float(said)
        return self.losses[-1][1] if self.losses else None

    @property
    def unseen(self) -> list[str]:
        """What could not be examined, and why."""
        said = []
        if not self.looks and not self.losses:
            said.append("its training: the solver reports to no monitor")
        elif all(look.sample is None for look in self.looks):
            said.append("its loss: the solver hands no points to the monitor")
        if self.looks and all(look.inside is None for look in self.looks):
            said.append("its units and gradients: the solver hands no network to the monitor")
        elif self.looks and not any(look.inside.layers for look in self.looks if look.inside is not None):
            said.append("its units: the network's layers are no torch modules that are called")
        if self.everywhere is None and self.ended is None:
            said.append("its residual: the solver has no dense output")
        return said


def badness(examination: Examination) -> float:
    """The error, or where nobody knows it the defect, as a part of the solution's size; 0 where both are unknown."""
    judged = examination.error if examination.error is not None else examination.defect
    return 0.0 if judged is None else judged


class _Course:
    """Numbers by step, thinned out where they are very many."""

    def __init__(self) -> None:
        self._kept: list[tuple[int, float]] = []
        self._last: tuple[int, float] | None = None
        self._every, self._count = 1, 0

    def add(self, step: int, value: float) -> None:
        self._last = step, value
        if self._count % self._every == 0 or not math.isfinite(value):
            self._kept.append(self._last)
        self._count += 1
        if len(self._kept) > _MOST_KEPT:
            self._kept, self._every = self._kept[::2], 2 * self._every

    @property
    def kept(self) -> tuple[tuple[int, float], ...]:
        """In the order of the steps, the last included."""
        missing = self._last is not None and self._kept[-1] is not self._last
        return (*self._kept, self._last) if missing and self._last is not None else tuple(self._kept)


class Examiner(Monitor):
    """Watches one solve. Give it to the solver as its monitor, then call `examination` with what the solver returned.

    It looks closely at steps and times that grow geometrically, and keeps the loss of every report. Looking changes
    no digit of the solve. A worker that has a monitor of its own calls this one from there, with the clock at rest.
    """

    def __init__(self, ivp: IVP) -> None:
        self.ivp = ivp
        self.looks: list[Look] = []
        self.losses = _Course()
        self.moves = _Course()
        self._network: Any = None
        self._points: Array | None = None
        self._weights: Array | None = None
        self._step = 0
        self._due_step, self._due_s = 0.0, 0.1
        self._began = time.perf_counter()

    def __call__(
        self,
        step: int,
        loss: float | None,
        dense: Callable[[Array], Array],
        *,
        network: Any = None,
        points: Array | None = None,
    ) -> None:
        loss = None if loss is None else float(loss)
        if loss is not None:
            self.losses.add(step, loss)
        if networks.is_network(network):
            self._follow(step, network)
            self._network = network
        self._points = _times(points, self.ivp)
        elapsed = time.perf_counter() - self._began
        if step < self._due_step and elapsed < self._due_s:
            return
        self._due_step, self._due_s = max(step + 1, _NEXT_STEP * step), _NEXT_S * elapsed + 0.05
        self.looks.append(self._look(step, loss, dense))

    def _follow(self, step: int, network: Any) -> None:
        """Keep how far the weights have moved."""
        import numpy as np

        weights = networks.weights(network)
        if self._weights is not None and weights.shape == self._weights.shape and step > self._step:
            self.moves.add(step, float(np.linalg.norm(weights - self._weights)) / (step - self._step))
        self._weights, self._step = weights, step

    def _look(self, step: int, loss: float | None, dense: Callable[[Array], Array]) -> Look:
        inside = None
        if self._network is not None:
            inside = networks.look_inside(self._network, lambda: samples.evaluate(dense, self.ivp.t_eval, self.ivp))
        if self._points is None:
            return Look(step, loss, None, inside)
        precision = inside.precision if inside is not None else "float64"
        sample = samples.take(self.ivp, dense, self._points, precision)
        pushes = self._pushes(dense, inside, precision) if inside is not None and loss is not None else ()
        return Look(step, loss, sample, inside, pushes)

    def _pushes(self, dense: Callable[[Array], Array], inside: Inside, precision: str) -> tuple[Push, ...]:
        """What small pushes of single weights do: of those with the largest partial derivatives, and of some others."""
        import numpy as np

        gradient, points = inside.gradient, self._points
        if gradient is None or points is None or not np.linalg.norm(gradient) > 0 or not np.isfinite(gradient).all():
            return ()
        largest = np.argsort(-np.abs(gradient), kind="stable")[:_PUSHED]
        others = np.linspace(0, gradient.size - 1, _PUSHED).astype(int)
        made = []
        for k in np.union1d(largest, others):
            length = float(np.finfo(precision).eps) ** (1 / 3) * max(1.0, abs(float(inside.weights[k])))
            taken = []
            for sign in (-1, 1):
                with networks.pushed(self._network, int(k), sign * length):
                    taken.append(samples.take(self.ivp, dense, points, precision))
            made.append(Push(int(k), length, *taken))
        return tuple(made)

    def examination(
        self,
        solution: Solution | None,
        *,
        truth: Array | None = None,
        parameters: Mapping[str, Any] | None = None,
        seed: int | None = None,
        ended: str | None = None,
    ) -> Examination:
        """What was seen. truth: the reference at `t_eval`. ended: why there is no solution, where there is none."""
        import numpy as np

        found: dict[str, Any] = {"y": None}
        precision = self.looks[-1].inside.precision if self.looks and self.looks[-1].inside else None
        if solution is not None:
            raw = np.asarray(solution.y)
            y = raw.astype(np.float64).reshape(self.ivp.t_eval.size, self.ivp.n_states)
            found["y"] = y if np.isfinite(y).all() else None
            found["stats"] = dict(solution.stats)
            precision = precision or (raw.dtype.name if raw.dtype.kind == "f" else "float64")
            if solution.dense is not None and found["y"] is not None:
                found |= self._final_samples(solution.dense, precision)
        return Examination(
            self.ivp,
            tuple(self.looks),
            self.losses.kept,
            self.moves.kept,
            truth=truth,
            parameters=dict(parameters or {}),
            precision=precision or "float64",
            ended=ended,
            seed=seed,
            **found,
        )

    def _final_samples(self, dense: Callable[[Array], Array], precision: str) -> dict[str, Sample]:
        import numpy as np

        taken = {"everywhere": samples.take(self.ivp, dense, self.ivp.t_eval, precision)}
        if self._points is not None and self._points.size > 1:
            points = np.unique(self._points)
            taken["at_points"] = samples.take(self.ivp, dense, points, precision)
            taken["between_points"] = samples.take(self.ivp, dense, points[:-1] + np.diff(points) / 2, precision)
        return taken


def _times(points: Any, ivp: IVP) -> Array | None:
    """The points as times (m,); None where they are none, too many, or not in the span."""
    import numpy as np

    if points is None:
        return None
    if hasattr(points, "detach"):
        points = points.detach().cpu()
    times = np.asarray(points, dtype=np.float64).ravel()
    t0, t1 = ivp.t_span
    slack = 1e-9 * (t1 - t0)
    if not 0 < times.size <= _MOST_POINTS or not ((times >= t0 - slack) & (times <= t1 + slack)).all():
        return None
    return np.clip(times, t0, t1)
