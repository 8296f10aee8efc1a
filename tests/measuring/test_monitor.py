"""Methods that train or iterate are looked at while they work, and the clock stands still meanwhile."""

import itertools
import json
import time
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.commands import read_csv

from odebench import Monitor, Solution, hookimpl, solver
from odebench.executors import InlineExecutor
from odebench.host import Host
from odebench.journal import Run
from odebench.measurement import Checkpoint
from odebench.provenance import Conditions
from odebench.runner import Plan, Sampling, run
from odebench.watching import Stopping, at_lowest_loss
from odebench.worker import Worker

LOOK_S = 0.03


def iterating(steps, dense):
    """A solver of that many steps of 5 ms; the error halves with each."""

    @solver
    def halving(ivp, t_eval, *, monitor: Monitor):
        for n in range(1, steps + 1):
            time.sleep(0.005)
            monitor(n, 4.0**-n, lambda t, n=n: dense(ivp.exact(t) + 2.0**-n))
        return Solution(ivp.exact(t_eval) + 2.0**-steps)

    return halving


@pytest.fixture
def measure(tmp_path):
    def rows(method, stopping=None, **sampling):
        host = Host()
        assert host.register(SimpleNamespace(odebench_solvers=hookimpl(lambda: [method])), "test").error is None
        plan = Plan(host, Sampling(**sampling), problems=["decay"], solvers=[method.name])
        record = Run.create(tmp_path / f"run{len(list(tmp_path.iterdir())) or ''}", {})
        run(record, plan, InlineExecutor(Worker(host, Conditions(record.id, stopping=stopping or Stopping()))), host)
        return list(record.measurements())

    return rows


def test_the_clock_stands_still_while_the_host_looks(measure):
    looks = []

    def slow(y):
        looks.append(time.sleep(LOOK_S))
        return y

    start = time.perf_counter()
    (row,) = measure(iterating(40, slow), repeats=1)
    elapsed = time.perf_counter() - start
    assert len(looks) > 10
    calls = 2  # the first, and the sample
    assert row.first_s + row.wall_s < elapsed - LOOK_S * len(looks)
    assert row.first_s >= 0.2
    assert row.wall_s >= 0.2
    assert [checkpoint[1] for checkpoint in row.trace] == sorted(checkpoint[1] for checkpoint in row.trace)
    assert row.trace[-1][1] <= row.wall_s
    assert len(row.trace) <= len(looks) / calls + 1


def test_a_trace_holds_the_first_report_the_solution_and_reports_at_growing_times(measure, tmp_path):
    (row,) = measure(iterating(60, lambda y: y), repeats=1)
    steps, times = ([checkpoint[k] for checkpoint in row.trace] for k in (0, 1))
    assert (steps[0], steps[-1]) == (1, 60)
    assert len(steps) < 40
    between = times[1:-1]
    assert between[0] >= 0.01
    assert all(later >= 1.25 * sooner for sooner, later in itertools.pairwise(between))
    for step, _, loss, worst, rms, _ in row.trace:
        assert loss == 4.0**-step
        np.testing.assert_allclose([worst, rms], 2.0**-step, rtol=1e-6, atol=1e-15)
    table = read_csv(tmp_path / "run" / "traces.csv")
    assert [float(line["wall_s"]) for line in table] == times
    assert {line["case_id"] for line in table} == {row.case_id}
    assert [int(line["step"]) for line in table] == steps


def test_a_solve_of_no_time_has_its_first_report_and_its_solution_in_the_trace(measure):
    @solver
    def quick(ivp, t_eval, *, monitor: Monitor):
        for n in range(3):
            monitor(n, 1.0 - n / 10, lambda t, n=n: ivp.exact(t) + 2.0**-n)
        return Solution(ivp.exact(t_eval) + 2.0**-5, ivp.exact, {"epochs": 3, "final_loss": 0.5})

    (row,) = measure(quick, repeats=1)
    first, *_, last = row.trace
    assert [(c[0], c[2]) for c in (first, last)] == [(0, 1.0), (3, 0.5)]
    np.testing.assert_allclose([c[3] for c in (first, last)], [1.0, 2.0**-5], rtol=1e-6)
    assert row.trace[-1][3] == row.max_abs_error


