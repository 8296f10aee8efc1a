"""diffrax: every method solves, in float64, whatever the session has set."""

import numpy as np
import pytest
from helpers.hosts import HOST
from helpers.optional import optional
from helpers.solving_peers import constant, installed, max_error, short, solved

from odebench import IVP, SolverFailed, Unsupported
from odebench.cases import Case, Task, Variant
from odebench.provenance import Conditions
from odebench.worker import Worker

jax = optional("jax", "diffrax computes with it")
DIFFRAX = installed("diffrax", "diffrax-fixed")
METHODS = [(name, method) for name in DIFFRAX for method in HOST.solver(name).parameters["method"].choices]

pytestmark = pytest.mark.peers


@pytest.mark.slow
@pytest.mark.parametrize(("name", "method"), METHODS)
def test_every_method_of_diffrax_solves(name, method):
    ivp = short()
    bound = 0.1 if name == "diffrax-fixed" else 1e-3
    assert max_error(ivp, solved(name, ivp, method=method).y) <= bound
    assert not max_error(ivp, constant(ivp)) <= bound


def test_a_batch_is_solved_as_one_alone_is_and_dense_output_is_its_solution():
    ivp = short()
    alone = solved("diffrax", ivp, dense_output=True)
    batch = solved("diffrax", ivp, batch=3)
    assert batch.y.shape == alone.y.shape == constant(ivp).shape
    np.testing.assert_allclose(batch.y, alone.y, rtol=0, atol=1e-12)
    assert alone.stats == batch.stats
    assert alone.stats["steps"] >= 1
    np.testing.assert_allclose(alone.dense(ivp.t_eval), alone.y, rtol=0, atol=1e-12)
    assert np.abs(alone.dense(ivp.t_eval[:7] + 0.01) - alone.y[:7]).max() > 1e-3  # a control: at other times, others
    assert batch.dense is None
    assert max_error(ivp, batch.y) <= 1e-5
    assert not max_error(ivp, constant(ivp)) <= 1e-5
    with pytest.raises(ValueError, match="batch"):
        solved("diffrax", ivp, batch=0)


def test_digits_are_those_of_float64_whatever_the_session_computes_in_and_that_is_left_alone():
    found = []
    for x64 in (False, True):
        ivp = short()  # one for which nothing is compiled
        with jax.enable_x64(x64):
            found.append(solved("diffrax", ivp, rtol=1e-10).y)
            assert jax.config.jax_enable_x64 == x64
            assert jax.numpy.ones(1).dtype == ("float64" if x64 else "float32")
    np.testing.assert_array_equal(*found)
    assert max_error(ivp, found[0]) <= 1e-8
    assert not max_error(ivp, found[0].astype(np.float32)) <= 1e-8  # what 32 bits would give


def test_too_few_steps_are_a_failure_that_says_what_to_try():
    with pytest.raises(SolverFailed, match=r"max_steps of 3 was reached, \d of them accepted; try"):
        solved("diffrax", HOST.problem("decay")(), max_steps=3)


def test_compiling_is_in_the_first_call_and_a_second_tolerance_compiles_nothing():
    worker = Worker(HOST, Conditions("run"))
    problem = Variant("decay", HOST.problem("decay").resolve({}))
    rungs = [HOST.solver("diffrax").resolve(rung) for rung in HOST.solver("diffrax").ladder[:2]]
    first, second = (worker.measure(Task(Case(problem, Variant("diffrax", rung)), 0, 0)) for rung in rungs)
    assert (first.status, second.status) == ("ok", "ok"), first.reason
    assert first.first_s > 20 * first.wall_s  # seconds against microseconds
    assert first.first_s > 5 * second.first_s


@pytest.mark.parametrize("name", DIFFRAX)
def test_what_jax_cannot_trace_is_unsupported(name):
    ivp = IVP(lambda t, y, xp: -y if np.all(y > 0.5) else 0 * y, (0.0, 1.0), [1.0])
    with pytest.raises(Unsupported, match="JAX cannot trace its right-hand side: Tracer") as caught:
        solved(name, ivp)
    assert "\n" not in str(caught.value)
