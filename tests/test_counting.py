"""What a solver evaluates is counted by the host; where that cannot be, there is no number."""

from __future__ import annotations

import numpy as np
import pytest

from odebench import IVP, compile_once
from odebench.counting import counted


def oscillator() -> IVP:
    return IVP(lambda t, y, xp: xp.stack([y[..., 1], -xp.sin(y[..., 0])], -1), (0.0, 1.0), [1.0, 0.0])


def test_calls_are_counted_and_batches_by_their_states():
    ivp, counts = counted(oscillator())
    assert (counts.rhs_calls, counts.jac_calls) == (0, 0)
    ivp.f(0.0, ivp.y0)
    ivp.rhs(0.0, ivp.y0, np)
    ivp.rhs(np.zeros(5), np.zeros((5, 2)), np)
    ivp.rhs(0.0, np.zeros((3, 4, 2), complex), np)
    ivp.jac(0.0, ivp.y0)
    assert (counts.rhs_calls, counts.jac_calls, counts.uncounted) == (1 + 1 + 5 + 12, 1, None)


def test_it_is_the_same_problem_and_the_original_knows_nothing_of_it():
    original = oscillator()
    ivp, counts = counted(original)
    for name in ("y0", "t_eval", "t_span", "exact", "breaks", "weights", "invariants"):
        assert getattr(ivp, name) is getattr(original, name)
    state = np.array([0.3, -0.2])
    assert (ivp.f(0.1, state) == original.f(0.1, state)).all()
    assert (ivp.jac(0.1, state) == original.jac(0.1, state)).all()
    assert ivp.sparsity is original.sparsity
    original.f(0.0, state)
    assert (counts.rhs_calls, counts.jac_calls, counts.uncounted) == (1, 1, None)


def test_what_was_compiled_for_the_problem_is_not_taken_for_the_counted_one():
    compiled = []

    @compile_once
    def rhs_of(ivp):
        compiled.append(ivp)
        return ivp.f

    original = oscillator()
    rhs_of(original)
    ivp, counts = counted(original)
    rhs_of(ivp)(0.0, ivp.y0)
    assert compiled == [original, ivp]
    assert counts.rhs_calls == 1
    assert rhs_of(original) is original.f


def traced(ivp):
    ivp.trace(0.0, [1.0, 0.0], {"sin": np.sin})


def torch_vmap(ivp):
    torch = pytest.importorskip("torch")
    torch.func.vmap(lambda y: ivp.rhs(0.0, y, torch))(torch.zeros(7, 2))


def torch_meta(ivp):
    torch = pytest.importorskip("torch")
    with torch.device("meta"):
        ivp.rhs(0.0, torch.zeros(2), torch)


def jax_jit(ivp):
    jax = pytest.importorskip("jax")
    jax.jit(lambda y: ivp.rhs(0.0, y, jax.numpy))(np.zeros(2))


@pytest.mark.parametrize("use", [traced, torch_vmap, torch_meta, jax_jit])
def test_a_method_that_takes_the_equation_itself_is_not_counted(use):
    ivp, counts = counted(oscillator())
    use(ivp)
    assert "where the host does not see it" in (counts.uncounted or "")


def test_tensors_with_values_are_counted():
    ivp, counts = counted(oscillator())
    torch = pytest.importorskip("torch")
    t = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    y = torch.zeros(4, 2, dtype=torch.float64, requires_grad=True)
    ivp.rhs(t, y, torch).sum().backward()
    assert (counts.rhs_calls, counts.uncounted) == (4, None)
    jax = pytest.importorskip("jax")
    ivp.rhs(0.0, jax.numpy.zeros((3, 2)), jax.numpy)
    assert (counts.rhs_calls, counts.uncounted) == (7, None)
