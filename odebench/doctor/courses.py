"""The course of a training: what its losses do, from report to report."""

from __future__ import annotations

import itertools
import math

from .examination import Examination

_FEW = 8
_LOW = 1e-4


def finite_losses(examination: Examination) -> list[tuple[int, float]]:
    """(step, loss) of the reports whose loss is finite and above zero; of several windows, those of the worst."""
    finite = [(step, loss) for step, loss in examination.losses if math.isfinite(loss) and loss > 0]
    bounds = [-math.inf, *examination.restarts, math.inf]
    windows = [[one for one in finite if begin <= one[0] < end] for begin, end in itertools.pairwise(bounds)]
    return max(windows, key=lambda window: window[-1][1] if window else -math.inf)


def chooses_its_steps(examination: Examination) -> bool:
    """Whether the optimizer, by its name, finds the length of its steps itself, whatever the learning rate."""
    name = str(examination.parameters.get("optimizer", "")).lower()
    return any(word in name for word in ("levenberg", "newton", "bfgs", "broyden"))


def ended_early(examination: Examination) -> bool:
    """Whether the method itself ended its training before the epochs that it was allowed."""
    done, allowed = examination.stats.get("epochs"), examination.parameters.get("epochs")
    windows = examination.parameters.get("windows", 1)
    return isinstance(allowed, int) and isinstance(windows, int) and done is not None and done < allowed * windows


def variation(examination: Examination) -> float:
    """The largest loss over the least, 1 where there are none."""
    losses = [loss for _, loss in finite_losses(examination)]
    return max(losses) / min(losses) if losses else 1.0


def gain_of_last_half(examination: Examination) -> float | None:
    """The least loss of the first half of the steps over the least of all, 1 or more; None of too few reports."""
    course = finite_losses(examination)
    if len(course) < _FEW:
        return None
    middle = (course[0][0] + course[-1][0]) / 2
    early = min((loss for step, loss in course if step <= middle), default=math.inf)
    return early / min(loss for _, loss in course)


def promised(examination: Examination) -> float | None:
    """The error that the loss stands for: its square root times the time span, as a part of the solution's size."""
    loss = examination.final_loss
    if loss is None or not 0 <= loss < math.inf:
        return None
    return math.sqrt(loss) * max(1.0, examination.span) / examination.size


def is_low(examination: Examination) -> bool:
    """Whether the loss has come so far down that what is still wrong is not for want of training."""
    stands_for = promised(examination)
    return stands_for is not None and stands_for <= _LOW


def swing(examination: Examination) -> float | None:
    """By which factor the losses of the second half go up and down about their trend: e to the standard deviation.

    None of too few reports.
    """
    import numpy as np

    course = finite_losses(examination)
    late = course[len(course) // 2 :]
    if len(late) < _FEW:
        return None
    steps = np.array([step for step, _ in late], dtype=np.float64)
    logarithms = np.log([loss for _, loss in late])
    trend = np.polynomial.Polynomial.fit(steps, logarithms, 1)
    return float(np.exp(np.std(logarithms - trend(steps))))
