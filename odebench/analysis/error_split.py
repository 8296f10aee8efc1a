"""What of a network's error is its discretisation's, and what longer training would still take away."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

from .. import measurement, text
from ..errors import BadQuestion
from ..measurement import ERROR

COLUMNS = (
    "problem",
    "problem_params",
    "curve",
    "solver_params",
    "effort",
    "error",
    "discretisation",
    "optimisation",
    "share",
    "settled",
)

_SETTLED = 0.1


def split(cases: pd.DataFrame, effort: str = "epochs", limit: float | None = None) -> pd.DataFrame:
    """The error of each case in two, where the same solver was trained for different lengths.

    `cases` has one row a case; `effort` is the parameter that says how long was trained. Cases that differ in it alone
    belong together. `discretisation` is the error that the longest training of them comes to, which no training lowers:
    of points, differences, width, whatever the solver is made of. Or it is `limit`, where that is known otherwise, as
    implicit Euler's error is of a network that is trained on backward differences. `optimisation` is what an error has
    beyond that, and `share` the part of the whole that it makes up.

    Measured errors are norms, and norms do not add: the distance between a solution and the limit's is at least
    |optimisation|, and at most error + discretisation. It is below zero where a training that was not done happens to
    lie on the other side of the solution. `settled`: whether the limit is one, as the longest training and the one
    before differ by 10 % at most; where they do not, the discretisation has less than is said here. One that is given
    is taken for settled. Cases that failed are left out, and so is what was trained for one length only, unless the
    limit is given.

    Raises `BadQuestion` where no solver has such a parameter, and for a limit that is not a positive number.
    """
    import pandas as pd

    if limit is not None and not 0 < limit < float("inf"):
        raise BadQuestion(f"expected a limit above zero, the error of the discretisation alone, received {limit}.")
    params = cases["solver_params"].map(json.loads)
    has = params.map(lambda said: isinstance(said.get(effort), int | float))
    if not has.any():
        raise BadQuestion(
            f"expected solvers with a parameter {effort!r}, which says how long to train; no case has it. "
            "Sweep it in a run, such as 'pinn-autograd[epochs=[50,100,200]]', or name another."
        )
    usable = has & (cases["status"] == measurement.OK) & (cases[ERROR] > 0)
    good, said = cases[usable], params[usable]
    rest = [json.dumps({name: value for name, value in of.items() if name != effort}) for of in said]
    curves = text.labels(zip(good["solver"], rest, strict=True))
    good = good.assign(effort=said.map(lambda of: float(of[effort])), curve=curves)
    parts = [
        _one(rows.sort_values("effort"), limit)
        for _, rows in good.groupby(["problem", "problem_params", "curve"], sort=False)
        if limit is not None or rows["effort"].nunique() > 1
    ]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(COLUMNS))


def _one(rows: pd.DataFrame, limit: float | None) -> pd.DataFrame:
    error = rows[ERROR].astype("float64")
    reached = float(error.iloc[-1])
    settled = limit is not None or abs(float(error.iloc[-2]) - reached) <= _SETTLED * reached
    floor = reached if limit is None else limit
    beyond = error - floor
    found = rows.assign(error=error, discretisation=floor, optimisation=beyond, share=beyond / error, settled=settled)
    return found[list(COLUMNS)]
