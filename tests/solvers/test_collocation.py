"""Collocation by random features and by Chebyshev polynomials: the operators, the windows, and what is refused.

Each bound on an error has a control that must miss it: the constant y0, or the method with a part taken out.
"""

import itertools

import numpy as np
import pytest
from helpers.hosts import HOST
from helpers.optional import lazy

from odebench import IVP, Diverged, SolverFailed, suites
from odebench.references import reference

chebyshev_collocation = lazy("odebench_plugins.solvers.chebyshev_collocation")
random_feature_collocation = lazy("odebench_plugins.solvers.random_feature_collocation")
iterations = lazy("odebench_plugins.support.windows.iterations")
march = lazy("odebench_plugins.support.windows.march")
trial_space = lazy("odebench_plugins.support.windows.trial_space")

pytestmark = pytest.mark.numerics

RANDOM, CHEBYSHEV = NAMES = ["random-feature-collocation", "chebyshev-collocation"]
SLOW = pytest.mark.slow
SEEDS = range(20)
FIRST_SEEDS = range(3)
OTHER_SEEDS_SLOW = [*FIRST_SEEDS, *(pytest.param(seed, marks=SLOW) for seed in SEEDS[3:])]
TEN = suites.load("neural").problems


def solved(name, ivp, **parameters):
    return HOST.solver(name)(ivp, ivp.t_eval, **parameters)


def in_tolerances(ivp, y, rtol, atol):
    """The largest error over atol + rtol * the largest magnitude of the component."""
    y_ref = reference(ivp).y
    return (np.abs(y - y_ref) / (atol + rtol * np.abs(y_ref).max(axis=0))).max()


def constant(ivp):
    return np.tile(ivp.y0, (ivp.t_eval.size, 1))


def random_space(seed=0, points=20, nodes="radau"):
    return random_feature_collocation.feature_space(points, points + 8, 2 * points, None, nodes, seed)


def chebyshev_space(points=20, nodes="radau"):
    return chebyshev_collocation.polynomial_space(points, points + 8, nodes)


SPACES = {
    "chebyshev": chebyshev_space,
    "random": random_space,
}


# the operators


@pytest.mark.parametrize("points", [6, 12, 20, 32, 40])
@pytest.mark.parametrize("kind", SPACES)
def test_the_integral_of_a_smooth_function_is_that_of_the_formula(kind, points):
    space = SPACES[kind](points=points)
    nodes, slope = space.places[:points], 2.0
    bound = max(1e-14, 2.0 * slope**points / (np.prod(np.arange(1.0, points + 1)) * 4.0 ** (points - 1)) * 1e3)
    for where, matrix in [(space.places, space.integral), (space.knots, space.path)]:
        right = np.expm1(slope * where) / slope
        assert np.abs(matrix @ np.exp(slope * nodes) - right).max() <= bound
        assert not np.abs(matrix @ np.ones(points) - right).max() <= bound  # the control: a wrong integrand


@pytest.mark.parametrize("seed", ["chebyshev", *OTHER_SEEDS_SLOW])
def test_the_matrices_of_a_space_agree_with_each_other(seed):
    space = chebyshev_space() if seed == "chebyshev" else random_space(seed)
    m = space.points
    g = np.cos(3 * space.places[:m])
    grown = space.integral @ g
    np.testing.assert_allclose(space.inverse @ grown[:m], g, atol=1e-11)
    np.testing.assert_allclose(space.between @ grown[:m], grown[m:], atol=1e-13)
    np.testing.assert_allclose(space.derivative @ g, np.cos(3 * space.places[m:]), atol=1e-12)
    np.testing.assert_allclose(space.path_of_values @ grown[:m], space.path @ g, atol=1e-13)
    assert space.path[0].tolist() == [0.0] * m  # so that windows join
    np.testing.assert_allclose(space.path[-1], space.integral[m - 1], atol=1e-14)


@pytest.mark.parametrize("seed", OTHER_SEEDS_SLOW)
def test_the_polynomial_through_the_knots_is_the_network(seed):
    points, knots, width = 20, 28, 40
    fine = random_feature_collocation.feature_space(
        points, 1001, width, None, "radau", seed
    )  # the network itself at its knots
    space = random_feature_collocation.feature_space(points, knots, width, None, "radau", seed)
    g = np.exp(2 * space.places[:points])
    weights = march.interpolation_weights(space, fine.knots)
    polynomial = (weights @ (space.path @ g)) / weights.sum(axis=1)
    assert np.abs(polynomial - fine.path @ g).max() <= 1e-13
    few = random_feature_collocation.feature_space(points, 12, width, None, "radau", seed)  # the control: too few knots
    weights = march.interpolation_weights(few, fine.knots)
    assert not np.abs((weights @ (few.path @ g)) / weights.sum(axis=1) - fine.path @ g).max() <= 1e-13


