"""How far the samples of a case scatter: an interval of their median, and whether they are to be trusted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    from pandas.api.typing import SeriesGroupBy

from ..backends import IndexArray

LEVEL = 0.95
"""How often the interval holds the median, at least, from six samples on; of five, the widest there is: 93.75 %."""
FEWEST = 5


def median_interval(groups: SeriesGroupBy[float, Any]) -> pd.DataFrame:
    """An interval of the median of each group: `low` and `high`, indexed by group.

    Between two order statistics, the k-th smallest and the k-th largest, whatever the distribution (Conover, Practical
    Nonparametric Statistics, section 3.2). NaN below five samples; missing ones do not count.
    """
    import numpy as np
    import pandas as pd

    size = groups.count()
    number, values = groups.ngroup().to_numpy(), groups.obj.to_numpy()
    ascending = values[np.lexsort((values, number))]  # group by group, the missing ones last of each
    begin = np.cumsum(groups.size()) - groups.size()
    k = order_statistic(np.asarray(size, dtype=np.intp))
    found = {"low": ascending[begin + np.maximum(k, 1) - 1], "high": ascending[begin + size - np.maximum(k, 1)]}
    return pd.DataFrame(found, index=size.index)[k > 0].reindex(size.index)


def order_statistic(size: IndexArray) -> IndexArray:
    """The k of the interval, for so many samples: the largest at which it still holds the level. 0 where there is none.

    The median lies below the k-th smallest with probability P(B < k), B binomial with p = 1/2, and above the k-th
    largest likewise.
    """
    import numpy as np

    if not (size >= FEWEST).any():  # then a run with few samples needs no scipy
        return np.zeros_like(size)
    from scipy.special import bdtr, bdtrik

    n = np.maximum(size, 1)
    k = np.ceil(bdtrik((1 - LEVEL) / 2, n, 0.5)).astype(np.int64)
    k -= bdtr(np.maximum(k - 1, 0), n, 0.5) > (1 - LEVEL) / 2  # rounded up once too often
    return np.where(size >= FEWEST, np.maximum(k, 1), 0)


def unstable(groups: SeriesGroupBy[float, Any]) -> pd.Series[bool]:
    """Which groups scatter too much to be trusted, as pyperf has it.

    A standard deviation of 10 % of the mean or more, or a sample 50 % off the mean. A single sample is not.
    """
    import numpy as np

    low, mean, high = groups.min(), groups.mean(), groups.max()
    scattered = groups.std() >= 0.1 * mean
    far_off = (high - mean >= 0.5 * mean) | (mean - low >= 0.5 * mean) | np.isinf(high)
    return (scattered | far_off) & (groups.count() > 1)
