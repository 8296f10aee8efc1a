"""How the times of cases went over many runs, and at which run they changed.

Binary segmentation: a series is split where the means of both sides are furthest apart (in units of its noise, and
beyond `significance.MARGIN`), and each side again, as long as hardly any order of the same runs would be split so. The
runs are put into random order, the same for all cases, which keeps outliers, the noise's shape and what cases have in
common; the largest of all cases and splits is what chance has to reach, so that the correction for their number is in
it. Noise is what neighbouring runs differ by, which a change of level touches but once. One run alone is no level: it
may be an outlier.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

from .. import measurement
from ..backends import Array
from .significance import MARGIN

FEWEST_RUNS = 5
"""Runs below which nothing is said to have changed: neighbours differ too seldom to know the noise."""
ENOUGH_RUNS = 8
"""Runs below which even a doubling is often missed: hardly any order of so few would not be split as well."""
ALPHA = 0.05
_SHORTEST = 2
_ORDERS = 399
_TINY = 1e-12
_CASE = ["case_id", "problem", "problem_params", "solver", "solver_params"]
COLUMNS = (*_CASE, "run_id", "started_at", "status", "wall_s_median", "max_abs_error_median", "level_s", "change")


def over_runs(samples: pd.DataFrame, runs: Iterable[tuple[str, str]]) -> pd.DataFrame:
    """One row a case and run, in the order of time.

    Parameters
    ----------
    samples
        One row a sample, of all runs.
    runs
        The id of each run, and when it started.

    Returns
    -------
    pandas.DataFrame
        `level_s` is the median of the run's segment, between two changes; `change` the ratio to the level before, at
        the first run of a new one, and otherwise missing. The status is that of the first sample that is not ok.
    """
    import numpy as np

    started = dict(sorted(runs, key=lambda run: run[1]))
    known = samples[samples["run_id"].isin(list(started))]
    order = {run_id: k for k, run_id in enumerate(started)}
    bad = known["status"] != measurement.OK
    keys = ["case_id", "run_id"]
    table = known.groupby(keys, sort=False)[_CASE[1:]].first()
    table["status"] = known[bad].groupby(keys)["status"].first()
    table["status"] = table["status"].fillna(measurement.OK)
    good = known[~bad].groupby(keys)
    for name in ("wall_s", "max_abs_error"):
        table[f"{name}_median"] = good[name].median().where(table["status"] == measurement.OK)
    table = table.reset_index()
    table["started_at"] = table["run_id"].map(started)
    first = {case_id: k for k, case_id in enumerate(table["case_id"].drop_duplicates())}
    by = [table["run_id"].map(order), table["case_id"].map(first)]
    table = table.iloc[np.lexsort([key.to_numpy() for key in by])].reset_index(drop=True)
    timed = table[table["wall_s_median"] > 0]
    indices = [np.asarray(rows) for rows in timed.groupby("case_id", sort=False).groups.values()]
    series = [np.log(table["wall_s_median"].to_numpy(float)[rows]) for rows in indices]
    level, change = np.full(len(table), np.nan), np.full(len(table), np.nan)
    for rows, points in zip(indices, change_points(series), strict=True):
        before = math.nan
        for begin, end in zip([0, *points], [*points, len(rows)], strict=True):
            level[rows[begin:end]] = table["wall_s_median"].iloc[rows[begin:end]].median()
            change[rows[begin]] = level[rows[begin]] / before
            before = level[rows[begin]]
    return table.assign(level_s=level, change=change).reindex(columns=list(COLUMNS))


def change_points(series: Sequence[Array]) -> list[list[int]]:
    """For each series of logarithms, in the order of time, the positions at which a new level begins.

    Whether in any of them there is one where there is none has a probability of `ALPHA` at most, if runs in which
    nothing changes might as well have come in any other order. Series of fewer than `FEWEST_RUNS` have none.
    """
    points: list[list[int]] = [[] for _ in series]
    segments = [(k, 0, len(values)) for k, values in enumerate(series)]
    while segments := [segment for segment in segments if segment[2] - segment[1] >= FEWEST_RUNS]:
        alike: dict[tuple[int, int], list[int]] = {}
        for k, begin, end in segments:
            alike.setdefault((begin, end), []).append(k)
        segments = []
        for k, begin, end, at in _split(series, alike):
            points[k].append(at)
            segments += [(k, begin, at), (k, at, end)]
    return [sorted(of_series) for of_series in points]


def _split(series: Sequence[Array], alike: Mapping[tuple[int, int], Sequence[int]]) -> list[tuple[int, int, int, int]]:
    """Which of the series are split at which position, of those that have a segment from begin to end in common."""
    import numpy as np

    rng = np.random.default_rng(0)
    stacks = [np.stack([series[k][begin:end] for k in members]) for (begin, end), members in alike.items()]
    largest = np.zeros(_ORDERS)
    for draw in range(_ORDERS):
        orders = [stack[:, rng.permutation(stack.shape[1])] for stack in stacks]
        largest[draw] = max(sizes.max() for sizes in _sizes(orders))
    threshold = np.quantile(largest, 1 - ALPHA, method="higher")
    found = []
    for ((begin, end), members), sizes in zip(alike.items(), _sizes(stacks), strict=True):
        for k, of_series in zip(members, sizes, strict=True):
            if of_series.max() > threshold:
                found.append((k, begin, end, begin + _SHORTEST + int(of_series.argmax())))
    return found


def _sizes(stacks: Sequence[Array]) -> list[Array]:
    """How far both sides of each split are apart, in units of the noise, for stacks of series, (series, splits) each.

    The noise of each series is stabilised by that of all.
    """
    import numpy as np

    # the mean, as most neighbours of a series with few outliers or two levels are alike even in random order
    scales = [np.abs(np.diff(stack)).mean(-1, keepdims=True) for stack in stacks]
    common = np.median(np.concatenate(scales))
    widths = [np.maximum(scale + common, _TINY) for scale in scales]
    return [split_statistics(stack, math.log1p(MARGIN)) / width for stack, width in zip(stacks, widths, strict=True)]


def split_statistics(values: Array, margin: float = 0.0) -> Array:
    """Return the standardised difference of the means before and after each split of the last axis.

    A difference counts as far as it is above the margin. Each side has at least `_SHORTEST` values.
    """
    import numpy as np

    n = values.shape[-1]
    before = np.arange(_SHORTEST, n - _SHORTEST + 1)
    sums = np.cumsum(values, -1)
    first = sums[..., _SHORTEST - 1 : n - _SHORTEST]
    means = first / before, (sums[..., -1:] - first) / (n - before)
    return np.asarray((np.abs(means[1] - means[0]) - margin) * np.sqrt(before * (n - before) / n))
