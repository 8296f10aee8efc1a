"""Timed figures: run by `tox -e bench`. Each compares two things measured side by side and prints their ratio."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import pytest

FIGURES: list[str] = []


@pytest.fixture
def figure() -> Callable[[str, float, str, float], None]:
    """Print a figure beside its bound at the end, and hold it to that bound."""

    def report(name: str, value: float, unit: str, bound: float) -> None:
        missed = "" if value <= bound else "   MISSED"
        FIGURES.append(f"{name:72} {value:8.3f} {unit:4} (at most {bound:g}){missed}")
        assert value <= bound, f"{name}: {value:.3f} {unit}, expected at most {bound:g}"

    return report


@pytest.fixture
def paired() -> Callable[..., float]:
    """The median of the ratios a/b, of calls taken in turn, so that a drift of the machine falls on both alike."""

    def ratio(a: Callable[[], object], b: Callable[[], object], rounds: int) -> float:
        a(), b()
        return statistics.median(_seconds(a) / _seconds(b) for _ in range(rounds))

    return ratio


def _seconds(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    if FIGURES:
        terminalreporter.section("figures")
        for line in FIGURES:
            terminalreporter.write_line(line)
