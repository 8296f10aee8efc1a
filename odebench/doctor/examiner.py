"""The monitor that watches one solve, and makes an examination of what it saw."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..backends import Array
from ..model import IVP, Monitor, Solution
from . import network as networks
from . import samples
from .examination import Examination, Look, Push
from .network import Inside
from .samples import Sample

_NEXT_STEP, _NEXT_S = 1.2, 1.5  # looks are this much further apart than the one before, in steps or in seconds
_MOST_POINTS = 4096
_PUSHED, _MOST_PUSHED = 8, 12  # weights of either kind; looks, the first ones: they tell enough
_MOST_KEPT = 10_000


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
        self.restarts: list[int] = []
        self._network: Any = None
        self._points: Array | None = None
        self._weights: Array | None = None
        self._step = self._pushed = 0
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
        self.looks.append(self._look(step, loss, dense))
        self._due_step = max(step + 1, _NEXT_STEP * step)
        self._due_s = _NEXT_S * (time.perf_counter() - self._began) + 0.05  # looking itself takes its time

    def _follow(self, step: int, network: Any) -> None:
        """Keep how far the weights have moved."""
        import numpy as np

        if network is not self._network:  # another one, as of the next window, has not moved there
            self._weights = None
            if self._network is not None:
                self.restarts.append(step)
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
        pushes: tuple[Push, ...] = ()
        if inside is not None and loss is not None and self._pushed < _MOST_PUSHED:
            pushes = self._pushes(dense, inside, precision)
            self._pushed += bool(pushes)
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
            tuple(self.restarts),
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
