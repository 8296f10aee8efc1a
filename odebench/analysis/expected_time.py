"""How long it takes to come to an error, counting the attempts that fail."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

from .. import measurement
from . import marks
from .at_target import expect_positive


def expected_time(
    curves: pd.DataFrame,
    samples: pd.DataFrame,
    error: float,
    timeouts_s: Mapping[str, float],
    neural: Collection[str] = (),
) -> pd.DataFrame:
    """One row a case: the seconds of all its samples over the number of them that came to the error; the least first.

    It is the mean time to a success of somebody who tries again, with another seed, until there is one: infinite where
    none succeeded, empty where none was tried. A sample fails by its status as by its error. One that was ended for its
    time has taken its run's timeout (`timeouts_s`, by run), one that raised its first call; where nothing is known of
    how long a failure took, it counts for nothing and `at_least` is true. `strongest_classical` says which case takes
    least of those that are neither `neural` nor told the solution. Raises `BadQuestion`.

    Auger & Hansen, IEEE CEC 2005, 1777-1784 (success performance); Hansen, Auger, Finck & Ros, INRIA RR-6828 (2009),
    section 5.3 (expected running time).
    """
    import numpy as np

    expect_positive("an error", error, "1e-6")
    tried = samples[~samples["status"].isin([measurement.UNSUPPORTED, measurement.UNAVAILABLE])]
    is_ok = tried["status"] == measurement.OK
    reached = tried[["max_abs_error", "reference_error"]].max(axis=1).where(tried["max_abs_error"].notna()) <= error
    limit = tried["run_id"].map(timeouts_s).where(tried["status"] == measurement.TIMEOUT).astype("float64")
    seconds = tried["wall_s"].fillna(limit).fillna(tried["first_s"])
    by_case = tried.assign(_ok=is_ok & reached, _s=seconds, _unknown=seconds.isna()).groupby("case_id")

    table = curves[["case_id", "problem", "problem_params", "solver", "curve", "rung", "status", "marks"]].copy()
    case = table["case_id"]
    table["samples"] = case.map(by_case.size()).fillna(0).astype("int64")
    table["successes"] = case.map(by_case["_ok"].sum()).fillna(0).astype("int64")
    table["expected_s"] = (case.map(by_case["_s"].sum()) / table["successes"].replace(0, np.nan)).fillna(np.inf)
    table["expected_s"] = table["expected_s"].where(table["samples"] > 0)
    table["at_least"] = case.map(by_case["_unknown"].any()).eq(True) & (table["successes"] > 0)
    table["_problem"] = table.groupby(["problem", "problem_params"], sort=False).ngroup()
    told = table["marks"].str.contains(marks.ORACLE)
    classical = table["expected_s"].where(
        ~table["solver"].isin(list(neural)) & ~told & np.isfinite(table["expected_s"])
    )
    table["strongest_classical"] = classical.groupby(table["_problem"]).rank(method="first") == 1
    return table.sort_values(["_problem", "expected_s"], kind="stable").drop(columns="_problem")
