"""On a Dask cluster: the same rows, each once, whatever happens to a machine; real schedulers and workers."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from helpers.optional import is_installed

if not is_installed("distributed"):
    pytest.skip("needs distributed: runs on a Dask cluster", allow_module_level=True)

pytestmark = pytest.mark.process

PLUGIN = """\
import ctypes, os, time
import numpy as np
from odebench import Solution, hookimpl, solver

@solver
def napper(ivp, t_eval, *, nap=0.1):
    if nap > 1:
        open(f"asleep-{os.getpid()}", "w").close()
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
NAPS = (0.03, 0.06)  # of the two runs that share a cluster
LOCAL = ("--host", "127.0.0.1", "--no-dashboard")


@pytest.fixture
def cwd(tmp_path):
    (tmp_path / "plugin.py").write_text(PLUGIN)
    return tmp_path


def start(cwd, *arguments, environment=None, group=False, output=subprocess.PIPE):
    """Start `python ARGUMENTS` with Ctrl-C heeded, which a child of a process that ignores it would ignore."""
    command = [sys.executable, *map(str, arguments)]
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen(
            command, cwd=cwd, env=environment, start_new_session=group, text=True, stdout=output, stderr=output
        )
    finally:
        signal.signal(signal.SIGINT, handler)


def start_run(cwd, *arguments, **options):
    return start(cwd, "-m", "odebench", "run", "--plugin", "plugin.py", "-q", *arguments, **options)


def finished(process):
    """Return exit status, output and error output of a run of odebench."""
    stdout, stderr = process.communicate(timeout=300)
    assert "Traceback" not in stdout + stderr
    assert "internal error" not in stderr
    return process.returncode, stdout, stderr


def rows(directory):
    path = directory / "measurements.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def samples(directory):
    return sorted((row["case_id"], row["repeat"], str(row["seed"]), row["status"]) for row in rows(directory))


def dask_workers(directory):
    """Return the process numbers of the Dask workers that rows came from."""
    return {row["other_stats"]["dask_worker"] for row in rows(directory)}


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def worker_processes(cwd):
    """Return the processes in which cases are measured, and those that guard them."""
    return [p for p in psutil.process_iter() if _is_worker_of(p, cwd)]


def _is_worker_of(process, cwd):
    try:
        return any("odebench.serving" in part for part in process.cmdline()) and process.cwd() == str(cwd)
    except psutil.Error:
        return False


