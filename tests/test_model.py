"""An initial value problem that contradicts itself is refused, in words."""

import mpmath
import numpy as np
import pytest

from odebench import IVP, Solution, logarithmic_times, problem, solver
from odebench.errors import BadParameter, BadProblem, PluginError


def minus_y(t, y, xp):
    return -y


def test_parts_are_normalised_and_read_only():
    ivp = IVP(minus_y, (0, 2), [1, 2])
    assert ivp.t_span == (0.0, 2.0)
    assert ivp.y0.dtype == np.float64
    assert ivp.n_states == 2
    np.testing.assert_array_equal(ivp.t_eval, np.linspace(0, 2, 101))
    for array in (ivp.y0, ivp.t_eval):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 7
    with pytest.raises(AttributeError):
        ivp.y0 = np.zeros(2)


@pytest.mark.parametrize(("t1", "first"), [(40.0, 1e-5), (1e11, 1e-3), (321.8122, 1e-5)])
def test_logarithmic_times_are_the_same_on_every_machine_as_they_are_rounded_correctly(t1, first):
    with mpmath.workdps(60):
        ratio = mpmath.mpf(t1) / mpmath.mpf(first)
        exact = [mpmath.mpf(first) * ratio ** (mpmath.mpf(k) / 99) for k in range(100)]
        rounded = [0.0, *map(float, exact)]
    assert logarithmic_times(0.0, t1, first).tolist() == rounded
    assert np.geomspace(first, t1, 100).tolist() != rounded[1:]  # numpy's are not


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"t_span": (2, 0)}, "t0 < t1"),
        ({"t_span": (1, 1)}, "t0 < t1"),
        ({"t_span": (0, np.inf)}, "finite t_span"),
        ({"t_span": 3}, "two numbers"),
        ({"y0": []}, "finite numbers"),
        ({"y0": [np.nan]}, "finite numbers"),
        ({"y0": [[1.0]]}, "finite numbers"),
        ({"y0": ["one"]}, "real numbers"),
        ({"t_eval": [0, 1]}, "rising from t0 = 0.0 to t1 = 2.0"),
        ({"t_eval": [0, 1, 1, 2]}, "rising"),
        ({"rhs": lambda t, y, xp: xp.stack([y, y], -1)}, r"shape \(1,\).*received shape \(1, 2\)"),
        ({"rhs": lambda t, y, xp: 1j * y}, "complex128"),
        ({"rhs": lambda t, y, xp: y / 0 * 0}, "not finite at the initial condition"),
        ({"rhs": lambda t, y: y}, "raised TypeError"),
        ({"rhs": lambda t, y, xp: -y + xp.sin(t)}, r"each state of a batch by itself.*shape \(2, 2\)"),
        ({"rhs": lambda t, y, xp: -y * xp.sum(y)}, "each state of a batch by itself"),
        ({"rhs": lambda t, y, xp: [-y[0]]}, "each state of a batch by itself"),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_what_contradicts_itself_is_refused(parts, message):
    sound = {"rhs": minus_y, "t_span": (0, 2), "y0": [1.0]}
    IVP(**sound)
    with pytest.raises(BadProblem, match=message):
        IVP(**sound | parts)


def test_a_decorated_function_is_named_with_hyphens_and_stays_callable():
    @solver
    def my_own_method(ivp, t_eval, *, steps=10):
        """First line.

        More.
        """
        return Solution(np.tile(ivp.y0, (len(t_eval), 1)))

    assert my_own_method.name == "my-own-method"
    assert my_own_method.description == "First line."
    assert my_own_method.__doc__.startswith("First line.")
    ivp = IVP(minus_y, (0, 2), [1.0])
    assert my_own_method(ivp, ivp.t_eval, steps=3).y.shape == (101, 1)


def test_a_problem_checks_its_parameters_and_its_result():
    @problem
    def broken(*, rate=1.0):
        return rate

    with pytest.raises(BadProblem, match="expected an IVP, received float"):
        broken()
    with pytest.raises(BadParameter, match="Did you mean 'rate'"):
        broken(rat=2.0)


def test_the_arguments_that_the_host_passes_are_required():
    with pytest.raises(PluginError, match="two positional arguments"):

        @solver
        def one_argument(ivp, *, steps=1):
            pass

    with pytest.raises(PluginError, match="no positional arguments"):

        @problem
        def positional(rate):
            pass

    with pytest.raises(PluginError, match="two positional arguments"):

        @solver
        def anything_goes(ivp, t_eval, **parameters):
            pass


def test_a_solver_that_takes_a_seed_uses_chance_and_the_seed_is_no_parameter():
    @solver
    def lucky(ivp, t_eval, *, seed, width=3):
        pass

    @solver
    def plain(ivp, t_eval, *, width=3):
        pass

    assert lucky.uses_chance
    assert not plain.uses_chance
    assert list(lucky.parameters) == ["width"]
    with pytest.raises(BadParameter, match="--seed"):
        lucky.resolve({"seed": 1})
