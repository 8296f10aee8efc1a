"""The library of problems: each is what it says, in every family."""

import numpy as np
import pytest

from odebench import references
from odebench.host import Host

HOST = Host()
PROBLEMS = dict(sorted(HOST.problems.items()))
EXCLUSIVE = [{"linear", "nonlinear"}, {"scalar", "system"}, {"stiff", "nonstiff"}]
TAGS = {tag for pair in EXCLUSIVE for tag in pair} | {"oscillatory", "chaotic", "conservative", "large"}
SMALL = [name for name, problem in PROBLEMS.items() if "large" not in problem.tags]


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


@pytest.mark.parametrize("name", [name for name, problem in PROBLEMS.items() if problem().invariants])
def test_invariants_are_conserved_by_the_solution_and_not_by_another(name):
    ivp = PROBLEMS[name]()
    y = references.reference(ivp).y
    other = ivp.y0 * (1 + 0.1 * np.linspace(0, 1, len(y))[:, None] * (1 + np.arange(ivp.n_states)))
    for invariant in ivp.invariants.values():
        values = invariant(y)
        size = np.abs(values).max() + np.abs(y).max() ** 2 * 1e-3 + 1e-12
        assert np.ptp(values) <= 1e-11 * size
        moved = np.ptp(invariant(other + 0.01 * np.linspace(0, 1, len(y))[:, None]))
        assert moved > 1e-11 * size


@pytest.mark.parametrize("name", [name for name, problem in PROBLEMS.items() if "linear" in problem.tags])
def test_what_is_tagged_linear_is_linear(name):
    """f(t, a y + b z) - f(t, 0) is linear in the state."""
    ivp = PROBLEMS[name]()
    rng = np.random.default_rng(1)
    t = ivp.t_span[0] + 0.37 * (ivp.t_span[1] - ivp.t_span[0])
    y, z = rng.normal(size=(2, ivp.n_states))

    def f(state):
        return ivp.rhs(t, state, np) - ivp.rhs(t, 0 * state, np)

    size = np.abs(f(y)).max() + np.abs(f(z)).max()
    assert np.abs(f(2 * y - 3 * z) - (2 * f(y) - 3 * f(z))).max() <= 1e-9 * size


@pytest.mark.parametrize("name", SMALL)
def test_what_is_tagged_nonlinear_is_not_linear(name):
    if "linear" in PROBLEMS[name].tags:
        pytest.skip("linear")
    ivp = PROBLEMS[name]()
    rng = np.random.default_rng(1)
    with np.errstate(all="ignore"):
        y, step = np.abs(ivp.y0) + rng.uniform(0.1, 1.0, (2, ivp.n_states))
        t = ivp.t_span[0] + 0.37 * (ivp.t_span[1] - ivp.t_span[0])
        at = [np.asarray(ivp.rhs(t, y + k * step, np)) for k in (0.0, 1.0, 2.0)]
        assert np.abs(at[2] - 2 * at[1] + at[0]).max() > 1e-12 * np.abs(at[2]).max()
