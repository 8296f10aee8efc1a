"""One equation, and every form made from it says the same."""

import numpy as np
import pytest
from helpers.hosts import HOST
from helpers.optional import lazy, needs
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from odebench.backends import MOST_RECORDED_STATES, SCALAR_STATES, fast_jac, fast_rhs
from odebench.program import RULES

sparse = lazy("scipy.sparse")

PROBLEMS = {name: problem() for name, problem in HOST.problems.items()}
FUNCTIONS = [name for name in RULES if name not in ("add", "sub", "mul", "truediv", "pow", "neg")]


def everything(t, y, xp):
    """Every operation that can be recorded, on three states between 0.1 and 0.9."""
    a, b, c = y[..., 0], y[..., 1], y[..., 2]
    functions = sum(getattr(xp, name)(a * b) for name in FUNCTIONS)
    arithmetic = (1 - a) / b + (2.5 * c - a) ** 2 - 3 / c + a**3 + b**0.5 + c ** (-a) + 2.0**b - (-c) + (+a)
    return xp.stack([functions, arithmetic, xp.sin(t) * a + np.float64(0.5) * b], -1)


def jacobian_by_complex_step(rhs, t, y, h=1e-30):
    """Exact to rounding: no difference is taken."""
    return np.stack([rhs(t, y + 1j * h * e, np).imag / h for e in np.eye(y.size)], axis=-1)


@given(t=st.floats(-2, 2), y=arrays(float, 3, elements=st.floats(0.1, 0.9)))
@settings(deadline=None)
def test_the_traced_form_and_its_jacobian_agree_with_numpy_on_every_operation(t, y):
    np.testing.assert_allclose(
        fast_rhs(everything, 0.0, np.full(3, 0.5))(t, y), everything(t, y, np), rtol=1e-12, atol=1e-12
    )
    jac = fast_jac(everything, 3)
    assert jac is not None
    np.testing.assert_allclose(jac(t, y), jacobian_by_complex_step(everything, t, y), rtol=1e-11, atol=1e-11)


UNTRACED = {"detest-f1", "detest-f2", "detest-f3", "detest-f4"}  # they branch on the time


def assert_same(a, b):
    """To 1e-12 of the largest: terms of a stiff equation cancel."""
    np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12 * np.abs(b).max())


def states_near(ivp, count):
    """Random times, and random states above the initial one."""
    rng = np.random.default_rng(0)
    return rng.uniform(*ivp.t_span, count), ivp.y0 + rng.uniform(0.1, 1.0, (count, ivp.n_states))


WRITTEN_BY_COMPONENT = {"beam", "detest-c4", "emep", "medical-akzo-nobel"}  # and of more than 32 states


LARGEST = {"medical-akzo-nobel", "emep", "beam", "allen-cahn", "brusselator-1d"}  # most of the time of all
each_problem = pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[pytest.mark.slow] if n in LARGEST else []) for n in PROBLEMS]
)


@each_problem
def test_every_problem_has_a_fast_form_and_a_jacobian_that_agree_with_numpy(name):
    ivp = PROBLEMS[name]
    if name in UNTRACED:
        assert ivp.jac is None
        return
    assert ivp.jac is not None
    recorded = ivp.n_states <= SCALAR_STATES or name in WRITTEN_BY_COMPONENT
    assert ("<right-hand side>" in ivp.f.__code__.co_filename) == recorded
    for t, y in zip(*states_near(ivp, 5), strict=True):
        assert_same(ivp.f(t, y), ivp.rhs(t, y, np))
        jacobian = ivp.jac(t, y)
        if sparse.issparse(jacobian):
            assert ivp.n_states > SCALAR_STATES
            jacobian = jacobian.toarray()
        assert_same(jacobian, jacobian_by_complex_step(ivp.rhs, t, y))


@each_problem
def test_no_entry_of_the_jacobian_lies_outside_the_pattern(name):
    ivp = PROBLEMS[name]
    if name in UNTRACED:
        assert ivp.sparsity is None
        return
    pattern = np.zeros((ivp.n_states, ivp.n_states), dtype=bool)
    pattern[ivp.sparsity] = True
    for t, y in zip(*states_near(ivp, 3), strict=True):
        assert (jacobian_by_complex_step(ivp.rhs, t, y)[~pattern] == 0).all()
    if ivp.n_states > SCALAR_STATES:
        assert sparse.issparse(ivp.jac(ivp.t_span[0], ivp.y0)) == (pattern.mean() <= 0.25)


@needs("torch")
@each_problem
def test_every_problem_runs_on_batches_with_numpy_and_torch(name):
    import torch

    ivp = PROBLEMS[name]
    t, y = states_near(ivp, ivp.n_states + 2)
    batch = ivp.rhs(t, y, np)
    one_by_one = np.stack([ivp.f(*point) for point in zip(t, y, strict=True)])
    assert_same(batch, one_by_one)
    in_torch = ivp.rhs(torch.tensor(t), torch.tensor(y), torch)
    assert_same(in_torch.numpy(), one_by_one)


ON_JAX = ("decay", "lotka-volterra", "robertson", "detest-f1", "heat")  # the slow set has all


@needs("jax")
@pytest.mark.parametrize("name", [pytest.param(n, marks=[] if n in ON_JAX else [pytest.mark.slow]) for n in PROBLEMS])
def test_every_problem_runs_on_jax(name):
    import jax

    ivp = PROBLEMS[name]
    t, y = states_near(ivp, 4)
    with jax.enable_x64(True):
        in_jax = ivp.rhs(jax.numpy.asarray(t), jax.numpy.asarray(y), jax.numpy)
    assert in_jax.dtype == np.float64
    assert_same(np.asarray(in_jax), ivp.rhs(t, y, np))


