"""Whether the gradient that a method has is that of the loss it reports: two small pushes of the weights tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from . import losses
from .examination import Examination, Look, Push
from .losses import Hypothesis, Match
from .samples import Sample

_STILL_LARGE = 1e-6  # of the first loss: below it, rounding blurs the differences


def disagreement(examination: Examination, *, frozen_slopes: bool = False) -> float | None:
    """How far the gradients are off the direction in which the loss rises; the median over the reports, 0 to 2.

    The loss is recomputed with the weights pushed along the gradient and along another direction. The two slopes of the
    loss are compared with those that the gradient promises, but for a common factor, so that a gradient that is clipped,
    or summed in place of averaged, is not off. frozen_slopes: with dy/dt held fast, as a derivative cut off from the
    weights would have it. None where the loss is not recognised, or there is no gradient or no network.
    """
    import numpy as np

    recognised = _recognised(examination)
    if recognised is None:
        return None
    hypothesis, found = recognised
    off = []
    for at, look in _judged(examination):
        sample = look.sample
        assert sample is not None and look.inside is not None and look.inside.gradient is not None

        def loss(state: Sample, at: int = at, here: Sample = sample) -> float:
            state = state.with_slope_of(here) if frozen_slopes else state
            return losses.loss_of(hypothesis, found, at, state, examination)

        gradient = look.inside.gradient
        measured = np.array([_slope(loss, push) for push in look.pushes])
        promised = np.array([float(gradient @ push.direction) for push in look.pushes])
        off.append(_off_direction(measured, promised))
    return float(np.median(off)) if off else None


def _recognised(examination: Examination) -> tuple[Hypothesis, Match] | None:
    """The residual that the loss is made of, a right one."""
    for hypothesis in (losses.RIGHT, *losses.DIFFERENCES):
        found = losses.match(examination, hypothesis)
        if found is not None and found.holds:
            return hypothesis, found
    return None


def _judged(examination: Examination) -> Iterator[tuple[int, Look]]:
    """The reports that have pushes, with their number among those that can be compared."""
    first: float | None = None
    for at, k in enumerate(losses.comparable(examination)):
        look = examination.looks[k]
        assert look.loss is not None
        first = look.loss if first is None else first
        if look.pushes and look.loss >= _STILL_LARGE * first:
            yield at, look


def _slope(loss: Callable[[Sample], float], push: Push) -> float:
    return (loss(push.plus) - loss(push.minus)) / (2 * push.length)


def _off_direction(measured: object, promised: object) -> float:
    """The distance of two vectors of length 1."""
    import numpy as np

    a, b = np.asarray(measured, dtype=float), np.asarray(promised, dtype=float)
    lengths = np.linalg.norm(a) * np.linalg.norm(b)
    if not np.isfinite(lengths):
        return 0.0
    if lengths == 0:  # the loss does not change at all: the dense output is not that of these weights
        return 0.0
    return float(np.linalg.norm(a / np.linalg.norm(a) - b / np.linalg.norm(b)))
