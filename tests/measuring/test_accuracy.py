"""Every measure of error on cases where it is known by hand, and on ones that must not pass for them."""

import math

import numpy as np
import pytest
from helpers.commands import read_csv

from odebench import IVP, references
from odebench.accuracy import between, errors, invariant_drift, significant_digits
from odebench.errors import BadProblem


def circle(**parts):
    """y = (cos t, -sin t), whose radius is conserved."""
    return IVP(
        lambda t, y, xp: xp.stack([y[..., 1], -y[..., 0]], -1),
        (0.0, 2.0),
        [1.0, 0.0],
        exact=lambda t: np.stack([np.cos(t), -np.sin(t)], -1),
        invariants={"radius": lambda y: y[..., 0] ** 2 + y[..., 1] ** 2},
        **parts,
    )


def test_significant_digits_are_those_of_the_worst_component_at_the_end():
    y_ref = np.array([[1.0, 1.0], [2.0, 1e-6]])
    assert significant_digits(y_ref + np.array([[0.5, 0.5], [2e-5, 0.0]]), y_ref) == pytest.approx(5)
    assert significant_digits(y_ref + np.array([[0.0, 0.0], [0.0, 1e-9]]), y_ref) == pytest.approx(3)
    assert significant_digits(y_ref, y_ref) == 16
    assert significant_digits(np.ones((2, 2)), y_ref) == pytest.approx(-math.log10(1e6 - 1))  # the constant y0


def test_components_that_have_decayed_to_nothing_have_no_significant_digits(host):
    ivp = host.problem("stiff-detest-a4")()  # whose fastest components end near 1e-300
    found = references.reference(ivp)
    solved = host.solver("scipy-ivp")(ivp, ivp.t_eval, method="Radau", rtol=1e-8, atol=1e-20).y
    digits = significant_digits(solved, found.y, None, found.final_errors)
    assert 4 < digits < 12
    solved[-1, 5] = 1e-30  # where the truth is below 1e-300
    assert significant_digits(solved, found.y, None, found.final_errors) == digits
    assert significant_digits(solved[:, 5:6] + 1, found.y[:, 5:6], None, found.final_errors[5:6]) is None
    assert significant_digits(np.tile(ivp.y0, (solved.shape[0], 1)), found.y, None, found.final_errors) < 0


def test_a_solution_has_no_more_digits_than_its_reference():
    y_ref = np.array([[1.0, 1.0], [0.5, 0.25]])
    assert significant_digits(y_ref, y_ref, None, np.array([1e-12, 1e-13])) == pytest.approx(-math.log10(2e-12))
    assert significant_digits(
        y_ref + np.array([[0, 0], [0, 0.025]]), y_ref, None, np.array([1e-12, 1e-13])
    ) == pytest.approx(1)


def test_components_that_end_at_zero_have_no_significant_digits():
    y_ref = np.array([[1.0, 1.0], [0.0, 4.0]])
    assert significant_digits(y_ref + np.array([[0, 0], [0.1, 0.04]]), y_ref) == pytest.approx(2)
    assert significant_digits(np.ones((2, 1)), y_ref[:, :1]) is None


def test_weights_leave_out_or_stress_components():
    y_ref = np.ones((3, 2))
    y = y_ref + np.array([0.1, 0.001])
    assert errors(y, y_ref)["max_abs_error"] == pytest.approx(0.1)
    assert errors(y, y_ref, np.array([0.0, 1.0]))["max_abs_error"] == pytest.approx(0.001)
    assert errors(y, y_ref, np.array([1.0, 1000.0]))["max_rel_error"] == pytest.approx(1.0)
    assert significant_digits(y, y_ref, np.array([0.0, 1.0])) == pytest.approx(3)


@pytest.mark.parametrize("weights", [[1.0], [1.0, -1.0], [0.0, 0.0], [1.0, math.nan], ["a", 1]])
def test_weights_that_make_no_sense_are_refused(weights):
    with pytest.raises(BadProblem, match="expected weights"):
        circle(weights=weights)


