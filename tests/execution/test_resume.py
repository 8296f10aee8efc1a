"""Nothing that was measured is lost: killed, full or read-only, a run keeps its rows, and can be finished."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from helpers.commands import run_odebench

pytestmark = pytest.mark.process

PLUGIN = """\
import os, time
import numpy as np
from odebench import Solution, Unsupported, hookimpl, solver

@solver
def napper(ivp, t_eval, *, nap=0.01):
    if nap > 1:
        open("asleep", "w").close()
    time.sleep(nap)
    if np.isclose(ivp.rhs(0.0, np.ones(1), np), -9).all():
        open("waits", "w").close()
        while not os.path.exists("go"):
            time.sleep(0.01)
    return Solution(np.tile(ivp.y0, (t_eval.size, 1)), stats={"nap": nap})

@solver
def gambler(ivp, t_eval, *, seed):
    return Solution(np.tile(ivp.y0, (t_eval.size, 1)), stats={"drawn": seed})

@solver
def picky(ivp, t_eval):
    raise Unsupported("not today")

@hookimpl
def odebench_solvers():
    return [napper, gambler, picky]
"""
RUN = ("run", "--plugin", "plugin.py", "-s", "napper", "-s", "gambler", "-s", "picky", "-o", "out")
INLINE = ("--executor", "inline")
RESUME = ("run", "--plugin", "plugin.py", "--resume", "out")
RATES = "decay[rate=[1,2,3]]"
SAMPLES = 3 * (5 + 3 + 1)


@pytest.fixture
def cwd(tmp_path):
    (tmp_path / "plugin.py").write_text(PLUGIN)
    return tmp_path


def command(*arguments):
    return [sys.executable, "-m", "odebench", *map(str, arguments)]


def odebench(cwd, *arguments):
    done = run_odebench(cwd, arguments, {})
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    return done


def lines(cwd):
    return (cwd / "out/measurements.jsonl").read_bytes().splitlines(keepends=True)


def samples(cwd):
    return [(row["case_id"], row["repeat"], row["seed"]) for row in map(json.loads, lines(cwd))]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """A finished run of RATES, and the samples of it."""
    cwd = tmp_path_factory.mktemp("undisturbed")
    (cwd / "plugin.py").write_text(PLUGIN)
    assert odebench(cwd, *RUN, "-p", RATES, "-q", *INLINE).returncode == 0
    found = samples(cwd)
    assert len(found) == SAMPLES
    return cwd, sorted(found, key=str)


@pytest.fixture(scope="module")
def finished_out(tmp_path_factory):
    """A finished run of one problem."""
    cwd = tmp_path_factory.mktemp("finished")
    (cwd / "plugin.py").write_text(PLUGIN)
    assert odebench(cwd, *RUN, "-p", "decay", "-q", *INLINE).returncode == 0
    return cwd / "out"


@pytest.fixture
def finished(cwd, finished_out):
    """A directory with the plugin and a copy of a finished run of one problem."""
    shutil.copytree(finished_out, cwd / "out")
    return cwd


def journal_size(cwd):
    journal = cwd / "out/measurements.jsonl"
    return journal.stat().st_size if journal.exists() else 0


def until(condition, process, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize(
    "executors",
    [("inline", "inline", "process", "inline", "inline"), pytest.param(("process",) * 9, marks=pytest.mark.slow)],
    ids=["a few times", "often"],
)
def test_a_run_that_is_killed_at_any_moment_is_finished_by_resuming_it(cwd, executors):
    rates = ",".join(str(1 + k / 100) for k in range(20))
    begin = ("run", "--plugin", "plugin.py", "-s", "napper[nap=0.02]", "-p", f"decay[rate=[{rates},9]]", "-o", "out")
    moments, kept = random.Random(4), b""
    arguments = begin
    for killed, executor in enumerate(executors):
        options = ("-q", "--executor", executor)
        process = subprocess.Popen(command(*arguments, *options), cwd=cwd, stderr=subprocess.DEVNULL)
        if killed % 3:  # after so many new rows, and a moment; else while it starts
            size = len(kept)
            # at rate 9 it waits, so that it is never finished before it is killed
            until(lambda size=size: journal_size(cwd) > size or (cwd / "waits").exists(), process)
            time.sleep(moments.uniform(0, 0.2))
        else:
            time.sleep(moments.uniform(0.1, 0.6))
        process.kill()
        assert process.wait() == -signal.SIGKILL, f"finished after {killed} kills"
        if (cwd / "out/run.json").exists():
            arguments = RESUME
            journal = (cwd / "out/measurements.jsonl").read_bytes()
            assert journal.startswith(kept)
            kept = journal[: journal.rfind(b"\n") + 1]
        else:
            shutil.rmtree(cwd / "out", ignore_errors=True)  # killed before there was anything to keep
    assert 0 < len(lines(cwd)) < 105
    (cwd / "go").touch()
    done = odebench(cwd, *RESUME, *INLINE)
    assert done.returncode == 0, done.stderr
    assert (cwd / "out/measurements.jsonl").read_bytes().startswith(kept)
    found = samples(cwd)
    assert len(found) == len(set(found)) == 105
    assert json.loads((cwd / "out/run.json").read_text())["status"] == "complete"
    assert (cwd / "out/comparison.csv").read_text().count("\n") == 22


def test_resuming_takes_exactly_the_missing_samples_wherever_the_journal_was_cut(cwd, undisturbed):
    source, wanted = undisturbed
    shutil.copytree(source / "out", cwd / "out")
    whole = lines(cwd)
    journal = cwd / "out/measurements.jsonl"
    # planned: 5 + 3 + 5 per problem, less 4 as soon as picky has declined it
    for kept, left in {0: 39, 1: 38, 9: 26, 17: 14, len(whole): 0}.items():
        torn = b"" if kept == len(whole) else whole[kept][: kept * 20]
        journal.write_bytes(b"".join(whole[:kept]) + torn)
        done = odebench(cwd, *RESUME)
        assert done.returncode == 0, done.stderr
        assert ("the last line is torn" in done.stderr) == bool(torn)
        assert lines(cwd)[:kept] == whole[:kept]
        assert sorted(samples(cwd), key=str) == wanted
        assert f"odebench: {left} samples to take" in done.stderr
        assert left == 0 or f"odebench: {SAMPLES - kept}/{SAMPLES - kept} samples" in done.stderr


def test_a_finished_run_is_left_as_it_is(finished):
    before = lines(finished)
    done = odebench(finished, *RESUME)
    assert done.returncode == 0
    assert lines(finished) == before
    assert "napper" in done.stdout


def test_what_has_changed_since_a_run_began_is_reported(finished):
    assert "changed" not in odebench(finished, *RESUME, "-q").stderr
    with (finished / "plugin.py").open("a") as file:
        file.write("# another version\n")
    stderr = odebench(finished, *RESUME, "-q").stderr
    assert "Warning: changed since the run began: plugin.py (" in stderr
    assert len(json.loads((finished / "out/run.json").read_text())["resumed"]) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*RESUME, "-s", "euler"), "Leave out --solver"),
        ((*RESUME, "--repeats", "3"), "Leave out --repeats"),
        ((*RESUME, "--quick"), "Leave out --quick"),
        (("run", "--resume", "out"), "unknown solver 'napper'"),
        (("run", "--resume", "nowhere"), "'nowhere' is not a directory"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_resuming_is_refused_with(finished, arguments, message):
    before = lines(finished), (finished / "out/run.json").read_text()
    done = odebench(finished, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert (lines(finished), (finished / "out/run.json").read_text()) == before


def test_a_run_of_several_jobs_can_be_finished_inline(cwd):
    assert odebench(cwd, *RUN, "-p", "decay", "-q", "-j", "2").returncode == 0
    complete = sorted(samples(cwd), key=str)
    (cwd / "out/measurements.jsonl").write_bytes(b"".join(lines(cwd)[:4]))
    done = odebench(cwd, *RESUME, "-q", *INLINE)
    assert done.returncode == 0, done.stderr
    assert "executor (process, now inline)" in done.stderr
    assert {sample[0] for sample in samples(cwd)} == {sample[0] for sample in complete}


def test_limits_are_those_of_the_run_unless_others_are_given(cwd):
    begin = (*RUN, "-p", "decay", "-q", "--repeats", "1", "--timeout", "70", "--memory", "900")
    assert odebench(cwd, *begin).returncode == 0
    assert "changed" not in odebench(cwd, *RESUME, "-q").stderr
    stderr = odebench(cwd, *RESUME, "-q", "--timeout", "90").stderr
    assert "timeout_s (70.0, now 90.0)" in stderr
    resumed = json.loads((cwd / "out/run.json").read_text())["resumed"]
    assert [r["protocol"]["timeout_s"] for r in resumed] == [70.0, 90.0]
    assert [r["protocol"]["memory_mb"] for r in resumed] == [900.0, 900.0]


def test_a_run_that_does_not_say_what_it_asked_for_is_refused(finished):
    meta = json.loads((finished / "out/run.json").read_text())
    (finished / "out/run.json").write_text(json.dumps({k: v for k, v in meta.items() if k != "asked"}))
    done = odebench(finished, *RESUME)
    assert done.returncode == 2
    assert "'asked' is missing" in done.stderr


@contextmanager
def asleep(cwd, *arguments):
    """A run in the middle of a long solve."""
    process = subprocess.Popen(command(*arguments), cwd=cwd, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        until((cwd / "asleep").exists, process)
        (cwd / "asleep").unlink()
        yield
    finally:
        process.kill()
        process.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="needs flock")
def test_two_processes_cannot_write_one_run(cwd):
    begin = ("run", "--plugin", "plugin.py", "-s", "napper[nap=600]", "-p", "decay", "-o", "out", *INLINE)
    with asleep(cwd, *begin):
        done = odebench(cwd, *RESUME)
        assert done.returncode == 2
        assert "another process is writing the run" in done.stderr
        assert "is not empty" in odebench(cwd, *begin).stderr
    with asleep(cwd, *RESUME):  # the lock went with its holder, and has a new one
        assert "another process is writing" in odebench(cwd, *RESUME).stderr


def limited(cwd, size, *arguments):
    """Run the command line in a process that can write files of that size at most."""
    program = (
        "import resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size}))\n"
        "from odebench.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    return subprocess.run([sys.executable, "-c", program, *arguments], cwd=cwd, capture_output=True, text=True)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_keeps_what_was_measured_and_says_how_to_go_on(cwd, undisturbed):
    size = len(b"".join(lines(undisturbed[0])[:12])) + 100  # the thirteenth row does not fit
    done = limited(cwd, size, *RUN, "-p", RATES, "-q", *INLINE)
    kept_rows_are_whole_and_the_rest_is_finished(cwd, done, "File too large", undisturbed)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_disk_that_is_full_from_the_start_is_reported(cwd):
    done = limited(cwd, 10, *RUN, "-p", "decay")
    assert (done.returncode, done.stdout) == (2, "")
    assert "cannot write the output directory 'out': File too large" in done.stderr
    assert odebench(cwd, *RUN, "-p", "decay", "-q", *INLINE).returncode == 0  # it left nothing that is in the way
    done = limited(cwd, 10, *RESUME)
    assert done.returncode == 2
    assert "cannot write" in done.stderr
    assert "run.json': File too large. Everything measured is kept" in done.stderr


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may mount a file system")
def test_a_full_file_system_does_the_same(cwd, undisturbed):
    before = undisturbed[0]
    size = (before / "out/run.json").stat().st_size + len(b"".join(lines(before)[:12]))
    (cwd / "out").mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", "out"]
    mounted = subprocess.run(mount, cwd=cwd, capture_output=True)
    if mounted.returncode:
        pytest.skip("cannot mount here")
    try:
        done = odebench(cwd, *RUN, "-p", RATES, "-q", *INLINE)
        subprocess.run(["mount", "-o", "remount,size=10m", "out"], cwd=cwd, check=True)
        kept_rows_are_whole_and_the_rest_is_finished(cwd, done, "No space left on device", undisturbed)
    finally:
        subprocess.run(["umount", "out"], cwd=cwd, check=True)


def kept_rows_are_whole_and_the_rest_is_finished(cwd: Path, done, why, undisturbed):
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert f"measurements.jsonl': {why}. Everything before it is kept" in done.stderr
    assert "--resume" in done.stderr
    kept = lines(cwd)
    assert 0 < len(kept) < SAMPLES
    assert all(line.endswith(b"\n") and json.loads(line) for line in kept)
    shown = odebench(cwd, "table", "out")
    assert shown.returncode == 0
    assert "napper" in shown.stdout
    assert odebench(cwd, *RESUME, "-q").returncode == 0
    assert lines(cwd)[: len(kept)] == kept
    assert sorted(samples(cwd), key=str) == undisturbed[1]


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX permissions")
def test_a_read_only_directory_is_refused(cwd):
    (cwd / "out").mkdir(mode=0o500)
    root = os.geteuid() == 0  # who may write anywhere but on what is mounted for reading
    if (
        root
        and subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "tmpfs", cwd / "out"], capture_output=True).returncode
    ):
        pytest.skip("cannot mount here")
    try:
        done = odebench(cwd, *RUN, "-p", "decay")
    finally:
        if root:
            subprocess.run(["umount", cwd / "out"], check=True)
    assert (done.returncode, done.stdout) == (2, "")
    assert (
        f"cannot write the output directory 'out': {'Read-only file system' if root else 'Permission denied'}"
        in done.stderr
    )


# -- samples of earlier runs ------------------------------------------------------------------------------------------


def measured(cwd, name, *options, executor=INLINE):
    """Run into results/NAME with --reuse; return how many rows it measured itself, and how many it took over."""
    done = odebench(cwd, *RUN[:-2], "-p", "decay", "-q", "-o", f"results/{name}", "--reuse", *executor, *options)
    assert done.returncode == 0, done.stderr
    rows = rows_of(cwd, name)
    assert len({(row["case_id"], row["repeat"]) for row in rows}) == len(rows)
    own = [row for row in rows if row["run_id"] == run_id(cwd, name)]
    return len(own), len(rows) - len(own)


def rows_of(cwd, name):
    return [json.loads(line) for line in (cwd / f"results/{name}/measurements.jsonl").read_text().splitlines()]


def run_id(cwd, name):
    return json.loads((cwd / f"results/{name}/run.json").read_text())["run_id"]


def test_samples_of_earlier_runs_are_taken_over_where_everything_is_the_same(cwd):
    assert measured(cwd, "first") == (9, 0)
    assert measured(cwd, "second") == (0, 9)
    assert measured(cwd, "with-more-samples", "--repeats", "7") == (2, 9)
    assert measured(cwd, "with-another-seed", "--seed", "1") == (3, 6)
    assert measured(cwd, "with-another-solver", "-s", "rk4") == (5, 9)
    assert measured(cwd, "with-more-threads", "--threads", "2") == (9, 0)
    shown = odebench(cwd, "table", "results/second")
    assert "napper" in shown.stdout


def test_samples_of_another_version_of_a_plugin_are_not_taken_over(cwd):
    assert measured(cwd, "first", "-s", "rk4") == (14, 0)
    with (cwd / "plugin.py").open("a") as file:
        file.write("# another version\n")
    assert measured(cwd, "second", "-s", "rk4") == (9, 5)


METRIC = """
@hookimpl
def odebench_metrics():
    return {"twice": lambda y, y_ref: 2.0}
