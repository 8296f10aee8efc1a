"""Performance and data profiles: how many problems of a suite a solver has solved, within what cost."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

from ..errors import BadQuestion
from .costs import checked

_RIGHT_HAND_SIDES = ("rhs_calls", "counted_rhs_calls")


def performance(costs: pd.DataFrame) -> pd.DataFrame:
    """The performance profile of each solver: columns solver, tau, fraction, solved, problems.

    `costs` has a row a problem and a column a solver; missing or infinite is a failure. The ratio of a solver on a
    problem is its cost over the least of all solvers there, and infinite where it failed; `fraction` is the part of all
    problems, those that nobody solved included, on which its ratio is at most `tau`. Each profile is a step function,
    given at the taus at which it rises, at 1, and at the last tau of all; between them it is what it was before.

    The ratio is to the best of the solvers that are in the table. With more than two, which of two stands higher
    depends on who else is there (Gould and Scott 2016): for the order of two, ask of these two alone.

    Raises `BadQuestion` for costs of zero or less, and where there is none. Source: Dolan and Moré 2002,
    doi:10.1007/s101070100263, section 2; Gould and Scott 2016, doi:10.1145/2950048.
    """
    found = checked(costs)
    best = found.min(axis=1).replace(float("inf"), 1.0)  # nobody solved it: every ratio stays infinite
    return _steps(found.div(best, axis=0), "tau", first=1.0)


def data(costs: pd.DataFrame, sizes: pd.Series[float] | None = None) -> pd.DataFrame:
    """The data profile of each solver: columns solver, budget, fraction, solved, problems.

    `fraction` is the part of all problems that a solver has solved for at most `budget`. `costs` is as `performance`
    takes it; with `sizes`, the number n of states by problem, a budget is in units of n + 1 of what `costs` counts: of
    right-hand sides, as many as one slope and one Jacobian by differences take. Without, it is in the unit of `costs`,
    such as seconds. It depends on no other solver. It is given at the budgets at which it rises, at 0, and at the last
    of all.

    Raises `BadQuestion` as `performance` does, and where the size of a problem is unknown. Source: Moré and Wild 2009,
    doi:10.1137/080724083, section 2.
    """
    found = checked(costs)
    if sizes is not None:
        known = sizes.reindex(found.index)
        if (unknown := ~(known > 0)).any():
            raise BadQuestion(
                f"expected the number of states of each problem, received none for {known.index[unknown][0]!r}. "
                "Ask by seconds, which need none, or measure again: older runs did not record it."
            )
        found = found.div(known.astype("float64") + 1.0, axis=0)
    return _steps(found, "budget", first=0.0)


def data_of(costs: pd.DataFrame, cost: str, sizes: Mapping[Any, int]) -> pd.DataFrame:
    """`data` with `unit`, what a budget is counted in: `cost`, of right-hand sides divided by n + 1."""
    import pandas as pd

    if cost not in _RIGHT_HAND_SIDES:
        return data(costs).assign(unit=cost)
    known = pd.Series([float(sizes.get(problem, 0)) for problem in costs.index], index=costs.index)
    return data(costs, known).assign(unit=f"{cost} / (n + 1)")


def _steps(values: pd.DataFrame, name: str, first: float) -> pd.DataFrame:
    """The distribution of each column over all rows, infinite values never reached, as the steps at which it rises."""
    import numpy as np
    import pandas as pd

    finite = np.isfinite(values)
    last = max([first, *values.where(finite).max().dropna()])
    parts = []
    for solver in values.columns:
        reached = values.loc[finite[solver], solver].to_numpy()
        at = np.unique([first, *reached, last])
        solved = np.searchsorted(np.sort(reached), at, side="right")
        parts.append(pd.DataFrame({"solver": solver, name: at, "fraction": solved / len(values), "solved": solved}))
    return pd.concat(parts, ignore_index=True).assign(problems=len(values))
