"""What solutions are compared with is right, and says how right."""

import math

import numpy as np
import pytest

from odebench import IVP, certification, references
from odebench.accuracy import errors
from odebench.errors import BadProblem
from odebench.references import reference

pytestmark = pytest.mark.numerics


def minus_y(t, y, xp):
    return -y


def test_a_formula_is_the_reference_where_there_is_one(host):
    ivp = host.problem("decay")()
    found = reference(ivp)
    assert found.kind == references.EXACT
    np.testing.assert_array_equal(found.y, ivp.exact(ivp.t_eval))
    assert np.spacing(1.0) <= found.error <= 2 * np.spacing(1.0)


@pytest.mark.parametrize("problem", ["decay", "logistic", "harmonic-oscillator"])
def test_without_the_formula_the_certified_reference_finds_it_within_its_own_error(host, problem):
    ivp = host.problem(problem)()
    exact = ivp.exact(ivp.t_eval)
    found = reference(IVP(ivp.rhs, ivp.t_span, ivp.y0))
    assert found.kind == references.CERTIFIED
    assert found.error <= 1e-14
    assert np.abs(found.y - exact).max() <= 2 * found.error
    assert not np.abs(ivp.y0 - exact).max() <= 2 * found.error


@pytest.mark.parametrize(
    ("exact", "message"),
    [
        (lambda t: np.exp(-t), r"shape \(101, 1\), received shape \(101,\)"),
        (lambda t: 2 * np.exp(-t)[:, None], r"exact\(t0\) to be y0"),
        (lambda t: np.full((t.size, 1), np.nan), "finite"),
        (lambda t: np.exp(-1.001 * t)[:, None], "does not satisfy the equation: at t = "),
        (lambda t: np.exp(-1.001 * np.abs(t))[:, None], "does not satisfy the equation: at t = "),
        (lambda t: np.array([[math.exp(-1.001 * float(s))] for s in t]), "does not satisfy the equation: at t = "),
        (lambda t: (np.exp(-t) + np.sin(50 * np.pi * t) ** 2)[:, None], "does not satisfy the equation: at t = "),
    ],
)
def test_a_formula_that_contradicts_the_problem_is_refused(exact, message):
    with pytest.raises(BadProblem, match=message):
        reference(IVP(minus_y, (0, 2), [1.0], exact=exact))


def test_the_formulas_of_all_built_in_problems_are_checked_to_satisfy_the_equation(host):
    """Where a formula does not take complex times the check passes it over."""
    for name, problem in host.problems.items():
        if (exact := (ivp := problem()).exact) is not None:
            moved = np.asarray(exact(ivp.t_eval + 1e-100j))
            assert moved.dtype == np.complex128, name
            assert np.isfinite(moved).all(), name
            assert (moved.imag != 0).any(), name


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::RuntimeWarning")
def test_a_solution_that_blows_up_has_no_reference(monkeypatch):
    def cannot(ivp, *_, **__):
        raise certification.Uncertifiable("no step can be taken at t = 1")

    monkeypatch.setattr(certification, "certify", cannot)  # as it finds out, in seconds: see test_certification
    with pytest.raises(BadProblem, match="no reference solution"):
        reference(IVP(lambda t, y, xp: y**2, (0, 2), [1.0]))


def test_error_norms_on_a_known_difference():
    y_ref = np.array([[1.0, 0.0], [-4.0, 0.0], [2.0, 0.0]])
    y = y_ref + np.array([[0.3, 0.0], [0.0, 0.4], [0.1, 0.0]])
    found = errors(y, y_ref)
    assert found["max_abs_error"] == pytest.approx(0.4)
    assert found["rms_abs_error"] == pytest.approx(np.sqrt((0.09 + 0.16 + 0.01) / 6))
    assert found["final_abs_error"] == pytest.approx(0.1)
    assert found["max_rel_error"] == pytest.approx(0.4)  # the second component is zero throughout: its scale is 1
    assert found["rms_rel_error"] == pytest.approx(np.sqrt((0.075**2 + 0.16 + 0.025**2) / 6))


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_error_norms_neither_overflow_nor_vanish(size):
    found = errors(np.full((3, 1), size), np.zeros((3, 1)))
    assert found["rms_abs_error"] == pytest.approx(size)


def test_a_formulas_error_counts_the_rounding_of_its_argument(host):
    omega, periods = 7.3, 1000.0
    ivp = host.problem("harmonic-oscillator")(omega=omega, periods=periods)
    found = reference(ivp)
    # 2 pi periods is a multiple of the period, but for its rounding, which omega t brings in again
    off = abs(found.y[-1, 0] - 1.0) + abs(found.y[-1, 1] / omega)
    assert off <= found.error
    assert not off <= np.spacing(1.0)


@pytest.mark.parametrize(
    "exact",
    [
        lambda t: np.exp(-1e4 * np.abs(t))[:, None],
        lambda t: np.array([[math.exp(-1e4 * float(s))] for s in t]),
        lambda t: np.exp(-1e4 * t)[:, None],
    ],
    ids=["no complex times", "one time after the other", "complex times"],
)
def test_a_formula_that_takes_no_complex_times_is_held_to_its_equation_by_differences(exact):
    assert reference(IVP(lambda t, y, xp: -1e4 * y, (0, 2), [1.0], exact=exact)).kind == references.EXACT


def test_a_formula_that_is_right_but_for_a_small_term_of_a_stiff_equation_is_refused():
    def rhs(t, y, xp):
        return -1e6 * (y - xp.cos(t + 0 * y[..., 0])[..., None])

    with pytest.raises(BadProblem, match="does not satisfy the equation"):
        reference(IVP(rhs, (0, 10), [0.0], exact=lambda t: (np.cos(t) - np.exp(-1e6 * t))[:, None]))


@pytest.mark.parametrize("weights", [(0.0, 1.0), (0.0, 1000.0)])
@pytest.mark.parametrize("exact", [None, lambda t: np.exp(-t)[:, None] * [1e12, 1.0]], ids=["certified", "exact"])
def test_the_reference_s_error_is_weighted_as_errors_are(exact, weights):
    ivp = IVP(minus_y, (0, 2), [1e12, 1.0], exact=exact, weights=weights)
    found = reference(ivp)
    assert 1e-16 * weights[1] <= found.error <= 1e-15 * weights[1]
    assert reference(IVP(minus_y, (0, 2), [1e12, 1.0], exact=exact)).error > 1e-5  # of the large component
    off = found.y + np.array([1e-4, 1e-10])
    assert errors(off, found.y, ivp.weights)["max_abs_error"] == pytest.approx(1e-10 * weights[1], rel=1e-5)