"""


def test_samples_taken_side_by_side_or_inline_or_with_other_metrics_are_not_taken_over(cwd):
    few = ("--repeats", "1", "--seeds", "1")
    assert measured(cwd, "first", *few, executor=()) == (3, 0)
    assert measured(cwd, "second", *few, executor=()) == (0, 3)
    assert measured(cwd, "side-by-side", *few, "-j", "2", executor=()) == (3, 0)
    assert measured(cwd, "inline", *few) == (3, 0)
    (cwd / "metric.py").write_text("from odebench import hookimpl\n" + METRIC)
    assert measured(cwd, "with-a-metric", *few, "--plugin", "metric.py") == (3, 0)
    assert measured(cwd, "again", *few, "--plugin", "metric.py") == (0, 3)


def test_the_latest_of_several_samples_is_taken_over(cwd):
    assert measured(cwd, "b") == (9, 0)
    done = odebench(cwd, *RUN[:-2], "-p", "decay", "-q", "-o", "results/a", *INLINE)
    assert done.returncode == 0
    assert measured(cwd, "c") == (0, 9)
    assert {row["run_id"] for row in rows_of(cwd, "c")} == {run_id(cwd, "a")}


def test_samples_that_went_wrong_are_taken_again(cwd):
    source = (cwd / "plugin.py").read_text()
    (cwd / "plugin.py").write_text(source.replace('raise Unsupported("not today")', "raise ValueError"))
    assert measured(cwd, "first") == (9, 0)
    assert measured(cwd, "second") == (1, 8)


def test_without_asking_nothing_is_taken_over(cwd):
    assert measured(cwd, "first") == (9, 0)
    done = odebench(cwd, *RUN[:-2], "-p", "decay", "-q", "-o", "results/second", *INLINE)
    assert done.returncode == 0
    assert {row["run_id"] for row in rows_of(cwd, "second")} == {run_id(cwd, "second")}
