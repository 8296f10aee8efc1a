"""probdiffeq: it solves in float64 and states how sure it is, whatever the session has set."""

from importlib import import_module

import numpy as np
import pytest
from helpers.hosts import HOST
from helpers.optional import optional
from helpers.solving_peers import constant, installed, max_error, short, solved

from odebench import IVP, SolverFailed, Unsupported

jax = optional("jax", "probdiffeq computes with it")
installed("probdiffeq")

pytestmark = pytest.mark.peers


@pytest.mark.parametrize(
    "parameters",
    [
        {"order": 2, "rtol": 1e-4},
        pytest.param({"method": "EK0", "strategy": "filter", "covariance": "isotropic"}, marks=pytest.mark.slow),
        pytest.param({"calibration": "dynamic", "covariance": "blockdiag"}, marks=pytest.mark.slow),
        pytest.param({"calibration": "none"}, marks=pytest.mark.slow),
    ],
    ids=str,
)
def test_probdiffeq_solves_and_says_how_sure_it_is(parameters):
    ivp = short()
    before = jax.config.jax_enable_x64
    solution = solved("probdiffeq", ivp, deviation=True, **parameters)
    assert jax.config.jax_enable_x64 == before
    assert max_error(ivp, solution.y) <= 1e-3
    assert not max_error(ivp, constant(ivp)) <= 1e-3
    assert solution.stats["steps"] >= 1
    assert 0 < solution.stats["max_std"] < 0.1


def test_dense_covariances_that_would_fill_the_memory_are_unsupported():
    for strategy, n, rows in (("smoother", 200, "1,000"), ("filter", 500, "2,500")):
        with pytest.raises(Unsupported, match=rf"{rows} rows, 1\.\d GiB; take covariance=blockdiag"):
            solved("probdiffeq", HOST.problem("heat")(n=n), strategy=strategy)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", ["smoother", "filter"])
def test_the_memory_that_is_foreseen_is_that_of_the_compiled_solve(strategy, monkeypatch):
    module = import_module("odebench_plugins.support.probdiffeq_solve")
    ivp = HOST.problem("heat")(n=10)
    model = module.Model("EK1", 4, strategy, "mle", "dense", False)
    solve = module.compiled_solve(ivp, ivp.t_eval.tobytes(), model, 1000)
    with module.in_float64():
        taken = solve.func.lower(*solve.args, 1e-3, 1e-6).compile().memory_analysis().temp_size_in_bytes
    rows = ivp.n_states * 5
    monkeypatch.setattr(module, "MOST_BYTES", 1.5 * taken)
    module.expect_room(rows, ivp.t_eval.size, strategy)
    monkeypatch.setattr(module, "MOST_BYTES", 0.95 * taken)
    with pytest.raises(Unsupported):
        module.expect_room(rows, ivp.t_eval.size, strategy)


def test_probdiffeqs_steps_have_an_end():
    how = {"method": "EK0", "strategy": "filter", "covariance": "isotropic", "order": 2}
    with pytest.raises(SolverFailed, match="max_steps of 5 was reached; try"):
        solved("probdiffeq", HOST.problem("decay")(), max_steps=5, **how)


def test_what_jax_cannot_trace_is_unsupported():
    ivp = IVP(lambda t, y, xp: -y if np.all(y > 0.5) else 0 * y, (0.0, 1.0), [1.0])
    with pytest.raises(Unsupported, match="JAX cannot trace its right-hand side: Tracer") as caught:
        solved("probdiffeq", ivp)
    assert "\n" not in str(caught.value)
