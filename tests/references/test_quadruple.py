"""The integrators in quadruple precision, each against what is known exactly."""

import numpy as np
import pytest
from helpers.hosts import HOST

from odebench import IVP
from odebench.quadruple import Stuck, TooCostly, extrapolation, implicit_runge_kutta
from odebench.tableaux import lobatto, quad, radau

pytestmark = pytest.mark.numerics

TIMES = np.linspace(0.0, 2.0, 11)
METHODS = {
    "extrapolation": extrapolation,
    "Radau IIA": lambda ivp, times, **options: implicit_runge_kutta(ivp, times, radau(11), **options),
    "Lobatto IIIC": lambda ivp, times, **options: implicit_runge_kutta(ivp, times, lobatto(10), **options),
}
LIMITS = {
    "extrapolation": {"most_evaluations": 6000},
    "Radau IIA": {"most_steps": 200},
    "Lobatto IIIC": {"most_steps": 200},
}


def decay(rate=1.0):
    return IVP(lambda t, y, xp: -rate * y, (0.0, 2.0), [1.0])


def distance(a, b):
    return float(np.abs(a - b).max())


@pytest.mark.parametrize("method", METHODS)
def test_decay_is_solved_to_quadruple_precision(method):
    exact = np.exp(-quad(TIMES))[:, None]
    assert distance(METHODS[method](decay(), TIMES), exact) < 1e-27
    span, fast = TIMES[[0, -1]], np.exp(-20 * quad(TIMES[[0, -1]]))[:, None]
    assert distance(METHODS[method](decay(20.0), span), fast) < 1e-27
    assert distance(METHODS[method](decay(20.0), span, tolerance=1e-4), fast) > 1e-27  # the tolerance is what decides
    assert distance(quad(np.ones((11, 1))), exact) > 0.1  # the constant y0


@pytest.mark.parametrize("method", METHODS)
def test_time_is_as_exact_as_the_state(method):
    """y' = cos t, which errs wherever a time is rounded."""
    ivp = IVP(lambda t, y, xp: xp.stack([xp.cos(t) + 0 * y[..., 0]], -1), (0.0, 2.0), [0.0])
    assert distance(METHODS[method](ivp, TIMES), np.sin(quad(TIMES))[:, None]) < 1e-27


@pytest.mark.parametrize("scheme", [radau(5), radau(11), lobatto(5), lobatto(10)], ids=lambda s: str(s.stages))
def test_schemes_integrate_polynomials_up_to_their_order(scheme):
    weights, s = scheme.matrix[-1], scheme.stages
    order = 2 * s - 1 if scheme.nodes[0] > 0 else 2 * s - 2
    powers = [scheme.nodes * 0 + 1]
    for _ in range(order + 1):
        powers.append(powers[-1] * scheme.nodes)
    for p in range(1, order + 1):
        assert abs(float((weights * powers[p - 1]).sum() * p - 1)) < 1e-29
    assert abs(float((weights * powers[order]).sum() * (order + 1) - 1)) > 1e-29
    for p in range(1, s + 1 if scheme.nodes[0] > 0 else s):  # up to the order of its stages
        assert distance((scheme.matrix * powers[p - 1]).sum(axis=1) * p, powers[p]) < 1e-29


@pytest.mark.parametrize("method", ["Radau IIA", pytest.param("Lobatto IIIC", marks=pytest.mark.slow)])
def test_implicit_methods_do_not_creep_where_a_problem_is_stiff(method):
    def rhs(t, y, xp):
        return xp.stack([-1e9 * (y[..., 0] - xp.cos(t)) - xp.sin(t)], -1)

    stiff = IVP(rhs, (0.0, 2.0), [1.0])
    assert distance(METHODS[method](stiff, TIMES, most_steps=300), np.cos(quad(TIMES))[:, None]) < 1e-25
    with pytest.raises(TooCostly):
        extrapolation(stiff, TIMES, most_evaluations=100_000)


@pytest.mark.parametrize("method", METHODS)
def test_steps_end_where_the_right_hand_side_breaks(method):
    def rhs(t, y, xp):
        return xp.stack([xp.where(t < 0.7, 1.0, 2.0) + 0 * y[..., 0]], -1)

    times = quad(TIMES)
    exact = np.where(TIMES < 0.7, times, 2 * times - quad(0.7))[:, None]
    told = IVP(rhs, (0.0, 2.0), [0.0], breaks=[0.7])
    assert distance(METHODS[method](told, TIMES, **LIMITS[method]), exact) < 1e-27
    try:
        untold = distance(METHODS[method](IVP(rhs, (0.0, 2.0), [0.0]), TIMES, **LIMITS[method]), exact)
    except (TooCostly, Stuck):
        untold = np.inf
    assert untold > 1e-27


@pytest.mark.parametrize("method", METHODS)
def test_a_solution_that_ends_is_said_to_end(method):
    with pytest.raises((Stuck, TooCostly)):
        METHODS[method](IVP(lambda t, y, xp: y * y, (0.0, 2.0), [1.0]), TIMES, **LIMITS[method])


@pytest.mark.slow
def test_two_methods_agree_where_errors_grow():
    arenstorf = HOST.problem("arenstorf")()
    times = arenstorf.t_eval[::20]
    by_extrapolation = extrapolation(arenstorf, times)
    assert distance(by_extrapolation, METHODS["Radau IIA"](arenstorf, times)) < 1e-18
    assert distance(by_extrapolation, extrapolation(arenstorf, times, tolerance=1e-10)) > 1e-18
