"""Timed figures: run by `tox -e bench`. Each compares two things measured side by side and prints their ratio."""

from __future__ import annotations

import math
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

FIGURES: list[str] = []


@pytest.fixture
def figure() -> Callable[..., None]:
    """Print a figure at the end, beside its bound and held to it where it has one."""

    def report(name: str, value: float, unit: str, bound: float = math.inf) -> None:
        missed = "" if value <= bound else "   MISSED"
        held_to = f"(at most {bound:g})" if bound < math.inf else ""
        FIGURES.append(f"{name:72} {value:8.3f} {unit:4} {held_to}{missed}".rstrip())
        assert value <= bound, f"{name}: {value:.3f} {unit}, expected at most {bound:g}"

    return report


@pytest.fixture
def paired() -> Callable[..., float]:
    """The median of the ratios a/b, of calls taken in turn, so that a drift of the machine falls on both alike."""

    def ratio(a: Callable[[], object], b: Callable[[], object], rounds: int) -> float:
        a(), b()
        return statistics.median(_seconds(a) / _seconds(b) for _ in range(rounds))

    return ratio


@pytest.fixture
def peak_mib() -> Callable[..., float]:
    """The most resident memory that `odebench run` with these options ever had, its workers' not counted."""

    def peak(*options: str) -> float:
        # not ru_maxrss, which begins at the parent's
        script = (
            "import sys\nfrom odebench.cli import main\nmain(sys.argv[1:], standalone_mode=False)\n"
            "print(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0])"
        )
        command = [sys.executable, "-c", script, "run", "-q", *options]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout) / 1024

    return peak


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if FIGURES:
        terminalreporter.section("figures")
        for line in FIGURES:
            terminalreporter.write_line(line)
