"""Solvers that hang, crash, leak and meddle, in real processes: each is a row, and the next case does not notice."""

import json
import secrets
import signal
import subprocess
import sys
import time

import psutil
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and file descriptors")

MARK = f"of-{secrets.token_hex(8)}"  # in the arguments of what solvers start, to find it by

START = """\
import ctypes, os, random, resource, signal, subprocess, sys, threading, time
import numpy as np
from odebench import Solution, hookimpl, solver

def constant(ivp, t_eval):
    return Solution(np.tile(ivp.y0, (t_eval.size, 1)))

@solver
def witness(ivp, t_eval, *, after=""):
    import decimal, gc, scipy.linalg
    from threadpoolctl import threadpool_info

    torch = sys.modules.get("torch")
    mask = os.umask(0)
    os.umask(mask)
    time.sleep(0.001)  # too long to be looped, so that every sample draws as often
    print("still here")
    seen = {
        "directory": os.stat(".").st_ino,
        "variables": sum(map(len, os.environ.values())),
        "draw": random.random(),
        "numpy_draw": np.random.random(),
        "threads": max(pool["num_threads"] for pool in threadpool_info()),
        "streams": sum(os.fstat(fd).st_ino > 0 for fd in (0, 1, 2)),
        "limit": sys.getrecursionlimit(),
        "alarm": signal.getitimer(signal.ITIMER_REAL)[0] > 0,
        "handler": signal.getsignal(signal.SIGTERM) == signal.SIG_IGN,
        "path": len(sys.path),
        "precision": decimal.getcontext().prec,
        "division": np.geterr()["divide"] == "raise",
        "mask": mask,
        "processors": len(os.sched_getaffinity(0)),
        "profiling": signal.getitimer(signal.ITIMER_PROF)[0] > 0,
        "collector": gc.get_threshold()[0],
        "switching": sys.getswitchinterval(),
        "traced": sys.gettrace() is not None,
        "room": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        "torch_threads": torch.get_num_threads() if torch else 1,
        "torch_digits": torch.finfo(torch.get_default_dtype()).bits if torch else 32,
        "torch_gradients": torch.is_grad_enabled() if torch else True,
    }
    return Solution(np.tile(ivp.y0, (t_eval.size, 1)), stats=seen)

"""

