"""extensisq: what is its own, beside the digits of a direct call."""

import pytest
from helpers.hosts import HOST
from helpers.solving_peers import installed, max_error, solved, standing

from odebench.counting import counted

installed("extensisq")
pytestmark = pytest.mark.peers


@pytest.mark.parametrize("problem", ["lotka-volterra", "detest-f1"])
def test_slopes_are_counted_as_often_as_they_are_asked_for(problem):
    ivp = HOST.problem(problem)()
    calls, f = [], ivp.f
    _ = ivp.jac
    vars(ivp)["f"] = lambda t, y: calls.append(t) or f(t, y)
    assert solved("extensisq", ivp, method="KC4I", rtol=1e-3).stats["rhs_calls"] == len(calls) > 50


@pytest.mark.parametrize(("method", "problem"), [("Fi4N", "damped-oscillator"), ("MR6NN", "kepler")])
def test_the_host_counts_what_a_nystrom_method_claims(method, problem):
    ivp, counts = counted(HOST.problem(problem)())
    assert solved("extensisq", ivp, method=method).stats["rhs_calls"] == counts.rhs_calls > 50
    assert counts.uncounted is None


METHODS = HOST.solver("extensisq").parameters["method"].choices


@pytest.mark.parametrize("method", METHODS)
def test_every_method_of_extensisq_keeps_its_tolerance(method):
    ivp = HOST.problem("harmonic-oscillator")(periods=0.5)
    loose, tight = (max_error(ivp, solved("extensisq", ivp, method=method, rtol=r, atol=r).y) for r in (1e-3, 1e-6))
    assert tight <= 1e-3 < standing(ivp)
    assert tight < loose
