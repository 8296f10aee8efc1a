"""How well times are measured, and what isolation costs."""

import json
import statistics
import subprocess
import sys
import time
import timeit
from datetime import datetime
from types import SimpleNamespace

import psutil
import pytest
from scipy.stats import mannwhitneyu

from odebench import Solution, hookimpl, solver
from odebench.executors import DaskExecutor, InlineExecutor, ProcessExecutor
from odebench.host import Host
from odebench.isolation import Limits
from odebench.journal import Run
from odebench.provenance import Conditions
from odebench.runner import Plan, Sampling, run
from odebench.worker import Worker


def working(name, units):
    """A solver that always does the same amount of work."""

    def function(ivp, t_eval):
        for _ in range(units):
            y = ivp.exact(t_eval)
        return Solution(y)

    function.__name__ = name
    return solver(function)


def hosted(*solvers):
    host = Host()
    plugin = SimpleNamespace(odebench_solvers=hookimpl(lambda: solvers))
    assert host.register(plugin, "bench").error is None
    return host


def units_for(seconds):
    """How many evaluations of the exact solution last that long here and now."""
    host = Host()
    ivp = host.problem("decay")()
    start = time.perf_counter()
    for _ in range(20_000):
        ivp.exact(ivp.t_eval)
    return round(seconds / ((time.perf_counter() - start) / 20_000))


def test_times_agree_with_direct_calls(benchmark, figure, tmp_path):
    """Rows of the suite and calls by timeit in the same process, in turn; many, as the machine itself scatters."""

    def ratio(seconds):
        busy = working("busy", units_for(seconds))
        host = hosted(busy)
        plan = Plan(host, Sampling(repeats=600), problems=["decay"], solvers=["busy"])
        record = Run.create(tmp_path / str(seconds), {})
        ivp = host.problem("decay")()
        rows, direct = [], []

        def observe(row):
            rows.append(row.wall_s)
            number = max(1, round(0.005 / seconds))
            direct.append(timeit.timeit(lambda: busy.function(ivp, ivp.t_eval), number=number) / number)

        run(record, plan, InlineExecutor(Worker(host, Conditions(record.id))), host, observe)
        return statistics.median(rows) / statistics.median(direct)

    short = benchmark.pedantic(lambda: ratio(0.0005), rounds=1)
    long = ratio(0.02)
    figure("wall_s_median off a direct call of 0.5 ms", 100 * abs(short - 1), "%", 5)
    figure("wall_s_median off a direct call of 20 ms", 100 * abs(long - 1), "%", 5)


def test_identical_solvers_do_not_differ(benchmark, figure, tmp_path):
    """The same function under two names, a hundred times: how often a difference is called one."""
    units = units_for(0.0005)
    host = hosted(working("one", units), working("two", units))

    def differs(k):
        plan = Plan(host, Sampling(), problems=[f"decay[rate={1 + k / 1000}]"], solvers=["one", "two"])
        record = Run.create(tmp_path / str(k), {})
        seconds = {"one": [], "two": []}
        worker = Worker(host, Conditions(record.id))
        run(record, plan, InlineExecutor(worker), host, lambda row: seconds[row.solver].append(row.wall_s))
        return mannwhitneyu(seconds["one"], seconds["two"]).pvalue < 0.01

    called = benchmark.pedantic(lambda: sum(map(differs, range(100))), rounds=1)
    figure("differences between identical solvers, of 100", called, "", 5)


def seconds_a_case(executor, host, cases, tmp_path):
    rates = ",".join(str(1 + k / cases) for k in range(cases))
    plan = Plan(host, Sampling(repeats=1), problems=[f"decay[rate=[{rates}]]"], solvers=["euler[steps=10]"])
    record = Run.create(tmp_path / executor.__name__, {})
    arrived = []
    if executor is InlineExecutor:
        executing = InlineExecutor(Worker(host, Conditions(record.id)))
    else:
        executing = ProcessExecutor(host, Conditions(record.id, executor="process"), Limits(600, 4000))
    run(record, plan, executing, host, lambda row: arrived.append(time.perf_counter()))
    return (arrived[-1] - arrived[100]) / (len(arrived) - 101)  # warm


def test_cost_of_isolation(benchmark, figure, tmp_path):
    host = Host()
    inline = seconds_a_case(InlineExecutor, host, 1000, tmp_path)
    process = benchmark.pedantic(lambda: seconds_a_case(ProcessExecutor, host, 1000, tmp_path), rounds=1)
    figure("a case in a process of its own over inline, warm", 1e3 * (process - inline), "ms", 5)


FAULTY = """\
import ctypes, os, signal, subprocess, sys
import numpy as np
from odebench import Solution, hookimpl, solver

@solver
def crashing(ivp, t_eval):
    ctypes.string_at(0)

@solver
def spinning(ivp, t_eval):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)", "of-the-bench"])
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ctypes.PyDLL(None).sleep(1000)

@hookimpl
def odebench_solvers():
    return [crashing, spinning]
"""