def test_the_solution_is_not_recorded_twice_and_an_invalid_one_not_at_all(measure):
    def reporting(returned, **stats):
        @solver
        def once(ivp, t_eval, *, monitor: Monitor):
            monitor(7, 0.5, ivp.exact)
            return returned(ivp, t_eval)

        return once

    (row,) = measure(reporting(lambda ivp, t_eval: Solution(ivp.exact(t_eval), stats={"epochs": 7})), repeats=1)
    assert [checkpoint[0] for checkpoint in row.trace] == [7]
    for returned in (lambda ivp, t: Solution(ivp.exact(t)[:3]), lambda ivp, t: Solution(np.nan * ivp.exact(t))):
        (row,) = measure(reporting(returned), repeats=1)
        assert row.status in ("failed", "diverged")
        assert [checkpoint[0] for checkpoint in row.trace] == [7]


def test_a_report_that_is_no_solution_is_the_solvers_fault(measure):
    (row,) = measure(iterating(20, lambda y: y[:3]), repeats=1)
    assert row.status == "failed"
    assert "expected dense(t_eval) of shape (101, 1)" in row.reason


def test_a_solver_that_reports_nothing_has_no_trace(measure):
    @solver
    def silent(ivp, t_eval, *, monitor: Monitor):
        return Solution(ivp.exact(t_eval))

    (row,) = measure(silent, repeats=1)
    assert (row.status, row.trace) == ("ok", [])


def test_what_a_solve_had_come_to_when_it_was_ended_is_kept(odebench, tmp_path):
    (tmp_path / "mine.py").write_text(
        "import time, ctypes\n"
        "from odebench import Monitor, Solution, hookimpl, solver\n"
        "@solver\n"
        "def endless(ivp, t_eval, *, monitor: Monitor, crash=False):\n"
        "    n = 0\n"
        "    while True:\n"
        "        n += 1\n"
        "        time.sleep(0.02)\n"
        "        monitor(n, 1 / n, lambda t: ivp.exact(t) + 1 / n)\n"
        "        if crash and n > 20: ctypes.string_at(0)\n"
        "@hookimpl\n"
        "def odebench_solvers(): return [endless]\n"
    )
    chosen = ("-s", "endless[crash=[false,true]]", "-p", "decay", "--timeout", "1")
    done = odebench("run", "--plugin", "mine.py", *chosen, "-o", "out", "--quick")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "out/measurements.jsonl").read_text().splitlines()]
    assert [row["status"] for row in rows] == ["timeout", "crashed"]
    for row in rows:
        step, wall_s, loss, worst, *_ = row["trace"][-1]
        assert step > 5
        assert 0.02 * step <= wall_s < 1.5
        assert row["final_loss"] == loss == 1 / step
        assert row["max_abs_error"] == worst == pytest.approx(1 / step)
        assert f"it had come to step {step}" in row["reason"]
    assert len(read_csv(tmp_path / "out" / "traces.csv")) == sum(len(row["trace"]) for row in rows)


def test_a_solve_is_stopped_where_its_error_is_small_enough(measure):
    (row,) = measure(iterating(60, lambda y: y), Stopping(target_error=1e-3), repeats=1)
    assert (row.status, row.stopped_by) == ("ok", "target-error")
    assert 2.0**-12 < row.max_abs_error <= 1e-3  # 2^-10 is the first, and no look comes much later
    assert row.epochs in (10, 11)
    assert row.final_loss == 4.0**-row.epochs
    assert row.wall_s == pytest.approx(row.trace[-1][1], rel=0.2)
    assert f"stopped at step {row.epochs}" in row.reason
    assert "within the target of 0.001" in row.reason


def test_a_solve_that_does_not_come_that_far_ends_by_itself(measure):
    (row,) = measure(iterating(8, lambda y: y), Stopping(target_error=1e-3, time_budget_s=60, patience=5), repeats=1)
    assert (row.status, row.stopped_by, row.reason) == ("ok", None, None)
    assert row.max_abs_error == pytest.approx(2.0**-8)


def test_a_solve_is_stopped_when_its_time_is_spent(measure):
    (row,) = measure(iterating(10**6, lambda y: y), Stopping(time_budget_s=0.2), repeats=1)
    assert (row.status, row.stopped_by) == ("ok", "time-budget")
    assert 0.2 <= row.trace[-1][1] < 0.4
    assert row.epochs == row.trace[-1][0]
    assert row.max_abs_error == pytest.approx(2.0**-row.epochs, abs=1e-15)


@pytest.mark.parametrize(("patience", "since", "step", "loss"), [(4, 6, 10, 1.0), (3, 2, 5, 2.0)])
def test_a_solve_is_stopped_where_its_loss_falls_no_more(measure, patience, since, step, loss):
    losses = [4.0, 3.0, 2.0, 2.0, 2.5, 2.0, *[1.0] * 100]

    @solver
    def stalling(ivp, t_eval, *, monitor: Monitor):
        for step, loss in enumerate(losses):
            try:
                monitor(step, loss, lambda t, loss=loss: ivp.exact(t) + loss)
            except Exception:
                pytest.fail("a solver that guards its steps must not be able to go on")
        return Solution(ivp.exact(t_eval))

    (row,) = measure(stalling, Stopping(patience=patience), repeats=1)
    assert (row.stopped_by, row.epochs, row.final_loss, row.max_abs_error) == ("patience", step, loss, loss)
    assert f"the loss has not fallen since step {since}" in row.reason


