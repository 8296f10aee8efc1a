"""Error norms: how far a solution is from its reference."""

from __future__ import annotations

import math

from .backends import Array


def errors(y: Array, y_ref: Array) -> dict[str, float]:
    """The error norms of every row, for finite `y` and `y_ref` of shape (n, d).

    Absolute errors are in the unit of the state. Relative ones divide each component by its own scale, the largest
    magnitude the reference takes in it (1 where it is zero throughout), so that a zero crossing does not blow up.
    """
    import numpy as np

    difference = np.abs(y - y_ref)
    scale = np.abs(y_ref).max(axis=0)
    relative = difference / np.where(scale > 0, scale, 1.0)
    return {
        "max_abs_error": float(difference.max()),
        "rms_abs_error": _rms(difference),
        "final_abs_error": float(difference[-1].max()),
        "max_rel_error": float(relative.max()),
        "rms_rel_error": _rms(relative),
    }


def _rms(values: Array) -> float:
    """The root mean square, scaled so that squares neither overflow nor vanish."""
    largest = float(values.max())
    if largest == 0:
        return 0.0
    scaled = (values / largest).ravel()
    return largest * math.sqrt(scaled @ scaled / scaled.size)
