"""References that carry their own error bar: made, kept, found again, and never taken for another problem's."""

import itertools
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from helpers.hosts import HOST
from helpers.optional import lazy

from odebench import IVP, certification, references

integrate = lazy("scipy.integrate")

pytestmark = pytest.mark.numerics

PUBLISHED = json.loads((Path(__file__).parent / "data/published.json").read_text())
WITHOUT_FORMULA = [name for name, problem in sorted(HOST.problems.items()) if problem().exact is None]


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv(certification.CACHE_VARIABLE, str(tmp_path / "cache"))


def prey_and_predators(beta=0.9, rhs=None):
    def lotka_volterra(t, y, xp):
        a, b = y[..., 0], y[..., 1]
        return xp.stack([1.5 * a - beta * a * b, a * b - 3 * b], -1)

    return IVP(rhs or lotka_volterra, (0.0, 1.0), [1.0, 1.5])


@cache
def certified(beta=0.9):
    """Return the certificate of `prey_and_predators(beta)`, made once."""
    return certification.certify(prey_and_predators(beta))


def test_what_is_certified_agrees_with_a_classical_method_to_its_tolerance():
    ivp = prey_and_predators()
    made = certified()
    assert made.times.shape == (201,)
    assert (made.digits > 15).all()
    classical = integrate.solve_ivp(ivp.f, ivp.t_span, ivp.y0, "DOP853", ivp.t_eval, rtol=1e-13, atol=1e-13).y.T
    assert np.abs(made.y[::2] - classical).max() < 1e-10
    assert np.abs(made.y[::2] - ivp.y0).max() > 0.1  # the constant y0


def test_a_certificate_is_made_once_and_found_again(monkeypatch):
    first = references.reference(prey_and_predators())
    assert (first.kind, len(list(certification.cache().iterdir()))) == ("certified", 1)
    monkeypatch.setattr(certification, "certify", None)
    again = references.reference(prey_and_predators())
    assert (again.y == first.y).all()
    assert (again.between == first.between).all()
    assert again.error == first.error < 1e-14


def test_another_problem_with_the_same_start_is_not_mistaken_for_it():
    certification.keep(certified(), prey_and_predators())
    assert certification.find(prey_and_predators()) is not None
    assert certification.find(prey_and_predators(beta=np.nextafter(0.9, 1.0))) is None
    assert certification.find(prey_and_predators(rhs=lambda t, y, xp: -y)) is None
    certification.keep(certified(0.8), prey_and_predators(beta=0.8))
    found = certification.find(prey_and_predators(beta=0.8))
    assert found is not None
    assert np.abs(found.y - certification.find(prey_and_predators()).y).max() > 1e-3


def test_a_damaged_certificate_is_made_anew():
    certification.keep(certified(), prey_and_predators())
    (path,) = certification.cache().iterdir()
    path.write_bytes(path.read_bytes()[:100])
    assert certification.find(prey_and_predators()) is None
    assert references.reference(prey_and_predators()).kind == "certified"


def double_only(t, y, xp):
    return -np.asarray(y, dtype=np.float64)


@pytest.mark.parametrize(
    ("ivp", "says"),
    [
        (IVP(double_only, (0.0, 1.0), [1.0]), "cannot be evaluated in quadruple precision"),
        pytest.param(
            IVP(lambda t, y, xp: y * y, (0.0, 2.0), [1.0]), "no step can be taken at t = 1", marks=pytest.mark.slow
        ),
        (IVP(lambda t, y, xp: -y, (0.0, 1.0), np.ones(1001)), "more than 1000 states"),
    ],
    ids=["double precision inside", "a solution that ends", "many states"],
)
def test_what_cannot_be_certified_says_why(ivp, says):
    with pytest.raises(certification.Uncertifiable, match=says):
        certification.certify(ivp)


