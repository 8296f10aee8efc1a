"""Which residual a reported loss was made of: it is recomputed under hypotheses, right and wrong ones.

A loss is a mean or a sum of squares of the residual over the points, plus the square of y(t0) - y0. Whoever has the
dense output and the points can do the sum again; the hypothesis that gives the loss reported, in six digits and more at
report after report, is what the method's code does.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ..backends import Array
from . import samples
from .examination import Examination, Look
from .samples import Sample

SAME = 1e-6
"""Relative; two sums of the same squares agree better than this, but for what the slopes may be off by."""
DIFFERENT = 1e-3
"""Relative; a loss that is further off was not made of this residual."""

_MOSTLY = 0.8  # of the reports: the others may have been made at a kink, or at the seam of two windows
_MOST_NODES = 100
_BLUNT = 1e-2  # relative; slopes that are further off than this say nothing about a loss
_ENOUGH = 5  # reports to fit two weights to
_VARIED = 1.1  # the ratio of the largest loss to the least above which weights can be told from a fault


@dataclass(frozen=True)
class Hypothesis:
    """A residual that a loss may have been made of."""

    name: str
    square: Callable[[Sample, float], float]
    """The mean square of the residual over points and components, from a sample and the length of the time span."""
    needs_slopes: bool = True


@dataclass(frozen=True)
class Match:
    """How well a hypothesis gives the losses reported."""

    off: float
    """Relative: the median over the reports."""
    holds: bool
    seen: int
    """How many reports could be judged."""
    residual_weights: Array
    """What the mean square of the residual is multiplied by, one a report (k,)."""
    condition_weight: float
    """What the square of y(t0) - y0 is multiplied by; 0 where the condition holds by construction."""


def _mean_square(values: Array) -> float:
    return samples.rms(values) ** 2


def _every_pair(sample: Sample, span: float) -> float:
    # mean over i and j of (a_i - b_j)^2, for each component
    a, b = sample.slope, sample.f
    return float((a.var(axis=0) + b.var(axis=0) + (a.mean(axis=0) - b.mean(axis=0)) ** 2).mean())


def _grid(sample: Sample) -> tuple[Array, Array, Array]:
    """Times, states and slopes asked for, of a grid that rises."""
    import numpy as np

    order = np.argsort(sample.t, kind="stable")
    return sample.t[order], sample.y[order], sample.f[order]


def _difference_square(shift: int) -> Callable[[Sample, float], float]:
    """The mean square residual with differences between neighbours, held to the later (1) or earlier (0) one's f."""

    def square(sample: Sample, span: float) -> float:
        import numpy as np

        t, y, f = _grid(sample)
        with np.errstate(all="ignore"):
            slopes = np.diff(y, axis=0) / np.diff(t)[:, None]
            return _mean_square(slopes - (f[1:] if shift else f[:-1]))

    return square


def _backward_from_start(sample: Sample, span: float) -> float:
    import numpy as np

    t, y, f = _grid(sample)
    before = t[0] - (t[1] - t[0]) if t.size > 1 else t[0]  # the grid's first time, which is no point of the loss
    with np.errstate(all="ignore"):
        slopes = np.diff(y, axis=0, prepend=sample.start[None]) / np.diff(t, prepend=before)[:, None]
        return _mean_square(slopes - f)


