"""From samples to cases: medians, spread and rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

from .. import measurement
from ..backends import Array
from . import work_precision

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
)

TRUTH_VALUES = ("unstable", "at_reference_floor", "on_front")

_IDENTITY = ["problem", "problem_params", "solver", "solver_params", "plugin"]
_FLOORED = ["max_abs_error", "rms_abs_error", "final_abs_error", "max_between_error"]
_OTHER_ERRORS = ["significant_digits", "invariant_drift", "max_residual", "error_bound"]
_RESAMPLES = 1000
_FEWEST_FOR_AN_INTERVAL = 5


def by_case(samples: pd.DataFrame) -> pd.DataFrame:
    """One row a case, in the order they were first measured: the columns of comparison.csv.

    `samples` has one row a sample (`odebench.tables.samples`). A case is `ok` only where all its samples
    are; otherwise its status and reason are those of the first that is not, and it is not ranked. Nor is one whose
    reference's error is unknown. An error below that of the reference is given as the reference's. Of several runs,
    one that lacked what a solver needs has nothing to say of a case that another could try.
    """
    import pandas as pd

    rows = samples[~_lacking(samples)].copy()
    floor = rows["reference_error"]
    for name in _FLOORED:
        rows[name] = rows[name].where(~(rows[name] < floor), floor)
    good = rows[rows["status"] == measurement.OK]
    by_case, ok = rows.groupby("case_id", sort=False), good.groupby("case_id", sort=False)

    table = by_case[_IDENTITY].first()
    bad = rows[rows["status"] != measurement.OK].drop_duplicates("case_id").set_index("case_id")
    table["status"] = bad["status"].reindex(table.index).fillna(measurement.OK)
    table["reason"] = bad["reason"].reindex(table.index).fillna(by_case["reason"].first())
    table["samples"] = by_case.size()
    table["wall_s_median"] = ok["wall_s"].median()
    table["wall_s_min"] = ok["wall_s"].min()
    wall_s = good["wall_s"].to_numpy()
    spread = pd.DataFrame.from_dict(
        {case_id: _spread(wall_s[samples]) for case_id, samples in ok.indices.items()},
        orient="index",
        columns=["wall_s_ci_low", "wall_s_ci_high", "unstable"],
    )
    table[spread.columns] = spread.reindex(table.index)
    elsewhere = by_case["machine"].nunique() > 1  # times of several machines say nothing about one
    table["unstable"] = table["unstable"].where(~elsewhere, other=True)
    table["first_s"] = by_case["first_s"].first()
    table["query_s_median"] = ok["query_s"].median()
    for name in _FLOORED:
        table[f"{name}_median"] = ok[name].median()
    for name in _OTHER_ERRORS:
        table[f"{name}_median"] = ok[name].median()
    table["error_bound_kind"] = ok["error_bound_kind"].first()
    table["max_abs_error_worst"] = ok["max_abs_error"].max()
    table["at_reference_floor"] = table["max_abs_error_median"] <= by_case["reference_error"].first()
    for name in (*measurement.STATS, *measurement.COUNTED):
        table[name] = ok[name].median()
    known = by_case["reference_error"].count() > 0
    work_precision.rank(table, ranked=(table["status"] == measurement.OK) & known & ~by_case["oracle"].any())
    return table.reset_index().reindex(columns=list(COLUMNS))


def _lacking(rows: pd.DataFrame) -> pd.Series[bool]:
    """Which rows are `unavailable` in their run, of cases that were tried in another."""
    unavailable = rows["status"] == measurement.UNAVAILABLE
    runs = rows["run_id"].where(~unavailable)
    tried = runs.groupby(rows["case_id"]).transform("nunique")  # in how many runs; here at most one of them
    here = runs.groupby([rows["case_id"], rows["run_id"]]).transform("nunique")
    return unavailable & (tried > here)


def _spread(samples: Array) -> tuple[float, float, bool]:
    """A confidence interval of the median, and whether the timing is not to be trusted.

    The interval is a percentile bootstrap at 95 % with a fixed seed, so that reading a run twice gives it twice; NaN
    below five samples, of which it would promise too much. Unstable, as pyperf has it: a standard deviation of 10 % of
    the mean or more, or a sample 50 % off the mean.
    """
    import numpy as np

    low = high = float("nan")
    if len(samples) < 2:
        return low, high, False
    values = np.asarray(samples)
    if values.size >= _FEWEST_FOR_AN_INTERVAL:
        draws = np.random.default_rng(0).integers(0, values.size, (_RESAMPLES, values.size))
        low, high = (float(q) for q in np.quantile(np.median(values[draws], axis=1), [0.025, 0.975]))
    mean = values.mean()
    far_off = np.abs(values - mean).max() >= 0.5 * mean
    return low, high, bool(values.std(ddof=1) >= 0.1 * mean or far_off)
