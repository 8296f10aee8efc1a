"""What odebench costs beside what it measures."""

import os
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import solve_ivp

from odebench import IVP, program
from odebench.executors import InlineExecutor
from odebench.host import Host
from odebench.journal import Run
from odebench.provenance import Conditions
from odebench.runner import Plan, Sampling, run
from odebench.worker import Worker

SCRIPTS = Path(sys.executable).parent  # what a user types, where it is installed


@pytest.mark.parametrize(("arguments", "bound"), [(["--version"], 1.5), (["list"], 3.0)], ids=["version", "list"])
def test_start(benchmark, paired, figure, arguments, bound):
    cached = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}

    def start(*command):
        subprocess.run(command, check=True, capture_output=True, env=cached)

    def odebench():
        start(SCRIPTS / "odebench", *arguments)

    benchmark.pedantic(odebench, rounds=5)
    ratio = paired(odebench, lambda: start(SCRIPTS / "pytest", "--version"), 21)
    figure(f"odebench {' '.join(arguments)} over pytest --version", ratio, "x", bound)


class Counted:
    """A solver that adds up the time spent in it, so that the rest is the machinery's."""

    def __init__(self, solver):
        self.solver, self.seconds, self.calls = solver, 0.0, 0

    def __call__(self, *args, **kwargs):
        start = time.perf_counter()
        result = self.solver(*args, **kwargs)
        self.seconds += time.perf_counter() - start
        self.calls += 1
        return result

    def __getattr__(self, name):
        return getattr(self.solver, name)


def test_cost_of_a_case(benchmark, figure, tmp_path):
    """2,000 cases of euler with 10 steps, each on a problem of its own, journal and tables included."""
    host = Host()
    counted = host.solvers["euler"].function = Counted(host.solvers["euler"].function)
    rates = ",".join(str(1 + k / 2000) for k in range(2000))
    plan = Plan(host, Sampling(repeats=1), problems=[f"decay[rate=[{rates}]]"], solvers=["euler[steps=10]"])
    pd.DataFrame()  # imported, as psutil and scipy are: paid once a run, not a case
    record = Run.create(tmp_path / "run", {})
    rows = []

    def observe(row):
        if row.status != "ok":
            raise AssertionError(row.reason)
        rows.append(row.wall_s)

    worker = Worker(host, Conditions(record.id))
    start = time.perf_counter()
    benchmark.pedantic(lambda: run(record, plan, InlineExecutor(worker), host, observe), rounds=1)
    machinery = time.perf_counter() - start - counted.seconds
    assert len(rows) == 2000
    figure("machinery a case beside the solves, euler with 10 steps", 1e3 * machinery / 2000, "ms", 1.0)


def test_memory_of_a_case(benchmark, figure, peak_mib, tmp_path):
    """The peak of the whole process, tables included, for 2,000 cases and for 10,000."""

    def peak(cases):
        rates = ",".join(str(1 + k / cases) for k in range(cases))
        options = ["--quick", "-s", "euler[steps=10]", "-p", f"decay[rate=[{rates}]]", "--executor", "inline"]
        return peak_mib(*options, "-o", str(tmp_path / str(cases)))

    few = benchmark.pedantic(lambda: peak(2000), rounds=1)
    figure("memory a case, from 2,000 cases to 10,000", 1024 * (peak(10_000) - few) / 8000, "KiB", 2.0)


def test_scipy_ivp_over_solve_ivp(benchmark, paired, figure):
    """Lotka-Volterra at rtol 1e-8: the plugin against a direct call with the right-hand side a user would write."""
    host = Host()
    ivp = host.problem("lotka-volterra")()
    plugin = host.solver("scipy-ivp")

    def by_hand(t, y):
        return [1.5 * y[0] - y[0] * y[1], -3.0 * y[1] + y[0] * y[1]]

    def direct():
        return solve_ivp(by_hand, (0, 10), [1, 1], t_eval=ivp.t_eval, rtol=1e-8, atol=1e-11)

    def through_odebench():
        return plugin(ivp, ivp.t_eval, rtol=1e-8, atol=1e-11)

    benchmark(through_odebench)
    np.testing.assert_allclose(through_odebench().y, direct().y.T, rtol=1e-6)
    figure("scipy-ivp over a direct solve_ivp, Lotka-Volterra", paired(through_odebench, direct, 101), "x", 1.05)


def test_scipy_ivp_over_solve_ivp_with_the_same_right_hand_side(benchmark, paired, figure):
    """The same, where both call the traced right-hand side: what the plugin itself adds."""
    host = Host()
    ivp = host.problem("lotka-volterra")()
    plugin = host.solver("scipy-ivp")

    def direct():
        return solve_ivp(ivp.f, ivp.t_span, ivp.y0, t_eval=ivp.t_eval, rtol=1e-8, atol=1e-11)

    def through_odebench():
        return plugin(ivp, ivp.t_eval, rtol=1e-8, atol=1e-11)

    benchmark(through_odebench)
    figure("scipy-ivp over solve_ivp with the same right-hand side", paired(through_odebench, direct, 101), "x", 1.05)


WITHOUT_PROBLEMS = """\
import sys
import odebench_plugins.problems
odebench_plugins.problems.__path__ = []
sys.argv = ["odebench", "list"]
from odebench.cli import main
main()
"""


def test_what_the_problems_add_to_list(benchmark, figure):
    """`odebench list` with all problems and with none, in turn."""

    def seconds(*arguments):
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        return time.perf_counter() - began

    def added():
        return seconds("-m", "odebench", "list") - seconds("-c", WITHOUT_PROBLEMS)

    benchmark.pedantic(added, rounds=1)
    added_ms = 1e3 * statistics.median(added() for _ in range(11))
    figure(f"odebench list, for its {len(Host().problems)} problems", added_ms, "ms", 50.0)


def test_fast_over_numpy(benchmark, paired, figure):
    """`ivp.f` against the same right-hand side on numpy arrays, on every traceable problem of 2 to 10 states."""

    def traced(ivp):
        with suppress(program.Untraceable):
            program.Program(ivp.rhs, ivp.n_states)
            return True

    ratios = {}
    for name, problem in Host().problems.items():
        ivp = problem()
        if not 2 <= ivp.n_states <= 10 or not traced(ivp):
            continue
        t, y = ivp.t_span[0], ivp.y0

        def fast(ivp=ivp, t=t, y=y):
            for _ in range(200):
                ivp.f(t, y)

        def on_numpy(ivp=ivp, t=t, y=y):
            for _ in range(200):
                ivp.rhs(t, y, np)

        ratios[name] = paired(fast, on_numpy, 11)
    benchmark(fast)
    worst = max(ratios, key=ratios.get)
    typical = statistics.geometric_mean(ratios.values())
    figure(f"fast right-hand side over numpy, {len(ratios)} problems of 2 to 10 states, geometric mean", typical, "x")
    figure(f"fast right-hand side over numpy, the slowest of them ({worst})", ratios[worst], "x", 0.2)


def test_tracing_is_quick(benchmark, figure):
    """What a new problem costs before its first solve."""
    benchmark(lambda: IVP(lambda t, y, xp: -1.5 * y, (0, 2), [1.0]).f)
    figure("a new scalar problem, traced", 1e3 * benchmark.stats.stats.median, "ms", 0.5)
