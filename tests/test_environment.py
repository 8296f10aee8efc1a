"""What `odebench env` says of the machine."""

import json
import subprocess
import sys

from odebench import environment

BUSY = "while True: pass"


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


def test_others_on_the_processor_are_seen_in_a_spin():
    alone = min(environment._spin()[0] for _ in range(5))
    hogs = [
        subprocess.Popen([sys.executable, "-c", BUSY]) for _ in range(3 * (environment.machine()["logical_cores"] or 2))
    ]
    try:
        crowded = max(environment._spin()[0] for _ in range(5))
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()
    assert crowded > environment._TOO_MUCH_LOST
    assert crowded > alone
