"""How the error follows the step, and how it follows the tolerance."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

from .. import measurement
from ..backends import Array
from ..measurement import ERROR

ORDERS = (
    "curve",
    "problem",
    "problem_params",
    "by",
    "order",
    "declared",
    "residual",
    "points",
    "rungs",
    "steps_from",
    "steps_to",
    "remark",
)
TOLERANCES = (
    "curve",
    "problem",
    "problem_params",
    "by",
    "slope",
    "scatter",
    "ratio",
    "points",
    "rungs",
    "remark",
)

_FEWEST = 3
_EVEN = 0.25  # by how much the slopes from rung to rung may differ along what is taken for one power of the step,
_EVEN_OF_SLOPE = 0.1  # or by this part of them
_LEAST = 0.5  # a slope below this is no convergence, but a floor of rounding
_BY_CURVE = ["curve", "problem", "problem_params"]
_NONE = (math.nan, math.nan, 0, math.nan, math.nan)


@dataclass(frozen=True)
class Line:
    """A straight line through logarithms to base 10."""

    slope: float
    scatter: float
    """Standard deviation of the points around it, in decades; NaN for two."""
    height: float
    """Of the line's middle over y = x, in decades."""


def line(x: Array, y: Array) -> Line:
    """The least squares line through log10 of positive numbers."""
    import numpy as np

    u, v = np.log10(x), np.log10(y)
    slope = float(((u - u.mean()) * (v - v.mean())).sum() / ((u - u.mean()) ** 2).sum())
    left = v - v.mean() - slope * (u - u.mean())
    scatter = math.sqrt(float((left**2).sum()) / (len(u) - 2)) if len(u) > 2 else math.nan
    return Line(slope, scatter, float(v.mean() - u.mean()))


def asymptotic(steps: Array, errors: Array) -> slice:
    """Where the error falls as one power of the step: the longest stretch of even slope, the finer of two as long.

    steps, errors: positive, by rising number of steps. Along the stretch the slopes from each rung to the next differ
    by at most 0.25 or a tenth of them, and none is below 0.5: steps too large to tell, and the floor of rounding, are
    left out. At least three points; empty where there are none.
    """
    import numpy as np

    slopes = -np.diff(np.log(errors)) / np.diff(np.log(steps))
    best = slice(0, 0)
    for first in range(len(slopes)):
        for last in range(first + _FEWEST - 1, len(steps)):
            here = slopes[first:last]
            even = np.ptp(here) <= max(_EVEN, _EVEN_OF_SLOPE * here.mean())
            if even and here.min() >= _LEAST and last + 1 - first >= best.stop - best.start:
                best = slice(first, last + 1)
    return best


def observed(curves: pd.DataFrame, declared: Mapping[str, float | None]) -> pd.DataFrame:
    """The observed order of each curve whose ladder sets a number of steps or points, problem by problem.

    `curves` has one row a case, with `curve` and `rung` (`ladders.assign`); `declared` is the order that each solver
    says it has. `order` is the slope of log error against log steps over the asymptotic stretch, `residual` how far its
    points stand off the line, in decades (standard deviation), `points` of `rungs` how many lie in it. `by` is what was
    counted: `steps` where the solver reports them, else the ladder's parameter; of `points` one less is taken. Ladders
    of tolerances, of training and of several parameters are none of steps, and their curves are left out. What failed
    or stands at the reference's floor is no point.
    """
    import pandas as pd

    rows = []
    for names, case in curves.groupby(_BY_CURVE, sort=False):
        counted = _steps(case)
        if counted is None:
            continue
        by, steps = counted
        x, y = _points(case, steps)
        usable = len(x)
        stretch = asymptotic(x, y)
        x, y = x[stretch], y[stretch]
        if len(x):
            fitted = line(x, y)
            found = (-fitted.slope, fitted.scatter, len(x), x[0], x[-1])
        else:
            found = _NONE
        order, residual, points, start, stop = found
        promised = declared.get(str(case["solver"].iloc[0]))
        rows.append(
            [*names, by, order, promised, residual, points, len(case), start, stop, _why(usable, points)],
        )
    return pd.DataFrame(rows, columns=list(ORDERS)).astype({"order": "float64", "declared": "float64"})


