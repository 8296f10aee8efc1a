"""How far a solution is from its reference, from what it should conserve, and from its own equation."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from .backends import Array

if TYPE_CHECKING:
    from .model import IVP

_CLOSE = 0.01  # of a gap of the grid: the distance of the points a slope is taken from
_NOTHING = 1e-10  # an invariant that is smaller has no size of its own


def errors(y: Array, y_ref: Array, weights: Array | None = None) -> dict[str, float]:
    """The error norms of every row, for finite `y` and `y_ref` of shape (n, d), each component times its weight (d,).

    Absolute errors are in the unit of the state. Relative ones divide each component by its own scale, the largest
    magnitude the reference takes in it (1 where it is zero throughout), so that a zero crossing does not blow up.
    """
    import numpy as np

    difference = np.abs(y - y_ref)
    if weights is not None:
        difference = difference * weights
    scale = np.abs(y_ref).max(axis=0)
    relative = difference / np.where(scale > 0, scale, 1.0)
    return {
        "max_abs_error": float(difference.max()),
        "rms_abs_error": _rms(difference),
        "final_abs_error": float(difference[-1].max()),
        "max_rel_error": float(relative.max()),
        "rms_rel_error": _rms(relative),
    }


def significant_digits(
    y: Array, y_ref: Array, weights: Array | None = None, errors_ref: Array | None = None
) -> float | None:
    """Significant correct digits at the end, of the component that has the fewest.

    -log10 of the largest relative error over the components, as in the Test Set for IVP Solvers (Mazzia & Magherini,
    release 2.4, section I.4). Left out are components that end at nothing: at zero, below the last place of a double of
    the largest value they had, or where the reference itself has no digit by `errors_ref` (d,), how far it may be from
    the truth there; and those whose weight is zero. At most 16, which is as many as a double has, and never more than
    the reference has. None where no component is left.
    """
    import numpy as np

    ours, true = y[-1], np.abs(y_ref[-1])
    unknown = 0.0 if errors_ref is None else 10 * errors_ref
    counted = (true > unknown) & (true > np.finfo(float).eps * np.abs(y_ref).max(axis=0))
    if weights is not None:
        counted &= weights > 0
    if not counted.any():
        return None
    distance = np.abs(ours - y_ref[-1])
    if errors_ref is not None:
        distance = np.maximum(distance, errors_ref)
    with np.errstate(over="ignore"):
        relative = float((distance[counted] / true[counted]).max())
    return min(16.0, -math.log10(relative)) if 0 < relative < math.inf else (16.0 if relative == 0 else None)


def invariant_drift(y: Array, y0: Array, invariants: Mapping[str, Callable[[Array], Array]]) -> float | None:
    """How far the worst invariant strays from its value at `y0` (d,), over the states `y` (n, d).

    Relative to that value, or where it is nothing (below 1e-10) absolute. None without invariants.
    """
    import numpy as np

    drifts = []
    for invariant in invariants.values():
        start = float(np.asarray(invariant(y0[None]))[0])
        size = abs(start) if abs(start) > _NOTHING else 1.0
        drifts.append(float(np.abs(np.asarray(invariant(y)) - start).max()) / size)
    return max(drifts, default=None)


def between(dense: Callable[[Array], Array], ivp: IVP, y_ref: Array | None) -> dict[str, float]:
    """What a dense output is worth in the middle between each two times of `t_eval`.

    `max_between_error`: the largest distance to `y_ref` (n - 1, d), in the unit of the state. `max_residual`: the
    largest component of y' - f(t, y), in the unit of the state over that of time, y' by a fourth-order central
    difference over a fiftieth of the gap each way; what a kink or jump of the output makes of it is part of it.
    """
    import numpy as np

    gaps = np.diff(ivp.t_eval)
    middles, h = ivp.t_eval[:-1] + gaps / 2, _CLOSE * gaps
    times = middles[:, None] + h[:, None] * np.arange(-2, 3)
    states = np.asarray(dense(times.ravel()), dtype=np.float64).reshape(*times.shape, ivp.n_states)
    far_before, before, y, after, far_after = np.moveaxis(states, 1, 0)
    # by the distances that the rounded times really have
    slopes = (8 * (after - before) - (far_after - far_before)) / (
        8 * (times[:, 3] - times[:, 1]) - (times[:, 4] - times[:, 0])
    )[:, None]
    weights = 1.0 if ivp.weights is None else ivp.weights
    found = {"max_residual": float(np.abs((slopes - np.asarray(ivp.rhs(middles, y, np))) * weights).max())}
    if y_ref is not None:
        found["max_between_error"] = float(np.abs((y - y_ref) * weights).max())
    return found


def _rms(values: Array) -> float:
    """The root mean square, scaled so that squares neither overflow nor vanish."""
    largest = float(values.max())
    if largest == 0:
        return 0.0
    scaled = (values / largest).ravel()
    return largest * math.sqrt(scaled @ scaled / scaled.size)
