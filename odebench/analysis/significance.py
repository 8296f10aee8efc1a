"""Whether samples have shifted between two runs, of many cases at once and with few samples each.

Five samples against five cannot tell by their ranks alone: the smallest p of Mann-Whitney's test is 1/126, and seven
cases are too many for it once the number of comparisons is corrected for. What cases have in common is the shape of
their noise. So each is judged by a studentised shift, and that by the largest that resampled noise of all cases brings
forth (maxT: Westfall and Young, Resampling-Based Multiple Testing, 1993; noise pooled and scales stabilised as in
Tusher, Tibshirani and Chu, PNAS 98, 2001). Noise on a clock is one-sided: a location is the mean of the faster half of
the samples.

Assumed: samples of a run are independent, noise has one shape in all cases up to a scale of each case's own, and two
runs of the same code differ in any case by less than `MARGIN`, which is what shifts are tested against.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..backends import Array

MARGIN = 0.02
"""The least relevant change of a time: a machine drifts, and where a program lies in memory may cost as much."""
FEWEST = 3
"""Samples a side below which a case is not judged."""
_DRAWS = 399
_AT_ONCE = 2_000_000
_TINY = 1e-12


class Pair(NamedTuple):
    """The samples of one case in two runs, as logarithms; `paired` where the n-th of both belong together."""

    before: Array
    after: Array
    paired: bool = False


def p_values(pairs: Sequence[Pair], margin: float = math.log1p(MARGIN)) -> Array:
    """For each pair the p that it has shifted by more than `margin`, corrected for all; NaN where samples are too few.

    Two-sided; calling those of p <= alpha shifted is wrong in any of them with a probability of alpha at most. Paired
    samples are judged by the median of their differences.
    """
    import numpy as np

    p = np.full(len(pairs), np.nan)
    shapes: dict[tuple[int, int, bool], list[int]] = {}
    for k, pair in enumerate(pairs):
        if min(len(pair.before), len(pair.after)) >= FEWEST:
            shapes.setdefault((len(pair.before), len(pair.after), pair.paired), []).append(k)
    if not shapes:
        return p
    groups = []
    for (_, _, paired), members in shapes.items():
        before, after = (np.stack([np.asarray(pairs[k][side]) for k in members]) for side in (0, 1))
        groups.append((members, before, after, paired))
    scales = [_scale(*_residuals(before, after, paired)) for _, before, after, paired in groups]
    common = float(np.median(np.concatenate(scales)))
    noise, statistics = [], []
    for (_, before, after, paired), scale in zip(groups, scales, strict=True):
        stable = np.maximum(scale + common, _TINY)
        wider = [r * math.sqrt(r.shape[-1] / (r.shape[-1] - 1)) for r in _residuals(before, after, paired)]
        noise.append((np.concatenate(wider, -1) / stable[:, None]).ravel())
        beyond = np.abs(_shift(before, after, paired)) - margin
        statistics.append(beyond / (stable * _root(before, after)))
    largest = np.sort(_largest_by_chance(groups, scales, common, np.concatenate(noise)))
    for (members, *_), statistic in zip(groups, statistics, strict=True):
        reached = largest.size - np.searchsorted(largest, statistic, side="left")
        p[members] = (1 + reached) / (1 + largest.size)
    return p


def shifts(pairs: Sequence[Pair]) -> Array:
    """How far each pair has shifted, as `p_values` judges it: above zero where the later samples are the larger."""
    import numpy as np

    return np.array([_shift(np.asarray(p.before), np.asarray(p.after), p.paired) for p in pairs], dtype=float)


def _largest_by_chance(
    groups: Sequence[tuple[list[int], Array, Array, bool]], scales: Sequence[Array], common: float, noise: Array
) -> Array:
    """The largest statistic of all cases in each of many draws in which nothing has shifted; the seed is fixed."""
    import numpy as np

    rng = np.random.default_rng(0)
    total = sum(before.shape[0] * (before.shape[1] + after.shape[1]) for _, before, after, _ in groups)
    largest = []
    for draws in portions(_DRAWS, max(1, _AT_ONCE // total)):
        drawn = []
        for (_, before, after, paired), scale in zip(groups, scales, strict=True):
            (cases, n), m = before.shape, after.shape[1]
            errors = noise[rng.integers(0, noise.size, (draws, cases, n + m))]
            errors *= np.maximum(scale + common, _TINY)[:, None]
            one, other = errors[..., :n], errors[..., n:]
            drawn.append(
                (np.abs(_shift(one, other, paired)), _scale(*_residuals(one, other, paired)), _root(one, other))
            )
        middle = np.median(np.concatenate([scale for _, scale, _ in drawn], -1), -1, keepdims=True)
        of_groups = [(shift / (np.maximum(scale + middle, _TINY) * root)).max(-1) for shift, scale, root in drawn]
        largest.append(np.max(of_groups, axis=0))
    return np.concatenate(largest)


def portions(total: int, most: int) -> Iterator[int]:
    """A number in parts of no more than `most`."""
    for begun in range(0, total, most):
        yield min(most, total - begun)


def _shift(before: Array, after: Array, paired: bool) -> Array:
    import numpy as np

    return np.asarray(np.median(after - before, -1)) if paired else _location(after) - _location(before)


def _location(samples: Array) -> Array:
    """The mean of the faster half, the middle one included."""
    import numpy as np

    n = samples.shape[-1]
    return np.asarray(np.sort(samples, -1)[..., : (n + 1) // 2].mean(-1))


def _residuals(before: Array, after: Array, paired: bool) -> tuple[Array, ...]:
    """What is left of the samples without their medians; of paired ones, of their differences, a sample's share."""
    import numpy as np

    sets = [(after - before) / math.sqrt(2)] if paired else [before, after]
    return tuple(samples - np.median(samples, -1, keepdims=True) for samples in sets)


def _scale(*residuals: Array) -> Array:
    """The median size of the residuals, without those that are zero because a median is one of its samples."""
    import numpy as np

    zeros = sum(r.shape[-1] % 2 for r in residuals)
    sizes = np.sort(np.abs(np.concatenate(residuals, -1)), -1)[..., zeros:]
    k = sizes.shape[-1]
    return np.asarray(sizes[..., (k - 1) // 2] + sizes[..., k // 2]) / 2


def _root(before: Array, after: Array) -> float:
    return math.sqrt(1 / before.shape[-1] + 1 / after.shape[-1])