# name: what the solver does, its status, a part of its reason
FAULTS = {
    "loops_in_python": ("while True: pass", "timeout", "the solve took longer than 2 s"),
    "loops_in_c": ("ctypes.PyDLL(None).sleep(1000)", "timeout", "the solve took longer than 2 s"),
    "ignores_sigterm": (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); ctypes.PyDLL(None).sleep(1000)",
        "timeout",
        "the solve took longer than 2 s",
    ),
    "waits_for_a_child": (
        "subprocess.run([sys.executable, '-c', 'import time; time.sleep(1000)', 'of-odebench'])",
        "timeout",
        "the solve took longer than 2 s",
    ),
    "hangs_in_dense": (
        "return Solution(np.ones((t_eval.size, 1)), dense=lambda t: time.sleep(1000))",
        "timeout",
        "dense(t_eval) took longer than 2 s",
    ),
    "segfaults": (
        "print('the last words'); ctypes.string_at(0)",
        "crashed",
        "SIGSEGV; its last output: the last words",
    ),
    "aborts": ("os.abort()", "crashed", "SIGABRT"),
    "kills_itself": ("os.kill(os.getpid(), signal.SIGKILL)", "crashed", "SIGKILL (by the system, perhaps"),
    "leaves_at_once": ("os._exit(0)", "crashed", "exit status 0 in the middle of the case"),
    "closes_everything": (
        "os.closerange(0, 1000); return constant(ivp, t_eval)",
        "crashed",
        "in the middle of the case",
    ),
    "writes_everywhere": (
        "for fd in range(3, 64):\n"
        "        try: os.write(fd, b'noise')\n"
        "        except OSError: pass\n"
        "    return constant(ivp, t_eval)",
        "crashed",
        "written into",
    ),
    "speaks_in_pickles": (
        "for fd in range(3, 64):\n"
        "        try: os.write(fd, b'Building the model')\n"
        "        except OSError: pass\n"
        "    return constant(ivp, t_eval)",
        "crashed",
        "written into",
    ),
    "answers_in_place_of_the_worker": (
        "for fd in range(3, 64):\n"
        "        try: os.write(fd, b'I5\\n.')\n"
        "        except OSError: pass\n"
        "    return constant(ivp, t_eval)",
        "crashed",
        "written into",
    ),
    "forks_and_both_return": ("os.fork(); return constant(ivp, t_eval)", "ok", ""),
    "forks_and_the_child_exits": ("if os.fork() == 0: sys.exit(0)\n    return constant(ivp, t_eval)", "ok", ""),
    "crashes_and_leaves_children": (
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)', 'of-odebench'], "
        "start_new_session=True); ctypes.string_at(0)",
        "crashed",
        "SIGSEGV",
    ),
    "leaves_a_thread": (
        "threading.Thread(target=time.sleep, args=(1000,), daemon=True).start(); return constant(ivp, t_eval)",
        "ok",
        "threads running, which were ended",
    ),
    "closes_what_tasks_come_from": ("os.closerange(3, 4); return constant(ivp, t_eval)", "ok", "not its own"),
    "spins_in_c": ("sum(iter(int, 1))", "timeout", "the solve took longer than 2 s"),
    "reports_no_number": (
        "monitor(None, 1.0, lambda t: np.ones((t.size, 1))); return constant(ivp, t_eval)",
        "failed",
        "expected a whole number as step, received None",
    ),
    "raises_what_cannot_be_told": (
        "raise type('Odd', (Exception,), {'__str__': lambda self: 1 / 0})()",
        "failed",
        "Odd: <its message raised ZeroDivisionError>",
    ),
    "raises_a_novel": ("raise ValueError('x' * 10**7)", "failed", "ValueError: xxx"),
    "exits": ("sys.exit(3)", "failed", "called sys.exit(3)"),
    "interrupts": ("raise KeyboardInterrupt", "failed", "KeyboardInterrupt"),
    "recurses": ("f = lambda n: f(n + 1); f(0)", "failed", "RecursionError"),
    "takes_all_memory": (
        "x = []\n    while True: x.append(np.ones(2 * 10**6))",
        "out-of-memory",
        "more than the 400 MB allowed",
    ),
    "lets_a_child_take_all_memory": (
        "subprocess.run([sys.executable, '-c', 'import time; x = bytearray(b\"x\") * 5 * 10**8; time.sleep(1000)', "
        "'of-odebench'])",
        "out-of-memory",
        "more than the 400 MB allowed",
    ),
    "leaves_children": (
        "[subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)', 'of-odebench'], "
        "start_new_session=k > 2) for k in range(5)]; return constant(ivp, t_eval)",
        "ok",
        "processes running, which were ended",
    ),
    "floods_its_output": (
        "for _ in range(100): os.write(1, b'x' * 2**19); os.write(2, b'y\\n' * 2**18)\n"
        "    return constant(ivp, t_eval)",
        "ok",
        "",
    ),
    "returns_what_cannot_be_pickled": (
        "return Solution(np.ones((t_eval.size, 1)), dense=lambda t: np.ones((t.size, 1)), "
        "stats={'lock': threading.Lock()})",
        "failed",
        "stats['lock'] as a number",
    ),
    "fails_in_dense": (
        "return Solution(np.ones((t_eval.size, 1)), dense=lambda t: 1 / 0)",
        "failed",
        "dense(t_eval): ZeroDivisionError",
    ),
}

# what a solver may change in the process, and the name by which the witness sees it
MEDDLERS = {
    "directory": "os.chdir('/')",
    "variables": "os.environ.update(OMP_NUM_THREADS='17', NEW='x')",
    "draw": "random.seed(5)",
    "numpy_draw": "np.random.seed(5)",
    "threads": "import scipy.linalg, threadpoolctl; threadpoolctl.threadpool_limits(2)",
    "streams": "os.closerange(0, 3)",
    "limit": "sys.setrecursionlimit(5000)",
    "alarm": "signal.alarm(100)",
    "handler": "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "path": "sys.path.append('/nowhere')",
    "precision": "import decimal; decimal.getcontext().prec = 5",
    "division": "np.seterr(divide='raise')",
    "mask": "os.umask(0o77)",
    "processors": "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})",
    "profiling": "signal.setitimer(signal.ITIMER_PROF, 1000)",
    "collector": "import gc; gc.set_threshold(7)",
    "switching": "sys.setswitchinterval(0.5)",
    "traced": "sys.settrace(lambda *_: None)",
    "room": "resource.setrlimit(resource.RLIMIT_NOFILE, (99, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))",
}
TORCH_MEDDLERS = {
    "torch_threads": "import torch; torch.set_num_threads(2)",
    "torch_digits": "import torch; torch.set_default_dtype(torch.float64)",
    "torch_gradients": "import torch; torch.set_grad_enabled(False)",
}