def test_faults_are_over_soon(benchmark, figure, tmp_path):
    """From row to row: a crash and the next case in a new process; a solve that does not heed SIGTERM."""
    (tmp_path / "faulty.py").write_text(FAULTY)
    host = Host([tmp_path / "faulty.py"])

    def rows(*solvers):
        plan = Plan(host, Sampling(repeats=1), problems=["decay"], solvers=["rk4", *solvers, "euler"])
        record = Run.create(tmp_path / solvers[0], {})
        arrived = []
        executor = ProcessExecutor(host, Conditions(record.id, executor="process"), Limits(2.0, 4000))
        run(record, plan, executor, host, lambda row: arrived.append((row.status, time.perf_counter())))
        return arrived

    (_, _), (status, crashed), (_, replaced) = benchmark.pedantic(lambda: rows("crashing"), rounds=1)
    assert status == "crashed"
    figure("a dead worker is replaced, and the next case done", replaced - crashed, "s", 2)
    (_, before), (status, ended), (_, _) = rows("spinning")
    assert status == "timeout"
    figure("--timeout 2, SIGTERM ignored, spinning in C: over after", ended - before, "s", 3)
    assert not [p for p in psutil.process_iter(["cmdline"]) if "of-the-bench" in (p.info["cmdline"] or [])]


BUSY = """\
from odebench import Solution, hookimpl, solver

@solver
def busy(ivp, t_eval, *, units=1, k=0):
    for _ in range(units):
        y = ivp.exact(t_eval)
    return Solution(y)

@hookimpl
def odebench_solvers():
    return [busy]
"""


def test_dask_throughput(benchmark, figure, tmp_path):
    """Cases of 100 ms of work, inline and on a local cluster of two workers, once warm; each sample is two solves."""
    pytest.importorskip("distributed", reason="needs Dask")
    (tmp_path / "busy.py").write_text(BUSY)
    host = Host([tmp_path / "busy.py"])
    cases, units = 60, units_for(0.1)

    def seconds(executor):
        numbers = ",".join(map(str, range(cases)))
        plan = Plan(host, Sampling(repeats=1), problems=["decay"], solvers=[f"busy[units={units},k=[{numbers}]]"])
        record = Run.create(tmp_path / str(len(list(tmp_path.iterdir()))), {})
        arrived = []
        run(record, plan, executor(record.id), host, lambda row: arrived.append(time.perf_counter()))
        return arrived[-1] - arrived[9]

    def bare():
        """Two processes with nothing between them, each with half of the cases: all that the machine gives."""
        script = HALF.format(plugin=str(tmp_path / "busy.py"), units=units, cases=cases // 2, folder=str(tmp_path))
        halves = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) for _ in range(2)]
        return max(float(half.communicate()[0]) for half in halves)

    def over_inline():
        inline = seconds(lambda run_id: InlineExecutor(Worker(host, Conditions(run_id))))
        two = {"executor": "dask", "jobs": 2}
        dask = seconds(lambda run_id: DaskExecutor(host, Conditions(run_id, **two), Limits(600, 4000)))
        return dask / inline, bare() / inline

    ratios = [over_inline(), benchmark.pedantic(over_inline, rounds=1), over_inline()]
    dask, machine = (statistics.median(column) for column in zip(*ratios, strict=True))
    figure("two processes with half of the cases each over inline: what the machine gives", machine, "x")
    figure("Dask with two workers over inline, time of cases of 100 ms", dask, "x", 1 / 1.7)


HALF = """
import pathlib, tempfile, time
from odebench.executors import InlineExecutor
from odebench.host import Host
from odebench.journal import Run
from odebench.provenance import Conditions
from odebench.runner import Plan, Sampling, run
from odebench.worker import Worker

host = Host([{plugin!r}])
numbers = ",".join(map(str, range({cases})))
plan = Plan(host, Sampling(repeats=1), problems=["decay"], solvers=["busy[units={units},k=[" + numbers + "]]"])
record = Run.create(pathlib.Path(tempfile.mkdtemp(dir={folder!r})), {{}})
arrived = []
executor = InlineExecutor(Worker(host, Conditions(record.id)))
run(record, plan, executor, host, lambda row: arrived.append(time.perf_counter()))
print(arrived[-1] - arrived[4])
"""


def test_a_hundred_thousand_cases(benchmark, figure, peak_mib, tmp_path):
    """The default executor; the main process's memory, and the cost of a case at the end over that at the start."""
    rates = ",".join(str(1 + k / 1000) for k in range(1000))
    ends = ",".join(str(2 + k / 100) for k in range(100))
    options = ["--quick", "-s", "euler[steps=10]", "-p", f"decay[rate=[{rates}],t1=[{ends}]]"]
    peak = benchmark.pedantic(lambda: peak_mib(*options, "-o", str(tmp_path / "run")), rounds=1)
    with (tmp_path / "run/measurements.jsonl").open() as journal:
        started = [datetime.fromisoformat(json.loads(line)["started_at"]).timestamp() for line in journal]
    assert len(started) == 100_000
    first, last = started[10_000] - started[1000], started[-1] - started[-9001]
    figure("main process, 100,000 cases", peak, "MiB", 400)
    figure("the last 9,000 cases over the first 9,000, of 100,000", last / first, "x", 1.25)