def stability(space, z):
    """R(z): what becomes of 1 in a window of y' = z y, for each z of an array."""
    matrix = space.integral[: space.points]
    z = np.asarray(z)[..., None, None]
    stages = np.linalg.solve(np.eye(space.points) - z * matrix, np.ones((space.points, 1)))
    return np.abs(stages[..., -1, 0])


def on_the_axis(space):
    return stability(space, 1j * np.geomspace(0.01, 1e6, 300)).max()


@pytest.mark.parametrize("seeds", [FIRST_SEEDS, pytest.param(SEEDS[3:], marks=SLOW)], ids=str)
@pytest.mark.parametrize("points", [6, 8, 12, 16])
def test_the_radau_nodes_make_it_l_stable_whatever_the_seed(points, seeds):
    for space in [*(random_space(seed, points) for seed in seeds), chebyshev_space(points)]:
        assert stability(space, -1e12) <= 1e-9  # R(infinity) = 0
        assert on_the_axis(space) <= 1 + 1e-12
    # the control: other nodes
    for space in [random_space(0, points, "chebyshev"), chebyshev_space(points, "chebyshev")]:
        assert not on_the_axis(space) <= 1 + 1e-12


def test_more_points_are_not_a_stable_for_every_seed():
    assert march.STIFF_POINTS == 16  # the most points of the test above
    assert any(on_the_axis(random_space(seed, 2 * march.STIFF_POINTS)) > 1.001 for seed in SEEDS)


def test_features_that_are_too_alike_are_refused_and_the_others_are_not():
    ivp = HOST.problem("decay")()
    with pytest.raises(SolverFailed, match=r"least-squares system of 40 functions at 20 points is singular"):
        solved(RANDOM, ivp, points=20, scale=1e-3)
    assert in_tolerances(ivp, solved(RANDOM, ivp, points=20, scale=0.3).y, 1e-6, 1e-9) <= 10
    assert not in_tolerances(ivp, constant(ivp), 1e-6, 1e-9) <= 10


# the solution


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("problem", TEN)
def test_the_suites_problems_to_ten_digits(name, problem):
    ivp = HOST.problem(problem)()
    assert "nonstiff" in HOST.problem(problem).tags
    y = solved(name, ivp, rtol=1e-10, atol=1e-13).y
    assert in_tolerances(ivp, y, 1e-10, 1e-13) <= 10
    assert not in_tolerances(ivp, constant(ivp), 1e-10, 1e-13) <= 10


@pytest.mark.parametrize("name", NAMES)
def test_every_rung_of_the_ladder_keeps_its_tolerance_within_tenfold(name):
    for problem in ("decay", "lotka-volterra"):
        ivp = HOST.problem(problem)()
        for rung in HOST.solver(name).ladder:
            asked = rung["rtol"], rung["atol"]
            assert in_tolerances(ivp, solved(name, ivp, **rung).y, *asked) <= 10, rung
            assert not in_tolerances(ivp, constant(ivp), *asked) <= 10


@pytest.mark.parametrize("seed", OTHER_SEEDS_SLOW)
def test_the_error_does_not_depend_on_luck(seed):
    for problem, bound in [("decay", 1e-13), ("lotka-volterra", 1e-10), ("hires", 1e-9)]:
        ivp = HOST.problem(problem)()
        y = solved(RANDOM, ivp, rtol=1e-12, atol=1e-15, seed=seed).y
        assert np.abs(y - reference(ivp).y).max() <= bound
        assert not np.abs(constant(ivp) - reference(ivp).y).max() <= bound