class Cluster:
    """A scheduler and workers on this machine, started from the command line as a user would."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._processes = []
        file = directory / "scheduler.json"
        self.scheduler = self._start("scheduler", "--port", 0, "--scheduler-file", file)
        until(lambda: file.exists() and file.read_text().endswith("}"))
        self.address = json.loads(file.read_text())["address"]
        self.options = ("--executor", "dask", "--dask", self.address)

    def start_worker(self) -> subprocess.Popen:
        return self._start("worker", self.address, "--nthreads", 1, "--no-nanny")

    def _start(self, *arguments):
        process = start(self.directory, "-m", "dask", *arguments, *LOCAL, output=subprocess.DEVNULL)
        self._processes.append(process)
        return process

    def close(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()


@contextmanager
def cluster_in(directory):
    cluster = Cluster(directory)
    try:
        yield cluster
    finally:
        cluster.close()


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """A cluster of two workers that tests share, and on which two runs were started before any worker."""
    with cluster_in(tmp_path_factory.mktemp("cluster")) as cluster:
        cluster.early = EarlyRuns(cluster, tmp_path_factory.mktemp("early"))
        cluster.workers = [cluster.start_worker() for _ in range(2)]
        cluster.early.finish(cluster)
        until(lambda: not worker_processes(cluster.directory))
        yield cluster


class EarlyRuns:
    """Two runs that wait for the workers of a cluster, and then share them."""

    def __init__(self, cluster, directory):
        self.directory = directory
        (directory / "plugin.py").write_text(PLUGIN)
        asked = ("-p", "decay[rate=[1,2]]", *cluster.options)
        self.runs = [start_run(directory, "-s", f"napper[nap={nap}]", *asked, "-o", f"out{nap}") for nap in NAPS]
        until(lambda: len(list(directory.glob("out*/run.json"))) == 2)
        time.sleep(0.5)
        self.waited = all(run.poll() is None for run in self.runs) and not self.rows()

    def finish(self, cluster):
        until(self.rows)
        self.processes_beside_workers = worker_processes(cluster.directory)
        self.outcomes = [finished(run) for run in self.runs]

    def rows(self):
        return [row for directory in self.directory.glob("out*") for row in rows(directory)]


def test_a_cluster_whose_workers_start_later_is_waited_for(cluster):
    assert cluster.early.waited
    assert cluster.early.processes_beside_workers  # beside the Dask workers, while the runs last
    for code, _, stderr in cluster.early.outcomes:
        assert code == 0, stderr


def test_two_runs_share_a_cluster_without_noticing_each_other(cluster):
    for nap in NAPS:
        directory = cluster.early.directory / f"out{nap}"
        assert [status for *_, status in samples(directory)] == ["ok"] * 10
        assert {row["solver_params"]["nap"] for row in rows(directory)} == {nap}


def test_cases_of_a_worker_that_is_lost_are_done_elsewhere_and_once(cwd, cluster):
    lost = cluster.start_worker()
    try:
        on_it = ("-s", "napper", "-p", "decay[rate=[1,2,3,4]]", *cluster.options, "-o", "out")
        running = start_run(cwd, *on_it)
        until(lambda: lost.pid in dask_workers(cwd / "out") and len(dask_workers(cwd / "out")) > 1)
    finally:
        lost.send_signal(signal.SIGKILL)  # in the middle of a case, as the others are
        lost.wait()
    before = len(rows(cwd / "out"))
    code, _, stderr = finished(running)
    assert code == 0, stderr
    found = samples(cwd / "out")
    assert before < len(found) == len(set(found)) == 20
    assert {status for *_, status in found} == {"ok"}
    assert rows(cwd / "out")[-1]["other_stats"]["dask_worker"] in [worker.pid for worker in cluster.workers]


def test_ctrl_c_leaves_nothing_running_on_a_cluster(cwd, cluster):
    def begun():
        return list(cluster.directory.glob("asleep-*"))

    running = start_run(cwd, "-s", "napper[nap=300]", "-p", "decay", *cluster.options, "-o", "out")
    until(lambda: len(begun()) == 2)
    running.send_signal(signal.SIGINT)
    code, _, stderr = finished(running)
    assert code == 130
    until(lambda: not worker_processes(cluster.directory))
    time.sleep(0.5)
    assert not worker_processes(cluster.directory)
    assert len(begun()) == 2  # tasks that waited for their turn are not begun
    assert "interrupted" in stderr


def start_impatient_run(cwd, seconds, *arguments):
    """Start a run that tries to reach its scheduler for so many seconds only."""
    program = f"from odebench import executors\nexecutors.CONNECT_S = {seconds}\nfrom odebench.cli import main\nmain()"
    return start(cwd, "-c", program, "run", "--plugin", "plugin.py", "-q", *arguments)


def test_a_scheduler_that_is_lost_is_reported_and_the_run_can_be_finished(cwd, odebench, tmp_path_factory):
    with cluster_in(tmp_path_factory.mktemp("cluster")) as cluster:
        cluster.start_worker()
        naps = ("-s", "napper", "-p", "decay[rate=[1,2,3,4]]", *cluster.options, "-o", "out")
        running = start_impatient_run(cwd, 2.5, *naps)
        until(lambda: len(rows(cwd / "out")) > 2)
        cluster.scheduler.kill()
        code, _, stderr = finished(running)
    assert code == 2
    assert "the Dask scheduler is lost" in stderr
    assert "'odebench run --resume out' goes on from there" in stderr
    kept = rows(cwd / "out")
    assert 2 < len(kept) < 20
    assert json.loads((cwd / "out/run.json").read_text())["status"] == "failed"
    code, _, stderr = finished(start_impatient_run(cwd, 0.5, "--resume", "out"))  # on the same cluster
    assert code == 2
    assert f"no Dask scheduler at '{cluster.address}'" in stderr
    assert "Start one with 'dask scheduler'" in stderr
    done = odebench("run", "--plugin", "plugin.py", "--resume", "out", "-q", "--executor", "inline")
    assert done.returncode == 0, done.stderr
    assert rows(cwd / "out")[: len(kept)] == kept
    assert len({sample[:2] for sample in samples(cwd / "out")}) == len(samples(cwd / "out")) == 20


def test_a_local_cluster_takes_the_same_samples_as_this_process(cwd, odebench):
    """Also with two plugin files of the same name, and with solvers that crash or take too long."""
    (cwd / "other").mkdir()
    (cwd / "other/plugin.py").write_text(PLUGIN.replace("napper", "sleeper").replace("crasher", "breaker"))
    plugins = {"ODEBENCH_PLUGINS": str(cwd / "other/plugin.py")}
    solvers = ("-s", "rk4", "-s", "napper[nap=[0.01,300]]", "-s", "sleeper[nap=0.01]", "-s", "crasher")
    asked = (*solvers, "-p", "decay", "--repeats", "3", "--timeout", "2")
    running = start_run(cwd, *asked, "--executor", "dask", "-j", "2", "-o", "dask", environment=os.environ | plugins)
    assert odebench("run", "--plugin", "plugin.py", "-q", *asked, "-o", "here", **plugins).returncode == 0
    assert finished(running)[0] == 0
    on_cluster, here = (rows(cwd / name) for name in ("dask", "here"))
    assert outcomes(on_cluster) == outcomes(here)
    assert {row["status"] for row in on_cluster} == {"ok", "crashed", "timeout"}
    assert {row["status"] for row in on_cluster if row["solver"] == "sleeper"} == {"ok"}
    once = {sample[:2] for sample in samples(cwd / "dask")}
    assert len(once) == len(on_cluster)
    # a crash settles a case, but tasks that were handed out before it are carried out
    assert once >= {sample[:2] for sample in samples(cwd / "here")}
    meta = json.loads((cwd / "dask/run.json").read_text())
    assert {row["machine"] for row in on_cluster} == set(meta["machines"])
    assert meta["status"] == "complete"
    assert not worker_processes(cwd)


def outcomes(measurements):
    """Return the set of case, status and reason."""
    return {(row["case_id"], row["status"], row["reason"]) for row in measurements}


def test_ctrl_c_at_a_terminal_ends_a_local_cluster_quietly(cwd):
    naps = ("-s", "napper[nap=300]", "-p", "decay", "--executor", "dask", "-j", "2", "-o", "out")
    with socket.socket() as dashboard:  # the port that Dask would take is in use
        with suppress(OSError):
            dashboard.bind(("127.0.0.1", 8787))
            dashboard.listen()
        running = start_run(cwd, *naps, group=True)
        until(lambda: len(list(cwd.glob("asleep-*"))) == 2)
        os.killpg(running.pid, signal.SIGINT)  # a terminal sends it to all
        code, stdout, stderr = finished(running)
    assert (code, stdout) == (130, "")
    assert stderr.splitlines()[-1].startswith("interrupted")
    assert len(stderr.splitlines()) == 2  # and the warning of -j
    assert not worker_processes(cwd)


def test_a_cluster_is_named_for_dask_only(odebench):
    done = odebench("run", "--dask", "tcp://127.0.0.1:1", "-s", "rk4")
    assert done.returncode == 2
    assert "--executor dask" in done.stderr
