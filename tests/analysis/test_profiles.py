"""Profiles and speed-ups over a suite: against published numbers, brute force and scipy."""

import math

import numpy as np
import pytest
from helpers.optional import lazy

from odebench.analysis import profiles, speedups
from odebench.errors import BadQuestion

pd = lazy("pandas")
stats = lazy("scipy.stats")

INF, NAN = math.inf, math.nan


def table(**columns):
    return pd.DataFrame(columns, index=[f"p{k}" for k in range(len(next(iter(columns.values()))))])


def suite(seed, problems=7, solvers=4):
    """Costs with ties, failures, and a problem that nobody solved."""
    rng = np.random.default_rng(seed)
    costs = np.round(rng.lognormal(0.0, 1.0, (problems, solvers)), 1) + 0.1
    costs[rng.random(costs.shape) < 0.2] = rng.choice([NAN, INF])
    costs[rng.integers(problems)] = NAN
    return pd.DataFrame(costs, columns=list("abcd")[:solvers])


def at(profile, solver, where, name="tau"):
    """The value of a step function."""
    steps = profile[profile["solver"] == solver]
    below = steps[steps[name] <= where]
    return below["fraction"].iloc[-1] if len(below) else 0.0


def counted(costs, solver, tau):
    """The definition, problem by problem, without a ratio."""
    solved = 0
    for _, row in costs.iterrows():
        known = [float(c) for c in row if not math.isnan(c)]
        if known and math.isfinite(row[solver]) and row[solver] <= tau * min(known):
            solved += 1
    return solved / len(costs)


def published(profile):
    """The steps of the one solver that the examples are about."""
    return profile[profile["solver"] == "s"][["tau", "fraction"]].to_numpy().tolist()


# perfprof (github.com/dmsteck/perfprof.py, tests/test_perfprof.py), after perfprof.m in Higham and Higham's MATLAB
# Guide: the ratios of one solver, and the staircase they make, up to the last of them
@pytest.mark.parametrize(
    ("ratios", "staircase"),
    [
        ([2, 4, 3], [[1, 0], [2, 1 / 3], [3, 2 / 3], [4, 1]]),
        ([1, 3, 2], [[1, 1 / 3], [2, 2 / 3], [3, 1]]),
        ([INF, 2, INF, 2], [[1, 0], [2, 1 / 2]]),
        ([INF, 2, 1, INF, 2], [[1, 1 / 5], [2, 3 / 5]]),
    ],
)
def test_published_staircases(ratios, staircase):
    best = np.arange(1.0, len(ratios) + 1)
    costs = table(s=np.array(ratios) * best, best=best)
    assert published(profiles.performance(costs)) == staircase
    others = published(profiles.performance(costs.assign(best=2 * best)))  # a rival half as good: another profile
    assert others != staircase


def test_published_ratios():
    profile = profiles.performance(pd.DataFrame([[1.0, 2.0, 3.0], [6.0, 5.0, 4.0]], columns=["x", "y", "z"]))
    rises = {
        s: rows.loc[rows["fraction"].diff().fillna(rows["fraction"]) > 0, "tau"].tolist()
        for s, rows in profile.groupby("solver")
    }
    assert rises == {"x": [1, 1.5], "y": [1.25, 2], "z": [1, 3]}


@pytest.mark.parametrize("seed", range(6))
def test_profiles_are_what_counting_gives(seed):
    costs = suite(seed)
    profile = profiles.performance(costs)
    taus = [0.5, 1.0, *np.random.default_rng(seed).uniform(1, 20, 10), 1e9]
    for solver in costs:
        assert [at(profile, solver, tau) for tau in taus] == pytest.approx(
            [counted(costs, solver, tau) for tau in taus]
        )
    worse = costs.assign(a=costs["a"] * 1.5)
    assert any(at(profiles.performance(worse), "a", tau) != at(profile, "a", tau) for tau in taus)