def test_the_lowest_loss_is_kept_beside_the_last(measure):
    @solver
    def spoiled(ivp, t_eval, *, monitor: Monitor):
        for n in range(1, 40):
            time.sleep(0.005)
            off = abs(n - 20) / 100
            monitor(n, off, lambda t, off=off: ivp.exact(t) + off)
        return Solution(ivp.exact(t_eval) + 0.19, stats={"final_loss": 0.19})

    (row,) = measure(spoiled, repeats=1)
    assert row.final_loss == 0.19
    assert row.best_loss == min(checkpoint[2] for checkpoint in row.trace) < 0.05
    assert row.best_max_abs_error == pytest.approx(row.best_loss)
    seen = [Checkpoint(1, 0.1, 0.5, 0.2, 0.1), Checkpoint(2, 0.2, 0.3, None, None), Checkpoint(3, 0.3, None, 0.1, 0.1)]
    assert at_lowest_loss(seen, 0.4, 0.3) == (0.4, 0.3)  # where no error is known, nothing is
    assert at_lowest_loss(seen, 0.6, 0.01) == (0.5, 0.2)  # by the loss, not by the error that only the host knows
    assert at_lowest_loss([], None, 0.1) is None


def test_the_options_of_a_run_stop_its_solves_and_a_run_resumed_keeps_them(odebench, tmp_path):
    (tmp_path / "mine.py").write_text(
        "import time\n"
        "from odebench import Monitor, Solution, hookimpl, solver\n"
        "@solver\n"
        "def slow(ivp, t_eval, *, seed, monitor: Monitor):\n"
        "    for n in range(1000):\n"
        "        time.sleep(0.01)\n"
        "        monitor(n, 2.0 ** -n, lambda t: ivp.exact(t) + 2.0 ** -n)\n"
        "@hookimpl\n"
        "def odebench_solvers(): return [slow]\n"
    )
    chosen = ("run", "--plugin", "mine.py", "-s", "slow", "-p", "decay", "--seeds", "2", "-o", "out")
    done = odebench(*chosen, "--executor", "inline", "--target-error", "1e-3", "--time-budget", "30", "--patience", "7")
    assert done.returncode == 0, done.stderr
    said = json.loads((tmp_path / "out/run.json").read_text())["protocol"]
    assert (said["target_error"], said["time_budget_s"], said["patience"]) == (1e-3, 30, 7)
    journal = tmp_path / "out/measurements.jsonl"
    first, _ = journal.read_text().splitlines(keepends=True)
    journal.write_text(first)
    done = odebench("run", "--plugin", "mine.py", "--resume", "out")
    assert done.returncode == 0, done.stderr
    rows = read_csv(tmp_path / "out/measurements.csv")
    assert [(row["status"], row["stopped_by"]) for row in rows] == [("ok", "target-error")] * 2
    for bad in ("--target-error=0", "--time-budget=-1", "--patience=0"):
        assert odebench(*chosen, bad).returncode == 2


@pytest.mark.training
@pytest.mark.filterwarnings("ignore:the network does not satisfy the equation")  # it is trained for a moment only
def test_being_looked_at_changes_no_digit_of_a_network(measure):
    pytest.importorskip("torch", reason="a network")
    host = Host()
    network = host.solver("pinn-autograd")
    ivp = host.problem("decay")()
    seen = []

    class Looking(Monitor):
        def __call__(self, step, loss, dense, *, network=None, points=None):
            seen.append((step, loss, np.abs(dense(ivp.t_eval) - ivp.exact(ivp.t_eval)).max()))

    for optimizer, fewest in {"levenberg-marquardt": 10, "ssbroyden": 30, "lbfgs": 30, "adam": 30}.items():
        seen.clear()
        asked = {"seed": 3, "epochs": 40, "optimizer": optimizer}
        alone = network(ivp, ivp.t_eval, **asked)
        watched = network(ivp, ivp.t_eval, **asked, monitor=Looking())
        np.testing.assert_array_equal(alone.y, watched.y)
        assert [step for step, *_ in seen] == sorted(step for step, *_ in seen)
        assert fewest <= len(seen) <= 41
        assert seen[-1][1] < seen[0][1]
        assert seen[-1][2] < seen[0][2]
