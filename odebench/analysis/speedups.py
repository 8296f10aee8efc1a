"""How many times as fast one method is as another over a suite, and how sure that is."""

from __future__ import annotations

import math
from itertools import permutations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

from ..backends import Array
from ..errors import BadQuestion
from .costs import checked

COLUMNS = (
    "solver",
    "baseline",
    "speedup",
    "speedup_ci_low",
    "speedup_ci_high",
    "both",
    "only_solver",
    "only_baseline",
    "neither",
)


def between(costs: pd.DataFrame, confidence: float = 0.95) -> pd.DataFrame:
    """Each solver against each other as `baseline`: the geometric mean of the baseline's cost over its own.

    `costs` has a row a problem and a column a solver; missing or infinite is a failure. `speedup` is above 1 where the
    solver is the cheaper, and over the problems that both have solved, `both` in number; those that only one has solved
    are in no ratio and are counted beside it: a solver that fails on what is hard looks the better for it.

    The interval is Student's of the mean logarithm: with the few problems that suites have it keeps its promise for
    ratios that scatter by a factor, where a percentile bootstrap is too narrow. It speaks of problems like these, not
    of the scatter of timings. NaN below two problems.

    Raises `BadQuestion` for costs of zero or less, where there is none, and for a confidence outside (0, 1). Source:
    Fleming and Wallace 1986, doi:10.1145/5666.5673, for why the mean of ratios is the geometric one.
    """
    import numpy as np
    import pandas as pd

    if not 0 < confidence < 1:
        raise BadQuestion(f"expected a confidence between 0 and 1, such as 0.95, received {confidence}.")
    found = checked(costs)
    rows = []
    for solver, baseline in permutations(found.columns, 2):
        own, other = (np.isfinite(found[name]) for name in (solver, baseline))
        logs = np.log((found[baseline] / found[solver])[own & other].to_numpy())
        counts = [
            int(n) for n in ((own & other).sum(), (own & ~other).sum(), (~own & other).sum(), (~own & ~other).sum())
        ]
        rows.append([solver, baseline, *mean_with_interval(logs, confidence), *counts])
    return pd.DataFrame(rows, columns=list(COLUMNS))


def mean_with_interval(logs: Array, confidence: float) -> tuple[float, float, float]:
    """Return the geometric mean of the numbers with these logarithms, and the ends of its Student interval."""
    from scipy.stats import t

    if not len(logs):
        return math.nan, math.nan, math.nan
    mean = float(logs.mean())
    if len(logs) < 2:
        return math.exp(mean), math.nan, math.nan
    half = float(t.ppf((1 + confidence) / 2, len(logs) - 1) * logs.std(ddof=1) / math.sqrt(len(logs)))
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)
