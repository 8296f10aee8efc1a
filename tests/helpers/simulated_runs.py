"""Simulated times of two runs, for tests of what `odebench compare` reports as changed."""

import numpy as np

from helpers.optional import lazy
from odebench.analysis import changes
from odebench.analysis.significance import Pair, p_values

pd = lazy("pandas")


def simulated(rng, cases, samples, noise=0.01, outliers=0.05, drift=0.005):
    """The logarithms of the times of two runs of the same code, (cases, samples) each.

    Noise is lognormal, skewed, and of another size in each case; some samples are disturbed and take up to e times as
    long; each run is as a whole, and each case in it, a little faster or slower.
    """
    size = noise * np.exp(0.5 * rng.standard_normal((cases, 1)))

    def run():
        skewed = np.expm1(0.6 * rng.standard_normal((cases, samples))) / 0.78  # standard deviation 1
        disturbed = (rng.random((cases, samples)) < outliers) * rng.uniform(0.1, 1.0, (cases, samples))
        return size * skewed + disturbed + drift * (rng.standard_normal() + rng.standard_normal((cases, 1)))

    return run(), run()


def pairs_of(before, after, *, paired=False):
    return [Pair(a, b, paired) for a, b in zip(before, after, strict=True)]


def any_change(before, after):
    """Whether anything is said to have changed, a case or all of them together, as `changes` does."""
    cases = p_values(pairs_of(before, after)) <= changes.ALPHA_TIMES
    ratios = pd.DataFrame({"ratio": np.exp(np.median(after, 1) - np.median(before, 1))})
    return bool(cases.any()) or changes.overall(ratios).time in (changes.FASTER, changes.SLOWER)
