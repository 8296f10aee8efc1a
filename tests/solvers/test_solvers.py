"""How accurate the solvers are. Each bound has a control that must miss it."""

import numpy as np
import pytest
from helpers.hosts import HOST
from helpers.optional import lazy

from odebench import IVP, Diverged
from odebench.accuracy import errors
from odebench.references import reference

sparse = lazy("scipy.sparse")
pytestmark = pytest.mark.numerics

DECAY = HOST.problem("decay")()
THREAD = HOST.problem("decay")(rate=2.0, t0=1.0, t1=5.0)  # the thread's second case: y' = -2y on [1, 5]


def max_error(ivp, y):
    return errors(np.asarray(y), reference(ivp).y)["max_abs_error"]


def constant(ivp):
    """The control: a solver that never leaves y0."""
    return np.tile(ivp.y0, (ivp.t_eval.size, 1))


def solved(name, ivp, **parameters):
    return HOST.solver(name)(ivp, ivp.t_eval, **parameters)


SLOW = pytest.mark.slow


@pytest.mark.parametrize("problem", ["decay", "logistic", "harmonic-oscillator"])
def test_analytic_is_exact(problem):
    ivp = HOST.problem(problem)()
    assert max_error(ivp, solved("analytic", ivp).y) <= 1e-15
    assert not max_error(ivp, constant(ivp)) <= 1e-15


@pytest.mark.parametrize(
    "problem", ["decay", pytest.param("logistic", marks=SLOW), pytest.param("harmonic-oscillator", marks=SLOW)]
)
def test_analytic_is_the_certified_reference(problem):
    ivp = HOST.problem(problem)()
    certified = reference(IVP(ivp.rhs, ivp.t_span, ivp.y0))  # which knows nothing of the formula
    assert np.abs(solved("analytic", ivp).y - certified.y).max() <= 2e-15


@pytest.mark.parametrize("method", ["RK45", "RK23", "DOP853", "Radau", "BDF", "LSODA"])
def test_scipy_keeps_every_tolerance_of_its_ladder_within_a_hundredfold(method):
    ivp = HOST.problem("harmonic-oscillator")(periods=0.5)  # the constant is off by 2
    for rung in HOST.solver("scipy-ivp").ladder:
        bound = 100 * rung["rtol"]
        assert max_error(ivp, solved("scipy-ivp", ivp, **rung | {"method": method}).y) <= bound, rung
        assert not max_error(ivp, constant(ivp)) <= bound


def test_scipys_options_do_what_they_say():
    many = solved("scipy-ivp", DECAY, max_step=0.001)
    few = solved("scipy-ivp", DECAY)
    assert many.stats["rhs_calls"] >= 6 * 2000 > few.stats["rhs_calls"]
    assert few.dense is None
    dense = solved("scipy-ivp", DECAY, dense_output=True).dense
    between = np.linspace(0.005, 1.995, 100)
    np.testing.assert_allclose(dense(between), DECAY.exact(between), atol=1e-6)


@pytest.fixture(scope="module")
def robertson():
    ivp = HOST.problem("robertson")()
    return ivp, ivp.jac, reference(ivp).y


@pytest.mark.parametrize("method", ["Radau", "BDF", "LSODA"])
def test_implicit_methods_solve_the_stiff_problem_and_are_given_its_jacobian(method, robertson):
    ivp, jac, y_ref = robertson
    calls = 0

    def counted(t, y, f=ivp.f):
        nonlocal calls
        calls += 1
        return f(t, y)

    def calls_and_error(jac):
        nonlocal calls
        calls = 0
        ivp.__dict__.update(f=counted, jac=jac)
        return errors(solved("scipy-ivp", ivp, method=method, rtol=1e-8, atol=1e-12).y, y_ref)["max_abs_error"], calls

    error_with, calls_with = calls_and_error(jac)
    error_without, calls_without = calls_and_error(None)
    assert max(error_with, error_without) <= 1e-6
    assert not errors(constant(ivp), y_ref)["max_abs_error"] <= 1e-6
    assert calls_with < calls_without  # the differences that stand in for a Jacobian cost calls


def fitted_order(name, ivp, steps):
    """The slope of log(error) against log(h), by least squares."""
    errors_ = [max_error(ivp, solved(name, ivp, steps=n).y) for n in steps]
    return -np.polyfit(np.log(steps), np.log(errors_), 1)[0]


@pytest.mark.parametrize("problem", ["decay", "logistic", "harmonic-oscillator"])
@pytest.mark.parametrize("name", ["euler", "rk4"])
def test_fixed_step_methods_have_their_order(name, problem):
    # steps that divide the grid of outputs or are divided by it, so that the error is not that of interpolation
    ivp = HOST.problem(problem)()
    order = HOST.solver(name).order
    assert fitted_order(name, ivp, [400, 800, 1600]) == pytest.approx(order, abs=0.1)
    other = "euler" if name == "rk4" else "rk4"
    assert fitted_order(other, ivp, [400, 800, 1600]) != pytest.approx(order, abs=0.1)


@pytest.mark.parametrize("name", ["euler", "rk4"])
def test_fixed_step_methods_know_the_solution_between_their_steps(name):
    dense = solved(name, DECAY, steps=1000).dense
    between = np.linspace(0.0005, 1.9995, 777)
    assert np.abs(dense(between) - DECAY.exact(between)).max() <= 1e-3
    assert not np.abs(np.exp(0) - DECAY.exact(between)).max() <= 1e-3


def test_every_solver_leaves_its_input_alone_and_gives_the_same_digits_twice():
    for name, solver in HOST.solvers.items():
        if HOST.missing(solver):
            continue
        seed = {"seed": 7} if solver.uses_chance else {}
        quick = {"epochs": 20} if "epochs" in solver.parameters else {}
        ivp = HOST.problem("harmonic-oscillator")()
        once, again = (solver(ivp, ivp.t_eval, **quick, **seed) for _ in range(2))
        assert once.y.shape == (ivp.t_eval.size, 2)
        np.testing.assert_array_equal(once.y, again.y, err_msg=name)
        if once.dense is not None:
            np.testing.assert_allclose(once.dense(ivp.t_eval), once.y, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("method", ["Radau", "BDF", "LSODA"])
def test_implicit_methods_use_the_sparse_jacobian_of_a_large_system(method):
    ivp = HOST.problem("heat")(n=60)
    jacobians, jac = [], ivp.jac
    vars(ivp)["jac"] = lambda t, y: jacobians.append(jac(t, y)) or jacobians[-1]
    solution = solved("scipy-ivp", ivp, method=method, rtol=1e-8, atol=1e-11)
    assert max_error(ivp, solution.y) <= 1e-5
    assert not max_error(ivp, constant(ivp)) <= 1e-5
    # LSODA knows bands, no sparse matrices
    assert bool(jacobians) == (method != "LSODA")
    assert all(map(sparse.issparse, jacobians))


def test_rk4_on_a_problem_too_stiff_for_it_says_where_it_diverged():
    hires = HOST.problem("hires")()
    with pytest.raises(Diverged, match=r"from t = \d.* more steps"):
        solved("rk4", hires)
