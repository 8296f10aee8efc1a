"""From samples to cases: medians, spread and rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

from .. import measurement
from ..backends import IndexArray
from . import marks, spread, work_precision

COLUMNS = (
    "case_id",
    "problem",
    "problem_params",
    "solver",
    "solver_params",
    "plugin",
    "status",
    "reason",
    "samples",
    "wall_s_median",
    "wall_s_min",
    "wall_s_ci_low",
    "wall_s_ci_high",
    "unstable",
    "first_s",
    "query_s_median",
    "max_abs_error_median",
    "max_abs_error_worst",
    "rms_abs_error_median",
    "final_abs_error_median",
    "significant_digits_median",
    "invariant_drift_median",
    "max_between_error_median",
    "max_residual_median",
    "error_bound_median",
    "error_bound_kind",
    "at_reference_floor",
    "on_front",
    "slowdown_vs_best_at_this_error",
    *measurement.STATS,
    *measurement.COUNTED,
    "marks",
)

TRUTH_VALUES = ("unstable", "at_reference_floor", "on_front")

_IDENTITY = ("problem", "problem_params", "solver", "solver_params", "plugin")
_FLOORED = ("max_abs_error", "rms_abs_error", "final_abs_error", "max_between_error")
_OTHER_ERRORS = ("significant_digits", "invariant_drift", "max_residual", "error_bound")
_COUNTS = (*measurement.STATS, *measurement.COUNTED)
_NUMBERS = (*_FLOORED, *_OTHER_ERRORS, *_COUNTS, "wall_s", "first_s", "query_s", "reference_error")


def by_case(samples: pd.DataFrame) -> pd.DataFrame:
    """One row a case, in the order they were first measured: the columns of comparison.csv.

    `samples` has one row a sample (`odebench.tables.samples`). A case is `ok` only where all its samples
    are; otherwise its status and reason are those of the first that is not, and it is not ranked. Nor is one whose
    reference's error is unknown. An error below that of the reference is given as the reference's. Of several runs,
    one that lacked what a solver needs has nothing to say of a case that another could try.
    """
    import pandas as pd

    rows = samples[~_lacking(samples)].reset_index(drop=True)
    case, names = pd.factorize(rows["case_id"])  # numbers: grouping by them is faster than by text
    number = pd.RangeIndex(len(names))
    values = rows[list(_NUMBERS)].astype("float64")
    for name in _FLOORED:
        values[name] = values[name].where(~(values[name] < values["reference_error"]), values["reference_error"])
    is_ok = rows["status"] == measurement.OK
    by_case, ok = values.groupby(case), values[is_ok].groupby(case[is_ok])

    table = pd.DataFrame({"case_id": names}, index=number)
    table[list(_IDENTITY)] = _first(rows[list(_IDENTITY)], case).set_axis(number)
    bad = _first(rows.loc[~is_ok, ["status", "reason"]], case[~is_ok]).reindex(number)
    warned = rows["reason"].notna()
    table["status"] = bad["status"].fillna(measurement.OK)
    table["reason"] = bad["reason"].fillna(_first(rows.loc[warned, ["reason"]], case[warned])["reason"])
    table["samples"] = by_case.size()
    medians = ok[[*_FLOORED, *_OTHER_ERRORS, *_COUNTS, "wall_s", "query_s"]].median()
    table = table.join(medians.rename(columns=lambda name: name if name in _COUNTS else f"{name}_median"))
    table["wall_s_min"] = ok["wall_s"].min()
    table[["wall_s_ci_low", "wall_s_ci_high"]] = spread.median_interval(ok["wall_s"])
    table["unstable"] = spread.unstable(ok["wall_s"])
    elsewhere = rows["machine"].groupby(case).nunique() > 1  # times of several machines say nothing about one
    table["unstable"] = table["unstable"].where(~elsewhere, other=True)
    table["first_s"] = by_case["first_s"].first()
    kind = rows["error_bound_kind"].where(is_ok).dropna()
    table["error_bound_kind"] = _first(kind.to_frame(), case[kind.index])["error_bound_kind"]
    table["max_abs_error_worst"] = ok["max_abs_error"].max()
    table["at_reference_floor"] = table["max_abs_error_median"] <= by_case["reference_error"].first()
    known = by_case["reference_error"].count() > 0
    oracle = rows["oracle"].groupby(case).any()
    table["marks"] = marks.of(table, oracle=oracle, worked=is_ok.groupby(case).sum())
    work_precision.rank(table, ranked=(table["status"] == measurement.OK) & known & ~oracle)
    return table.reindex(columns=list(COLUMNS))


def _first(rows: pd.DataFrame, case: IndexArray) -> pd.DataFrame:
    """The first row of each case, by its number."""
    import numpy as np

    numbers, positions = np.unique(case, return_index=True)
    return rows.iloc[positions].set_axis(numbers)


def _lacking(rows: pd.DataFrame) -> pd.Series[bool]:
    """Which rows are `unavailable` in their run, of cases that were tried in another."""
    unavailable = rows["status"] == measurement.UNAVAILABLE
    some = rows[rows["case_id"].isin(rows.loc[unavailable, "case_id"])]
    runs = some["run_id"].where(~unavailable)
    tried = runs.groupby(some["case_id"]).transform("nunique")  # in how many runs; here at most one of them
    here = runs.groupby([some["case_id"], some["run_id"]]).transform("nunique")
    return unavailable & (tried > here).reindex(rows.index, fill_value=False)
