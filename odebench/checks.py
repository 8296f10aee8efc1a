"""What a solver returned, checked: states, statistics and dense output. `BadSolution` says what is wrong."""

from __future__ import annotations

import math
import operator
from collections.abc import Mapping
from typing import Any

from .backends import Array
from .errors import BadSolution, Diverged, one_line
from .model import IVP, Solution


def states(solution: object, ivp: IVP) -> tuple[Array, str]:
    """The states as finite float64 (n, d), and the dtype they came in.

    Raises `BadSolution` where they are no real numbers of that shape, `Diverged` where they are not finite.
    """
    import numpy as np

    if not isinstance(solution, Solution):
        raise BadSolution(
            f"expected a Solution, received {type(solution).__name__}; end the solver with return Solution(y)"
        )
    y = _real_array(solution.y, "y", ivp)
    if not np.isfinite(y).all():
        finite = np.isfinite(y).all(axis=1)
        later = np.count_nonzero(~finite) - 1
        raise Diverged(f"y is not finite at t = {ivp.t_eval[np.argmin(finite)]:g} and {later} later times")
    return y.astype(np.float64, copy=False), y.dtype.name


def dense_states(values: object, ivp: IVP) -> Array:
    """What `dense(t_eval)` returned; refused where it is no real array (n, d)."""
    return _real_array(values, "dense(t_eval)", ivp)


def stats(solution: Solution) -> dict[str, float | None]:
    """The solver's own counts; None for one that is not finite."""
    if not isinstance(solution.stats, Mapping):
        raise BadSolution(f"expected stats as a dict of numbers, received {type(solution.stats).__name__}")
    checked: dict[str, float | None] = {}
    for name, value in solution.stats.items():
        try:
            checked[str(name)] = finite_or_none(value)
        except (TypeError, ValueError):
            raise BadSolution(f"expected stats[{name!r}] as a number, received {value!r}") from None
    return checked


def finite_or_none(value: Any) -> float | None:
    """The number, or None for NaN and infinity, which JSON cannot hold; a whole number stays whole."""
    try:
        return operator.index(value)
    except TypeError:
        number = float(value)
        return number if math.isfinite(number) else None


def _real_array(values: Any, name: str, ivp: IVP) -> Array:
    import numpy as np

    expected = (ivp.t_eval.size, ivp.n_states)
    try:
        y = np.asarray(values)
    except Exception as error:
        raise BadSolution(f"expected {name} as an array of shape {expected}: {one_line(error)}") from error
    if y.dtype.kind not in "fiu":
        hint = "; return its real part" if y.dtype.kind == "c" else ""
        raise BadSolution(f"expected {name} as real numbers, received dtype {y.dtype}{hint}")
    if y.shape != expected:
        hint = f"; return {name}.T" if y.shape == expected[::-1] else ""
        raise BadSolution(f"expected {name} of shape {expected}, one row a time of t_eval, received {y.shape}{hint}")
    return y