def test_another_seed_is_another_network():
    ivp = HOST.problem("lotka-volterra")()
    one, again, other = (solved(RANDOM, ivp, seed=seed).y for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


@pytest.mark.parametrize("problem", ["hires", "vdpol", "orego", "pollution", "stiff-detest-e4", "e5"])
@pytest.mark.parametrize("name", NAMES)
def test_stiff_problems_to_more_than_six_digits(name, problem):
    ivp = HOST.problem(problem)()
    y_ref = reference(ivp).y
    solution = solved(name, ivp, rtol=1e-8, atol=1e-8 * np.abs(y_ref).max() * 1e-12)
    bound = 1e-6 * np.abs(y_ref).max(axis=0)
    assert (np.abs(y_ref - solution.y) <= bound).all()
    assert not (np.abs(y_ref - constant(ivp)) <= bound).all()
    assert solution.stats["steps"] <= 400  # where an explicit method needs millions


@pytest.mark.parametrize("name", NAMES)
def test_robertsons_problem_to_the_end_of_the_test_sets_span(name):
    ivp = HOST.problem("robertson")(t1=1e11)
    # Mazzia & Magherini, Test Set for IVP Solvers, release 2.4, problem ROBER
    published = np.array([0.2083340149701255e-07, 0.8333360770334713e-13, 0.9999999791665050])
    solution = solved(name, ivp, rtol=1e-8, atol=1e-20)
    assert np.abs(solution.y[-1] / published - 1).max() <= 1e-7
    assert not np.abs(ivp.y0 / published - 1).max() <= 1e-7
    assert solution.stats["steps"] <= 200  # windows that grow geometrically


def test_newton_is_what_makes_a_stiff_problem_possible():
    ivp = HOST.problem("prothero-robinson")()
    by_picard, by_choice = (solved(RANDOM, ivp, iteration=iteration) for iteration in ("picard", "auto"))
    assert by_choice.stats["steps"] * 20 < by_picard.stats["steps"]
    assert in_tolerances(ivp, by_choice.y, 1e-6, 1e-9) <= 10
    assert not in_tolerances(ivp, constant(ivp), 1e-6, 1e-9) <= 10


@pytest.mark.parametrize("name", NAMES)
def test_iterations_and_nodes_agree(name):
    ivp = HOST.problem("lotka-volterra")()
    ways = [(nodes, iteration) for nodes in ("radau", "chebyshev") for iteration in ("picard", "newton")]
    found = [solved(name, ivp, rtol=1e-8, atol=1e-11, nodes=n, iteration=i).y for n, i in ways]
    for y in found:
        assert in_tolerances(ivp, y, 1e-8, 1e-11) <= 10
    assert not in_tolerances(ivp, constant(ivp), 1e-8, 1e-11) <= 10
    for one, other in itertools.combinations(found, 2):
        apart = np.abs(one - other).max()
        assert 0 < apart <= 10 * (1e-11 + 1e-8 * np.abs(one).max())
        assert not np.abs(one - constant(ivp)).max() <= 10 * (1e-11 + 1e-8 * np.abs(one).max())


@pytest.mark.parametrize("name", NAMES)
def test_the_dense_output_holds_between_and_its_windows_join(name):
    ivp = HOST.problem("damped-sine")(t1=40.0)
    dense = solved(name, ivp, rtol=1e-10, atol=1e-12).dense
    between = np.linspace(0.01, 39.99, 3001)
    assert np.abs(dense(between) - ivp.exact(between)).max() <= 1e-10
    assert not np.abs(ivp.y0 - ivp.exact(between)).max() <= 1e-10
    np.testing.assert_array_equal(dense(np.array([0.0])), ivp.y0[None])


@pytest.mark.parametrize("problem", ["detest-f1", "detest-f2"])
def test_windows_end_at_the_problems_breaks(problem):
    ivp = HOST.problem(problem)()
    assert ivp.breaks
    with_breaks = solved(RANDOM, ivp, rtol=1e-9, atol=1e-12)
    untold = IVP(ivp.rhs, ivp.t_span, ivp.y0, t_eval=ivp.t_eval)
    without = solved(RANDOM, untold, rtol=1e-9, atol=1e-12)
    assert in_tolerances(ivp, with_breaks.y, 1e-9, 1e-12) <= 10
    assert not in_tolerances(ivp, constant(ivp), 1e-9, 1e-12) <= 10
    assert with_breaks.stats["rhs_calls"] * 2 < without.stats["rhs_calls"]


@pytest.mark.parametrize("problem", ["heat", "detest-c4"])
def test_large_systems_by_their_sparse_jacobian(problem):
    ivp = HOST.problem(problem)(**({"n": 60} if problem == "heat" else {}))
    y = solved(RANDOM, ivp, rtol=1e-6, atol=1e-9).y
    assert in_tolerances(ivp, y, 1e-6, 1e-9) <= 10
    assert not in_tolerances(ivp, constant(ivp), 1e-6, 1e-9) <= 10


def test_jacobians_by_one_complex_evaluation_are_the_problems_own():
    for problem in ("lotka-volterra", "kepler", "hires", "lagaris-4"):
        ivp = HOST.problem(problem)()
        times, states = ivp.t_eval[:5], reference(ivp).y[:5]
        made = iterations.Equations(ivp).jacobians(times, states.T)
        own = np.array([ivp.jac(t, y) for t, y in zip(times, states, strict=True)])
        np.testing.assert_allclose(made, own, rtol=1e-12, atol=1e-14)
        blind = IVP(ivp.rhs, ivp.t_span, ivp.y0)
        vars(blind)["jac"] = None  # as of a right-hand side that branches
        differences = iterations.Equations(blind).jacobians(times, states.T)
        np.testing.assert_allclose(differences, own, rtol=1e-4, atol=1e-5 * np.abs(own).max())
        assert (differences != own).any()


def test_a_stiff_problem_without_a_jacobian():
    ivp = HOST.problem("vdpol")()
    blind = IVP(ivp.rhs, ivp.t_span, ivp.y0, t_eval=ivp.t_eval)
    vars(blind)["jac"] = None
    assert in_tolerances(ivp, solved(RANDOM, blind, rtol=1e-7, atol=1e-10).y, 1e-7, 1e-10) <= 10
    assert not in_tolerances(ivp, constant(ivp), 1e-7, 1e-10) <= 10


def test_what_is_counted():
    calls = 0
    ivp = HOST.problem("pendulum")()

    def counted(t, y, xp):
        nonlocal calls
        calls += np.size(t)
        return ivp.rhs(t, y, xp)

    counting = IVP(counted, ivp.t_span, ivp.y0)
    _ = counting.jac
    calls = 0
    stats = solved(RANDOM, counting).stats
    assert stats["rhs_calls"] == calls  # states, not batches
    assert stats["steps"] > 1
    assert stats["n_parameters"] >= 2 * 2 * 12 * stats["steps"]  # output weights of two components, and no others


# what is refused, and what fails


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"rtol": 1e-15}, r"expected rtol of 2.2e-14 or more, received 1e-15"),
        ({"atol": 0.0}, r"expected atol > 0, received 0.0"),
        ({"points": 3}, r"expected points from 4 to 64, received 3"),
        ({"points": 65}, r"expected points from 4 to 64, received 65"),
    ],
)
def test_parameters_out_of_range_are_refused(name, parameters, said):
    with pytest.raises(ValueError, match=said):
        solved(name, HOST.problem("decay")(), **parameters)


