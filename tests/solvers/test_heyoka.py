"""heyoka: what is its own, beside the digits of a direct call."""

import numpy as np
import pytest
from helpers.hosts import HOST
from helpers.solving_peers import (
    first_measurement,
    installed,
    max_error,
    open_heyokas_cache,
    solved,
    standing,
    steps_over_a_jump_unless_told,
)

installed("heyoka")
pytestmark = pytest.mark.peers


@pytest.fixture(scope="module", autouse=True)
def _heyokas_cache_is_open():
    open_heyokas_cache()


def test_compiling_is_in_the_first_call_alone():
    row = first_measurement("heyoka")
    assert row.status == "ok"
    assert row.first_s > row.wall_s  # seconds against microseconds


def test_heyoka_has_a_series_for_a_power_of_zero():
    ivp = HOST.problem("detest-e3")()  # y^3, from y = 0
    assert max_error(ivp, solved("heyoka", ivp).y) <= 1e-12 < standing(ivp)


def test_a_jump_of_the_slope_is_not_stepped_over():
    assert steps_over_a_jump_unless_told("heyoka")


@pytest.mark.parametrize("problem", ["lotka-volterra", "detest-f5"])
def test_heyokas_dense_output_is_its_series(problem):
    ivp = HOST.problem(problem)()
    dense = solved("heyoka", ivp, dense_output=True)
    np.testing.assert_allclose(dense.y, solved("heyoka", ivp).y, rtol=1e-13, atol=1e-13)
    between = (ivp.t_eval[1:] + ivp.t_eval[:-1]) / 2
    fine = np.sort(np.concatenate([ivp.t_eval, between]))
    truth = solved("scipy-ivp", ivp, method="DOP853", rtol=1e-12, atol=1e-13, max_step=0.05, dense_output=True)
    np.testing.assert_allclose(dense.dense(fine), truth.dense(fine), rtol=1e-6)
    assert solved("heyoka", ivp).dense is None


@pytest.mark.parametrize("compact", [True, False])
def test_heyokas_modes_agree(compact):
    ivp = HOST.problem("kepler")()
    y = solved("heyoka", ivp, compact_mode=compact, high_accuracy=True).y
    np.testing.assert_allclose(y, solved("heyoka", ivp).y, rtol=1e-10, atol=1e-10)
