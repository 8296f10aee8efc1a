"""The equations as mathematics say what the right-hand side says."""

import math
import sys

import numpy as np
import pytest
from helpers.hosts import HOST

from odebench import IVP
from odebench.program import RULES, Untraceable
from odebench.symbols import equations

pytestmark = pytest.mark.numerics

PROBLEMS = {name: problem() for name, problem in sorted(HOST.problems.items())}
BRANCHING = {"detest-f1", "detest-f2", "detest-f3", "detest-f4"}
LONG = {"beam"}
FUNCTIONS = [name for name in RULES if name not in ("add", "sub", "mul", "truediv", "pow", "neg")]
WRITTEN = [name for name in PROBLEMS if name not in BRANCHING | LONG]


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name == "emep" else []) for name in WRITTEN]
)
def test_the_expressions_give_the_slopes(name):
    ivp = PROBLEMS[name]
    rng = np.random.default_rng(0)
    t, y = rng.uniform(*ivp.t_span), ivp.y0 + rng.uniform(0.1, 1.0, ivp.n_states)
    found = equations(ivp, 12)
    values = dict(zip(found.y, y.tolist(), strict=True)) | {found.t: t}
    slopes = np.array([float(e.evalf(17, subs=values)) for e in found.expressions])
    expected = ivp.rhs(t, y, np)
    size = np.abs(expected).max()
    np.testing.assert_allclose(slopes, expected[: len(slopes)], rtol=1e-9, atol=1e-9 * size)
    elsewhere = ivp.rhs(0.9 * t + 0.1 * ivp.t_span[0] + 1e-3, 1.01 * y + 0.01, np)[: len(slopes)]
    assert np.abs(slopes - elsewhere).max() > 1e-9 * size


def test_they_are_written_as_one_writes_them():
    robertson = equations(PROBLEMS["robertson"])
    assert robertson.lines() == [
        "y1' = -0.04 y1 + 10000 y2 y3",
        "y2' = 0.04 y1 - 30000000 y2^2 - 10000 y2 y3",
        "y3' = 30000000 y2^2",
    ]
    assert r"y_{2}^{2}" in robertson.latex()
    assert robertson.latex().startswith("\\begin{aligned}\ny_{1}' &=")
    assert equations(PROBLEMS["decay"]).lines() == ["y' = -y"]
    assert equations(PROBLEMS["pendulum"]).lines()[1] == "y2' = -9.81 sin(y1)"


def test_of_many_equations_the_first_are_written():
    found = equations(PROBLEMS["pleiades"], 3)
    assert found.lines() == ["y1' = y15", "y2' = y16", "y3' = y17", "... and 25 more"]
    assert r"\vdots" in found.latex()


@pytest.mark.parametrize("name", sorted(BRANCHING))
def test_a_right_hand_side_that_branches_is_said_to(name):
    with pytest.raises(Untraceable, match="branches on the time or the state"):
        equations(PROBLEMS[name])


def test_equations_that_would_fill_pages_are_not_written_out():
    with pytest.raises(Untraceable, match="would fill pages"):
        equations(PROBLEMS["beam"])


def test_what_only_numpy_can_is_said_to_be_untraceable():
    with pytest.raises(Untraceable, match="cannot be traced"):
        equations(IVP(lambda t, y, xp: np.sort(y, axis=-1) if y.dtype == float else np.linalg.inv(y), (0, 1), [1.0]))


def test_every_function_of_a_right_hand_side_has_its_symbol():
    def rhs(t, y, xp):
        a = 0.1 + 0.01 * y[..., 0]
        return xp.stack([sum(getattr(xp, name)(a) for name in FUNCTIONS) + t * 0.5**a], -1)

    ivp = IVP(rhs, (0.0, 1.0), [1.0])
    found = equations(ivp)
    (slope,) = (e.evalf(17, subs={found.y[0]: 2.5, found.t: 0.5}) for e in found.expressions)
    assert math.isclose(slope, ivp.rhs(0.5, np.array([2.5]), np)[0], rel_tol=1e-13)


@pytest.fixture
def show(odebench, tmp_path):
    """Return a function that runs `odebench show` with an empty cache."""

    def run(*arguments):
        return odebench("show", *arguments, ODEBENCH_CACHE=str(tmp_path / "cache"))

    return run


def test_show_prints_equations_parameters_tags_source_reference_and_digits(show):
    done = show("robertson")
    assert done.returncode == 0, done.stderr
    for expected in (
        "y3' = 30000000 y2^2",
        "k1 = 0.04",
        "tags         nonlinear, system, stiff",
        "source       Robertson 1966",
        "reference    certified: 15.",
        "invariants   mass",
    ):
        assert expected in done.stdout
    assert "it branches on the time or the state; see the file" in show("detest-f1").stdout


def test_show_takes_parameters_and_writes_latex(show):
    assert "mu = 100 " in show("van-der-pol[mu=100]").stdout
    assert "y2' = -y1 + y2 (100 - 100 y1^2)" in show("van-der-pol[mu=100]").stdout
    written = show("harmonic-oscillator", "--latex").stdout
    assert written.startswith("\\begin{aligned}\ny_{1}' &= y_{2}")
    for wrong, says in {
        "van-der-pol[mu=[1,2]]": "expected one value a parameter",
        "van-der-pol[nu=1]": "has no parameter 'nu'",
        "vdpol[epsilon=-1]": "vdpol: expected epsilon > 0, received -1.0",
        "detest-f1": "it branches on the time or the state",
    }.items():
        done = show(wrong, "--latex")
        assert done.returncode == 2
        assert says in done.stderr


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_show_draws_the_solution(show, tmp_path, ending):
    pytest.importorskip("matplotlib", reason="draws")
    done = show("robertson", "--plot", f"solution.{ending}")
    assert done.returncode == 0, done.stderr
    start = {"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[ending]
    assert (tmp_path / f"solution.{ending}").read_bytes().startswith(start)
    wrong = show("robertson", "--plot", "solution.docx")
    assert wrong.returncode == 2
    assert "Give a name such as figure.svg" in wrong.stderr


@pytest.mark.absence
def test_without_matplotlib_show_says_what_to_install(show, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = show("decay", "--plot", "decay.png")
    assert done.returncode == 2
    assert "pip install 'odebench[plot]'" in done.stderr
