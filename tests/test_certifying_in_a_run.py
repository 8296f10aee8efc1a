"""A reference that a run has to certify first: seen while it is made, not ended while it goes on, and kept."""

import pytest

from odebench import isolation, references
from odebench.cases import Case, Task, Variant
from odebench.executors import InlineExecutor, ProcessExecutor
from odebench.host import Host
from odebench.isolation import Limits
from odebench.provenance import Conditions
from odebench.worker import Worker

# certified in about 12 s and 3 s; the reference that comes with odebench is for another t1
SLOW, SHORT = ("lotka-volterra", {"t1": 60.0}), ("lotka-volterra", {"t1": 20.0})
STUCK = """\
import time
from odebench import IVP, hookimpl, problem

@problem
def stuck():
    def rhs(t, y, xp):
        if getattr(y, "dtype", None) != "float64":  # as it is when a reference is made
            time.sleep(1000)
        return -y
    return IVP(rhs=rhs, t_span=(0.0, 1.0), y0=[1.0])

@hookimpl
def odebench_problems():
    return [stuck]
"""


@pytest.fixture
def _empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ODEBENCH_CACHE", str(tmp_path / "cache"))


def tasks(host, name, parameters):
    problem = Variant(name, host.problem(name).resolve(parameters))
    return [Task(Case(problem, Variant("rk4", host.solver("rk4").resolve({}))), 0, None)]


@pytest.mark.usefixtures("_empty_cache")
@pytest.mark.parametrize(("executor", "asked"), [("process", SLOW), ("inline", SHORT)])
def test_a_run_says_how_far_the_certifying_is_and_does_not_end_it(executor, asked, monkeypatch):
    monkeypatch.setattr(isolation, "PREPARATION_S", 4.0)  # longer than a worker's start, shorter than the certifying
    host, conditions, heard = Host(from_environment=False), Conditions("r", 1, executor, 1), []

    def hear(problem, done):
        heard.append((problem, done))

    if executor == "process":
        executing = ProcessExecutor(host, conditions, Limits(timeout_s=1.0), hear)
    else:
        executing = InlineExecutor(Worker(host, conditions, on_certifying=hear))
    (row,) = executing.run(tasks(host, *asked))
    assert (row.status, row.reference) == ("ok", references.CERTIFIED), row.reason
    parts = [done for problem, done in heard if problem == "lotka-volterra"]
    assert len(parts) == len(heard) >= 5
    assert parts == sorted(parts)
    assert 0 <= parts[0] < 0.5 < parts[-1] <= 1
    heard.clear()
    (row,) = executing.run(tasks(host, *asked))  # now it is kept
    assert row.status == "ok"
    assert heard == []


@pytest.mark.usefixtures("_empty_cache")
def test_a_reference_that_gets_nowhere_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(isolation, "PREPARATION_S", 3.0)
    (tmp_path / "stuck.py").write_text(STUCK)
    host = Host([tmp_path / "stuck.py"], from_environment=False)
    executing = ProcessExecutor(host, Conditions("r", 1, "process", 1), Limits(timeout_s=1.0))
    (row,) = executing.run(tasks(host, "stuck", {}))
    assert row.status == "timeout"
    assert "making the problem and its reference took longer than 3 s" in row.reason


def test_a_run_whose_output_is_piped_says_it_in_lines(odebench, tmp_path):
    ran = odebench("run", "-p", "lotka-volterra[t1=60.0]", "-s", "rk4", ODEBENCH_CACHE=str(tmp_path / "cache"))
    assert ran.returncode == 0, ran.stderr
    assert "odebench: certifying the reference of lotka-volterra: " in ran.stderr
