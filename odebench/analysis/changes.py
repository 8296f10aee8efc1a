"""What has changed between two runs: case by case, and over all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

from .. import measurement
from . import aggregate, significance
from .significance import Pair

FASTER, SLOWER, SAME, NOT_JUDGED = "faster", "slower", "not significant", "not judged"
LARGER, SMALLER = "larger", "smaller"
NEW, GONE = "new", "gone"

ALPHA_TIMES, ALPHA_OVERALL, ALPHA_ERRORS = 0.03, 0.01, 0.01
"""Together 5 %: the probability that of two runs of the same code anything at all is said to have changed."""
_ROUNDING = 1e-13  # of the solution's size: what another machine's or library's last digits may grow to
_SAME_DIGITS = 1e-3  # relative, of an error
FEWEST_CASES = 8  # of which a signed-rank test can reach ALPHA_OVERALL
_IDENTITY = ["problem", "problem_params", "solver", "solver_params"]
_OF_BOTH = {
    "status": "status",
    "reason": "reason",
    "samples": "samples",
    "wall_s": "wall_s_median",
    "error": "max_abs_error_median",
    "marks": "marks",
}
COLUMNS = (
    "case_id",
    *_IDENTITY,
    *(f"{name}_{run}" for name in _OF_BOTH for run in ("before", "after")),
    "ratio",
    "time_p",
    "time",
    "accuracy",
    "presence",
)


@dataclass(frozen=True)
class Overall:
    """The times of all cases together."""

    cases: int
    """How many are ok in both runs."""
    ratio: float
    """The geometric mean of what each case takes after by what it took before; NaN of none."""
    p: float
    """Of a Wilcoxon signed-rank test that they have shifted by more than `significance.MARGIN`; NaN of too few."""
    shift: float
    """The way that test says they have shifted: above zero for slower."""

    @property
    def time(self) -> str:
        """`FASTER`, `SLOWER`, `SAME` or `NOT_JUDGED`."""
        return _verdict(self.ratio, self.shift, self.p, ALPHA_OVERALL)


def between(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """One row a case of either run, in the order of the later one, then those that are gone.

    Parameters
    ----------
    before, after
        One row a sample: `Results.samples`. Cases are paired by `case_id`.

    Returns
    -------
    pandas.DataFrame
        `ratio` is of the median times, after by before, of cases that are ok in both; `time_p` is the p of a shift,
        corrected for all (`significance.p_values`); `time` is `faster`, `slower`, `not significant`, `not judged` for
        want of samples, or empty. `accuracy` is `larger` or `smaller` where the error has changed beyond rounding and
        the reference's own, and beyond what other seeds do, and `not judged` where seeds are too few to tell that;
        `presence` is `new` or `gone`; both are else empty.
    """
    import numpy as np
    import pandas as pd

    cases = [aggregate.by_case(samples).set_index("case_id") for samples in (before, after)]
    gone = cases[0].loc[~cases[0].index.isin(cases[1].index)]
    table = pd.concat([of_run[_IDENTITY].astype(object) for of_run in (cases[1], gone)])
    for run, of_run in zip(("before", "after"), cases, strict=True):
        for name, column in _OF_BOTH.items():
            table[f"{name}_{run}"] = of_run[column].reindex(table.index)
    table["presence"] = np.select([table["status_before"].isna(), table["status_after"].isna()], [NEW, GONE], "")
    both = ok_in_both(table)
    table["ratio"] = (table["wall_s_after"] / table["wall_s_before"]).where(both)
    ids = list(table.index[both])
    pairs = _pairs(before, after, ids, "wall_s")
    table["time_p"] = _reindexed(significance.p_values(pairs), ids, table)
    shift = _reindexed(significance.shifts(pairs), ids, table)
    times = [_verdict(*row, ALPHA_TIMES) for row in zip(table["ratio"], shift, table["time_p"], strict=True)]
    table["time"] = np.where(both, times, "")
    table["accuracy"] = _accuracy(table, before, after, ids)
    return table.reset_index(names="case_id").reindex(columns=list(COLUMNS))


def ok_in_both(changes: pd.DataFrame) -> pd.Series[bool]:
    """Which cases have a time in both runs."""
    return (changes["status_before"] == measurement.OK) & (changes["status_after"] == measurement.OK)


def newly_not_ok(changes: pd.DataFrame) -> pd.Series[bool]:
    """Which cases were ok before and are something else after."""
    after = changes["status_after"]
    return (changes["status_before"] == measurement.OK) & after.notna() & (after != measurement.OK)


def overall(changes: pd.DataFrame) -> Overall:
    """All cases that are ok in both runs, taken together."""
    import numpy as np
    from scipy.stats import wilcoxon

    logs = np.log(changes["ratio"].dropna().to_numpy(float))
    logs = logs[np.isfinite(logs)]
    if not logs.size:
        return Overall(0, math.nan, math.nan, math.nan)
    p, shift, margin = math.nan, math.nan, math.log1p(significance.MARGIN)
    if logs.size >= FEWEST_CASES:
        slower = float(wilcoxon(logs - margin, alternative="greater").pvalue)
        faster = float(wilcoxon(logs + margin, alternative="less").pvalue)
        p, shift = min(1.0, 2 * min(slower, faster)), faster - slower
    return Overall(logs.size, float(np.exp(logs.mean())), p, shift)


def _verdict(ratio: float, shift: float, p: float, alpha: float) -> str:
    """What is said of times: nothing where the ratio that is shown would contradict the shift that was tested."""
    if math.isnan(p):
        return NOT_JUDGED
    if p > alpha or (ratio - 1) * shift <= 0:
        return SAME
    return SLOWER if shift > 0 else FASTER


def _pairs(before: pd.DataFrame, after: pd.DataFrame, ids: list[str], column: str) -> list[Pair]:
    """The logarithms of a column's samples, those of the same seeds side by side where all are of the same."""
    import numpy as np

    groups = [dict(list(s[s["case_id"].isin(ids)].groupby("case_id", sort=False))) for s in (before, after)]
    pairs = []
    for case_id in ids:
        rows = [group[case_id].sort_values("repeat") for group in groups]
        seeds = [list(r["seed"]) for r in rows]
        seeded = all(r["seed"].notna().all() for r in rows)
        with np.errstate(divide="ignore"):
            logs = [np.log(np.maximum(r[column].to_numpy(float), np.finfo(float).tiny)) for r in rows]
        pairs.append(Pair(logs[0], logs[1], paired=seeded and seeds[0] == seeds[1]))
    return pairs


