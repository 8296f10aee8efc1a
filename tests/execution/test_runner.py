"""From selections to rows: one solve one sample, every attempted case a row."""

import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from odebench import IVP, Solution, SolverFailed, Unsupported, hookimpl, problem, solver, tables, timing
from odebench.executors import InlineExecutor
from odebench.host import Host
from odebench.journal import Run
from odebench.provenance import Conditions
from odebench.runner import Plan, Sampling, describe, run
from odebench.worker import Worker


@problem
def slow_decay(*, rate=1.0):
    return IVP(
        lambda t, y, xp: -rate * y, (0.0, 2.0), [1.0], lambda t: np.exp(-rate * t)[:, None], np.linspace(0, 2, 5)
    )


def exact(ivp, t_eval):
    return Solution(ivp.exact(t_eval))


def named(name, **options):
    """Return a sound solver of that name."""
    return named_solver(lambda ivp, t_eval: exact(ivp, t_eval), name, **options)


def named_solver(function, name, **options):
    """Return a solver of that name from a function."""
    function.__name__ = name
    return solver(**options)(function)


@pytest.fixture
def bench(tmp_path):
    """Run some solvers, given as functions, and return the rows in the order they were measured."""

    def measure(
        *solvers, problems=(slow_decay,), swept="", metrics=None, observers=(), observe=lambda row: None, **sampling
    ):
        host = Host()
        plugin = SimpleNamespace(
            odebench_problems=hookimpl(lambda: problems),
            odebench_solvers=hookimpl(lambda: solvers),
            odebench_metrics=hookimpl(lambda: metrics or {}),
        )
        for name, module in {"test": plugin, **dict(observers)}.items():
            assert host.register(module, name).error is None
        asked = Sampling(**sampling)
        plan = Plan(host, asked, problems=[p.name + swept for p in problems], solvers=[s.name for s in solvers])
        record = Run.create(tmp_path / f"run{len(list(tmp_path.iterdir()))}", describe(host, plan, {}, {}))
        run(record, plan, InlineExecutor(Worker(host, Conditions(record.id))), host, observe)
        rows = list(record.measurements())
        assert plan.total == len(rows)
        assert len(tables.samples(record)) == len(rows)
        return rows

    return measure


def test_time_and_error_of_a_sample_come_from_the_same_call(bench, monkeypatch):
    samples = []
    real = timing.time_calls
    monkeypatch.setattr(
        timing, "time_calls", lambda *args, **kwargs: samples.append(real(*args, **kwargs)) or samples[-1]
    )
    calls = []

    @solver
    def drifting(ivp, t_eval):
        """Worse at every call, and says which call it was."""
        calls.append(len(calls))
        return Solution(ivp.exact(t_eval) + calls[-1], stats={"steps": calls[-1]})

    for row in bench(drifting, repeats=3):
        (timed,) = [sample for sample in samples if sample.wall_s == row.wall_s]
        assert timed.result.stats["steps"] == row.steps
        assert row.max_abs_error == pytest.approx(row.steps)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process reset its high-water mark")
def test_memory_is_what_each_solve_needs_whatever_the_process_held_before(bench):
    def needing(mib):
        def function(ivp, t_eval):
            time.sleep(0.002)  # a shorter one is not looked at
            np.ones(mib * 2**17).sum()
            return exact(ivp, t_eval)

        function.__name__ = f"needing_{mib}"
        return solver(function)

    for row in bench(*map(needing, (100, 10, 30, 20)), repeats=3):
        mib = int(row.solver.rpartition("-")[2])
        assert row.peak_rss_mb == pytest.approx(mib, abs=2)


def test_memory_and_processor_time_are_those_of_the_solve(bench):
    spent = []

    @solver
    def hungry(ivp, t_eval):
        began = time.process_time()
        np.ones(2**24).sum()  # 128 MiB, given back
        spent.append(time.process_time() - began)
        return exact(ivp, t_eval)

    @solver
    def modest(ivp, t_eval):
        time.sleep(0.02)
        return exact(ivp, t_eval)

    rows = {row.solver: row for row in bench(hungry, modest, repeats=1)}
    if rows["hungry"].peak_rss_mb is not None:  # Linux
        assert 100 < rows["hungry"].peak_rss_mb < 200
        assert rows["modest"].peak_rss_mb < 50
    # by the solver's own account: on a busy machine wall_s is longer, as it waits for the processor
    assert rows["hungry"].loops == 1
    assert spent[-1] <= rows["hungry"].cpu_s <= 1.2 * spent[-1] + 0.002
    assert rows["hungry"].cpu_s > 5 * rows["modest"].cpu_s
    assert rows["modest"].cpu_s < 0.5 * rows["modest"].wall_s