def _polynomial_square(width: int | None) -> Callable[[Sample, float], float]:
    """The mean square residual with the derivative of the polynomial through the `width` nearest points, or all.

    Barycentric formula: (w_j / w_n) / (t_n - t_j), w_j = 1 / prod (t_j - t_k); Berrut & Trefethen, SIAM Rev. 46 (2004)
    501. At the ends the first or last points are taken.
    """

    def square(sample: Sample, span: float) -> float:
        import numpy as np

        t, y, f = _grid(sample)
        wide = t.size if width is None else width
        if t.size < wide or wide > _MOST_NODES:
            return float("nan")
        first = np.clip(np.arange(t.size) - wide // 2, 0, t.size - wide)
        columns = first[:, None] + np.arange(wide)
        near, own = t[columns], np.arange(t.size) - first
        rows = np.arange(t.size)
        with np.errstate(all="ignore"):
            # products of many distances, in this unit, stay near one
            apart = 4 * (near[:, :, None] - near[:, None, :]) / (near[:, -1:] - near[:, :1])[:, :, None]
            apart[:, np.arange(wide), np.arange(wide)] = 1.0
            products = apart.prod(axis=2)
            weights = products[rows, own][:, None] / products / (t[:, None] - near)
            weights[rows, own] = 0.0
            weights[rows, own] = -weights.sum(axis=1)
            return _mean_square(np.einsum("mw,mwd->md", weights, y[columns]) - f)

    return square


RIGHT = Hypothesis("dy/dt - f", lambda s, span: _mean_square(s.residual))
BY_PREDICTION = Hypothesis("1 - f", lambda s, span: _mean_square(1 - s.f), needs_slopes=False)
BY_SCALED_TIME = (
    Hypothesis("T dy/dt - f", lambda s, span: _mean_square(span * s.slope - s.f)),
    Hypothesis("T/2 dy/dt - f", lambda s, span: _mean_square(span / 2 * s.slope - s.f)),
)
OF_THE_SUM = Hypothesis("d(y_1 + ... + y_d)/dt - f", lambda s, span: _mean_square(_summed(s.slope) - s.f))
EVERY_PAIR = Hypothesis("dy_i/dt - f_j", _every_pair)
DIFFERENCES = (
    Hypothesis("(y_n - y_(n-1))/h - f_n", _backward_from_start, needs_slopes=False),
    Hypothesis("(y_n - y_(n-1))/h - f_n", _difference_square(1), needs_slopes=False),
    Hypothesis("(y_(n+1) - y_n)/h - f_n", _difference_square(0), needs_slopes=False),
    Hypothesis("(y_(n+1) - y_(n-1))/2h - f_n", _polynomial_square(3), needs_slopes=False),
    Hypothesis("(differences over five points) - f_n", _polynomial_square(5), needs_slopes=False),
    Hypothesis("(the slope of the polynomial through all points) - f_n", _polynomial_square(None), needs_slopes=False),
)


def _summed(slope: Array) -> Array:
    total: Array = slope.sum(axis=1, keepdims=True).repeat(slope.shape[1], axis=1)
    return total


@dataclass(frozen=True, eq=False)
class _Terms:
    """The losses reported (k,), and what they may be made of."""

    loss: Array
    square: Array
    condition: Array
    allowed: Array
    points: Array


def match(examination: Examination, hypothesis: Hypothesis) -> Match | None:
    """How well the hypothesis gives the losses reported; None where there is nothing to compare.

    First with the weights that methods commonly have: means or sums, over points, components or both, y' and f taken
    per unit of the problem's time or of a scaled one, the initial condition held by construction, with weight 1, or as
    a sum. Then, where the losses differ enough to tell weights from a fault, with any two constant weights.
    """
    import numpy as np

    terms = _terms(examination, hypothesis)
    if terms is None:
        return None
    best: Match | None = None
    for residual_weights, condition_weight in _common_weights(examination, terms):
        found = _judged(terms, residual_weights, condition_weight)
        if best is None or (found.holds, -found.off) > (best.holds, -best.off):
            best = found
    if best is not None and best.holds:
        return best
    sharp = terms.loss[np.isfinite(terms.square)]
    if sharp.size >= _ENOUGH and sharp.max() > _VARIED * sharp.min():
        fitted = _fitted(terms)
        found = _judged(terms, np.full(terms.loss.size, fitted[0]), fitted[1])
        if fitted[0] > 0 and found.holds:
            return found
    return best


def loss_of(hypothesis: Hypothesis, found: Match, report: int, sample: Sample, examination: Examination) -> float:
    """The loss at a sample, with the weights that were found for that one of `reports`."""
    condition = _mean_square(sample.start - examination.ivp.y0)
    weight = float(found.residual_weights[report])
    return weight * hypothesis.square(sample, examination.span) + found.condition_weight * condition


def condition(examination: Examination) -> float:
    """The mean square of y(t0) - y0 of the states returned; 0 where there are none."""
    return 0.0 if examination.y is None else _mean_square(examination.y[0] - examination.ivp.y0)


@dataclass(frozen=True, eq=False)
class Report:
    """A report whose loss can be recomputed."""

    look: Look
    loss: float
    """Finite, above zero."""
    sample: Sample
    """The dense output at the points of the loss."""


def reports(examination: Examination) -> list[Report]:
    """Those that have a finite loss and points, in their order."""
    return [
        Report(look, look.loss, look.sample)
        for look in examination.looks
        if look.sample is not None and look.loss is not None and 0 < look.loss < math.inf
    ]


def _terms(examination: Examination, hypothesis: Hypothesis) -> _Terms | None:
    import numpy as np

    eps = float(np.finfo(examination.precision).eps)
    rows = []
    for report in reports(examination):
        sample = report.sample
        square = hypothesis.square(sample, examination.span)
        condition = _mean_square(sample.start - examination.ivp.y0)
        blur = _rounding(sample, eps) + (sample.slope_error if hypothesis.needs_slopes else 0.0)
        part = blur / max(square, 1e-300) ** 0.5
        rows.append((report.loss, square, condition, SAME + 100 * eps + 2 * part + part**2, sample.t.size))
    if not rows:
        return None
    loss, squares, conditions, allowed, points = np.array(rows, dtype=np.float64).T
    sharp = np.isfinite(squares) & (allowed < _BLUNT)
    # a report at which the slopes are blurred says nothing
    return _Terms(loss, np.where(sharp, squares, np.nan), conditions, allowed, points) if sharp.any() else None


def _rounding(sample: Sample, eps: float) -> float:
    """What rounding leaves of a residual, made of slopes or of differences between the points."""
    import numpy as np

    gaps = np.diff(np.sort(sample.t))
    quotient = np.abs(sample.y).max() / gaps[gaps > 0].min() if (gaps > 0).any() else 0.0
    return 10 * eps * (samples.rms(sample.slope) + samples.rms(sample.f) + float(quotient))


def _common_weights(examination: Examination, terms: _Terms) -> Iterator[tuple[Array, float]]:
    import numpy as np

    d, span = examination.ivp.n_states, examination.span
    ones = np.ones_like(terms.points)
    # a condition that holds by construction has no weight
    holds = terms.condition.max() <= 1e-20 * float(np.square(examination.ivp.y0).max() or 1.0)
    of_conditions = (0.0,) if holds else (1.0, float(d), 0.0)
    norms: Sequence[Array] = (ones, d * ones, terms.points, d * terms.points)
    for norm, scale, of_condition in itertools.product(norms, (1.0, span**2, span**2 / 4), of_conditions):
        yield scale * norm, of_condition


def _judged(terms: _Terms, residual_weights: Array, condition_weight: float) -> Match:
    import numpy as np

    recomputed = residual_weights * terms.square + condition_weight * terms.condition
    with np.errstate(all="ignore"):
        off = np.abs(recomputed - terms.loss) / terms.loss
    seen = np.isfinite(off)
    holds = float(np.mean(off[seen] <= terms.allowed[seen])) >= _MOSTLY if seen.any() else False
    return Match(
        float(np.median(off[seen])) if seen.any() else np.inf,
        holds,
        int(seen.sum()),
        residual_weights,
        condition_weight,
    )


def _fitted(terms: _Terms) -> tuple[float, float]:
    """The two weights >= 0 that give the losses best, relatively."""
    import numpy as np
    from scipy.optimize import nnls

    seen = np.isfinite(terms.square)
    matrix = np.stack([terms.square, terms.condition], axis=1)[seen] / terms.loss[seen, None]
    scale = np.maximum(np.abs(matrix).max(axis=0), 1e-300)
    weights, _ = nnls(matrix / scale, np.ones(int(seen.sum())))
    return float(weights[0] / scale[0]), float(weights[1] / scale[1])