@pytest.mark.parametrize("seed", range(4))
def test_data_profiles_are_distributions_over_all_problems(seed):
    costs = suite(seed)
    sizes = pd.Series(np.arange(1.0, len(costs) + 1), index=costs.index)
    plain, scaled = profiles.data(costs), profiles.data(costs, sizes)
    for solver in costs:
        seconds, calls = costs[solver].fillna(INF), (costs[solver] / (sizes + 1)).fillna(INF)
        finite = stats.ecdf(seconds.replace(INF, 1e12)).cdf  # of scipy, with what failed far off
        for budget in (0.0, 0.3, 1.0, 2.0, 5.0, 1e9):
            assert at(plain, solver, budget, "budget") == pytest.approx(finite.evaluate(budget))
            assert at(scaled, solver, budget, "budget") == pytest.approx((calls <= budget).mean())
    assert not plain.equals(scaled)


def test_failures_and_problems_that_nobody_solved_stay_in_the_denominator():
    profile = profiles.performance(table(a=[1.0, NAN, INF, NAN], b=[2.0, 3.0, INF, NAN]))
    assert profile.groupby("solver")["fraction"].last().to_dict() == {"a": 0.25, "b": 0.5}
    assert profile.groupby("solver")["solved"].last().to_dict() == {"a": 1, "b": 2}
    assert set(profile["problems"]) == {4}


def test_equals_are_both_best_and_all_end_at_the_same_tau():
    profile = profiles.performance(table(a=[1.0, 1.0], b=[1.0, 8.0]))
    assert [at(profile, s, 1.0) for s in "ab"] == [1.0, 0.5]
    assert profile.groupby("solver")["tau"].max().to_dict() == {"a": 8.0, "b": 8.0}


def test_a_suite_in_which_everything_failed_has_profiles_of_zero():
    for profile in (profiles.performance(table(a=[NAN, INF])), profiles.data(table(a=[NAN, INF]))):
        assert profile["fraction"].tolist() == [0.0]
        assert profile["problems"].tolist() == [2]


def test_one_solver_on_one_problem():
    assert profiles.performance(table(a=[3.0]))[["tau", "fraction"]].to_numpy().tolist() == [[1.0, 1.0]]
    assert profiles.data(table(a=[3.0]))["fraction"].tolist() == [0.0, 1.0]
    assert speedups.between(table(a=[3.0])).empty


def test_which_of_two_stands_higher_depends_on_the_third():
    """The pitfall of Gould and Scott 2016; the order of two alone, and their speed-up, do not change."""
    three = table(a=[4.0, 4.0, 4.0, 3.0, 3.0], b=[12.0, 12.0, 12.0, 1.0, 1.0], c=[1.0, 1.0, 1.0, 5.0, 5.0])
    two = three[["a", "b"]]
    with_c, alone = profiles.performance(three), profiles.performance(two)
    assert (at(alone, "a", 2.0), at(alone, "b", 2.0)) == (0.6, 0.4)
    assert (at(with_c, "a", 2.0), at(with_c, "b", 2.0)) == (0.0, 0.4)
    pair = "solver == 'a' and baseline == 'b'"
    assert speedups.between(three).query(pair)["speedup"].item() == speedups.between(two).query(pair)["speedup"].item()


@pytest.mark.parametrize("ask", [profiles.performance, profiles.data, speedups.between])
@pytest.mark.parametrize(
    ("costs", "said"),
    [
        ({"data": {"a": [1.0, 0.0]}, "index": ["p0", "p1"]}, "received 0 for 'a' on 'p1'"),
        ({"data": {"a": [1.0, -1.0]}, "index": ["p0", "p1"]}, "received -1 for 'a'"),
        ({}, "0 solvers on 0 problems"),
        ({"index": ["p"]}, "0 solvers on 1 problem. "),
        ({"data": [[1.0, 2.0]], "columns": ["a", "a"]}, "each solver once, received 'a'"),
        ({"data": {"a": [1.0, 2.0]}, "index": ["p", "p"]}, "each problem once, received 'p'"),
    ],
)
def test_costs_that_make_no_sense_are_refused(ask, costs, said):
    with pytest.raises(BadQuestion, match=said):
        ask(pd.DataFrame(**costs))