def test_the_first_call_is_apart_and_never_a_sample(bench):
    calls = []

    @solver
    def compiling(ivp, t_eval):
        calls.append(len(calls))
        if calls == [0]:
            import time

            time.sleep(0.2)
        return exact(ivp, t_eval)

    first, *others = bench(compiling, repeats=3)
    assert first.first_s >= 0.2
    assert [row.first_s for row in others] == [None, None]
    assert max(row.wall_s for row in [first, *others]) < 0.1


def test_samples_are_taken_in_rounds_over_the_solvers_of_a_problem(bench):
    rows = bench(named("one"), named("two"), swept="[rate=[1,2]]", repeats=2)
    assert [(row.problem_params["rate"], row.repeat, row.solver) for row in rows] == [
        (rate, repeat, name) for rate in (1.0, 2.0) for repeat in (0, 1) for name in ("one", "two")
    ]


def test_a_solver_that_uses_chance_gets_a_new_seed_for_each_sample(bench):
    seen = []

    @solver
    def lucky(ivp, t_eval, *, seed):
        seen.append(seed)
        noise = np.random.default_rng(seed).normal(size=(t_eval.size, 1))
        return Solution(ivp.exact(t_eval) + noise)

    rows = bench(lucky, seeds=4, repeats=9)
    assert len({row.seed for row in rows}) == len(rows) == 4
    assert set(seen) == {row.seed for row in rows}
    assert len({row.max_abs_error for row in rows}) == 4
    again = bench(lucky, seeds=4)
    assert [row.max_abs_error for row in again] == [row.max_abs_error for row in rows]
    other = bench(lucky, seeds=4, base_seed=1)
    assert not {row.seed for row in other} & {row.seed for row in rows}


def test_a_long_solve_is_sampled_once_but_once_a_seed(bench, monkeypatch):
    monkeypatch.setattr(timing, "LONG_S", -1.0)

    @solver
    def lucky(ivp, t_eval, *, seed):
        return exact(ivp, t_eval)

    rows = bench(named("plain"), lucky, repeats=5, seeds=3)
    assert [row.solver for row in rows] == ["plain", "lucky", "lucky", "lucky"]


def test_a_solver_is_held_to_read_only_input(bench):
    @solver
    def vandal(ivp, t_eval):
        t_eval[0] = 7
        return exact(ivp, t_eval)

    (row,) = bench(vandal)
    assert (row.status, row.wall_s) == ("failed", None)
    assert "tried to change its input" in row.reason


def test_what_solvers_raise_becomes_a_row_each_once(bench):
    cases = [
        (SolverFailed("no luck"), "failed", "no luck"),
        (Unsupported("not mine"), "unsupported", "not mine"),
        (MemoryError(), "out-of-memory", "MemoryError"),
        (ZeroDivisionError("oh"), "failed", "ZeroDivisionError: oh (raising, line"),
        (SystemExit(3), "failed", "called sys.exit(3)"),
    ]

    def raising_solver(error):
        def raising(ivp, t_eval):
            raise error

        return named_solver(raising, type(error).__name__)

    rows = bench(*[raising_solver(error) for error, _, _ in cases], repeats=5)
    assert len(rows) == len(cases)
    for row, (error, status, reason) in zip(rows, cases, strict=True):
        assert row.status == status
        assert reason in row.reason
        assert row.max_abs_error is None
        assert (row.traceback is not None) == isinstance(error, (ZeroDivisionError, MemoryError, SystemExit))


def test_what_was_warned_of_stands_beside_a_failure(bench):
    @solver
    def warning(ivp, t_eval):
        import warnings

        warnings.warn("step size too small", stacklevel=1)
        raise SolverFailed("gave up")

    (row,) = bench(warning)
    assert row.reason == "gave up (warned: step size too small)"


