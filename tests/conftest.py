"""What several tests need."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support import run_odebench

from odebench.contract.surroundings import Surroundings
from odebench.host import Host
from odebench.measurement import Measurement

Odebench = Callable[..., subprocess.CompletedProcess[str]]


# files that take longest: where files are shared out among processors, these are begun first
LONGEST = (
    *("test_resume.py", "test_docs_blocks.py", "test_dask.py", "test_isolation.py", "test_contract.py"),
    *(
        "test_doctor_networks.py",
        "test_within_reach.py",
        "test_plots.py",
        "test_page_in_a_browser.py",
        "test_doctor.py",
    ),
    *("test_changes.py", "test_cli.py", "test_bad_input.py", "test_certification.py", "test_thread_page.py"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session")
def host() -> Host:
    return Host()


@pytest.fixture(scope="session", autouse=True)
def _no_references_from_outside(tmp_path_factory: pytest.TempPathFactory) -> None:
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture
def odebench(tmp_path: Path) -> Odebench:
    """Run the command line in an empty directory, as a user would."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return run_odebench(tmp_path, arguments, environment)

    return run


@pytest.fixture
def row() -> Callable[..., Measurement]:
    """Make a measurement of which a test names only what it is about."""

    def make(
        solver: str = "one", seconds: float | None = 1.0, error: float | None = 1e-3, **others: object
    ) -> Measurement:
        fields: dict[str, object] = {
            "run_id": "r",
            "case_id": f"decay/{solver}/0",
            "problem": "decay",
            "problem_params": {"rate": 1.0},
            "solver": solver,
            "solver_params": {},
            "plugin": "p",
            "plugin_version": "1",
            "seed": None,
            "repeat": 0,
            "wall_s": seconds,
            "max_abs_error": error,
            "rms_abs_error": error,
            "final_abs_error": error,
            "reference": "exact",
            "reference_error": 1e-16,
        }
        return Measurement(**fields | others)  # type: ignore[arg-type]  # a test's own business

    return make


@pytest.fixture
def nothing_stays_changed() -> Iterator[None]:
    """The process's own state is after the test as before, but for what pytest changes itself meanwhile."""
    before = Surroundings()
    yield
    changes = [c for c in before.changes() if not c.startswith(("the environment", "the working directory"))]
    before.restore()
    assert changes == []


@pytest.fixture
def one_thread() -> Iterator[None]:
    """One thread for torch, and afterwards as many as before; skips without torch."""
    torch = pytest.importorskip("torch", reason="networks need torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def _no_plugins_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ODEBENCH_PLUGINS", raising=False)
