"""The derivative in the loss against the solution's own: is it off by a difference quotient's bias, or by rounding?

Where a loss is the right one but for small errors e of its derivative, it is mean (r + e)^2 = mean r^2 + 2 mean(r e) +
mean e^2. A forward difference over a step h has e = h/2 y'', which is fitted; rounding has no such law.
"""

from __future__ import annotations

from dataclasses import dataclass

from . import losses, samples
from .examination import Examination

_NEARLY = 0.05  # relative: what the first losses may be off by and still be of the right residual
_FEW = 6
_EXPLAINED = 0.9
_SHARP = 0.1  # of the residual: slopes that are known worse than this judge no other's


@dataclass(frozen=True)
class DerivativeError:
    """What the derivative in the loss is off by."""

    typical: float
    """Of one component at one point, in the unit of the state over that of time."""
    step: float | None
    """The step h of the forward difference that explains it; None where none does."""


def derivative_error(examination: Examination) -> DerivativeError | None:
    """How far the derivative in the loss is from that of the solution.

    None where the loss is not recognised, is of differences between the points, or no further off than its
    recomputation may be.
    """
    import numpy as np

    reports = losses.reports(examination)
    if len(reports) < _FEW or _is_of_the_grid(examination):
        return None
    span = examination.span
    squares = np.array([losses.RIGHT.square(r.sample, span) for r in reports])
    conditions = np.array([samples.rms(r.sample.start - examination.ivp.y0) ** 2 for r in reports])
    reported = np.array([r.loss for r in reports])
    weights = _weights(reported, squares, conditions, span)
    if weights is None:
        return None
    off = (reported - weights[1] * conditions) / weights[0] - squares
    numbers = np.array([r.sample.y.size for r in reports])
    # the mean of r e over n points, e without a law, is of size |r| |e| / sqrt(n)
    typical = np.abs(off) * np.sqrt(numbers) / (2 * np.sqrt(squares))
    blur = np.array([r.sample.slope_error for r in reports])
    seen = np.isfinite(typical) & (squares > 0) & (blur < _SHARP * np.sqrt(squares))
    if not seen.any() or np.median(typical[seen]) <= 10 * np.median(blur[seen]):
        return None
    along = np.array([2 * np.mean(r.sample.residual * r.sample.curvature / 2) for r in reports])
    own = np.array([np.mean((r.sample.curvature / 2) ** 2) for r in reports])
    matrix = np.stack([along, own], axis=1)[seen] / np.sqrt(squares[seen, None])
    wanted = off[seen] / np.sqrt(squares[seen])
    (step, _), *_ = np.linalg.lstsq(matrix, wanted, rcond=None)
    left = wanted - step * matrix[:, 0] - step**2 * matrix[:, 1]
    explained = 1 - float(left @ left) / float(wanted @ wanted)
    size = float(np.median(typical[seen]))
    return DerivativeError(size, float(step) if explained > _EXPLAINED else None)


def _is_of_the_grid(examination: Examination) -> bool:
    found = [losses.match(examination, hypothesis) for hypothesis in (losses.RIGHT, *losses.DIFFERENCES)]
    return any(match is not None and match.holds for match in found)


def _weights(reported: object, squares: object, conditions: object, span: float) -> tuple[float, float] | None:
    """The common weights with which the first losses are what they should be."""
    import numpy as np

    loss, square, condition = (np.asarray(v, dtype=float)[:_FEW] for v in (reported, squares, conditions))
    for scale in (1.0, span**2, span**2 / 4):
        for of_condition in (1.0, 0.0):
            if np.median(np.abs(scale * square + of_condition * condition - loss) / loss) <= _NEARLY:
                return scale, of_condition
    return None
