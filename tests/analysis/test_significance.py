"""How often a change is called one that is none, and how often one that is."""

import numpy as np
import pytest
from helpers.optional import lazy
from helpers.simulated_runs import any_change, pairs_of, simulated

from odebench.analysis import changes
from odebench.analysis.significance import Pair, p_values

pd = lazy("pandas")
stats = lazy("scipy.stats")

pytestmark = pytest.mark.numerics


@pytest.mark.parametrize(("samples", "noise"), [(5, 0.01), (5, 0.1), (3, 0.02)])
def test_of_two_hundred_pairs_of_runs_of_the_same_code_few_are_said_to_differ(samples, noise):
    rng = np.random.default_rng(1)
    pairs = 200 if samples == 5 and noise < 0.1 else 60
    runs = [simulated(rng, int(rng.integers(20, 51)), samples, noise) for _ in range(pairs)]
    assert sum(any_change(*run) for run in runs) <= 0.05 * pairs
    shifted = [(before, after + np.log(1.5)) for before, after in runs[:10]]  # the control: it can find something
    assert all(any_change(*run) for run in shifted)


def test_a_rule_without_correction_or_margin_would_not_reach_that():
    rng = np.random.default_rng(1)
    runs = [simulated(rng, int(rng.integers(20, 51)), 5) for _ in range(100)]
    uncorrected = [(stats.mannwhitneyu(*run, axis=1).pvalue < 0.01).any() for run in runs]
    assert np.mean(uncorrected) > 0.2


def test_a_case_that_is_slower_by_a_tenth_is_found():
    rng, found, wrong = np.random.default_rng(2), 0, 0
    for _ in range(100):
        before, after = simulated(rng, int(rng.integers(20, 51)), 5)
        after[0] += np.log(1.1)
        p = p_values(pairs_of(before, after)) <= changes.ALPHA_TIMES
        found, wrong = found + p[0], wrong + p[1:].any()
    assert found >= 90
    assert wrong <= 5


def test_a_tenth_in_all_cases_is_found_and_a_drift_of_the_machine_is_not():
    rng, found = np.random.default_rng(3), 0
    for _ in range(100):
        before, after = simulated(rng, int(rng.integers(20, 51)), 5, noise=0.03)
        medians = np.exp(np.median(after, 1) - np.median(before, 1))
        found += changes.overall(pd.DataFrame({"ratio": 1.1 * medians})).time == changes.SLOWER
    assert found >= 90
    for drift in (0.99, 1.01):
        assert changes.overall(pd.DataFrame({"ratio": np.full(30, drift)})).time == changes.SAME


@pytest.mark.parametrize("cases", [1, 3])
def test_few_cases_are_no_more_often_wrong(cases):
    rng = np.random.default_rng(4)
    for samples, paired in ((5, False), (3, False), (3, True)):
        runs = [simulated(rng, cases, samples, noise=0.05) for _ in range(200)]
        wrong = sum((p_values(pairs_of(*run, paired=paired)) <= changes.ALPHA_TIMES).any() for run in runs)
        assert wrong <= 10, (samples, paired)


def test_with_many_samples_it_finds_what_holms_correction_of_rank_tests_finds():
    rng = np.random.default_rng(5)
    before, after = rng.standard_normal((2, 30, 40)) * 0.02
    after[:5] += 0.05
    ranks = stats.mannwhitneyu(before, after, axis=1).pvalue
    order = np.argsort(ranks)
    holm = np.empty(30)
    holm[order] = np.maximum.accumulate(np.minimum(1, ranks[order] * np.arange(30, 0, -1)))
    assert (
        (holm <= 0.05).tolist()
        == (p_values(pairs_of(before, after), margin=0.0) <= 0.05).tolist()
        == [k < 5 for k in range(30)]
    )


def test_of_one_case_p_is_that_of_a_permutation_test():
    rng = np.random.default_rng(6)
    for shift in (0.0, 0.3, 0.6):
        before, after = rng.standard_normal((2, 40))
        after += shift
        theirs = stats.permutation_test(
            (before, after),
            lambda a, b: np.mean(np.sort(a)[:20]) - np.mean(np.sort(b)[:20]),
            n_resamples=999,
            rng=np.random.default_rng(0),
        ).pvalue
        (ours,) = p_values([Pair(before, after)], margin=0.0)
        assert ours == pytest.approx(theirs, abs=0.12)


def test_all_shifted_alike_by_a_sign_has_the_p_that_counting_gives():
    p = changes.overall(pd.DataFrame({"ratio": np.linspace(1.1, 1.3, 10)})).p
    assert p == pytest.approx(2 / 2**10)


def test_too_few_samples_have_no_p_and_samples_without_noise_do_no_harm():
    few = Pair(np.zeros(2), np.ones(5))
    constant = Pair(np.zeros(5), np.zeros(5))
    moved = Pair(np.zeros(5), np.full(5, 0.1))
    assert np.isnan(p_values([few])).all()
    assert p_values([]).size == 0
    p = p_values([few, constant, moved])
    assert (np.isnan(p[0]), p[1], p[2] <= 0.01) == (True, 1.0, True)


def test_paired_samples_are_judged_by_their_differences():
    rng = np.random.default_rng(7)
    seeds = rng.standard_normal((20, 5))  # what a seed costs differs by factors
    before, after = seeds + 0.005 * rng.standard_normal((20, 5)), seeds + 0.005 * rng.standard_normal((20, 5))
    after[0] += 0.1
    p = p_values(pairs_of(before, after, paired=True))
    assert (p <= changes.ALPHA_TIMES).tolist() == [k == 0 for k in range(20)]
    assert (p_values(pairs_of(before, after)) > changes.ALPHA_TIMES).all()
