"""Fixtures that several tests use, and the checks that every test is held to."""

from __future__ import annotations

import gc
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers.commands import run_odebench
from helpers.hosts import HOST
from helpers.runs import RUNS, make_once, make_run

from odebench.environment import THREAD_VARIABLES
from odebench.host import Host
from odebench.measurement import Measurement

pytest_plugins = ["helpers.profile"]

Odebench = Callable[..., subprocess.CompletedProcess[str]]

# Several workers share the processors, and results must not depend on their number.
os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))


@pytest.fixture(scope="session")
def host() -> Host:
    """Return the host that this process shares, for tests that register nothing in it."""
    return HOST


@pytest.fixture(scope="session", autouse=True)
def _no_user_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the user's caches and settings out of the tests, and out of what they start."""
    os.environ["XDG_CACHE_HOME"] = str(tmp_path_factory.mktemp("cache"))
    for name in [name for name in os.environ if name.startswith("ODEBENCH")]:
        del os.environ[name]


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory that all workers of this test session share."""
    directory = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        directory = directory.parent
    (directory / "shared").mkdir(exist_ok=True)
    return directory / "shared"


@pytest.fixture
def finished_run(shared: Path, tmp_path: Path) -> Callable[..., Path]:
    """Return a function that copies a finished run of a kind (see `helpers.runs`) to `tmp_path / name`."""

    def copy(kind: str, name: str = "run") -> Path:
        made = make_once(shared, kind, lambda directory: make_run(directory, kind))
        if "--plugin" in RUNS[kind]:
            shutil.copy(made / "plugin.py", tmp_path)
        return Path(shutil.copytree(made / "run", tmp_path / name))

    return copy


@pytest.fixture
def odebench(tmp_path: Path) -> Odebench:
    """Return a function that runs the command line in an empty directory, as a user would."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return run_odebench(tmp_path, arguments, environment)

    return run


@pytest.fixture
def row() -> Callable[..., Measurement]:
    """Return a function that makes a measurement from the fields a test names."""

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
        return Measurement(**fields | others)  # type: ignore[arg-type]  # the fields are the test's own

    return make


@pytest.fixture
def nothing_stays_changed() -> Iterator[None]:
    """Fail a test that leaves the process's state changed, apart from what pytest changes itself."""
    from odebench.contract.surroundings import Surroundings

    before = Surroundings()
    yield
    changes = [c for c in before.changes() if not c.startswith(("the environment", "the working directory"))]
    before.restore()
    assert changes == []


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Hold torch to one thread during a test; skip it without torch."""
    torch = pytest.importorskip("torch", reason="networks need torch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object | None:
    """Let idle workers take over tests from busy ones, unless another distribution was asked for."""
    if config.getvalue("dist") != "load":
        return None
    from xdist.scheduler import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


_GRACE_S = 5.0  # for what a test has ended or closed to be gone
# what the system keeps open, and libraries, such as matplotlib its fonts
_NOT_OF_A_TEST = ("/dev/", "/proc/", "anon_inode:", sys.prefix, sys.base_prefix)


@pytest.fixture(autouse=True)
def _leaks_nothing() -> Iterator[None]:
    """Fail a test that leaves a file, a socket or a child process open."""
    files, children = _open_files(), _children()
    yield
    deadline = time.monotonic() + _GRACE_S
    while (opened := _opened_since(files)) and time.monotonic() < deadline:
        gc.collect()  # a file in a reference cycle is closed, with a warning that fails this test
        time.sleep(0.02)  # a thread that ends closes its connection a moment later
    assert not opened, f"left open: {sorted(opened)}"
    while (running := _children() - children) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not running, f"left running: {[_command(pid) for pid in running]}"


def _opened_since(before: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Return what is open now and was not before.

    A pipe with both ends in this process is a library's own, such as the one by which pyarrow wakes up at a signal.
    """
    now = _open_files()
    ends = Counter(target for _, target in now)
    return {(descriptor, target) for descriptor, target in now - before if ends[target] == 1}


def _open_files() -> set[tuple[int, str]]:
    """Return descriptor and target of each open file, pipe and socket; empty where there is no /proc."""
    found: set[tuple[int, str]] = set()
    try:
        for name in os.listdir("/proc/self/fd"):
            try:
                target = os.readlink(f"/proc/self/fd/{name}")
            except OSError:  # the descriptor of the listing itself
                continue
            if not target.startswith(_NOT_OF_A_TEST):
                found.add((int(name), target))
    except OSError:
        return set()
    return found


def _children() -> set[int]:
    """Return the running child processes; empty where Linux does not list them."""
    found: set[int] = set()
    try:
        for task in os.listdir("/proc/self/task"):
            found |= {int(pid) for pid in Path(f"/proc/self/task/{task}/children").read_text().split()}
    except OSError:
        return found
    return {pid for pid in found if not _is_zombie(pid)}


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return str(pid)