def test_a_seeded_solver_that_fails_on_one_seed_is_tried_on_the_others(bench):
    @solver
    def fickle(ivp, t_eval, *, seed):
        if seed % 2:
            raise SolverFailed("an odd seed")
        return exact(ivp, t_eval)

    rows = bench(fickle, seeds=12)
    assert {row.status for row in rows} == {"ok", "failed"}
    assert all((row.status == "failed") == bool(row.seed % 2) for row in rows)


def test_what_is_no_solution_becomes_a_row(bench):
    cases = [
        (lambda y: y[:-1], "failed", "expected y of shape (5, 1), one row a time of t_eval, received (4, 1)"),
        (lambda y: y.T, "failed", "return y.T"),
        (lambda y: y + 0j, "failed", "expected y as real numbers, received dtype complex128"),
        (lambda y: y.astype(str), "failed", "expected y as real numbers"),
        (lambda y: [[1.0], [2.0, 3.0]], "failed", "expected y as an array of shape (5, 1)"),
        (lambda y: np.where(y < 0.5, np.nan, y), "diverged", "not finite at t = 1 and 2 later times"),
        (lambda y: y * np.inf, "diverged", "not finite at t = 0 and 4 later times"),
    ]

    def wrong_solver(number, change):
        return named_solver(lambda ivp, t_eval: Solution(change(ivp.exact(t_eval))), f"wrong_{number}")

    rows = bench(*[wrong_solver(number, change) for number, (change, _, _) in enumerate(cases)])
    assert len(rows) == len(cases)
    for row, (_, status, reason) in zip(rows, cases, strict=True):
        assert row.status == status
        assert reason in row.reason


def test_what_is_not_even_a_solution_becomes_a_row(bench):
    returned = {"none": None, "array": np.zeros((5, 1)), "text": "y"}

    def returning(value):
        return lambda ivp, t_eval: value

    rows = bench(*[named_solver(returning(value), name) for name, value in returned.items()])
    assert [row.solver for row in rows] == [*returned]
    assert {(row.status, row.reason[:19]) for row in rows} == {("failed", "expected a Solution")}


def test_single_precision_is_compared_and_recorded(bench):
    @solver
    def single(ivp, t_eval):
        return Solution(ivp.exact(t_eval).astype(np.float32))

    row = bench(single)[0]
    assert (row.status, row.dtype) == ("ok", "float32")
    assert 1e-9 < row.max_abs_error < 1e-7


def test_a_problem_that_cannot_be_made_is_a_row_that_says_so(bench):
    @problem
    def impossible():
        return IVP(lambda t, y, xp: y, (1.0, 0.0), [1.0])

    rows = bench(named("plain"), problems=[impossible, slow_decay], repeats=1)
    assert [row.status for row in rows] == ["failed", "ok"]
    assert rows[0].reason.startswith("the problem, not the solver: expected a finite t_span with t0 < t1")


def test_an_oracle_is_marked_as_checked_against_itself(bench):
    rows = bench(named("told", tags=["oracle"]), named("plain"), repeats=1)
    assert [(row.oracle, row.reference) for row in rows] == [(True, "itself"), (False, "exact")]


def test_metrics_stats_dense_output_and_environment_are_recorded(bench):
    @solver
    def talkative(ivp, t_eval):
        return Solution(ivp.exact(t_eval), ivp.exact, {"rhs_calls": 7, "restarts": 2, "final_loss": np.nan})

    def fragile(y, y_ref):
        raise KeyError("no")

    row = bench(talkative, repeats=1, metrics={"span": lambda y, y_ref: float(np.ptp(y)), "fragile": fragile})[0]
    assert row.metrics == {"span": pytest.approx(1 - np.exp(-2)), "fragile": None}
    assert row.status == "ok"
    assert "metric 'fragile': KeyError" in row.reason
    assert (row.rhs_calls, row.final_loss, row.other_stats) == (7, None, {"restarts": 2})
    assert row.query_s > 0
    assert row.threads == 1