@pytest.mark.parametrize(
    "rhs",
    [
        lambda t, y, xp: y if y[0] > 0 else -y,
        lambda t, y, xp: y if t < 1 else -y,
        lambda t, y, xp: y * (y[0] == 1.0),
        lambda t, y, xp: xp.where(y > 0, y, -y),
    ],
    ids=["branch on y", "branch on t", "equality", "where"],
)
def test_what_cannot_be_traced_still_works_on_numpy(rhs):
    f = fast_rhs(rhs, 0.0, np.array([2.0]))
    assert f.__code__.co_filename != "<right-hand side>"
    np.testing.assert_array_equal(f(0.0, np.array([2.0])), rhs(0.0, np.array([2.0]), np))
    assert fast_jac(rhs, 1) is None


def test_a_large_system_is_recorded_where_it_goes_by_component_and_stays_on_numpy_where_it_goes_by_array():
    def by_array(t, y, xp):
        return -y

    def by_component(t, y, xp):
        return xp.stack([-y[..., j] for j in range(y.shape[-1])], -1)

    def is_recorded(rhs, n_states):
        return fast_rhs(rhs, 0.0, np.ones(n_states)).__code__.co_filename == "<right-hand side>"

    assert is_recorded(by_array, SCALAR_STATES)
    assert not is_recorded(by_array, SCALAR_STATES + 1)
    assert is_recorded(by_component, MOST_RECORDED_STATES)
    assert not is_recorded(by_component, MOST_RECORDED_STATES + 1)
    assert fast_jac(by_array, SCALAR_STATES + 1) is None


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("rhs", "y"),
    [
        (lambda t, y, xp: xp.exp(y), 1000.0),
        (lambda t, y, xp: 1 / y, 0.0),
        (lambda t, y, xp: xp.log(y), -1.0),
        (lambda t, y, xp: y**0.5, -1.0),
        (lambda t, y, xp: y**400.5, 1e9),
        (lambda t, y, xp: xp.sin(y), np.inf),
    ],
    ids=["overflow", "division by zero", "logarithm", "root", "power", "sine of infinity"],
)
def test_where_python_would_raise_the_traced_form_gives_numpys_inf_or_nan(rhs, y):
    state = np.array([y])
    np.testing.assert_array_equal(fast_rhs(rhs, 0.0, np.ones(1))(0.0, state), rhs(0.0, state, np))


def test_a_constant_slope_and_unused_states_are_traced():
    f = fast_rhs(lambda t, y, xp: xp.stack([0 * y[..., 0] + 1.0, y[..., 0]], -1), 0.0, np.ones(2))
    jac = fast_jac(lambda t, y, xp: xp.stack([0 * y[..., 0] + 1.0, y[..., 0]], -1), 2)
    np.testing.assert_array_equal(f(0.0, np.array([3.0, 4.0])), [1.0, 3.0])
    assert jac is not None
    np.testing.assert_array_equal(jac(0.0, np.array([3.0, 4.0])), [[0.0, 0.0], [1.0, 0.0]])


@pytest.mark.parametrize(
    "rhs",
    [
        lambda t, y, xp: y @ np.array([[0.0, 2.0], [-3.0, 0.5]]),
        lambda t, y, xp: np.array([2.0, 3.0]) * y[..., ::-1] + xp.sum(y, -1),
        lambda t, y, xp: xp.concatenate([y[..., 1:] - y[..., :1], y[..., :1] ** 3], -1),
        lambda t, y, xp: xp.stack([y[..., 0] * np.float64(2), y[..., 1] - np.int64(3) * y[..., 0]], -1),
    ],
    ids=["matrix product", "reversal", "concatenation", "numpy scalars"],
)
def test_whole_array_arithmetic_is_traced(rhs):
    y = np.array([0.3, 0.7])
    f, jac = fast_rhs(rhs, 0.0, y), fast_jac(rhs, 2)
    assert f.__code__.co_filename == "<right-hand side>"
    assert jac is not None
    np.testing.assert_allclose(f(0.0, y), rhs(0.0, y, np), rtol=1e-14)
    np.testing.assert_allclose(jac(0.0, y), jacobian_by_complex_step(rhs, 0.0, y), rtol=1e-12)


def test_a_recording_that_says_something_else_than_numpy_is_not_used():
    def rhs(t, y, xp):
        try:
            return xp.maximum(y, 0.0)
        except Exception:
            return -y

    f = fast_rhs(rhs, 0.0, np.ones(1))
    assert f(0.0, np.array([2.0])) == 2.0


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_where_the_jacobians_formula_cannot_be_evaluated_differences_stand_in():
    jac = fast_jac(lambda t, y, xp: 1.0 + xp.sqrt(y), 1)
    assert jac is not None
    assert np.isfinite(jac(0.0, np.array([0.0]))).all()
    np.testing.assert_allclose(jac(0.0, np.array([4.0])), [[0.25]])


def test_what_f_returns_is_the_callers_own():
    slope = np.array([1.0, 2.0])
    for f in (
        fast_rhs(lambda t, y, xp: slope, 0.0, np.ones(2)),
        fast_rhs(lambda t, y, xp: slope if t < 9 else y, 0.0, np.ones(2)),
    ):
        returned = f(0.0, np.ones(2))
        returned *= 7
        np.testing.assert_array_equal(f(0.0, np.ones(2)), [1.0, 2.0])
