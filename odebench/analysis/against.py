"""Any statistic against any other."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

from .. import measurement
from ..errors import UnknownName
from ..measurement import SLOWDOWN
from . import marks, work_precision

SHOWN = ("problem", "problem_params", "solver", "curve", "rung", "case_id", "status")
_OF = {"problem.": "problem_params", "solver.": "solver_params"}


def statistic(curves: pd.DataFrame, samples: pd.DataFrame, name: str) -> pd.Series[float]:
    """One number a case: a column of comparison.csv, of measurements.csv or of a metric, or a parameter.

    Of a column a sample, the median over the samples that are ok. A parameter is named `problem.n` or `solver.steps`.
    Raises `UnknownName` where there is no number of this name.
    """
    of_cases, of_samples = _numbers(curves), _numbers(samples)
    if name in of_cases:
        return curves[name].astype("float64")
    if name in of_samples:
        of_case = samples[samples["status"] == measurement.OK].groupby("case_id")[name].median()
        return curves["case_id"].map(of_case).astype("float64")
    for kind, column in _OF.items():
        if name.startswith(kind):
            values = curves[column].map(json.loads).map(partial(_number, name.removeprefix(kind)))
            if values.notna().any():
                return values.astype("float64")
    parameters = {
        f"{kind}{key}"
        for kind, column in _OF.items()
        for text in curves[column].unique()
        for key, value in json.loads(text).items()
        if _number(key, {key: value}) is not None
    }
    raise UnknownName("statistic", name, of_cases | of_samples | parameters)


def _numbers(table: pd.DataFrame) -> set[str]:
    """The columns that hold numbers; truth values are none."""
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    return {str(name) for name in table if is_numeric_dtype(table[name]) and not is_bool_dtype(table[name])}


def _number(key: str, params: Mapping[str, Any]) -> float | None:
    value = params.get(key)
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def against(curves: pd.DataFrame, samples: pd.DataFrame, x: str, y: str) -> pd.DataFrame:
    """Two statistics a case, in order along each curve: `SHOWN`, `x`, `y`, `on_front` and `marks`.

    `on_front` says that no other ranked case on the problem has less of one and no more of the other. Raises
    `UnknownName`.
    """
    table = curves[[*SHOWN, "marks"]].copy()
    table[x], table[y] = statistic(curves, samples, x), statistic(curves, samples, y)
    known = table[x].notna() & table[y].notna()
    ranked = (
        known
        & (table["status"] == measurement.OK)
        & ~table["marks"].map(lambda text: marks.ORACLE in text).astype(bool)
    )
    if "error" in x + y or "digits" in x + y:  # by a reference whose own error is unknown nothing is ranked
        ranked &= curves[SLOWDOWN].notna()
    table["on_front"] = work_precision.on_front(table, x, y, ranked)
    table = table[[*dict.fromkeys((*SHOWN, x, y, "on_front", "marks"))]]
    order = table.groupby(["problem", "problem_params"], sort=False).ngroup()
    first = table.groupby(["problem", "problem_params", "curve"], sort=False).ngroup()
    return table.assign(_p=order, _c=first).sort_values(["_p", "_c", "rung"], kind="stable").drop(columns=["_p", "_c"])