def test_a_metric_that_asks_for_the_problem_is_handed_it(bench):
    def mean_over_time(y, y_ref, ivp):
        return float(np.trapezoid(np.abs(y - y_ref)[:, 0], ivp.t_eval) / np.ptp(ivp.t_eval))

    def one_off(ivp, t_eval):
        return Solution(ivp.exact(t_eval) + 1.0)

    row = bench(solver(one_off), repeats=1, metrics={"mean": mean_over_time, "plain": lambda y, y_ref: 2.0})[0]
    assert row.metrics == {"mean": pytest.approx(1.0), "plain": 2.0}


@pytest.mark.process
@pytest.mark.parametrize("threads", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_libraries_are_held_to_the_number_of_threads_also_when_loaded_later(odebench, tmp_path, threads):
    (tmp_path / "threads.py").write_text(
        "import sys\n"
        "from odebench import Solution, hookimpl, solver\n"
        "@solver\n"
        "def counting(ivp, t_eval):\n"
        "    import scipy.linalg\n"
        "    from threadpoolctl import threadpool_info\n"
        "    pools = [pool['num_threads'] for pool in threadpool_info()]\n"
        "    try:\n"
        "        import torch\n"
        "        pools.append(torch.get_num_threads())\n"
        "    except ModuleNotFoundError:\n"
        "        pass\n"
        "    return Solution(ivp.exact(t_eval), stats={'fewest': min(pools), 'most': max(pools)})\n"
        "@hookimpl\n"
        "def odebench_solvers():\n"
        "    return [counting]\n"
    )
    run = ("run", "--plugin", "threads.py", "-s", "counting", "-p", "decay", "--threads", str(threads))
    assert odebench(*run, "-o", "run", "--repeats", "1").returncode == 0
    (row,) = Run.open(tmp_path / "run").measurements()
    assert (row.threads, row.other_stats) == (threads, {"fewest": threads, "most": threads})


def test_observers_hear_of_rows_that_are_already_in_the_journal(bench, tmp_path):
    heard = []

    def observe(row):
        (journal,) = tmp_path.glob("run*/measurements.jsonl")
        heard.append((row.repeat, len(journal.read_text().splitlines())))

    bench(named("plain"), repeats=3, observe=observe)
    assert heard == [(0, 1), (1, 2), (2, 3)]


def test_an_observer_that_fails_is_named_and_the_others_still_hear(bench):
    heard = []

    def faulty(measurement):
        raise KeyError("oh")

    first = SimpleNamespace(odebench_measured=hookimpl(faulty))
    second = SimpleNamespace(odebench_measured=hookimpl(lambda measurement: heard.append(measurement.repeat)))
    for observers in ({"faulty": first, "sound": second}, {"sound": second, "faulty": first}):
        with pytest.warns(UserWarning, match=r"odebench_measured of the plugin .*faulty raised KeyError"):
            bench(named("plain"), repeats=2, observers=observers)
    assert heard == [0, 1, 0, 1]


def test_a_solution_whose_error_overflows_is_a_row(bench):
    @problem
    def tiny():
        return IVP(lambda t, y, xp: 0 * y, (0.0, 1.0), [1e-300], lambda t: np.full((t.size, 1), 1e-300))

    @solver
    def huge(ivp, t_eval):
        return Solution(np.full((t_eval.size, 1), -1.7e308))

    (row,) = bench(huge, problems=[tiny])
    assert row.status == "diverged"
    assert "overflows" in row.reason


def test_a_run_that_breaks_off_says_so_and_keeps_its_rows(bench, tmp_path):
    def observe(row):
        raise RuntimeError("the terminal is gone")

    with pytest.raises(RuntimeError):
        bench(named("plain"), observe=observe)
    (directory,) = tmp_path.glob("run*")
    kept = Run.open(directory)
    assert kept.meta["status"] == "failed"
    assert len(list(kept.measurements())) == 1


def test_a_plan_whose_tasks_are_drawn_ahead_still_counts_right(host):
    sampling = Sampling(repeats=4)
    plan = Plan(host, sampling, problems=["robertson", "decay"], solvers=["analytic", "euler[steps=10]"])
    assert plan.total == 16
    tasks = iter(plan)
    drawn = [next(tasks) for _ in range(5)]
    worker = Worker(host, Conditions("run"))
    for task in drawn:
        plan.learn(worker.measure(task))
    rest = list(tasks)
    assert plan.total == len(drawn) + len(rest) < 16
