"""Whether the gradient that a method has is that of the loss it reports: small pushes of single weights tell."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ..backends import Array
from . import losses, samples
from .examination import Examination, Look, Push
from .losses import Hypothesis, Match, Report
from .samples import Sample

SAME = 0.1
"""What fits so much better than the gradient as it is, explains it."""

Seen: TypeAlias = Callable[[Look, Look | None], Array | None]
"""From a report and the one before: what is compared with the loss's gradient, (p,); None where it cannot be had."""

_FEW = 3
_SHARP = 1e-3
_STILL_LARGE = 1e-6  # of the first loss: below it, rounding blurs the differences


def own(look: Look, before: Look | None) -> Array | None:
    """The gradient as the method has it."""
    return None if look.inside is None else look.inside.gradient


def increase(look: Look, before: Look | None) -> Array | None:
    """What has come to the gradient since the report before, where that was of the step before."""
    if before is None or look.step != before.step + 1 or look.inside is None or before.inside is None:
        return None
    now, then = look.inside.gradient, before.inside.gradient
    return None if now is None or then is None or now.shape != then.shape else now - then


def disagreement(examination: Examination, *, seen: Seen = own, frozen_slopes: bool = False) -> float | None:
    """How far the gradients are off the direction in which the loss rises; the median over the reports, 0 to 2.

    The loss is recomputed with single weights pushed, and its slopes are compared with the gradient's entries, but for
    a common factor, so that a gradient that is clipped, or summed in place of averaged, is not off. frozen_slopes: with
    dy/dt held fast, as a derivative cut off from the weights would have it. None where the loss is not recognised, or
    there is no gradient or no network.
    """
    import numpy as np

    recognised = _recognised(examination)
    if recognised is None:
        return None
    hypothesis, found = recognised
    off = []
    reports = losses.reports(examination)
    for at, report in enumerate(reports):
        gradient = seen(report.look, reports[at - 1].look if at else None)
        if gradient is None or report.loss < _STILL_LARGE * reports[0].loss or not _is_smooth(report):
            continue

        def loss(state: Sample, at: int = at, here: Sample = report.sample) -> float:
            state = state.with_slope_of(here) if frozen_slopes else state
            return losses.loss_of(hypothesis, found, at, state, examination)

        measured = np.array([_slope(loss, push) for push in report.look.pushes])
        off.append(_off_direction(measured, gradient[[push.index for push in report.look.pushes]]))
    return float(np.median(off)) if len(off) >= _FEW else None


def _recognised(examination: Examination) -> tuple[Hypothesis, Match] | None:
    """The residual that the loss is made of, a right one."""
    for hypothesis in (losses.RIGHT, *losses.DIFFERENCES):
        found = losses.match(examination, hypothesis)
        if found is not None and found.holds:
            return hypothesis, found
    return None


def _is_smooth(report: Report) -> bool:
    """Whether it has pushes, all with slopes that are sharp: at the kinks of relu, differences say nothing."""
    residual = samples.rms(report.sample.residual)
    moved = [sample for push in report.look.pushes for sample in (push.minus, push.plus)]
    return bool(moved) and max(sample.slope_error for sample in moved) <= _SHARP * residual


def _slope(loss: Callable[[Sample], float], push: Push) -> float:
    return (loss(push.plus) - loss(push.minus)) / (2 * push.length)


def _off_direction(measured: Array, promised: Array) -> float:
    """The distance of two vectors of length 1."""
    import numpy as np

    lengths = float(np.linalg.norm(measured)), float(np.linalg.norm(promised))
    if not all(0 < length < np.inf for length in lengths):
        return 0.0  # where the loss does not change at all, the dense output is not that of these weights
    return float(np.linalg.norm(measured / lengths[0] - promised / lengths[1]))
