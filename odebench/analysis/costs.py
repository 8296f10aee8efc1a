"""What each method needs on each problem, as a matrix: the ground of profiles and speed-ups."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

from ..errors import BadQuestion


def checked(costs: pd.DataFrame) -> pd.DataFrame:
    """`costs`, a row a problem and a column a solver, in float64, with what failed as infinite.

    Missing and infinite values are failures. Raises `BadQuestion` where there is no problem or no solver, where a name
    stands twice, and where a cost is zero or less: there is no ratio to it.
    """
    import numpy as np

    if costs.empty:
        raise BadQuestion(
            f"expected costs of at least one solver on one problem, received {len(costs.columns)} solvers on "
            f"{len(costs)} problems. Solvers that are told the solution are left out; ask of a run that has others."
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
