"""Whether two sets of samples differ."""

from __future__ import annotations

from collections.abc import Sequence

_SIGNIFICANCE = 0.01


def differ(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether two sets of samples differ significantly: a two-sided Mann-Whitney U test at 1 %.

    It asks for no normal distribution, and of five samples against five for all of one set to lie below the other.
    """
    from scipy.stats import mannwhitneyu

    return bool(mannwhitneyu(a, b).pvalue < _SIGNIFICANCE)
