"""Time per test file and per phase: `pytest --profile-files`, or `tox -e profile`."""

from __future__ import annotations

import time
from collections import Counter, defaultdict

import pytest

_MOST_FILES, _MOST_TESTS = 40, 15


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--profile-files", action="store_true", help="print the seconds of each test file, fixtures included"
    )


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--profile-files") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Profile(), "odebench-profile")


class Profile:
    """Sum up the seconds of set-up, call and tear-down, which xdist reports to the process that prints."""

    def __init__(self) -> None:
        self.began = time.perf_counter()
        self.first_test: float | None = None
        self.by_file: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self.by_test: Counter[str] = Counter()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self.first_test is None:
            self.first_test = time.perf_counter() - report.duration
        self.by_file[report.nodeid.partition("::")[0]][report.when or ""] += report.duration
        self.by_test[report.nodeid] += report.duration

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        now = time.perf_counter()
        totals = Counter({file: sum(times.values()) for file, times in self.by_file.items()})
        terminalreporter.section("seconds by file: all, set-up, call, tear-down")
        for file, total in totals.most_common(_MOST_FILES):
            phases = " ".join(f"{self.by_file[file][phase]:8.2f}" for phase in ("setup", "call", "teardown"))
            terminalreporter.write_line(f"{total:8.2f} {phases}  {file}")
        terminalreporter.write_line(f"{sum(totals.values()):8.2f} of {len(totals)} files")
        terminalreporter.section("seconds by test")
        for test, total in self.by_test.most_common(_MOST_TESTS):
            terminalreporter.write_line(f"{total:8.2f}  {test}")
        collected = (self.first_test or now) - self.began
        terminalreporter.section("seconds by phase")
        terminalreporter.write_line(f"{collected:8.2f}  start and collection, of all workers")
        terminalreporter.write_line(f"{now - self.began - collected:8.2f}  tests")
