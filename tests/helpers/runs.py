"""Finished runs, made once per test session and copied by the tests that read, resume, compare or export them."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from helpers.commands import run_odebench

FAILING = """\
from odebench import Solution, SolverFailed, Unsupported, hookimpl, solver

@solver
def fails(ivp, t_eval):
    raise ValueError('a "reason", with\\nlines')

@solver
def gives_up(ivp, t_eval):
    raise SolverFailed("step size underflow")

@solver
def declines(ivp, t_eval):
    raise Unsupported("only for systems")

@hookimpl
def odebench_solvers():
    return [fails, gives_up, declines]
"""
RUNS: dict[str, tuple[str, ...]] = {
    "founding": ("--seeds", "1", "--repeats", "2"),
    "ladder": ("-s", "euler[steps=[10,20,40]]", "-s", "rk4[steps=[10,20]]", "-p", "decay", "--repeats", "2"),
    "failures": (
        *("--plugin", "plugin.py", "-s", "euler[steps=10]", "-s", "fails", "-s", "gives-up", "-s", "declines"),
        *("-p", "decay", "--repeats", "1"),
    ),
}
"""The options of `odebench run` for each kind of run."""


def make_once(directory: Path, name: str, make: Callable[[Path], None]) -> Path:
    """Return `directory / name`, made by the first of several processes that ask for it.

    `make` is called with an empty directory, which is moved to its place when it is complete.
    """
    made, lock = directory / name, directory / f"{name}.lock"
    while not made.exists():
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
        except FileExistsError:  # another process is making it
            time.sleep(0.05)
            continue
        try:
            if not made.exists():
                unfinished = directory / f"{name}.unfinished"
                shutil.rmtree(unfinished, ignore_errors=True)
                unfinished.mkdir()
                make(unfinished)
                unfinished.rename(made)
        finally:
            lock.unlink()
    return made


def make_run(directory: Path, kind: str) -> None:
    """Measure the run of this kind into `directory / "run"`, beside the plugin file that it uses."""
    (directory / "plugin.py").write_text(FAILING)
    done = run_odebench(directory, ("run", *RUNS[kind], "--executor", "inline", "-q", "-o", "run"), {})
    assert done.returncode == 0, done.stderr
    assert json.loads((directory / "run" / "run.json").read_text())["status"] == "complete"
