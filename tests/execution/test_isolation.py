"""Solvers that hang, crash, leak and meddle, in real processes: each is a row, and the next case does not notice."""

import json
import secrets
import signal
import subprocess
import sys
import time

import psutil
import pytest
from helpers.commands import run_odebench
from helpers.optional import is_installed, needs
from helpers.runs import make_once

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals and file descriptors"),
]

MARK = f"of-{secrets.token_hex(8)}"  # in the arguments of what solvers start, to find it by

START = """\
import ctypes, decimal, gc, os, random, resource, signal, subprocess, sys, threading, time
import numpy as np
import threadpoolctl  # here, as an import could take longer than a solve may
from odebench import Solution, hookimpl, solver

def constant(ivp, t_eval):
    return Solution(np.tile(ivp.y0, (t_eval.size, 1)))

@solver
def witness(ivp, t_eval, *, after=""):
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
        "threads": max(pool["num_threads"] for pool in threadpoolctl.threadpool_info()),
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
    "loops_in_python": ("while True: pass", "timeout", "the solve took longer than 1 s"),
    "loops_in_c": ("ctypes.PyDLL(None).sleep(1000)", "timeout", "the solve took longer than 1 s"),
    "ignores_sigterm": (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); ctypes.PyDLL(None).sleep(1000)",
        "timeout",
        "the solve took longer than 1 s",
    ),
    "waits_for_a_child": (
        "subprocess.run([sys.executable, '-c', 'import time; time.sleep(1000)', 'of-odebench'])",
        "timeout",
        "the solve took longer than 1 s",
    ),
    "hangs_in_dense": (
        "return Solution(np.ones((t_eval.size, 1)), dense=lambda t: time.sleep(1000))",
        "timeout",
        "dense(t_eval) took longer than 1 s",
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
    "spins_in_c": ("sum(iter(int, 1))", "timeout", "the solve took longer than 1 s"),
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
    "threads": "import scipy.linalg; threadpoolctl.threadpool_limits(2)",
    "streams": "os.closerange(0, 3)",
    "limit": "sys.setrecursionlimit(5000)",
    "alarm": "signal.alarm(100)",
    "handler": "signal.signal(signal.SIGTERM, signal.SIG_IGN)",
    "path": "sys.path.append('/nowhere')",
    "precision": "decimal.getcontext().prec = 5",
    "division": "np.seterr(divide='raise')",
    "mask": "os.umask(0o77)",
    "processors": "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})",
    "profiling": "signal.setitimer(signal.ITIMER_PROF, 1000)",
    "collector": "gc.set_threshold(7)",
    "switching": "sys.setswitchinterval(0.5)",
    "traced": "sys.settrace(lambda *_: None)",
    "room": "resource.setrlimit(resource.RLIMIT_NOFILE, (99, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))",
}
TORCH_MEDDLERS = {
    "torch_threads": "import torch; torch.set_num_threads(2)",
    "torch_digits": "import torch; torch.set_default_dtype(torch.float64)",
    "torch_gradients": "import torch; torch.set_grad_enabled(False)",
}


TIMEOUTS = {name for name, (_, status, _) in FAULTS.items() if status == "timeout"}
VARIANTS = {"loops_in_c", "spins_in_c", "aborts", "writes_everywhere", "speaks_in_pickles"}  # of others
BY_DEFAULT = [name for name in FAULTS if name not in VARIANTS]
SIDE_BY_SIDE = ("segfaults", "leaves_children", "exits")


def plugin(path, bodies):
    solvers = [
        f"@solver\ndef {name}(ivp, t_eval{', *, monitor' if 'monitor(' in body else ''}):\n    {body}\n"
        for name, body in bodies.items()
    ]
    names = ", ".join(["witness", *bodies])
    source = "\n".join([START, *solvers, f"@hookimpl\ndef odebench_solvers():\n    return [{names}]\n"])
    path.write_text(source.replace("of-odebench", MARK))


def run(directory, solvers, *options):
    """Run these solvers, in this order, each as a selection of the command line."""
    selected = [word for solver in solvers for word in ("-s", solver)]
    fixed = ("-p", "decay", "--plugin", "plugin.py", "-o", "out", "--repeats", "1", "-q")
    done = run_odebench(directory, ("run", *selected, *fixed, *options), {})
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    (directory / "survivors.json").write_text(json.dumps([_arguments(process) for process in survivors()]))
    return Rows(directory)


def selection(name):
    return name.replace("_", "-")


def witness(name):
    return f"witness[after={name}]"


def measure(directory, bodies, *options):
    """Run the witness, then each solver and after it the witness."""
    plugin(directory / "plugin.py", bodies)
    return run(directory, ["witness", *(s for name in bodies for s in (selection(name), witness(name)))], *options)


class Rows:
    """The rows of a run: `of[NAME]` of the solvers, `after[NAME]` of the witness, `before` of its first solve."""

    def __init__(self, directory):
        self.directory = directory
        self.protocol = json.loads((directory / "out/run.json").read_text())["protocol"]
        self.of, self.after = {}, {}
        for line in (directory / "out/measurements.jsonl").read_text().splitlines():
            row = json.loads(line)
            if row["solver"] == "witness":
                self.after[row["solver_params"]["after"]] = row
            else:
                self.of[row["solver"].replace("-", "_")] = row
        self.before = self.after.pop("")

    @property
    def survivors(self):
        """The arguments of each process that a solver had started and that outlived the run."""
        return json.loads((self.directory / "survivors.json").read_text())


def check_fault(rows, name):
    _, status, reason = FAULTS[name]
    row = rows.of[name]
    assert (row["status"], row["plugin"]) == (status, "plugin.py")
    assert reason in (row["reason"] or "")


def check_next_case(rows, name):
    assert rows.after[name]["status"] == rows.before["status"] == "ok"
    assert rows.after[name]["other_stats"] == rows.before["other_stats"]


def survivors():
    return [p for p in psutil.process_iter() if MARK in _arguments(p)]


def _arguments(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def bodies_of(names):
    return {name: FAULTS[name][0] for name in names}


def measure_timeouts(directory, timeouts, others):
    """Run solvers that take too long side by side; a further case starts only when one of them was ended."""
    plugin(directory / "plugin.py", bodies_of([*timeouts, *others]))
    solvers = ["witness", *map(selection, timeouts), *map(witness, timeouts)]
    solvers += [s for name in others for s in (selection(name), witness(name))]
    return run(directory, solvers, "--timeout", "1", "-j", str(len(timeouts)))


@pytest.fixture(scope="module")
def faulty(shared):
    """Faults one after the other, except those that take too long."""
    names = [name for name in BY_DEFAULT if name not in TIMEOUTS]
    limits = ("--timeout", "77", "--memory", "400")
    return Rows(make_once(shared, "faulty", lambda directory: measure(directory, bodies_of(names), *limits)))


@pytest.fixture(scope="module")
def side_by_side(shared):
    timeouts = [name for name in BY_DEFAULT if name in TIMEOUTS]

    def make(directory):
        measure_timeouts(directory, timeouts, SIDE_BY_SIDE)

    return Rows(make_once(shared, "side-by-side", make))


@pytest.mark.parametrize("name", BY_DEFAULT)
def test_a_fault_is_a_row_with_its_reason_and_the_next_case_does_not_notice(request, name):
    rows = request.getfixturevalue("side_by_side" if name in TIMEOUTS else "faulty")
    check_fault(rows, name)
    check_next_case(rows, name)


@pytest.mark.slow
def test_variants_of_faults_are_rows_with_their_reasons(tmp_path):
    rows = measure_timeouts(tmp_path, sorted(VARIANTS & TIMEOUTS), sorted(VARIANTS - TIMEOUTS))
    for name in VARIANTS:
        check_fault(rows, name)
        check_next_case(rows, name)
    assert rows.survivors == []


@pytest.mark.parametrize("name", SIDE_BY_SIDE)
def test_faults_side_by_side_are_the_same_rows(side_by_side, name):
    check_fault(side_by_side, name)
    check_next_case(side_by_side, name)


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["process", pytest.param("dask", marks=needs("distributed"))])
def test_every_kind_of_fault_gives_the_same_row_beside_other_cases(tmp_path, executor):
    kinds = ("loops_in_c", "segfaults", "leaves_at_once", "takes_all_memory", "leaves_children", "exits")
    options = ("--timeout", "4", "--memory", "400", "-j", "2", "--executor", executor)
    rows = measure(tmp_path, bodies_of(kinds), *options)
    for name in kinds:
        _, status, reason = FAULTS[name]
        assert rows.of[name]["status"] == status
        assert reason.replace("1 s", "4 s") in (rows.of[name]["reason"] or "")
        check_next_case(rows, name)
    assert rows.survivors == []


def test_faults_leave_no_process_behind(faulty, side_by_side):
    assert faulty.survivors == side_by_side.survivors == []


def test_a_process_that_is_left_behind_would_be_seen():
    left = subprocess.Popen([sys.executable, "-c", "input()", MARK], stdin=subprocess.PIPE)
    until(lambda: [process.pid for process in survivors()] == [left.pid])  # until it has its arguments
    left.communicate()
    assert survivors() == []


def test_what_a_plugin_raises_does_not_fill_the_journal(faulty):
    assert len(faulty.of["raises_a_novel"]["traceback"]) < 10_000


def test_where_a_crash_happened_stands_in_the_journal(faulty):
    assert "in segfaults" in faulty.of["segfaults"]["traceback"]


def test_the_limits_of_a_run_are_recorded(faulty):
    names = ("executor", "jobs", "timeout_s", "memory_mb")
    assert [faulty.protocol[name] for name in names] == ["process", 1, 77.0, 400.0]


@pytest.mark.parametrize(
    ("executor", "torch"),
    [("process", is_installed("torch")), ("inline", False), pytest.param("inline", True, marks=pytest.mark.slow)],
)
def test_the_next_case_does_not_notice_meddling_but_inline_it_does(executor, torch, tmp_path):
    meddlers = MEDDLERS | (TORCH_MEDDLERS if torch else {})
    if executor == "inline":
        unseen = ("streams", "directory", "division")  # odebench itself would stumble; a solve's own are kept apart
        meddlers = {k: v for k, v in meddlers.items() if k not in unseen}
    bodies = {name: f"{body}; return constant(ivp, t_eval)" for name, body in meddlers.items()}
    # a process of its own, as the solvers meddle with it
    measuring = ("run", "--executor", executor, "-q")
    plugin(tmp_path / "plugin.py", bodies)
    selected = [word for name in bodies for word in ("-s", selection(name), "-s", witness(name))]
    fixed = ("-s", "witness", *selected, "-p", "decay", "--plugin", "plugin.py", "-o", "out", "--repeats", "1")
    command = [sys.executable, "-m", "odebench", *measuring, *fixed]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    rows = Rows(tmp_path)
    for name in meddlers:
        assert rows.of[name]["status"] == "ok", rows.of[name]["reason"]
        if executor == "process":
            check_next_case(rows, name)
        else:
            after = rows.after[name]
            assert after["status"] != "ok" or after["other_stats"][name] != rows.before["other_stats"][name], name


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_worker_is_kept_while_it_is_fit(odebench, tmp_path, jobs):
    plugin(tmp_path / "plugin.py", {"who": "return Solution(constant(ivp, t_eval).y, stats={'pid': os.getpid()})"})
    asked = ("-s", "who", "-p", "decay", "--plugin", "plugin.py", "-q", "--repeats", "20", "-j", str(jobs))
    done = odebench("run", *asked, "-o", "out")
    assert done.returncode == 0, done.stderr
    assert ("side by side" in done.stderr) == (jobs > 1)
    lines = (tmp_path / "out/measurements.jsonl").read_text().splitlines()
    assert len({json.loads(line)["other_stats"]["pid"] for line in lines}) == jobs
    assert sorted(json.loads(line)["repeat"] for line in lines) == list(range(20))


OBSERVER = """\
import time
import psutil
from odebench import hookimpl

done = []

@hookimpl
def odebench_measured(measurement):
    if not done:
        done.append(measurement)
        DISTURB
"""
DISTURBANCES = {
    "its idle worker is killed": (
        "1",
        "[p.kill() for p in psutil.Process().children() if 'serving' in str(p.cmdline())]",
    ),
    "it is held up": ("2", "time.sleep(2.5)"),
}


@pytest.mark.parametrize("disturbance", DISTURBANCES)
def test_a_case_is_not_blamed_for_what_happens_to_odebench(odebench, tmp_path, monkeypatch, disturbance):
    for module in ("isolation", "executors"):  # a task that is not taken up in 2 s, and not in 10 s, is lost
        monkeypatch.setattr(f"odebench.{module}.TICK_S", 0.02)
    jobs, disturb = DISTURBANCES[disturbance]
    (tmp_path / "observer.py").write_text(OBSERVER.replace("DISTURB", disturb))
    plugin(tmp_path / "plugin.py", {"sound": "time.sleep(0.01); return constant(ivp, t_eval)"})
    plugins = ("--plugin", "plugin.py", "--plugin", "observer.py")
    done = odebench("run", "-s", "sound", "-p", "decay", "-j", jobs, "-q", "-o", "out", *plugins)
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
