"""What was seen of one solve, report by report, and of what it came to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .. import accuracy
from ..backends import Array
from ..model import IVP
from . import samples
from .network import Inside
from .samples import Sample

GOOD = 1e-3
"""A solution whose largest error is at most this part of the solution's size is not complained of for being slow,
coarse or badly scaled; a loss that is not what it should be is."""


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
    restarts: tuple[int, ...]
    """Steps at which another network began, as of the next time window."""
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
    def max_abs_error(self) -> float | None:
        """The column of this name: in the unit of the state, each component times the problem's weight.

        None where there is no solution or no reference.
        """
        if self.y is None or self.truth is None:
            return None
        return accuracy.errors(self.y, self.truth, self.ivp.weights)["max_abs_error"]

    @cached_property
    def error(self) -> float | None:
        """The largest error at `t_eval` as a part of the solution's size, both weighted; None where nobody knows."""
        import numpy as np

        if self.y is None:
            return math.inf
        if self.truth is None or self.max_abs_error is None:
            return None
        weights = 1.0 if self.ivp.weights is None else self.ivp.weights
        return self.max_abs_error / (float(np.abs(self.truth * weights).max()) or 1.0)

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