def plugin(path, bodies):
    solvers = [
        f"@solver\ndef {name}(ivp, t_eval{', *, monitor' if 'monitor(' in body else ''}):\n    {body}\n"
        for name, body in bodies.items()
    ]
    names = ", ".join(["witness", *bodies])
    source = "\n".join([START, *solvers, f"@hookimpl\ndef odebench_solvers():\n    return [{names}]\n"])
    path.write_text(source.replace("of-odebench", MARK))


def command(bodies, *options):
    """`odebench run` of each solver, and after each the witness."""
    selected = ["-s", "witness"]
    for name in bodies:
        selected += ["-s", name.replace("_", "-"), "-s", f"witness[after={name}]"]
    fixed = ["-p", "decay", "--plugin", "plugin.py", "-o", "out", "--repeats", "1"]
    return [sys.executable, "-m", "odebench", "run", *selected, *fixed, *options]


def measure(directory, bodies, *options):
    plugin(directory / "plugin.py", bodies)
    done = subprocess.run(command(bodies, *options), cwd=directory, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return rows(directory / "out")


def rows(run):
    """The journal's rows by solver, the witness's by whom it came after."""
    found = {}
    for line in (run / "measurements.jsonl").read_text().splitlines():
        row = json.loads(line)
        name = row["solver_params"]["after"] or "nobody" if row["solver"] == "witness" else row["solver"]
        found[row["solver"] == "witness", name.replace("-", "_")] = row
    return found


def survivors():
    return [p for p in psutil.process_iter() if MARK in _arguments(p)]


def _arguments(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@pytest.fixture(scope="module")
def faulty(tmp_path_factory):
    bodies = {name: body for name, (body, *_) in FAULTS.items()}
    return measure(tmp_path_factory.mktemp("faulty"), bodies, "--timeout", "2", "--memory", "400")


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_a_row_with_its_reason(faulty, name):
    _, status, reason = FAULTS[name]
    row = faulty[False, name]
    assert (row["status"], row["plugin"]) == (status, "plugin.py")
    assert reason in (row["reason"] or "")


@pytest.mark.parametrize("name", FAULTS)
def test_the_next_case_does_not_notice_a_fault(faulty, name):
    assert faulty[True, name]["status"] == "ok"
    assert faulty[True, name]["other_stats"] == faulty[True, "nobody"]["other_stats"]


SIDE_BY_SIDE = ("loops_in_c", "segfaults", "leaves_at_once", "takes_all_memory", "leaves_children", "exits")


@pytest.mark.parametrize("options", [("-j", "2"), ("-j", "2", "--executor", "dask")], ids=["two at a time", "Dask"])
def test_faults_side_by_side_and_on_a_cluster_are_the_same_rows(options, tmp_path):
    if "dask" in options:
        pytest.importorskip("distributed", reason="needs Dask")
    bodies = {name: FAULTS[name][0] for name in SIDE_BY_SIDE}
    found = measure(tmp_path, bodies, "--timeout", "2", "--memory", "400", *options)
    for name in bodies:
        _, status, reason = FAULTS[name]
        assert found[False, name]["status"] == status
        assert reason in (found[False, name]["reason"] or "")
        assert found[True, name]["other_stats"] == found[True, "nobody"]["other_stats"]
    assert survivors() == []


def test_faults_leave_no_process_behind(faulty):
    assert survivors() == []


def test_what_a_plugin_raises_does_not_fill_the_journal(faulty):
    assert len(faulty[False, "raises_a_novel"]["traceback"]) < 10_000


def test_where_a_crash_happened_stands_in_the_journal(faulty):
    assert "in segfaults" in faulty[False, "segfaults"]["traceback"]


@pytest.fixture(scope="module", params=["process", "inline"])
def meddled(request, tmp_path_factory):
    try:
        import torch  # noqa: F401  # whether it is there
    except ModuleNotFoundError:
        meddlers = MEDDLERS
    else:
        meddlers = MEDDLERS | TORCH_MEDDLERS
    if request.param == "inline":
        unseen = ("streams", "directory", "division")  # odebench itself would stumble; a solve's own are kept apart
        meddlers = {k: v for k, v in meddlers.items() if k not in unseen}
    bodies = {name: f"{body}; return constant(ivp, t_eval)" for name, body in meddlers.items()}
    found = measure(tmp_path_factory.mktemp("meddled"), bodies, "--executor", request.param)
    return request.param, list(meddlers), found


def test_the_next_case_does_not_notice_meddling_but_inline_it_does(meddled):
    executor, meddlers, found = meddled
    before = found[True, "nobody"]["other_stats"]
    for name in meddlers:
        assert found[False, name]["status"] == "ok", found[False, name]["reason"]
        after = found[True, name]
        if executor == "process":
            assert (after["status"], after["other_stats"]) == ("ok", before)
        else:
            assert after["status"] != "ok" or after["other_stats"][name] != before[name], name


def test_a_worker_is_kept_while_it_is_fit(tmp_path):
    plugin(tmp_path / "plugin.py", {"who": "return Solution(constant(ivp, t_eval).y, stats={'pid': os.getpid()})"})
    command = [sys.executable, "-m", "odebench", "run", "-s", "who", "-p", "decay", "--plugin", "plugin.py", "-q"]
    for jobs in (1, 2):
        run = [*command, "--repeats", "20", "-j", str(jobs), "-o", f"out{jobs}"]
        done = subprocess.run(run, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert ("side by side" in done.stderr) == (jobs > 1)
        lines = (tmp_path / f"out{jobs}/measurements.jsonl").read_text().splitlines()
        assert len({json.loads(line)["other_stats"]["pid"] for line in lines}) == jobs
        assert sorted(json.loads(line)["repeat"] for line in lines) == list(range(20))


OBSERVER = """
@hookimpl
def odebench_measured(measurement):
    if measurement.repeat == 0 and DO:
        REACT
"""


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_case_is_not_blamed_for_what_happens_to_odebench(tmp_path, jobs):
    """Stopped and continued, held up, its idle worker killed: the next case is as good as any."""
    kill = (
        "[p.kill() for p in psutil.Process().children() if jobs == '1']; held.append(1); time.sleep(12 * (jobs == '2'))"
    )
    (tmp_path / "observer.py").write_text(
        "import psutil, time\nfrom odebench import hookimpl\nheld = []\n"
        f"jobs = {jobs!r}\n" + OBSERVER.replace("DO", "not held").replace("REACT", kill)
    )
    plugin(tmp_path / "plugin.py", {"sound": "time.sleep(0.01); return constant(ivp, t_eval)"})
    done = subprocess.run(
        [sys.executable, "-m", "odebench", "run", "-s", "sound", "-p", "decay", "-j", jobs, "-q", "-o", "out",
         "--plugin", "plugin.py", "--plugin", "observer.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    journal = (tmp_path / "out/measurements.jsonl").read_text().splitlines()
    assert [json.loads(line)["status"] for line in journal] == ["ok"] * 5, journal


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a worker ends when its case does")
def test_a_worker_ends_with_the_run_that_is_killed(tmp_path):
    body = (
        "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)', 'of-odebench'], "
        "start_new_session=True); open('pid', 'w').write(str(os.getpid())); ctypes.PyDLL(None).sleep(1000)"
    )
    plugin(tmp_path / "plugin.py", {"sleeper": body})
    process = subprocess.Popen(
        [sys.executable, "-m", "odebench", "run", "-s", "sleeper", "-p", "decay", "--plugin", "plugin.py"],
        cwd=tmp_path,
        stderr=subprocess.DEVNULL,
    )
    try:
        until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
        worker = psutil.Process(int((tmp_path / "pid").read_text()))
        assert worker.is_running()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    until(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE)
    until(lambda: not survivors())


def until(condition, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("--timeout", "nan", "finite numbers"),
        ("--timeout", "inf", "finite numbers"),
        ("--timeout", "-1", "not in the range"),
        ("--memory", "0", "not in the range"),
        ("--memory", "nan", "finite numbers"),
        ("-j", "0", "not in the range"),
        ("--executor", "proces", "'process', 'inline', 'dask'"),
    ],
)
def test_limits_that_make_no_sense_are_refused(odebench, tmp_path, option, value, says):
    done = odebench("run", "-s", "analytic", option, value, "-o", "out")
    assert (done.returncode, done.stdout) == (2, "")
    assert says in done.stderr
    assert not (tmp_path / "out").exists()


def test_inline_takes_one_case_at_a_time(odebench):
    done = odebench("run", "--executor", "inline", "-j", "2")
    assert done.returncode == 2
    assert "one case at a time" in done.stderr


def test_the_limits_of_a_run_are_recorded(odebench, tmp_path):
    assert odebench("run", "-s", "analytic", "--timeout", "7", "--memory", "900", "-q", "-o", "out").returncode == 0
    protocol = json.loads((tmp_path / "out/run.json").read_text())["protocol"]
    assert {k: protocol[k] for k in ("executor", "jobs", "timeout_s", "memory_mb")} == {
        "executor": "process",
        "jobs": 1,
        "timeout_s": 7.0,
        "memory_mb": 900.0,
    }