def test_a_problem_of_unknown_size_is_named():
    costs = table(a=[1.0, 2.0])
    assert len(profiles.data(costs, pd.Series({"p0": 1, "p1": 2})))
    for sizes in (pd.Series({"p0": 1}), pd.Series({"p0": 1, "p1": NAN}), pd.Series({"p0": 1, "p1": 0})):
        with pytest.raises(BadQuestion, match="none for 'p1'"):
            profiles.data(costs, sizes)


@pytest.mark.parametrize("seed", range(4))
def test_speedups_and_intervals_are_scipys(seed):
    costs = suite(seed, problems=12)
    for row in speedups.between(costs, confidence=0.9).itertuples():
        own, other = costs[row.solver].to_numpy(), costs[row.baseline].to_numpy()
        both = np.isfinite(own) & np.isfinite(other)
        ratios = other[both] / own[both]
        assert row.speedup == pytest.approx(stats.gmean(ratios))
        assert row.speedup != pytest.approx(ratios.mean(), rel=1e-6)  # the arithmetic mean, which is another thing
        interval = stats.ttest_1samp(np.log(ratios), 0.0).confidence_interval(0.9)
        assert (row.speedup_ci_low, row.speedup_ci_high) == pytest.approx(
            (math.exp(interval.low), math.exp(interval.high))
        )
        assert row.both == both.sum()
        assert row.both + row.only_solver + row.only_baseline + row.neither == len(costs)
        assert row.only_solver == (np.isfinite(own) & ~np.isfinite(other)).sum()


def test_turning_a_pair_round_inverts_its_speedup():
    pairs = speedups.between(table(a=[1.0, 2.0, NAN], b=[4.0, 2.0, 1.0])).set_index("solver")
    assert pairs.loc["a", "speedup"] == pytest.approx(2.0)
    assert pairs.loc["b", "speedup"] == pytest.approx(0.5)
    assert pairs.loc["b", "speedup_ci_low"] == pytest.approx(1 / pairs.loc["a", "speedup_ci_high"])
    assert (pairs.loc["b", "only_solver"], pairs.loc["a", "only_baseline"]) == (1, 1)


def test_nothing_is_said_where_too_few_problems_were_solved():
    none = speedups.between(table(a=[1.0, NAN], b=[NAN, 1.0])).iloc[0]
    assert math.isnan(none["speedup"])
    assert (none["both"], none["only_solver"], none["only_baseline"]) == (0, 1, 1)
    one = speedups.between(table(a=[1.0, NAN], b=[3.0, NAN])).iloc[0]
    assert one["speedup"] == pytest.approx(3.0)
    assert math.isnan(one["speedup_ci_low"])
    assert one["neither"] == 1
    with pytest.raises(BadQuestion, match="received 95"):
        speedups.between(table(a=[1.0], b=[1.0]), confidence=95)


def test_the_interval_holds_what_it_promises_on_few_problems_where_a_bootstrap_does_not():
    rng = np.random.default_rng(0)
    students, percentiles, wrong = [], [], []
    for _ in range(600):
        ratios = 2.0 * rng.lognormal(0.0, 1.0, 6)
        _, low, high = speedups.mean_with_interval(np.log(ratios), 0.95)
        students.append(low <= 2.0 <= high)
        wrong.append(low <= 20.0 <= high)
        low, high = np.quantile(np.log(rng.choice(ratios, (400, 6))).mean(axis=1), [0.025, 0.975])
        percentiles.append(low <= math.log(2.0) <= high)
    assert 0.92 <= np.mean(students) <= 0.98
    assert np.mean(percentiles) < 0.91
    assert np.mean(wrong) < 0.1
