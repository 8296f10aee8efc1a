"""Which calls are on the clock. Nothing here looks at how long anything takes."""

import gc
import time

import pytest

from odebench import timing


def test_a_sample_is_the_mean_over_its_calls_and_has_the_last_result():
    results = iter(range(100))
    sample = timing.time_calls(lambda: next(results), loops=7)
    assert sample.result == 6
    assert sample.loops == 7
    assert next(results) == 7


def test_waiting_is_on_the_wall_clock_and_not_on_the_processors():
    sample = timing.time_calls(lambda: time.sleep(0.05), loops=2)
    assert sample.wall_s >= 0.05
    assert sample.cpu_s < 0.05


def test_the_garbage_collector_waits_and_comes_back():
    assert gc.isenabled()
    assert timing.time_calls(gc.isenabled).result is False
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        timing.time_calls(lambda: 1 / 0)
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("call_s", "loops"),
    [(1.5e-6, 334), (0.4e-3, 2), (timing.SAMPLE_S, 1), (0.5, 1), (10.0, 1)],
)
def test_short_calls_are_looped_until_the_sample_is_long_enough(call_s, loops):
    assert timing.loops_for(call_s) == loops


def test_the_calls_that_decide_on_the_loops_are_never_the_sample(monkeypatch):
    taken = []
    real = timing.time_calls
    monkeypatch.setattr(timing, "time_calls", lambda *args, **kwargs: taken.append(real(*args, **kwargs)) or taken[-1])
    assert timing.take_sample(lambda: None) is taken[2]
    assert len(taken) == 3
    assert taken[2].loops > 1
    taken.clear()
    assert timing.take_sample(lambda: None, call_s=timing.SAMPLE_S / 4) is taken[1]
    assert (len(taken), taken[1].loops) == (2, 4)
    taken.clear()
    assert timing.take_sample(lambda: time.sleep(timing.SAMPLE_S / 4)) is taken[1]
    assert len(taken) == 2


def test_a_call_of_no_measurable_length_is_looped_finitely():
    assert 1 < timing.loops_for(0.0) <= timing.SAMPLE_S / 1e-9