def _why(usable: int, points: int) -> str:
    if usable < _FEWEST:
        return f"{usable} rungs above the floor: three make an order"
    return "" if points else "nowhere along the ladder does the error fall as one power of the step"


def proportionality(curves: pd.DataFrame) -> pd.DataFrame:
    """How the achieved error of each curve follows the requested one, problem by problem, along a ladder of tolerances.

    `slope` is that of log `max_abs_error_median` against log tolerance: 1 where a tenth of the tolerance makes a tenth
    of the error, less where tolerances promise more than they keep. `scatter` is the standard deviation around the
    line, in decades: how much the next error may differ from what the last ones let expect. `ratio` is the geometric
    mean of achieved over requested error; it bears the size of the state, as a relative tolerance is no distance. `by`
    is the tolerance: rtol where there is one. What failed or stands at the reference's floor is no point; where
    rounding ends a ladder before, it shows in slope and scatter.
    """
    import pandas as pd

    rows = []
    for names, case in curves.groupby(_BY_CURVE, sort=False):
        asked = _tolerances(case)
        if asked is None:
            continue
        by, tolerances = asked
        x, y = _points(case, tolerances)
        if len(x) >= _FEWEST:
            fitted = line(x, y)
            found: tuple[Any, ...] = (fitted.slope, fitted.scatter, 10.0**fitted.height, len(x), len(case), "")
        else:
            found = (
                math.nan,
                math.nan,
                math.nan,
                len(x),
                len(case),
                f"{len(x)} rungs above the floor: three make a slope",
            )
        rows.append([*names, by, *found])
    return pd.DataFrame(rows, columns=list(TOLERANCES))


def _points(case: pd.DataFrame, effort: pd.Series[float]) -> tuple[Array, Array]:
    """Effort and error of the rungs that are ok and above the reference's floor, by rising effort."""
    import numpy as np

    x, y = np.asarray(effort, dtype=np.float64), np.asarray(case[ERROR], dtype=np.float64)
    ok = (case["status"] == measurement.OK).to_numpy() & ~case["at_reference_floor"].eq(True).to_numpy()
    ok &= np.isfinite(x) & np.isfinite(y) & (x > 0) & (y > 0)
    order = np.argsort(x[ok], kind="stable")
    return x[ok][order], y[ok][order]


def _varying(case: pd.DataFrame) -> dict[str, pd.Series[Any]]:
    """The parameters in which the rungs of a curve differ, by name."""
    import pandas as pd

    params = pd.DataFrame([json.loads(text) for text in case["solver_params"]], index=case.index, dtype=object)
    return {str(name): params[name] for name in params if params[name].map(json.dumps).nunique() > 1}


def _steps(case: pd.DataFrame) -> tuple[str, pd.Series[float]] | None:
    """The number of steps of each rung, and what says so; None where the ladder sets none."""
    varying = _varying(case)
    if len(varying) != 1:
        return None
    name, values = next(iter(varying.items()))
    if not values.map(lambda v: isinstance(v, int) and not isinstance(v, bool) and v > 0).all():
        return None
    counts = values.astype("float64")
    reported = case["steps"].astype("float64")
    if name == "epochs" or (case["epochs"].astype("float64") == counts).all():
        return None  # of training
    ok = case["status"] == measurement.OK
    if ok.any() and reported[ok].notna().all() and (reported[ok] > 0).all() and reported[ok].is_unique:
        return "steps", reported.where(ok, counts)
    return name, counts - 1 if name == "points" else counts


def _tolerances(case: pd.DataFrame) -> tuple[str, pd.Series[float]] | None:
    """The tolerance of each rung, and its name; None where the ladder sets none."""
    varying = _varying(case)
    for name in ("rtol", "tol", "tolerance", "atol"):
        if name in varying and varying[name].map(lambda v: isinstance(v, float | int) and v > 0).all():
            return name, varying[name].astype("float64")
    return None
