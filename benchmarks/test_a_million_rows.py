"""A run of a million samples, made up by million.py: how long it takes to have its cases, and in what memory."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import million

SAMPLES = 1_000_000
SCRIPT = """\
import sys, time
began = time.perf_counter()
import odebench
results = odebench.load(sys.argv[1])
assert len(results.samples) == int(sys.argv[2]), len(results.samples)
assert len(results.cases) == int(sys.argv[2]) // 5, len(results.cases)
seconds = time.perf_counter() - began
# not ru_maxrss, which begins at the parent's
print(seconds, int(open("/proc/self/status").read().partition("VmHWM:")[2].split()[0]) / 1024)
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """In some minutes; three gigabytes."""
    directory = tmp_path_factory.mktemp("million") / "run"
    million.write(directory, SAMPLES)
    yield directory
    shutil.rmtree(directory)


@pytest.mark.parametrize(
    ("read", "left_out", "bound_s", "bound_mib"),
    [
        ("measurements.csv", ["measurements.parquet"], 10.0, 2048.0),
        ("measurements.parquet", [], 10.0, 2048.0),
        ("the journal alone", ["measurements.parquet", "measurements.csv"], float("inf"), float("inf")),
    ],
    ids=["csv", "parquet", "journal"],
)
def test_a_million_samples_are_loaded_and_aggregated(benchmark, figure, run, read, left_out, bound_s, bound_mib):
    """In a process of its own, imports included: `odebench.load(DIR).cases`."""
    aside = [(run / name, run.parent / name) for name in left_out]
    for path, elsewhere in aside:
        path.rename(elsewhere)
    try:
        command = [sys.executable, "-c", SCRIPT, str(run), str(SAMPLES)]
        done = benchmark.pedantic(
            lambda: subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path.home()), rounds=1
        )
    finally:
        for path, elsewhere in aside:
            elsewhere.rename(path)
    seconds, mib = map(float, done.stdout.split())
    figure(f"a million samples from {read}, memory", mib, "MiB", bound_mib)
    figure(f"a million samples from {read}, loaded and aggregated", seconds, "s", bound_s)
