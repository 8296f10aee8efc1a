"""torchdiffeq: every method solves, in float64, whatever the session has set."""

import numpy as np
import pytest
from helpers.hosts import HOST
from helpers.optional import optional
from helpers.solving_peers import constant, installed, max_error, short, solved

from odebench import IVP, Diverged, SolverFailed, Unsupported
from odebench.references import reference

torch = optional("torch", "torchdiffeq solves with its tensors")
NAMES = installed("torchdiffeq", "torchdiffeq-fixed")

pytestmark = pytest.mark.peers
METHODS = [(name, method) for name in NAMES for method in HOST.solver(name).parameters["method"].choices]


@pytest.mark.parametrize(("name", "method"), METHODS)
def test_every_method_solves_and_counts(name, method):
    ivp = short()
    calls = 0

    def counting(t, y, xp, rhs=ivp.rhs):
        nonlocal calls
        calls += xp.__name__ == "torch"
        return rhs(t, y, xp)

    counted = IVP(counting, ivp.t_span, ivp.y0, exact=ivp.exact)
    how = {"max_order": 4, "steps": 200} if name.endswith("fixed") else {"rtol": 1e-4}
    solution = solved(name, counted, method=method, **how)
    assert max_error(ivp, solution.y) <= 0.05
    assert not max_error(ivp, constant(ivp)) <= 0.05
    assert solution.stats["rhs_calls"] == calls - 1  # one looked at what the right-hand side returns
    assert solution.stats["steps"] == how.get("steps", solution.stats["steps"]) >= 1


@pytest.mark.parametrize(
    ("method", "order"), [("euler", 1), ("midpoint", 2), ("heun2", 2), ("heun3", 3), ("rk4", 4), ("implicit_adams", 4)]
)
def test_fixed_steps_have_their_order(method, order):
    ivp = short()
    steps = [100, 200]
    errors = [max_error(ivp, solved("torchdiffeq-fixed", ivp, method=method, steps=n, max_order=4).y) for n in steps]
    assert np.log2(errors[0] / errors[1]) == pytest.approx(order, abs=0.25)


def test_between_the_steps_it_interpolates_by_cubics():
    ivp = short()
    few = solved("torchdiffeq-fixed", ivp, steps=33)  # ends of steps that are not the times asked for
    assert max_error(ivp, few.y) <= 1e-5
    straight = np.array([np.interp(ivp.t_eval, ivp.t_eval[::3], y[::3]) for y in reference(ivp).y.T]).T
    assert not max_error(ivp, straight) <= 1e-5


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_digits_are_those_of_float64_whatever_the_default_is_and_that_is_left_alone(dtype):
    def driven(t, y, xp):  # makes a number without saying of which kind
        return y * 0 + xp.linspace(0.1, 0.3, 2)[0] if xp.__name__ == "torch" else y * 0 + 0.1

    ivp = IVP(driven, (0.0, 2.0), [0.0], exact=lambda t: 0.1 * t[:, None])
    before = torch.get_default_dtype()
    try:
        torch.set_default_dtype(getattr(torch, dtype))
        y = solved("torchdiffeq", ivp).y
        assert torch.get_default_dtype() == getattr(torch, dtype)
        assert torch.is_grad_enabled()
    finally:
        torch.set_default_dtype(before)
    assert y.dtype == np.float64
    assert np.abs(y - ivp.exact(ivp.t_eval)).max() <= 1e-14
    assert not np.abs(np.float32(0.1) * ivp.t_eval[:, None] - ivp.exact(ivp.t_eval)).max() <= 1e-14


def test_what_torch_cannot_evaluate_is_unsupported():
    def untraceable(t, y, xp):
        return -np.convolve(y, [1.0]) if xp is not np else -y

    for name in NAMES:
        with pytest.raises(Unsupported, match=r"torch cannot evaluate|its right-hand side is"):
            solved(name, IVP(untraceable, (0.0, 1.0), [1.0]))


def test_failures_say_what_to_try():
    with pytest.raises(SolverFailed, match=r"max_steps of 3 was reached at t = .*; try more"):
        solved("torchdiffeq", short(), max_steps=3)
    blowing_up = IVP(lambda t, y, xp: y * y, (0.0, 2.0), [1.0])  # infinite at t = 1
    with pytest.raises((SolverFailed, Diverged), match="try"):
        solved("torchdiffeq", blowing_up, max_steps=3000)
    for bad in [{"steps": 0}, {"max_order": 13}]:
        with pytest.raises(ValueError, match="expected"):
            solved("torchdiffeq-fixed", short(), **bad)
