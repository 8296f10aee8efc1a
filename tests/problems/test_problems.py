"""The library of problems: each is what it says, in every family."""

import itertools

import numpy as np
import pytest
from helpers.hosts import HOST

from odebench import references
from odebench.errors import BadProblem

pytestmark = pytest.mark.numerics

PROBLEMS = dict(sorted(HOST.problems.items()))
EXCLUSIVE = [{"linear", "nonlinear"}, {"scalar", "system"}, {"stiff", "nonstiff"}]
TAGS = {tag for pair in EXCLUSIVE for tag in pair} | {
    "oscillatory",
    "chaotic",
    "conservative",
    "large",
    "duplicate",
}


def test_there_are_a_hundred_problems_and_the_whole_of_both_test_sets():
    assert len(PROBLEMS) >= 100
    nonstiff = {f"detest-{family}{k}" for family in "abcdef" for k in range(1, 6)}
    counts = {"a": 4, "b": 5, "c": 5, "d": 6, "e": 5, "f": 5}
    stiff = {f"stiff-detest-{family}{k}" for family, n in counts.items() for k in range(1, n + 1)}
    assert nonstiff | stiff <= PROBLEMS.keys()


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_problem_says_what_it_is_and_where_it_is_from(name):
    problem = PROBLEMS[name]
    assert problem.source
    assert problem.description
    assert {*problem.tags} <= TAGS
    for pair in EXCLUSIVE:
        assert len(pair & {*problem.tags}) == 1
    ivp = problem()
    assert (ivp.n_states == 1) == ("scalar" in problem.tags)


def is_part_of(one, other):
    """Whether it is the same equation from the same start, over the same span or the first tenth of it or more."""
    (t0, t1), (s0, s1) = one.t_span, other.t_span
    if one.y0.shape != other.y0.shape or not (t0 == s0 and 0.1 * (s1 - s0) <= t1 - t0 <= s1 - s0):
        return False
    rng = np.random.default_rng(0)
    t, y = rng.uniform(t0, t1, 5), one.y0 + rng.uniform(0.1, 1.0, (5, one.n_states))
    return np.array_equal(one.y0, other.y0) and np.allclose(one.rhs(t, y, np), other.rhs(t, y, np), rtol=1e-9)


def test_problems_that_are_part_of_another_say_so_and_no_others_do():
    made = {name: problem() for name, problem in PROBLEMS.items()}
    parts = {(one, other) for one, other in itertools.permutations(made, 2) if is_part_of(made[one], made[other])}
    tagged = {name for name, problem in PROBLEMS.items() if "duplicate" in problem.tags}
    assert tagged <= {one for one, _ in parts}
    assert all(len(tagged & pair) == 1 for pair in ({*pair} for pair in parts)), parts


# what is conserved is zero: the size of the terms that cancel
ZERO = {
    ("detest-b4", "height_less_sine"): 1.0,
    ("e5", "difference"): 1e-10,
    ("pleiades", "momentum_x"): 1.0,
    ("pleiades", "momentum_y"): 1.0,
    ("stiff-detest-e5", "balance"): 1e-10,
}


@pytest.mark.parametrize("name", [name for name, problem in PROBLEMS.items() if problem().invariants])
def test_invariants_are_conserved_by_the_solution_and_not_by_another(name):
    ivp = PROBLEMS[name]()
    y = references.reference(ivp).y
    other = ivp.y0 * (1 + 0.1 * np.linspace(0, 1, len(y))[:, None] * (1 + np.arange(ivp.n_states)))
    for key, invariant in ivp.invariants.items():
        values = invariant(y)
        size = ZERO.get((name, key)) or np.abs(values).max()
        assert np.ptp(values) <= 1e-12 * size
        moved = np.ptp(invariant(other + 0.01 * np.linspace(0, 1, len(y))[:, None]))
        assert moved > 1e-3 * size


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_is_tagged_linear_is_linear_and_what_is_tagged_nonlinear_is_not(name):
    """Three states on a line have slopes on a line where f is linear in the state."""
    ivp = PROBLEMS[name]()
    rng = np.random.default_rng(1)
    y, step = np.abs(ivp.y0) + rng.uniform(0.1, 1.0, (2, ivp.n_states))
    t = ivp.t_span[0] + 0.37 * (ivp.t_span[1] - ivp.t_span[0])
    with np.errstate(all="ignore"):
        at = [np.asarray(ivp.rhs(t, y + k * step, np)) for k in (0.0, 1.0, 2.0)]
    deviation = np.abs(at[2] - 2 * at[1] + at[0]).max() / np.abs(at).max()
    assert (deviation <= 1e-9) == ("linear" in PROBLEMS[name].tags)


MILDLY_STIFF = {  # as their test set has them, and the textbook's first example
    "forced-cosine",
    *(f"stiff-detest-{k}" for k in ("b2", "b3", "b4", "e1", "e2", "f2")),
}


def eigenvalues_and_span(ivp):
    """The largest modulus of an eigenvalue, times the span; that which a quarter of the solution exceeds."""
    y = references.reference(ivp).y
    largest = []
    for k in range(0, len(y), 10):
        moved = np.asarray(ivp.rhs(np.full(ivp.n_states, ivp.t_eval[k]), y[k] + 1e-30j * np.eye(ivp.n_states), np))
        largest.append(np.abs(np.linalg.eigvals(moved.imag / 1e-30)).max())
    return np.quantile(largest, 0.75) * (ivp.t_span[1] - ivp.t_span[0])


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_is_tagged_stiff_has_time_scales_a_thousandth_of_its_span_or_less(name):
    fast = eigenvalues_and_span(PROBLEMS[name]())
    if name in MILDLY_STIFF:
        assert "stiff" in PROBLEMS[name].tags
        assert 50 < fast < 1000
    else:
        assert (fast >= 1000) == ("stiff" in PROBLEMS[name].tags), fast


@pytest.mark.parametrize("chosen", [(-1.0, -1000.0), (-3, -1, -2), (-1e6, -1.0, -1.0, -5.0)])
def test_the_stiff_linear_system_has_the_eigenvalues_that_are_chosen(chosen):
    ivp = PROBLEMS["stiff-linear"](eigenvalues=chosen)
    found = np.sort(np.linalg.eigvals(ivp.jac(0.0, ivp.y0)).real)
    np.testing.assert_allclose(found, sorted(chosen), rtol=1e-9)
    assert references.reference(ivp).kind == references.EXACT  # which it satisfies
    assert np.abs(PROBLEMS["stiff-linear"]().jac(0.0, np.ones(7))[:2, :2] - ivp.jac(0.0, ivp.y0)[:2, :2]).max() > 1


@pytest.mark.parametrize("wrong", [(), (-1.0,), (-1.0, 0.0), (-1.0, 2.0), (-1.0, "fast"), (-1.0, True)])
def test_eigenvalues_that_are_no_two_negative_numbers_are_refused(wrong):
    with pytest.raises(BadProblem, match="expected eigenvalues as two numbers below 0 or more"):
        PROBLEMS["stiff-linear"](eigenvalues=wrong)
