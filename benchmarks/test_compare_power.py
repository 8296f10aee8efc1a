"""What `odebench compare` finds at which noise, simulated: false alarms, and slowdowns of one case that are found.

Nothing is timed; it is here because it takes minutes. `pytest benchmarks/test_compare_power.py -s`.
"""

import numpy as np
import pytest
from helpers.simulated_runs import any_change, pairs_of, simulated

from odebench.analysis import history
from odebench.analysis.changes import ALPHA_TIMES
from odebench.analysis.significance import p_values

PAIRS = 100
HISTORIES = 100
NOISES = (0.01, 0.02, 0.03, 0.05)
STEPS = (1.1, 2.0)
SLOWDOWNS = (1.1, 1.2, 1.5)


@pytest.mark.parametrize("noise", NOISES)
def test_two_runs(noise):
    rng = np.random.default_rng(11)
    alarms, found = 0, dict.fromkeys(SLOWDOWNS, 0)
    for _ in range(PAIRS):
        before, after = simulated(rng, int(rng.integers(20, 51)), 5, noise)
        alarms += any_change(before, after)
        for factor in SLOWDOWNS:
            slower = after.copy()
            slower[0] += np.log(factor)
            found[factor] += p_values(pairs_of(before, slower))[0] <= ALPHA_TIMES
    shares = ", ".join(f"{100 * (f - 1):.0f} %: {100 * n / PAIRS:.0f} %" for f, n in found.items())
    print(f"\nnoise {100 * noise:.0f} %: false alarms in {alarms} of {PAIRS} pairs of runs; slowdowns found: {shares}")
    assert alarms <= 0.05 * PAIRS


@pytest.mark.parametrize("runs", [5, 6, 7, 8, 12, 20])
@pytest.mark.parametrize(("noise", "outliers"), [(0.01, 0.0), (0.02, 0.0), (0.03, 0.0), (0.01, 0.05)])
def test_histories(noise, outliers, runs):
    """Of medians of runs; an outlier is up to half as slow again."""
    rng = np.random.default_rng(12)
    alarms, found = 0, dict.fromkeys(STEPS, 0)
    for _ in range(HISTORIES):
        disturbed = (rng.random((20, runs)) < outliers) * rng.uniform(0, 0.4, (20, runs))
        series = rng.normal(0, noise, (20, runs)) + disturbed
        alarms += any(map(bool, history.change_points(list(series))))
        for factor in STEPS:
            stepped = series.copy()
            stepped[0, runs // 2 :] += np.log(factor)
            found[factor] += bool(history.change_points(list(stepped))[0])
    steps = ", ".join(f"a step of {100 * (f - 1):.0f} % is found in {n}" for f, n in found.items())
    shares = f"false alarms in {alarms} of {HISTORIES} histories; {steps}"
    kind = f"noise {100 * noise:.0f} %, outliers {100 * outliers:.0f} %"
    print(f"\n{kind}, {runs} runs of 20 cases: {shares}")
    if not outliers:
        assert alarms <= 17  # the most of all rows; test_false_alarms_of_twelve_runs has more histories of those
        least, most = {5: (15, 33), 6: (35, 56), 7: (63, 84)}.get(runs, (98, 100))  # give or take two deviations
        assert least <= found[2.0] <= most
        assert found[1.1] >= (0 if runs < history.ENOUGH_RUNS else 60)


def test_false_alarms_of_twelve_runs():
    alarms = 0
    for seed in (12, 21, 22):
        rng = np.random.default_rng(seed)
        alarms += sum(any(map(bool, history.change_points(list(rng.normal(0, 0.03, (20, 12)))))) for _ in range(200))
    print(f"\nnoise 3 %, 12 runs of 20 cases: false alarms in {alarms} of 600 histories")
    assert alarms <= 46  # a probability of 5 % makes as many in 999 of 1000 trials
