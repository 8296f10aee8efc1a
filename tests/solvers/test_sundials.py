"""SUNDIALS: what is its own, beside the digits of a direct call."""

from importlib import import_module

import numpy as np
import pytest
from helpers.hosts import HOST
from helpers.solving_peers import (
    installed,
    max_error,
    solved,
    standing,
    steps_over_a_jump_unless_told,
)

from odebench import IVP, SolverFailed

installed("sundials")
pytestmark = pytest.mark.peers


def test_sundials_makes_one_integrator_for_all_solves(monkeypatch):
    module = import_module("sksundae.cvode")
    made, cvode = [], module.CVODE
    monkeypatch.setattr(module, "CVODE", lambda *args, **options: made.append(options) or cvode(*args, **options))
    ivp = HOST.problem("lotka-volterra")()
    first, second = (solved("sundials", ivp).y for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert len(made) == 1
    solved("sundials", ivp, rtol=1e-3)
    assert len(made) == 2  # the control: another one for another tolerance


def test_a_jump_of_the_slope_is_not_stepped_over():
    assert steps_over_a_jump_unless_told("sundials")


@pytest.mark.parametrize("method", ["BDF", "Adams"])
@pytest.mark.parametrize("problem", ["kepler", "heat", "detest-c4"])
def test_sundials_linear_solvers_agree_and_are_given_the_jacobian(problem, method):
    ivp = HOST.problem(problem)()
    found = {kind: solved("sundials", ivp, method=method, linear_solver=kind) for kind in ("dense", "band", "sparse")}
    for solution in found.values():
        assert max_error(ivp, solution.y) <= 2e-2 < standing(ivp)
        assert solution.stats["jac_calls"] < 20
    np.testing.assert_allclose(found["band"].y, found["dense"].y, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(found["sparse"].y, found["dense"].y, rtol=1e-2, atol=1e-4)


@pytest.mark.parametrize("problem", ["lotka-volterra", "detest-f1"])
def test_slopes_are_counted_as_often_as_they_are_asked_for(problem, monkeypatch):
    ivp = HOST.problem(problem)()
    calls, f = [], ivp.f
    _ = ivp.jac
    vars(ivp)["f"] = lambda t, y: calls.append(t) or f(t, y)
    vars(ivp)["_compiled"] = {}
    monkeypatch.setattr("odebench_plugins.solvers.sundials.FEW", 0)  # what is written out in place is not this `f`
    assert solved("sundials", ivp).stats["rhs_calls"] == len(calls) > 50


@pytest.mark.parametrize(("method", "most"), [("BDF", 5), ("Adams", 12)])
def test_sundials_orders_have_a_limit(method, most):
    ivp = HOST.problem("lotka-volterra")()
    highest, same, second = (solved("sundials", ivp, method=method, max_order=order) for order in (None, most, 2))
    np.testing.assert_array_equal(highest.y, same.y)
    assert second.stats["rhs_calls"] > 2 * highest.stats["rhs_calls"]
    assert max_error(ivp, second.y) <= 1e-2 < standing(ivp)
    for bad in (0, most + 1):
        with pytest.raises(ValueError, match=f"expected max_order of 1 to {most} for {method}, received {bad}"):
            solved("sundials", ivp, method=method, max_order=bad)


def test_sundials_prints_nothing_and_a_right_hand_side_may(capfd):
    def rhs(t, y, xp):
        if xp is np and np.all(t == 0.0):
            print("at the start")
        return -y

    ivp = IVP(rhs, (0.0, 1.0), [1.0])
    capfd.readouterr()
    solved("sundials", ivp)
    with pytest.raises(SolverFailed, match="steps"):
        solved("sundials", ivp, rtol=1e-8, max_steps=3)
    out, err = capfd.readouterr()
    assert (set(out.split("\n")), err) == ({"at the start", ""}, "")
