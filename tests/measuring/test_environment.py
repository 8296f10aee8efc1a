"""What `odebench env` says of the machine."""

import itertools
import json
import subprocess
import sys

import pytest

from odebench import environment


def test_a_machine_has_one_id():
    assert environment.machine_id() == environment.machine_id()
    assert len(environment.machine_id()) == 8
    script = "from odebench import environment; print(environment.machine_id())"
    again = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert again.strip() == environment.machine_id()


def test_thread_settings_are_reported_where_there_are_any(odebench):
    quiet = dict.fromkeys(environment.THREAD_VARIABLES, "1")
    assert "THREADS=" not in odebench("env", **quiet).stdout.partition("spoil")[2]
    said = odebench("env", **{**quiet, "OMP_NUM_THREADS": "8"}).stdout
    assert "OMP_NUM_THREADS=8: a run sets it to --threads." in said.partition("spoil")[2]
    assert isinstance(json.loads(odebench("env", "--json").stdout)["disturbances"], list)


@pytest.mark.parametrize(
    ("every", "takes", "lost", "scatter"),
    [
        ((1.0,), 1.0, 0.0, 0.0),  # a quiet machine
        ((1.0,) * 9 + (101.0,), 1.0, 100 / 110, 0.0),  # every tenth piece was interrupted
        ((1.0, 1.1, 1.2, 1.3), 1.0, 0.0, 0.2),  # the frequency goes up and down
    ],
)
def test_what_others_take_is_seen_in_a_spin(monkeypatch, every, takes, lost, scatter):
    clock = {"now": 0.0}
    pieces = itertools.cycle(every)
    readings = itertools.count()

    def perf_counter():
        if next(readings) and next(readings_of_a_piece) % 2:  # a piece lies between every second pair of readings
            clock["now"] += 1e-4 * next(pieces)
        return clock["now"]

    readings_of_a_piece = itertools.count()
    monkeypatch.setattr(environment.time, "perf_counter", perf_counter)
    measured = environment.measure_disturbance()
    assert measured[0] == pytest.approx(lost, abs=0.02)
    assert measured[1] == pytest.approx(scatter, abs=0.1)
