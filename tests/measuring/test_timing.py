"""Which calls are on the clock; with a clock of the tests' own, which stands still but where a call lets it go on."""

import gc
import itertools

import pytest

from odebench import timing


@pytest.fixture
def works(monkeypatch):
    """`works(seconds...)`: a call that takes these times in turn, the last for ever, and returns its number."""
    clock = {"wall": 0.0, "processor": 0.0}
    monkeypatch.setattr(timing, "perf_counter", lambda: clock["wall"])
    monkeypatch.setattr(timing, "process_time", lambda: clock["processor"])

    def make(*seconds, busy=1.0):
        numbers = itertools.count()

        def call():
            number = next(numbers)
            took = seconds[min(number, len(seconds) - 1)]
            clock["wall"] += took
            clock["processor"] += busy * took
            return number

        return call

    return make


def test_a_sample_is_the_mean_over_its_calls_and_has_the_last_result(works):
    sample = timing.time_calls(works(1.0, 2.0, 6.0), loops=3)
    assert (sample.result, sample.loops) == (2, 3)
    assert sample.wall_s == pytest.approx(3.0)


def test_waiting_is_on_the_wall_clock_and_not_on_the_processors(works):
    sample = timing.time_calls(works(2.0, busy=0.25))
    assert (sample.wall_s, sample.cpu_s) == (pytest.approx(2.0), pytest.approx(0.5))


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


SHORT = timing.SAMPLE_S / 4


@pytest.mark.parametrize(
    ("seconds", "known", "first_result", "loops"),
    [
        ((SHORT,), {"first_s": SHORT}, 1, 4),  # one call decides, then four are the sample
        ((3e-6,), {"first_s": 3e-6}, 18, 167),  # one call, seventeen, then the sample
        ((SHORT,), {"call_s": SHORT}, 1, 4),
        ((0.09,), {"call_s": 1e-5}, 1, 1),  # another seed took far less
        ((0.2,), {"call_s": 0.2}, 0, 1),  # long: no call before
        ((0.02, 9.0), {"call_s": 0.2}, 0, 1),  # ... whatever it takes this time
        ((0.2,), {"first_s": 0.2}, 1, 1),
        ((3.0,), {"first_s": 3.0}, 0, 1),  # too long to be called a third time
        ((0.001,), {"first_s": 3.0}, 1, 1),  # the first was long for its imports
    ],
)
def test_which_calls_are_the_sample(works, seconds, known, first_result, loops):
    sample = timing.take_sample(works(*seconds), **known)
    assert sample.loops == loops
    assert sample.result == first_result + loops - 1


@pytest.mark.parametrize("known", [{"first_s": 0.1}, {"call_s": 0.05}, {"call_s": 0.15}])
def test_slow_calls_are_not_kept_rather_than_fast_ones(works, known):
    """Calls of 0.09 and 0.11 s in turn, about what divides short from long: as many samples of each."""
    orders = itertools.product((0.09, 0.11), repeat=2)
    samples = [timing.take_sample(works(*order), **known).wall_s for order in orders]
    assert sorted(samples) == pytest.approx([0.09, 0.09, 0.11, 0.11])


def test_a_call_of_no_measurable_length_is_looped_finitely():
    assert 1 < timing.loops_for(0.0) <= timing.SAMPLE_S / 1e-9