def test_features_out_of_range_are_refused():
    ivp = HOST.problem("decay")()
    with pytest.raises(ValueError, match="expected features of 20 or more, one a collocation point, received 19"):
        solved(RANDOM, ivp, points=20, features=19)
    with pytest.raises(ValueError, match=r"expected scale > 0, received 0\.0"):
        solved(RANDOM, ivp, scale=0.0)


@pytest.mark.parametrize("name", NAMES)
def test_a_solution_that_ends_before_the_span_does(name):
    past = IVP(lambda t, y, xp: y**2, (0.0, 2.0), [1.0])  # y = 1 / (1 - t)
    with pytest.raises((SolverFailed, Diverged), match=r"t = (0\.99|1\b|1\.0)"):
        solved(name, past)
    before = IVP(past.rhs, (0.0, 0.9), past.y0, exact=lambda t: 1 / (1 - t)[:, None])
    assert in_tolerances(before, solved(name, before).y, 1e-6, 1e-9) <= 10
    assert not in_tolerances(before, constant(before), 1e-6, 1e-9) <= 10


@pytest.mark.parametrize("name", NAMES)
def test_a_right_hand_side_that_stops_being_a_number(name):
    ivp = IVP(lambda t, y, xp: -1 / (2 * xp.sqrt(y**2)) * y / y, (0.0, 2.0), [1.0])  # y = sqrt(1 - t)
    with pytest.raises((SolverFailed, Diverged), match=r"t = (0\.99|1\b|1\.0)"):
        solved(name, ivp)


def test_nodes_are_those_of_their_names():
    np.testing.assert_allclose(trial_space.radau(2), [-1 / 3, 1])
    np.testing.assert_allclose(trial_space.chebyshev(2), [0, 1], atol=1e-16)
