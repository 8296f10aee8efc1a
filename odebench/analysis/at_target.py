"""How long a method takes to a common error, and how accurate it is at a common time: along its measured ladder."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    BoolArray: TypeAlias = NDArray[np.bool_]

from .. import measurement
from ..backends import Array
from ..errors import BadQuestion
from ..measurement import ERROR, SLOWDOWN, TIME

INTERPOLATED = "interpolated"
MEASURED = "measured"
AT_END = {TIME: "reached already by its cheapest rung", ERROR: "its last rung takes less"}
AT_GAP = "next to a rung that failed"
AT_FLOOR = "to a rung at the reference floor"
TURNING = "its ladder is not monotone"
NOT_REACHED = {TIME: "not reached", ERROR: "its cheapest rung takes longer"}
BELOW_FLOOR = "not reached: the reference knows no better"
NOTHING = "no rung worked"


class Least(NamedTuple):
    """What was found along a ladder; NaN where it is not known."""

    value: float
    how: str
    at_most: bool
    """Whether the value is a bound, as what lies beyond has not been measured."""


UNKNOWN = Least(math.nan, "", at_most=False)


def at_error(curves: pd.DataFrame, error: float, neural: Collection[str]) -> pd.DataFrame:
    """The time in which each curve comes to this error: one row a problem and curve, the fastest first;
    what is not ranked, as it is told the solution, stands after what is.

    `curves` is what `ladders.assign` returns; `neural` names the solvers that are networks. Between two neighbouring
    rungs that worked, log(time) is taken to be linear in log(error); beyond the ends, and across a rung that failed,
    nothing is. Where error or time turn round along the ladder, it is the least time on it at which the error is
    reached. Raises `BadQuestion`.
    """
    expect_positive("an error", error, "--at-error 1e-6")
    return _compared(_along(curves, TIME, error), TIME, "slowdown", neural)


def at_time(curves: pd.DataFrame, seconds: float, neural: Collection[str]) -> pd.DataFrame:
    """The error to which each curve comes in this time, as `at_error` has it; the most accurate first."""
    expect_positive("a time in seconds", seconds, "--at-time 0.01")
    return _compared(_along(curves, ERROR, seconds), ERROR, "error_ratio", neural)


def expect_positive(what: str, value: float, example: str) -> None:
    """Raise `BadQuestion` for what is no positive number."""
    if not (value > 0 and math.isfinite(value)):
        raise BadQuestion(f"expected {what} above 0, such as {example}, received {value!r}.")


class Ladder(NamedTuple):
    """One curve on one problem."""

    problem: str
    problem_params: str
    solver: str
    curve: str
    rungs: int
    ranked: bool
    marks: str
    error: Array
    seconds: Array
    worked: BoolArray
    floored: BoolArray

    def least(self, wanted: str, limit: float) -> Least:
        """The least time to this error, or the least error in this time."""
        if wanted == TIME:
            return least(self.error, self.seconds, limit, self.worked, self.floored, wanted)
        return least(self.seconds, self.error, limit, self.worked, self.floored, wanted)


def ladders(curves: pd.DataFrame) -> Iterator[Ladder]:
    """Each curve on each problem, in the order they were first measured."""
    import numpy as np

    identity = ["problem", "problem_params", "curve"]
    number = curves.groupby(identity, sort=False).ngroup().to_numpy()
    order = np.lexsort((curves["rung"].to_numpy(), number))
    ends = np.flatnonzero(np.diff(number[order], append=-1)) + 1
    starts = [0, *ends[:-1]] if len(ends) else []
    columns = {
        name: curves[name].to_numpy()[order] for name in [*identity, "solver", "status", "marks", "at_reference_floor"]
    }
    numbers = {name: curves[name].to_numpy("float64")[order] for name in (ERROR, TIME, SLOWDOWN)}
    for start, end in zip(starts, ends, strict=True):
        rungs = slice(start, end)
        said = dict.fromkeys(mark for text in columns["marks"][rungs] for mark in str(text).split(", "))
        problem, params, curve, solver = (str(columns[name][start]) for name in (*identity, "solver"))
        yield Ladder(
            problem,
            params,
            solver,
            curve,
            int(end - start),
            bool(np.isfinite(numbers[SLOWDOWN][rungs]).any()),
            ", ".join(filter(None, said)),
            numbers[ERROR][rungs],
            numbers[TIME][rungs],
            columns["status"][rungs] == measurement.OK,
            columns["at_reference_floor"][rungs].astype(bool),
        )


def _along(curves: pd.DataFrame, wanted: str, limit: float) -> pd.DataFrame:
    """One row a problem and curve."""
    import pandas as pd

    identity = ["problem", "problem_params", "solver", "curve", "rungs"]
    rows = [
        [*ladder[: len(identity)], *ladder.least(wanted, limit), ladder.ranked, ladder.marks]
        for ladder in ladders(curves)
    ]
    return pd.DataFrame(rows, columns=[*identity, wanted, "how", "at_most", "ranked", "marks"])


def least(
    limited: Array, wanted: Array, limit: float, worked: BoolArray, floored: BoolArray, wanted_is: str = TIME
) -> Least:
    """The least of `wanted` along a ladder where `limited` is no more than `limit`.

    The ladder is its rungs, in order of effort, and straight lines, in logarithms, between neighbours that worked.
    """
    import numpy as np

    way = slice(None, None, 1 if wanted_is == TIME else -1)  # from the end where there is least of what is wanted
    given, have, worked, floored = limited[way], wanted[way], worked[way], floored[way]
    known = worked & np.isfinite(given) & np.isfinite(have) & (given >= 0) & (have >= 0)
    joined = known & (given > 0) & (have > 0)
    found: list[Least] = []
    turns = False
    for k in np.flatnonzero(known):
        if k and joined[k - 1] and joined[k] and min(given[k - 1 : k + 1]) < limit < max(given[k - 1 : k + 1]):
            floor = bool(floored[k - 1] or floored[k])
            value = _crossing(given[k - 1 : k + 1], have[k - 1 : k + 1], limit)
            found.append(Least(value, f"{INTERPOLATED} {AT_FLOOR}" if floor else INTERPOLATED, at_most=floor))
        if given[k] <= limit:
            loose = given[k] < limit and not (k and joined[k - 1] and joined[k])
            how = MEASURED if not loose else AT_END[wanted_is] if not k else AT_GAP if not known[k - 1] else MEASURED
            found.append(Least(float(have[k]), how, at_most=bool(loose or floored[k])))
        else:
            turns = turns or bool(found)
    if not found:
        nothing = BELOW_FLOOR if wanted_is == TIME and floored[known].any() else NOT_REACHED[wanted_is]
        return Least(math.nan, nothing if known.any() else NOTHING, at_most=False)
    chosen = min(found, key=lambda one: one.value)
    turns = turns or chosen is not found[0]
    return chosen._replace(how=f"{chosen.how}; {TURNING}") if turns else chosen


def _crossing(limited: Array, wanted: Array, limit: float) -> float:
    """Where a straight line in logarithms comes to the limit."""
    import numpy as np

    (a, b), (c, d) = np.log(limited), np.log(wanted)
    return float(np.clip(np.exp(c + (math.log(limit) - a) / (b - a) * (d - c)), wanted.min(), wanted.max()))


def _compared(table: pd.DataFrame, wanted: str, ratio: str, neural: Collection[str]) -> pd.DataFrame:
    """With the ratios to the best of a problem and to its strongest classical baseline, the best first."""
    import pandas as pd

    problem = ["problem", "problem_params"]
    ranked = table[wanted].where(table.pop("ranked").astype(bool))
    table["neural"] = table["solver"].isin(list(neural))
    classical = ranked.where(~table["neural"])
    groups = [table[name] for name in problem]
    strongest = classical.groupby(groups).transform("min")
    table["strongest_classical"] = classical.notna() & (classical == strongest)
    table[f"{ratio}_vs_best"] = ranked / ranked.groupby(groups).transform("min")
    table[f"{ratio}_vs_classical"] = ranked / strongest
    order = [table.groupby(problem, sort=False).ngroup(), table[f"{ratio}_vs_best"], table[wanted]]
    table[["_problem", "_ratio", "_value"]] = pd.concat(order, axis=1).to_numpy()
    ordered = table.sort_values(["_problem", "_ratio", "_value"], kind="stable")
    return ordered.drop(columns=["_problem", "_ratio", "_value"])