def test_drift_of_an_invariant():
    ivp = circle()
    y = ivp.exact(ivp.t_eval)
    assert invariant_drift(y, ivp.y0, ivp.invariants) < 1e-15
    grown = y * np.linspace(1.0, 1.1, len(y))[:, None]
    assert invariant_drift(grown, ivp.y0, ivp.invariants) == pytest.approx(0.21)
    assert invariant_drift(y, ivp.y0, {}) is None
    assert invariant_drift(y, ivp.y0, {"nothing": lambda y: y[..., 1]}) == pytest.approx(np.abs(y[:, 1]).max())


def test_dense_output_is_held_to_the_solution_and_the_equation_between_the_times():
    ivp = circle()
    reference = references.reference(ivp)
    found = between(ivp.exact, ivp, reference.between)
    assert found["max_between_error"] < 1e-15
    assert found["max_residual"] < 1e-10

    def straight(t):
        return np.stack([np.interp(t, ivp.t_eval, reference.y[:, j]) for j in range(2)], -1)

    found = between(straight, ivp, reference.between)
    assert found["max_between_error"] == pytest.approx(0.02**2 / 8, rel=0.01)  # gap^2 / 8 of a curvature of 1
    assert found["max_residual"] == pytest.approx(0.02**2 / 12, rel=0.01)
    still = between(lambda t: np.ones((t.size, 2)) * ivp.y0, ivp, reference.between)  # the constant y0
    assert still["max_residual"] == pytest.approx(1.0)
    assert still["max_between_error"] > 1


def test_the_residual_is_that_of_another_equation():
    ivp, other = circle(), IVP(lambda t, y, xp: 1.001 * xp.stack([y[..., 1], -y[..., 0]], -1), (0.0, 2.0), [1.0, 0.0])
    assert between(ivp.exact, other, None)["max_residual"] == pytest.approx(0.001, rel=1e-3)


PLUGIN = """
import numpy as np
from odebench import IVP, Solution, hookimpl, problem, solver


@problem
def double_only(*, t1=1.0):
    def rhs(t, y, xp):
        return -np.asarray(y, dtype=np.float64)

    return IVP(rhs, (0.0, t1), [1.0], invariants={"y": lambda y: y[..., 0]})


@solver
def off_between(ivp, t_eval, *, off=0.0):
    return Solution(ivp.exact(t_eval), lambda t: ivp.exact(t) + off * ~np.isin(t, t_eval)[:, None])


@hookimpl
def odebench_problems():
    return [double_only]


@hookimpl
def odebench_solvers():
    return [off_between]
"""


def rows_of(odebench, directory, *arguments):
    (directory / "mine.py").write_text(PLUGIN)
    done = odebench("run", "--plugin", "mine.py", *arguments, "--quick", "--executor", "inline", "-o", "out")
    assert done.returncode == 0, done.stderr
    return done.stdout, read_csv(directory / "out/measurements.csv"), read_csv(directory / "out/comparison.csv")


def test_a_row_says_how_good_dense_output_is_and_how_many_digits_are_right(odebench, tmp_path):
    _, (good, bad), _ = rows_of(odebench, tmp_path, "-s", "off-between[off=[0.0,0.125]]", "-p", "decay")
    assert 15 < float(good["significant_digits"]) < 16  # as many as the formula has
    assert float(good["max_between_error"]) == 0
    assert float(good["max_residual"]) < 1e-9
    assert good["invariant_drift"] == ""
    assert float(bad["max_abs_error"]) == 0
    assert float(bad["max_between_error"]) == pytest.approx(0.125)


def test_a_reference_that_cannot_be_certified_is_said_and_ranks_nothing(odebench, tmp_path):
    shown, rows, cases = rows_of(odebench, tmp_path, "-s", "scipy-ivp[rtol=[1e-3,1e-9]]", "-p", "double-only")
    for row, case in zip(rows, cases, strict=True):
        assert row["reference"] == "numeric"
        assert row["reference_error"] == ""
        assert "reference_error is unknown, not ranked: its right-hand side cannot be" in row["reason"]
        assert float(row["invariant_drift"]) == pytest.approx(1 - np.exp(-1), rel=1e-2)
        assert (case["on_front"], case["slowdown_vs_best_at_this_error"]) == ("false", "")
    assert "oracle" not in shown.partition("front:")[0]
