"""A run certifies a reference that it lacks: it reports progress, does not time out meanwhile, and keeps the result."""

import pytest

from odebench import isolation, references
from odebench.cases import Case, Task, Variant
from odebench.executors import InlineExecutor, ProcessExecutor
from odebench.host import Host
from odebench.isolation import Limits
from odebench.provenance import Conditions
from odebench.worker import Worker

pytestmark = pytest.mark.numerics

# `unhurried` takes 3 s or more to certify on any machine, as certifying calls its right-hand side 30,000 times.
PROBLEMS = """\
import time
from odebench import IVP, hookimpl, problem

def is_certifying(y):
    return getattr(y, "dtype", None) != "float64"

@problem
def unhurried(*, rate=1.0, nap=1e-4):
    def rhs(t, y, xp):
        if nap and is_certifying(y):
            time.sleep(nap)
        return -rate * y
    return IVP(rhs=rhs, t_span=(0.0, 2.0), y0=[1.0])

@problem
def stuck():
    def rhs(t, y, xp):
        if is_certifying(y):
            time.sleep(1000)
        return -y
    return IVP(rhs=rhs, t_span=(0.0, 1.0), y0=[1.0])

@hookimpl
def odebench_problems():
    return [unhurried, stuck]
"""
PATIENCE_S = 1.5


@pytest.fixture
def host(tmp_path, monkeypatch):
    monkeypatch.setenv("ODEBENCH_CACHE", str(tmp_path / "cache"))
    (tmp_path / "problems.py").write_text(PROBLEMS)
    return Host([tmp_path / "problems.py"], from_environment=False)


def task(host, name, **parameters):
    problem = Variant(name, host.problem(name).resolve(parameters))
    return Task(Case(problem, Variant("rk4", host.solver("rk4").resolve({}))), 0, None)


@pytest.fixture
def run_in_process(host, monkeypatch):
    """Return a function that measures a task in a worker that has started, with little time for preparations.

    It returns the row, and the reports of certifying that this task caused.
    """

    def run(measured):
        reports = []

        def report(problem, share):
            reports.append((problem, share))

        executor = ProcessExecutor(host, Conditions("r", 1, "process", 1), Limits(timeout_s=1.0), report)

        def tasks():
            # a worker starts and imports slowly on a busy machine
            yield task(host, "unhurried", rate=2.0, nap=0.0)
            reports.clear()
            monkeypatch.setattr(isolation, "PREPARATION_S", PATIENCE_S)
            yield measured

        _, row = executor.run(tasks())
        return row, reports

    return run


def expect_rising(reports, problem):
    """Check that all reports are of this problem and lead from its beginning to its end."""
    assert {name for name, _ in reports} == {problem}
    shares = [share for _, share in reports]
    assert len(shares) >= 5
    assert shares == sorted(shares)
    assert 0 <= shares[0] < 0.5 < shares[-1] <= 1


def test_certifying_is_reported_and_not_ended_however_long_it_takes(host, run_in_process):
    row, reports = run_in_process(task(host, "unhurried"))
    assert (row.status, row.reference) == ("ok", references.CERTIFIED), row.reason
    expect_rising(reports, "unhurried")


def test_a_certified_reference_is_kept_for_the_next_run(host):
    for expect_certifying in (True, False):
        reports = []
        worker = Worker(host, Conditions("r"), on_certifying=lambda *report, to=reports: to.append(report))
        (row,) = InlineExecutor(worker).run([task(host, "unhurried", nap=0.0)])
        assert (row.status, row.reference) == ("ok", references.CERTIFIED), row.reason
        if expect_certifying:
            expect_rising(reports, "unhurried")
        else:
            assert reports == []


def test_a_reference_that_makes_no_progress_is_ended(host, run_in_process):
    row, _ = run_in_process(task(host, "stuck"))
    assert row.status == "timeout"
    assert "making the problem and its reference took longer than 1.5 s" in row.reason


def test_a_run_in_a_pipe_prints_a_line_when_it_certifies(odebench, tmp_path):
    (tmp_path / "problems.py").write_text(PROBLEMS)
    arguments = ("--plugin", "problems.py", "-p", "unhurried[nap=2e-5]", "-s", "rk4", "--repeats", "1")
    done = odebench("run", *arguments, ODEBENCH_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    assert "odebench: certifying the reference of unhurried: " in done.stderr
