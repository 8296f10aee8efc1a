"""How the times of cases went over many runs, and at which run they changed.

Binary segmentation: a series is split where the means of both sides are furthest apart (in units of its noise, and
beyond `significance.MARGIN`), and each side again, as long as hardly any series of noise alone would be split so. Noise
is what neighbouring runs differ by, which a change of level touches but once; it is pooled over all cases, and the
largest of all cases and splits is what chance has to reach, so that the correction for their number is in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

from .. import measurement
from ..backends import Array
from .significance import MARGIN, portions

FEWEST_RUNS = 5
"""Runs below which nothing is said to have changed: neighbours differ too seldom to know the noise."""
ALPHA = 0.05
_DRAWS = 399
_AT_ONCE = 2_000_000
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

    Whether in any of them there is one where there is none has a probability of `ALPHA` at most. Series of fewer than
    `FEWEST_RUNS` have none.
    """
    import numpy as np

    points: list[list[int]] = [[] for _ in series]
    of_length: dict[int, list[int]] = {}
    for k, values in enumerate(series):
        if len(values) >= FEWEST_RUNS:
            of_length.setdefault(len(values), []).append(k)
    if not of_length:
        return points
    groups = [np.stack([series[k] for k in members]) for members in of_length.values()]
    widths = _stable(groups)
    pool = np.concatenate([(np.diff(g) / (math.sqrt(2) * w)).ravel() for g, w in zip(groups, widths, strict=True)])
    noise = np.concatenate([pool, -pool])  # of one run, where a difference has that of two
    segments = [(g, row, 0, groups[g].shape[1]) for g in range(len(groups)) for row in range(len(groups[g]))]
    members = list(of_length.values())
    while segments:
        threshold = _threshold(segments, [w[:, 0] for w in widths], [g.shape[1] for g in groups], noise)
        found = []
        for g, row, begin, end in segments:
            width = widths[g][row, 0]
            sizes = _splits(groups[g][row, begin:end] / width, math.log1p(MARGIN) / width)
            if sizes.max() > threshold:
                at = begin + 1 + int(sizes.argmax())
                points[members[g][row]].append(at)
                found += [(g, row, begin, at), (g, row, at, end)]
        segments = [segment for segment in found if segment[3] - segment[2] > 1]
    return [sorted(of_series) for of_series in points]


def _stable(groups: Sequence[Array]) -> list[Array]:
    """The noise of each series, with that of all to stabilise it, one a row; leading axes are draws."""
    import numpy as np

    scales = [np.median(np.abs(np.diff(g)), -1, keepdims=True) / math.sqrt(2) for g in groups]
    common = np.median(np.concatenate(scales, -2), -2, keepdims=True)
    return [np.maximum(scale + common, _TINY) for scale in scales]


def _splits(values: Array, margin: float = 0.0) -> Array:
    """How far the means before and after each split are apart, beyond a margin, in standard errors."""
    import numpy as np

    n = values.shape[-1]
    before = np.arange(1, n)
    sums = np.cumsum(values, -1)
    means = sums[..., :-1] / before, (sums[..., -1:] - sums[..., :-1]) / (n - before)
    return np.asarray((np.abs(means[1] - means[0]) - margin) * np.sqrt(before * (n - before) / n))


def _threshold(
    segments: Sequence[tuple[int, int, int, int]], widths: Sequence[Array], lengths: Sequence[int], noise: Array
) -> float:
    """What the largest split of all segments exceeds with a probability of `ALPHA` where there is noise alone.

    The noise of each drawn series is estimated from itself, as it is of the measured ones.
    """
    import numpy as np

    rng = np.random.default_rng(0)
    same: dict[tuple[int, int, int], list[int]] = {}
    for g, row, begin, end in segments:
        same.setdefault((g, begin, end), []).append(row)
    total = sum(len(width) * n for width, n in zip(widths, lengths, strict=True))
    largest = []
    for draws in portions(_DRAWS, max(1, _AT_ONCE // total)):
        drawn = [
            noise[rng.integers(0, noise.size, (draws, len(width), n))] * width[:, None]
            for width, n in zip(widths, lengths, strict=True)
        ]
        drawn = [values / width for values, width in zip(drawn, _stable(drawn), strict=True)]
        by_segment = [_splits(drawn[g][:, rows, begin:end]).max((1, 2)) for (g, begin, end), rows in same.items()]
        largest.append(np.max(by_segment, axis=0))
    return float(np.quantile(np.concatenate(largest), 1 - ALPHA, method="higher"))
