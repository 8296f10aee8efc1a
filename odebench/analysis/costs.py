"""What each method needs on each problem, as a matrix: the ground of profiles and speed-ups."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

from .. import measurement
from ..errors import BadQuestion
from ..text import count
from . import at_target

_PROBLEM = ["problem", "problem_params"]


def to_error(curves: pd.DataFrame, error: float, cost: str, oracles: Collection[str]) -> pd.DataFrame:
    """What each curve needs to come to `error`: a row a problem with its parameters, a column a curve; NaN: never.

    `curves` is what `ladders.assign` returns, `cost` one of its columns that rises with effort, such as `wall_s_median`
    or `rhs_calls`; it is read off the ladder as `at_target.at_error` does. Left out are oracles, curves whose solver's
    library was missing, and those that worked and do not count `cost`. A problem that a curve was not tried on is one
    that it does not solve. Raises `BadQuestion` for a cost that is no column of numbers, and as `at_error` does.
    """
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    if cost not in curves or not is_numeric_dtype(curves[cost]) or is_bool_dtype(curves[cost]):
        raise BadQuestion(
            f"expected a cost that is a number a case, such as wall_s_median or rhs_calls, received {cost!r}."
        )
    tried = curves[~curves["solver"].isin(list(oracles))]
    by_curve = tried["curve"]
    there = (tried["status"] != measurement.UNAVAILABLE).groupby(by_curve, sort=False).any()
    works = (tried["status"] == measurement.OK).groupby(by_curve, sort=False).any()
    counts = tried[cost].notna().groupby(by_curve, sort=False).any()
    kept = there.index[there & (counts | ~works)]
    problems = tried[_PROBLEM].drop_duplicates()
    reached = at_target.at_error(tried.assign(**{measurement.TIME: tried[cost].astype("float64")}), error, ())
    matrix = reached.pivot(index=_PROBLEM, columns="curve", values=measurement.TIME)
    found = matrix.reindex(index=problems.set_index(_PROBLEM).index, columns=kept)
    return found.rename_axis(columns="solver")


def checked(costs: pd.DataFrame) -> pd.DataFrame:
    """`costs`, a row a problem and a column a solver, in float64, with what failed as infinite.

    Missing and infinite values are failures. Raises `BadQuestion` where there is no problem or no solver, where a name
    stands twice, and where a cost is zero or less: there is no ratio to it.
    """
    import numpy as np

    if costs.empty:
        received = f"{count(len(costs.columns), 'solver')} on {count(len(costs), 'problem')}"
        raise BadQuestion(
            f"expected costs of at least one solver on one problem, received {received}. Solvers that are told the "
            "solution are left out; ask of a run that has others."
        )
    for what, names in (("solver", costs.columns), ("problem", costs.index)):
        if not names.is_unique:
            twice = names[names.duplicated()][0]
            raise BadQuestion(
                f"expected each {what} once, received {twice!r} more than once. Give each a name of its own."
            )
    found = costs.astype("float64").replace(float("nan"), float("inf"))
    values = found.to_numpy()
    if (values <= 0).any():
        problem, solver = np.argwhere(values <= 0)[0]
        raise BadQuestion(
            f"expected costs above zero, received {values[problem, solver]:g} for {found.columns[solver]!r} on "
            f"{found.index[problem]!r}. Leave that solver or that problem out, or ask by another measure."
        )
    return found
