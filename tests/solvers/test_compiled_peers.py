"""heyoka, SUNDIALS, extensisq and numba: what is their own, beside the digits of a direct call."""

from importlib import import_module

import numpy as np
import pytest

from odebench import IVP, SolverFailed, compile_once
from odebench.accuracy import errors
from odebench.cases import Case, Task, Variant
from odebench.counting import counted
from odebench.host import Host
from odebench.provenance import Conditions
from odebench.references import reference
from odebench.worker import Worker

pytestmark = pytest.mark.peers

HOST = Host()


def solved(name, ivp, **parameters):
    solver = HOST.solver(name)
    if reason := HOST.missing(solver):
        pytest.skip(reason)
    return solver(ivp, ivp.t_eval, **parameters)


def max_error(ivp, y):
    return errors(y, reference(ivp).y, ivp.weights)["max_abs_error"]


def standing(ivp):
    """The control: y0 throughout."""
    return max_error(ivp, np.tile(ivp.y0, (ivp.t_eval.size, 1)))


@pytest.mark.parametrize("name", ["heyoka", "scipy-ivp-numba"])  # seconds or tenths of them, against microseconds
def test_compiling_is_in_the_first_call_alone(name):
    solver = HOST.solver(name)
    if reason := HOST.missing(solver):
        pytest.skip(reason)
    variant = Variant("lotka-volterra", HOST.problem("lotka-volterra").resolve({}))
    row = Worker(HOST, Conditions("run")).measure(Task(Case(variant, Variant(name, solver.resolve({}))), 0, 0))
    assert row.status == "ok"
    assert row.first_s > row.wall_s


def test_sundials_makes_one_integrator_for_all_solves(monkeypatch):
    module = pytest.importorskip("sksundae.cvode")
    made, cvode = [], module.CVODE
    monkeypatch.setattr(module, "CVODE", lambda *args, **options: made.append(options) or cvode(*args, **options))
    ivp = HOST.problem("lotka-volterra")()
    first, second = (solved("sundials", ivp).y for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert len(made) == 1
    solved("sundials", ivp, rtol=1e-3)
    assert len(made) == 2  # the control: another one for another tolerance


def test_heyoka_has_a_series_for_a_power_of_zero():
    ivp = HOST.problem("detest-e3")()  # y^3, from y = 0
    assert max_error(ivp, solved("heyoka", ivp).y) <= 1e-12 < standing(ivp)


def jumping(breaks):
    """y' = 1 until t = 1, and 0 after."""

    def rhs(t, y, xp):
        left = (1 - t) + 2.0**-54
        return xp.stack([0.5 + 0.5 * (left / xp.sqrt(left * left)) + 0 * y[..., 0]], -1)

    return IVP(rhs, (0.0, 2.3), [0.0], lambda t: np.minimum(t, 1.0)[:, None], breaks=breaks)


@pytest.mark.parametrize("name", ["heyoka", "sundials"])
def test_a_jump_of_the_slope_is_not_stepped_over(name):
    ivp = jumping([1.0])
    assert max_error(ivp, solved(name, ivp).y) <= 1e-12 < standing(ivp)
    assert not max_error(ivp, solved(name, jumping([])).y) <= 1e-12  # the control: not told of it


@pytest.mark.parametrize("problem", ["lotka-volterra", "detest-f5"])
def test_heyokas_dense_output_is_its_series(problem):
    ivp = HOST.problem(problem)()
    dense = solved("heyoka", ivp, dense_output=True)
    np.testing.assert_allclose(dense.y, solved("heyoka", ivp).y, rtol=1e-13, atol=1e-13)
    between = (ivp.t_eval[1:] + ivp.t_eval[:-1]) / 2
    fine = np.sort(np.concatenate([ivp.t_eval, between]))
    truth = solved("scipy-ivp", ivp, method="DOP853", rtol=1e-12, atol=1e-13, max_step=0.05, dense_output=True)
    np.testing.assert_allclose(dense.dense(fine), truth.dense(fine), rtol=1e-6)
    assert solved("heyoka", ivp).dense is None


@pytest.mark.parametrize("compact", [True, False])
def test_heyokas_modes_agree(compact):
    ivp = HOST.problem("kepler")()
    y = solved("heyoka", ivp, compact_mode=compact, high_accuracy=True).y
    np.testing.assert_allclose(y, solved("heyoka", ivp).y, rtol=1e-10, atol=1e-10)


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
@pytest.mark.parametrize(("name", "parameters"), [("sundials", {}), ("extensisq", {"method": "KC4I", "rtol": 1e-3})])
def test_slopes_are_counted_as_often_as_they_are_asked_for(name, parameters, problem, monkeypatch):
    ivp = HOST.problem(problem)()
    calls, f = [], ivp.f
    _ = ivp.jac
    vars(ivp)["f"] = lambda t, y: calls.append(t) or f(t, y)
    if name == "sundials":
        vars(ivp)["_compiled"] = {}
        monkeypatch.setattr("odebench_plugins.solvers.sundials.FEW", 0)  # what is written out in place is not this `f`
    assert solved(name, ivp, **parameters).stats["rhs_calls"] == len(calls) > 50


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


@pytest.mark.parametrize("problem", ["lotka-volterra", "hires", "prothero-robinson"])
def test_numba_changes_no_digit_of_scipys(problem):
    ivp = HOST.problem(problem)()
    method = {"method": "RK45" if problem == "lotka-volterra" else "LSODA"}
    np.testing.assert_array_equal(solved("scipy-ivp-numba", ivp, **method).y, solved("scipy-ivp", ivp, **method).y)
    assert not np.array_equal(solved("scipy-ivp", ivp, rtol=1e-5, **method).y, solved("scipy-ivp", ivp, **method).y)


def test_the_problem_that_numba_compiles_is_one_of_its_own():
    ivp = HOST.problem("lotka-volterra")()
    solved("scipy-ivp-numba", ivp)
    twin = import_module("odebench_plugins.solvers.scipy_ivp_numba")._compiled(ivp)
    itself = compile_once(lambda problem: problem)
    assert itself(ivp) is ivp
    assert itself(twin) is twin  # what is kept for the one is not what is kept for the other
    again, counts = counted(twin)
    again.f(0.0, ivp.y0)
    assert counts.rhs_calls == 1  # no compiling is at work for it


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
