"""SciPy's methods with numba: what is their own, beside the digits of a direct call."""

from importlib import import_module

import numpy as np
import pytest
from helpers.hosts import HOST
from helpers.solving_peers import (
    first_measurement,
    installed,
    solved,
)

from odebench import compile_once
from odebench.counting import counted

installed("scipy-ivp-numba")
pytestmark = pytest.mark.peers


def test_compiling_is_in_the_first_call_alone():
    row = first_measurement("scipy-ivp-numba")
    assert row.status == "ok"
    assert row.first_s > row.wall_s  # tenths of seconds against microseconds


@pytest.mark.parametrize("problem", ["lotka-volterra", "hires", "prothero-robinson"])
def test_numba_changes_no_digit_of_scipys(problem):
    ivp = HOST.problem(problem)()
    method = {"method": "RK45" if problem == "lotka-volterra" else "LSODA"}
    np.testing.assert_array_equal(solved("scipy-ivp-numba", ivp, **method).y, solved("scipy-ivp", ivp, **method).y)
    assert not np.array_equal(solved("scipy-ivp", ivp, rtol=1e-5, **method).y, solved("scipy-ivp", ivp, **method).y)


def test_the_problem_that_numba_compiles_is_one_of_its_own():
    ivp = HOST.problem("lotka-volterra")()
    solved("scipy-ivp-numba", ivp)
    twin = import_module("odebench_plugins.solvers.scipy_ivp_numba").compiled_twin(ivp)
    itself = compile_once(lambda problem: problem)
    assert itself(ivp) is ivp
    assert itself(twin) is twin  # what is kept for the one is not what is kept for the other
    again, counts = counted(twin)
    again.f(0.0, ivp.y0)
    assert counts.rhs_calls == 1  # no compiling is at work for it