def test_what_is_not_the_right_hand_sides_fault_is_not_blamed_on_it():
    """A fault of the machine is raised; one of the method is not called the right-hand side's."""

    def failing(error):
        calls = itertools.count()

        def rhs(t, y, xp):
            if np.asarray(y).dtype != np.float64 and next(calls) > 100:
                raise error
            return -y

        return IVP(rhs, (0.0, 1.0), [1.0])

    with pytest.raises(MemoryError):
        certification.certify(failing(MemoryError()))
    with pytest.raises(certification.Uncertifiable, match="ArithmeticError while it was certified: odd"):
        certification.certify(failing(ArithmeticError("odd")))


def test_where_nothing_can_be_certified_double_precision_stands_in_with_an_error_nobody_knows():
    found = references.reference(IVP(double_only, (0.0, 1.0), [1.0]))
    assert found.kind == "numeric"
    assert found.error is None
    assert "cannot be evaluated in quadruple precision" in found.note
    assert np.abs(found.y - np.exp(-np.linspace(0, 1, 101))[:, None]).max() < 1e-11


def test_the_command_certifies_and_prints_how_well(odebench, tmp_path):
    cache = {certification.CACHE_VARIABLE: str(tmp_path / "mine")}
    done = odebench("certify", "lotka-volterra[alpha=2,t1=1]", "decay", **cache)
    assert done.returncode == 0, done.stderr
    assert "lotka-volterra[alpha=2,t1=1]: 15." in done.stdout
    assert "Radau IIA (11 stages) and extrapolated midpoint rule" in done.stdout
    assert "decay: has an exact solution" in done.stdout
    assert "kept before" in odebench("certify", "lotka-volterra[alpha=2,t1=1]", **cache).stdout
    refused = odebench("certify", "vdpol[epsilon=-1]", **cache)
    assert (refused.returncode, refused.stderr) == (2, "Error: vdpol: expected epsilon > 0, received -1.0.\n")


# -- the built-in problems --------------------------------------------------------------------------------------------


def test_nearly_all_problems_are_certified_to_fifteen_digits_and_none_to_less_than_twelve():
    digits = {}
    for name in WITHOUT_FORMULA:
        found = certification.find(HOST.problem(name)())
        assert found is not None, f"{name}: odebench certify {name} -o plugins/references"
        digits[name] = found.digits.min()
    assert min(digits.values()) >= 12, digits
    assert sum(worst < 15 for worst in digits.values()) <= 0.1 * len(WITHOUT_FORMULA), digits


def test_the_certificates_that_come_with_odebench_are_those_that_are_used():
    duplicates = {name for name in WITHOUT_FORMULA if "duplicate" in HOST.problem(name).tags}
    names = sorted(path.name.partition(".")[0] for path in certification.shipped().glob("*.npz"))
    assert names == sorted({*WITHOUT_FORMULA} - duplicates)


RETURNING = {"arenstorf", "detest-f5"}  # they end where they began


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_values_are_matched_to_their_digits(name):
    said = PUBLISHED[name]
    ivp = HOST.problem(name)(**said["parameters"])
    assert ivp.t_span[1] == pytest.approx(said["t"], rel=1e-15)
    ours, theirs = references.reference(ivp).y[-1], np.array(said["y"])
    size = np.abs(theirs).max()
    assert np.abs(ours - theirs).max() <= 1.01 * size * 10.0 ** -said["digits"]
    if name not in RETURNING:
        assert np.abs(ivp.y0 - theirs).max() > size * 10.0 ** -said["digits"]  # the constant y0


@pytest.mark.parametrize("name", sorted(RETURNING))
def test_what_ends_where_it_began_has_been_elsewhere_between(name):
    """By DOP853, up to the middle of the span, for the constant y0 matches the published end."""
    ivp = HOST.problem(name)()
    ours, middle = references.reference(ivp).y[50], ivp.t_eval[50]
    stops = [ivp.t_span[0], *(t for t in ivp.breaks if t < middle), middle]
    y = ivp.y0
    for leg in itertools.pairwise(stops):
        y = integrate.solve_ivp(ivp.f, leg, y, "DOP853", rtol=1e-13, atol=1e-13).y[:, -1]
    assert np.abs(ours - y).max() < 1e-7
    assert np.abs(ours - ivp.y0).max() > 0.1  # the constant y0
