"""On a Dask cluster: the same rows, each once, whatever happens to a machine; real schedulers and workers."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager

import psutil
import pytest

pytest.importorskip("distributed", reason="needs Dask")

PLUGIN = """\
import ctypes, os, time
import numpy as np
from odebench import Solution, hookimpl, solver

@solver
def napper(ivp, t_eval, *, nap=0.1):
    time.sleep(nap)
    parent = os.getppid()
    return Solution(np.tile(ivp.y0, (t_eval.size, 1)), stats={"dask_worker": parent})

@solver
def crasher(ivp, t_eval):
    ctypes.string_at(0)

@hookimpl
def odebench_solvers():
    return [napper, crasher]
"""


@pytest.fixture
def cwd(tmp_path):
    (tmp_path / "plugin.py").write_text(PLUGIN)
    return tmp_path


def start(cwd, *arguments, environment=None, group=False):
    command = [sys.executable, "-m", *map(str, arguments)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)  # or a child may ignore it, as this process may
    try:
        return subprocess.Popen(command, cwd=cwd, env=environment, start_new_session=group, text=True, **pipes)
    finally:
        signal.signal(signal.SIGINT, handler)


def run(cwd, *arguments):
    process = start(cwd, "odebench", "run", "--plugin", "plugin.py", *arguments)
    return finished(process)


def finished(process):
    stdout, stderr = process.communicate(timeout=300)
    assert "Traceback" not in stdout + stderr
    assert "internal error" not in stderr
    return process.returncode, stdout, stderr


def rows(directory):
    path = directory / "measurements.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def samples(directory):
    return sorted((row["case_id"], row["repeat"], str(row["seed"]), row["status"]) for row in rows(directory))


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@contextmanager
def process(cwd, *arguments):
    started = start(cwd, *arguments)
    try:
        yield started
    finally:
        started.kill()
        started.communicate()


@pytest.fixture
def cluster(cwd):
    """A scheduler and two workers on this machine, as somebody would start them: (address, scheduler, workers)."""
    file = cwd / "scheduler.json"
    with ExitStack() as stack:
        quiet = ("--host", "127.0.0.1", "--no-dashboard")
        scheduler = stack.enter_context(
            process(cwd, "dask", "scheduler", "--port", 0, "--scheduler-file", file, *quiet)
        )
        until(file.exists)
        until(lambda: file.read_text().endswith("}"))
        address = json.loads(file.read_text())["address"]
        worker = ("dask", "worker", address, "--nthreads", 1, "--no-nanny", *quiet)
        workers = [stack.enter_context(process(cwd, *worker)) for _ in range(2)]
        yield address, scheduler, workers


def test_a_local_cluster_takes_the_same_samples_as_this_process(cwd):
    asked = ("-s", "rk4", "-s", "napper[nap=0.01]", "-s", "crasher", "-p", "decay[rate=[1,2]]", "-q")
    assert run(cwd, *asked, "--executor", "dask", "-j", "2", "-o", "dask")[0] == 0
    assert run(cwd, *asked, "-o", "here")[0] == 0
    assert {row["status"] for row in rows(cwd / "dask")} == {"ok", "crashed"}
    once = {sample[:2] for sample in samples(cwd / "dask")}
    assert len(once) == len(samples(cwd / "dask"))
    # a crash settles a case, but tasks that were handed out before it are carried out
    assert once >= {sample[:2] for sample in samples(cwd / "here")}
    meta = json.loads((cwd / "dask/run.json").read_text())
    assert {row["machine"] for row in rows(cwd / "dask")} == set(meta["machines"])
    assert meta["status"] == "complete"
    assert not workers_of(cwd)


def workers_of(cwd):
    return [p for p in psutil.process_iter() if _is_worker_of(p, cwd)]


def _is_worker_of(process, cwd):
    try:
        return any("odebench.serving" in part for part in process.cmdline()) and process.cwd() == str(cwd)
    except psutil.Error:
        return False


def test_cases_of_a_worker_that_is_lost_are_done_elsewhere_and_once(cwd, cluster):
    address, _, workers = cluster
    running = start(
        cwd, "odebench", "run", "--plugin", "plugin.py", "-s", "napper", "-p", "decay[rate=[1,2,3,4]]", "-q",
        *("--executor", "dask", "--dask", address, "-o", "out"),
    )  # fmt: skip
    until(lambda: len({row["other_stats"]["dask_worker"] for row in rows(cwd / "out")}) == 2)
    workers[0].send_signal(signal.SIGKILL)  # both are in the middle of a case
    code, _, stderr = finished(running)
    assert code == 0, stderr
    found = samples(cwd / "out")
    assert len(found) == len(set(found)) == 20
    assert {status for *_, status in found} == {"ok"}
    assert rows(cwd / "out")[-1]["other_stats"]["dask_worker"] == workers[1].pid


def test_a_cluster_whose_workers_start_later_is_waited_for(cwd):
    file = cwd / "scheduler.json"
    quiet = ("--host", "127.0.0.1", "--no-dashboard")
    with ExitStack() as stack:
        stack.enter_context(process(cwd, "dask", "scheduler", "--port", 0, "--scheduler-file", file, *quiet))
        until(lambda: file.exists() and file.read_text().endswith("}"))
        address = json.loads(file.read_text())["address"]
        running = start(cwd, "odebench", "run", "-s", "rk4", "-q", "--executor", "dask", "--dask", address, "-o", "out")
        until((cwd / "out/run.json").exists)
        time.sleep(1)
        assert running.poll() is None
        assert rows(cwd / "out") == []
        stack.enter_context(process(cwd, "dask", "worker", address, "--nthreads", 1, "--no-nanny", *quiet))
        until(lambda: rows(cwd / "out"))
        assert workers_of(cwd)  # beside the Dask worker, while the run lasts
        code, _, stderr = finished(running)
        assert code == 0, stderr
        until(lambda: not workers_of(cwd))
    assert [status for *_, status in samples(cwd / "out")] == ["ok"] * 5


def test_a_scheduler_that_is_lost_is_said_and_the_run_can_be_finished(cwd, cluster):
    address, scheduler, _ = cluster
    running = start(
        cwd, "odebench", "run", "--plugin", "plugin.py", "-s", "napper", "-p", "decay[rate=[1,2,3,4]]", "-q",
        *("--executor", "dask", "--dask", address, "-o", "out"),
    )  # fmt: skip
    until(lambda: len(rows(cwd / "out")) > 2)
    scheduler.send_signal(signal.SIGKILL)
    code, _, stderr = finished(running)
    assert code == 2
    assert "the Dask scheduler is lost" in stderr
    assert "'odebench run --resume out' goes on from there" in stderr
    kept = rows(cwd / "out")
    assert 2 < len(kept) < 20
    assert json.loads((cwd / "out/run.json").read_text())["status"] == "failed"
    code, _, stderr = run(cwd, "--resume", "out", "-q")  # on the same cluster
    assert code == 2
    assert f"no Dask scheduler at '{address}'" in stderr
    code, _, stderr = run(cwd, "--resume", "out", "-q", "--executor", "process")
    assert code == 0, stderr
    assert rows(cwd / "out")[: len(kept)] == kept
    assert len({sample[:2] for sample in samples(cwd / "out")}) == len(samples(cwd / "out")) == 20


def test_ctrl_c_leaves_nothing_running_on_a_cluster(cwd, cluster):
    address, *_ = cluster
    on_it = ("-s", "napper[nap=30]", "-p", "decay", "-q", "--executor", "dask", "--dask", address, "-o", "out")
    running = start(cwd, "odebench", "run", "--plugin", "plugin.py", *on_it)
    until(lambda: len(workers_of(cwd)) == 2)
    time.sleep(1)
    running.send_signal(signal.SIGINT)
    code, _, stderr = finished(running)
    assert code == 130
    until(lambda: not workers_of(cwd))
    time.sleep(1)  # what waited for its turn is not begun
    assert not workers_of(cwd)
    assert "interrupted" in stderr


def test_ctrl_c_at_a_terminal_ends_a_local_cluster_quietly(cwd):
    naps = ("-s", "napper[nap=30]", "-p", "decay", "-q", "--executor", "dask", "-j", "2", "-o", "out")
    running = start(cwd, "odebench", "run", "--plugin", "plugin.py", *naps, group=True)
    until(lambda: len(workers_of(cwd)) == 2)
    os.killpg(running.pid, signal.SIGINT)  # a terminal sends it to all
    code, stdout, stderr = finished(running)
    assert (code, stdout) == (130, "")
    assert stderr.splitlines()[-1].startswith("interrupted")
    assert len(stderr.splitlines()) == 2  # and the warning of -j
    assert not workers_of(cwd)


def test_two_runs_share_a_cluster_without_noticing_each_other(cwd, cluster):
    address, *_ = cluster
    on_it = ("-p", "decay[rate=[1,2]]", "-q", "--executor", "dask", "--dask", address)
    runs = [
        start(cwd, "odebench", "run", "--plugin", "plugin.py", "-s", f"napper[nap={nap}]", *on_it, "-o", f"out{nap}")
        for nap in (0.1, 0.2)
    ]
    for nap, running in zip((0.1, 0.2), runs, strict=True):
        code, _, stderr = finished(running)
        assert code == 0, stderr
        assert [status for *_, status in samples(cwd / f"out{nap}")] == ["ok"] * 10


def test_plugin_files_are_sent_along_whatever_their_names_and_however_they_are_named(cwd):
    (cwd / "other").mkdir()
    (cwd / "other/plugin.py").write_text(PLUGIN.replace("napper", "sleeper").replace("crasher", "breaker"))
    asked = ("-s", "napper", "-s", "sleeper", "-p", "decay", "--quick", "-q", "-o", "out", "--plugin", "plugin.py")
    environment = os.environ | {"ODEBENCH_PLUGINS": str(cwd / "other/plugin.py")}
    running = start(cwd, "odebench", "run", *asked, "--executor", "dask", environment=environment)
    assert finished(running)[0] == 0
    assert [row["status"] for row in rows(cwd / "out")] == ["ok", "ok"]


def test_a_scheduler_that_is_not_there_is_said(cwd):
    code, _, stderr = run(cwd, "--executor", "dask", "--dask", "tcp://127.0.0.1:1", "-s", "rk4", "-o", "out")
    assert code == 2
    assert "no Dask scheduler at 'tcp://127.0.0.1:1'" in stderr
    assert "dask scheduler" in stderr


def test_a_cluster_is_named_for_dask_only(cwd):
    code, _, stderr = run(cwd, "--dask", "tcp://127.0.0.1:1", "-s", "rk4")
    assert code == 2
    assert "--executor dask" in stderr