def _reindexed(values: object, ids: list[str], table: pd.DataFrame) -> pd.Series[float]:
    import pandas as pd

    return pd.Series(values, index=ids, dtype=float).reindex(table.index)


def _accuracy(table: pd.DataFrame, before: pd.DataFrame, after: pd.DataFrame, ids: list[str]) -> list[str]:
    """For each case `LARGER`, `SMALLER`, `NOT_JUDGED` or ''."""
    import pandas as pd

    first, last = (s[s["case_id"].isin(ids)] for s in (before, after))
    tolerance = _tolerance(pd.concat([first, last]))
    by_seed = ["case_id", "repeat", "seed"]
    sides = [s.assign(seed=s["seed"].fillna(-1)).set_index(by_seed)["max_abs_error"] for s in (first, last)]
    joined = sides[0].to_frame("one").join(sides[1].rename("other"), how="inner").dropna()
    allowed = tolerance.reindex(joined.index.get_level_values("case_id")).to_numpy()
    apart = (joined["one"] - joined["other"]).abs()
    differ = (apart > allowed) & (apart > _SAME_DIGITS * joined[["one", "other"]].min(axis=1))
    differing = set(differ[differ].index.get_level_values("case_id"))
    compared = set(joined.index.get_level_values("case_id"))
    seeded = set(first.loc[first["seed"].notna(), "case_id"]) | set(last.loc[last["seed"].notna(), "case_id"])
    doubtful = [id for id in ids if id in seeded and (id in differing or id not in compared)]
    # seeds of the other run may be others: what one seed does to the error is no change
    pairs = [Pair(a, b) for a, b, _ in _pairs(first, last, doubtful, "max_abs_error")]
    said = {
        id: LARGER if table["error_after"][id] > table["error_before"][id] else SMALLER for id in differing - seeded
    }
    for id, p, shift in zip(
        doubtful, significance.p_values(pairs, margin=0.0), significance.shifts(pairs), strict=True
    ):
        if math.isnan(p):
            said[id] = NOT_JUDGED
        elif p <= ALPHA_ERRORS:
            said[id] = LARGER if shift > 0 else SMALLER
    return [said.get(id, "") for id in table.index]


def _tolerance(samples: pd.DataFrame) -> pd.Series[float]:
    """By case: how far two errors may be apart that differ by rounding, or by no more than the reference knows."""
    import pandas as pd

    size = (samples["max_abs_error"] / samples["max_rel_error"]).replace([math.inf, 0], math.nan).fillna(1.0)
    allowed = pd.DataFrame({"rounding": _ROUNDING * size, "reference": samples["reference_error"]}).max(axis=1)
    return allowed.groupby(samples["case_id"]).max()
