"""Bad input through the real command line: what is refused is explained, what fails is a row, nothing else is lost."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers.commands import run_odebench

from odebench.cli import main

EULER = "euler[steps=10]"
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "ODEBENCH_PLUGINS"}
IMPORTS = """import sys
import numpy as np
from odebench import IVP, Solution, SolverFailed, Unsupported, hookimpl, problem, solver

"""


def odebench(cwd, *args):
    """Run the command line in `cwd`; whatever happens, a user is not shown a traceback."""
    done = run_odebench(cwd, tuple(map(str, args)), {})
    assert "Traceback" not in done.stdout + done.stderr
    assert "internal error" not in done.stderr
    return done


def measure(cwd, *args, solvers=(EULER,), problems=("decay",), isolated=False):
    """`odebench run` into cwd/out, one sample per case; solvers run in this process unless they are isolated."""
    selected = [x for s in solvers for x in ("-s", s)] + [x for p in problems for x in ("-p", p)]
    executor = () if isolated else ("--executor", "inline")
    return odebench(cwd, "run", *selected, "--repeats", 1, "-o", "out", *executor, *args)


def refused(done, *fragments):
    """Exit status 2, with a message on standard error that holds every fragment, in capitals or not."""
    assert (done.returncode, done.stdout) == (2, "")
    for fragment in fragments:
        assert fragment.lower() in done.stderr.lower()


def rows(run):
    """The rows of measurements.csv, which say the same as the journal."""
    with (run / "measurements.csv").open(newline="", encoding="utf-8") as file:
        table = list(csv.DictReader(file))
    journal = [json.loads(line) for line in (run / "measurements.jsonl").read_text(encoding="utf-8").splitlines()]
    said = [(row["case_id"], row["status"], row["reason"] or "") for row in journal]
    assert [(row["case_id"], row["status"], row["reason"]) for row in table] == said
    return table


def only(table, **wanted):
    """The one row with these values."""
    (row,) = [row for row in table if all(row[k] == v for k, v in wanted.items())]
    return row


def is_euler_s(row):
    """Whether it is the row that euler has on decay when nobody interferes (the true error is 0.0402)."""
    return row["status"] == "ok" and not row["reason"] and 0.04 < float(row["max_abs_error"]) < 0.0403


def plugin(path, source):
    path.write_text(IMPORTS + source)
    return path


def hook(what, returned):
    return f"@hookimpl\ndef odebench_{what}():\n    return {returned}\n"


def functions(kind, bodies):
    """The source of solvers, given the constant solution as `y`, or of problems, given a right-hand side as `f`."""
    arguments, start = "", "f = lambda t, y, xp: -y"
    if kind == "solver":
        arguments, start = "ivp, t_eval", "y = np.tile(ivp.y0, (t_eval.size, 1))"
    made = [f"@{kind}\ndef {name}({arguments}):\n    {start}\n    {body}\n\n" for name, body in bodies.items()]
    return "".join(made) + hook(f"{kind}s", f"[{', '.join(bodies)}]")


# -- selections ---------------------------------------------------------------------------------------------------

WRITE = "Write NAME or NAME[parameter=value"
BAD_SELECTIONS = {
    "unknown solver": ("-s", "eulr", ["unknown solver 'eulr'", "Did you mean 'euler'", "odebench list solvers"]),
    "unknown problem": ("-p", "decy", ["unknown problem 'decy'", "Did you mean 'decay'?", "odebench list problems"]),
    "unknown parameter": ("-s", "euler[stps=3]", ["'euler' has no parameter 'stps'", "Did you mean 'steps'?"]),
    "the host's parameter": ("-s", "euler[seed=1]", ["no parameter 'seed'", "--seed"]),
    "float for int": ("-s", "euler[steps=1.5]", ["'steps'", "expected a whole number", "Received 1.5"]),
    "word for int": ("-s", "euler[steps=ten]", ["'steps'", "expected a whole number", "Received 'ten'"]),
    "word for float": ("-p", "decay[rate=fast]", ["'rate'", "expected a finite number", "Received 'fast'"]),
    "no choice": ("-s", "scipy-ivp[method=RK46]", ["'method'", "expected one of", "'RK45'", "Received 'RK46'"]),
    "empty sweep": ("-s", "euler[steps=[]]", ["at least one value for 'steps'", WRITE]),
    "unclosed bracket": ("-s", "euler[steps=10", ["expected ',' or ']'", "euler[steps=10\n", WRITE]),
    "unclosed quote": ("-s", "scipy-ivp[method='RK45]", ["expected a closing quote", WRITE]),
    "one parameter twice": ("-s", "euler[steps=1,steps=2]", ["'steps' only once", "steps=[a,b]", WRITE]),
    "nothing": ("-s", "", ["expected a name", WRITE]),
}


@pytest.mark.parametrize(("option", "text", "says"), BAD_SELECTIONS.values(), ids=BAD_SELECTIONS)
def test_a_bad_selection_is_refused_before_anything_is_run(tmp_path, option, text, says):
    # beside good ones: all selections are read before the first sample is taken
    refused(measure(tmp_path, option, text), *says)
    assert not (tmp_path / "out").exists()


def test_a_good_selection_is_run(tmp_path):
    done = measure(tmp_path, solvers=["euler[steps=[10,20]]", "scipy-ivp[method='RK45']"], problems=["decay[rate=2]"])
    assert done.returncode == 0
    assert [row["status"] for row in rows(tmp_path / "out")] == ["ok"] * 3
    assert "euler[steps=10]" in done.stdout  # the table tells the variants apart
    assert "euler[steps=20]" in done.stdout


def test_show_of_an_unknown_name_offers_the_nearest(tmp_path):
    refused(odebench(tmp_path, "show", "eulr"), "'eulr'", "Did you mean 'euler'", "odebench list")
    assert odebench(tmp_path, "show", "euler").returncode == 0


# -- plugin files -------------------------------------------------------------------------------------------------

HOOK = hook("solvers", "[mine]")
BAD_PLUGINS = {
    "does not parse": ("def (\n", ["does not parse", "line 5"]),
    "raises on import": ("{}['absent']\n", ["raised KeyError on import", "'absent'", "line 5"]),
    "raises what is no Exception": (
        "raise __import__('asyncio').CancelledError('odd')\n",
        ["raised CancelledError on import", "odd", "line 5"],
    ),
    "calls sys.exit on import": ("sys.exit(0)\n", ["exit", "on import", "line 5"]),
    "calls sys.exit in a hook": (hook("solvers", "sys.exit(0)"), ["odebench_solvers() called sys.exit(0)", "line"]),
    "raises in a generator": (
        hook("solvers", "(1 / 0 for _ in 'x')"),
        ["odebench_solvers() raised ZeroDivisionError", "line"],
    ),
    "raises in a hook": (hook("solvers", "{}['absent']"), ["odebench_solvers() raised KeyError", "'absent'", "line"]),
    "registers nothing": ("x = 1\n", ["registers nothing", "odebench_solvers()", "@odebench.hookimpl"]),
    "has an unmarked hook": (HOOK.replace("@hookimpl\n", ""), ["mark odebench_solvers()", "@odebench.hookimpl"]),
    "misspells a hook": (hook("solvrs", "[]"), ["unknown hook 'odebench_solvrs'", "Did you mean 'odebench_solvers'"]),
    "has a hook with unknown arguments": (
        HOOK.replace("()", "(host)"),
        ["asks for host; it may ask for nothing"],
    ),
    "returns no list": (hook("solvers", "None"), ["odebench_solvers() must return a list", "NoneType"]),
    "returns a plain function": (hook("solvers", "[len]"), ["decorated with @solver", "<built-in function len>"]),
    "returns no dict of metrics": (hook("metrics", "[len]"), ["odebench_metrics() must return a dict", "received"]),
    "names a metric like a column": (hook("metrics", "{'wall_s': max}"), ["'wall_s'", "measurements.csv", "Rename"]),
    "lacks a default": ("@solver\ndef mine(ivp, t_eval, *, h): pass\n", ["'mine'", "a default for parameter 'h'"]),
    "lacks an argument": ("@solver\ndef mine(ivp): pass\n", ["'mine'", "two positional arguments", "received (ivp)"]),
    "has one too many": (
        "@problem\ndef mine(rate=1): pass\n",
        ["'mine'", "no positional arguments", "received (rate=1)"],
    ),
    "takes a solver's name": (
        functions("solver", {"euler": "pass"}),
        ["the solver 'euler'", ".euler and file", "Rename"],
    ),
    "takes a problem's name": (
        functions("problem", {"decay": "pass"}),
        ["problem 'decay'", ".scalar and file", "Rename"],
    ),
}


@pytest.mark.parametrize(("source", "says"), BAD_PLUGINS.values(), ids=BAD_PLUGINS)
def test_a_plugin_file_is_refused_that(tmp_path, source, says):
    path = plugin(tmp_path / "bad.py", source)
    refused(measure(tmp_path, "--plugin", path), f"plugin file '{path}'", *says)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "says"), [("absent.py", "does not exist"), ("folder", "is a directory"), ("notes.txt", "a Python file")]
)
def test_a_plugin_file_is_refused_that_is_none(tmp_path, name, says):
    (tmp_path / "folder").mkdir()
    (tmp_path / "notes.txt").touch()
    refused(measure(tmp_path, "--plugin", name), f"plugin file '{tmp_path / name}'", says)


def test_two_plugin_files_with_one_name_are_refused_naming_both(tmp_path):
    one, two = (
        plugin(tmp_path / name, functions("solver", {"mine": "return Solution(y)"})) for name in ("one.py", "two.py")
    )
    done = measure(tmp_path, "--plugin", one, "--plugin", two)
    refused(done, "two plugins register the solver 'mine'", f"file {one} and file {two}", "Rename")


def test_a_good_plugin_file_is_run_once_however_often_it_is_named(tmp_path):
    path = plugin(tmp_path / "good.py", functions("solver", {"my_solver": "return Solution(y)"}))
    assert measure(tmp_path, "--plugin", path, "--plugin", "good.py", solvers=["my-solver"]).returncode == 0
    assert only(rows(tmp_path / "out"), solver="my-solver", plugin="good.py")["status"] == "ok"


# -- solvers that misbehave ---------------------------------------------------------------------------------------

INPUT = ["tried to change its input", "y0 and t_eval", "copy"]
BAD_SOLVERS = {
    "short_y": ("return Solution(y[:-1])", "failed", ["expected y of shape (101, 1)", "received (100, 1)"]),
    "transposed_y": ("return Solution(y.T)", "failed", ["(101, 1)", "received (1, 101)", "return y.T"]),
    "ragged_y": ("return Solution([[1.0], [1.0, 2.0]])", "failed", ["expected y as an array of shape (101, 1)"]),
    "complex_y": ("return Solution(y + 0j)", "failed", ["expected y as real numbers", "complex128", "its real part"]),
    "nan_y": ("y[50:] = np.nan; return Solution(y)", "diverged", ["not finite at t = 1 ", "50 later times"]),
    "none": ("pass", "failed", ["expected a Solution", "received NoneType", "return Solution(y)"]),
    "bare_array": ("return y", "failed", ["expected a Solution", "received ndarray", "return Solution(y)"]),
    "word_stats": ("return Solution(y, stats={'steps': 'many'})", "failed", ["'many'", "steps"]),
    "broken_dense": ("return Solution(y, lambda t: 1 / 0)", "failed", ["dense", "ZeroDivisionError"]),
    "scales_y0": ("y0 = ivp.y0; y0 *= 2.0; return Solution(y)", "failed", INPUT),
    "changes_t_eval": ("t_eval[0] = 2.0; return Solution(y)", "failed", INPUT),
    "raises": ("raise RuntimeError('no\\nluck')", "failed", ["RuntimeError: no luck", "raises, line"]),
    "raises_in_numpy": ("np.linalg.inv([[0.0]])", "failed", ["LinAlgError: Singular", "raises_in_numpy, line"]),
    "gives_up": ("raise SolverFailed('step size underflow')", "failed", ["step size underflow"]),
    "declines": ("raise Unsupported('only for systems')", "unsupported", ["only for systems"]),
    "memory": ("raise MemoryError", "out-of-memory", ["MemoryError"]),
    "huge_array": ("np.ones((10**7, 10**7))", "out-of-memory", ["Unable to allocate"]),
    "exits": ("sys.exit(3)", "failed", ["called sys.exit(3)"]),
}


@pytest.fixture(scope="module")
def misbehaved(tmp_path_factory):
    """One run with all the bad solvers, between two good ones."""
    cwd = tmp_path_factory.mktemp("solvers")
    path = plugin(cwd / "bad.py", functions("solver", {name: body for name, (body, _, _) in BAD_SOLVERS.items()}))
    names = [name.replace("_", "-") for name in BAD_SOLVERS]
    return cwd, measure(cwd, "--plugin", path, solvers=[EULER, *names, "rk4[steps=10]"], isolated=True)


@pytest.mark.parametrize("name", BAD_SOLVERS)
def test_a_solver_that_misbehaves_is_a_row_with_the_reason(misbehaved, name):
    cwd, _ = misbehaved
    _, status, says = BAD_SOLVERS[name]
    row = only(rows(cwd / "out"), solver=name.replace("_", "-"))
    assert row["status"] == status
    for fragment in says:
        assert fragment in row["reason"]
    assert "\n" not in row["reason"]
    assert row["max_abs_error"] == ""  # no figure of a row that is not ok can find its way into a ranking


def test_solvers_that_misbehave_do_no_harm_to_the_others(misbehaved):
    cwd, done = misbehaved
    assert done.returncode == 0
    assert f"{len(BAD_SOLVERS)} not ok" in done.stderr
    table = rows(cwd / "out")
    assert len(table) == len(BAD_SOLVERS) + 2
    assert is_euler_s(only(table, solver="euler"))
    assert only(table, solver="rk4")["status"] == "ok"
    assert "exits" in done.stdout  # the table lists them too
    assert "step size underflow" in done.stdout


HOSTILE = {
    "brackets that rich takes for markup": ("raise KeyError('[/k]')", "KeyError: '[/k]'"),
    "a character that UTF-8 has not": ("raise OSError('caf\\udce9')", "OSError: caf"),
    "an exception that is no Exception": ("raise __import__('asyncio').CancelledError('odd')", "CancelledError"),
    # as in-place arithmetic on torch.as_tensor(ivp.y0), which does not ask whether an array is read-only
    "memory written to": ("__import__('ctypes').memset(ivp.y0.ctypes.data, 0, 8); return Solution(y)", "change"),
}


@pytest.fixture(scope="module")
def attacked(tmp_path_factory):
    """The rows of one run with a solver that leaves the working directory, all the hostile ones, and a good one."""
    cwd = tmp_path_factory.mktemp("hostile")
    bodies = {f"hostile{k}": body for k, (body, _) in enumerate(HOSTILE.values())}
    mover = {"mover": "__import__('os').chdir('/'); return Solution(y)"}
    path = plugin(cwd / "bad.py", functions("solver", mover | bodies))
    done = measure(cwd, "--plugin", path, solvers=["mover", *bodies, EULER], isolated=True)
    assert done.returncode == 0, done.stderr
    return rows(cwd / "out")


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_solver_is_a_row(attacked, name):
    hostile = only(attacked, solver=f"hostile{list(HOSTILE).index(name)}")
    assert hostile["status"] == "failed"
    assert HOSTILE[name][1] in hostile["reason"]


def test_not_even_hostile_solvers_harm_the_others(attacked):
    assert is_euler_s(only(attacked, solver="euler"))
    assert len(attacked) == len(HOSTILE) + 2


def test_a_solver_may_change_the_working_directory(attacked):
    assert only(attacked, solver="mover")["status"] == "ok"


# -- problems, metrics and observers that misbehave ---------------------------------------------------------------

BAD_PROBLEMS = {
    "short_rhs": ("return IVP(lambda t, y, xp: 0.0, (0, 1), [1.0])", ["expected rhs", "(1,)", "received shape ()"]),
    "raising_rhs": ("return IVP(lambda t, y, xp: {}['absent'], (0, 1), [1.0])", ["rhs", "KeyError: 'absent'"]),
    "single_precision": ("return IVP(lambda t, y, xp: np.float32(y), (0, 1), [1.0])", ["float64", "received float32"]),
    "reversed_span": ("return IVP(f, (1, 0), [1.0])", ["t0 < t1", "received (1.0, 0.0)"]),
    "other_exact": ("return IVP(f, (0, 1), [1.0], lambda t: 2 + t[:, None])", ["exact(t0)", "[1.]", "[2.]"]),
    "flat_exact": ("return IVP(f, (0, 1), [1.0], lambda t: np.exp(-t))", ["exact(t)", "(101, 1)", "(101,)"]),
    "blows_up": ("return IVP(lambda t, y, xp: xp.exp(y), (0, 2), [1.0])", ["no reference solution"]),
    "no_ivp": ("pass", ["expected an IVP", "received NoneType", "return IVP(...)"]),
    "raising": ("{}['absent']", ["KeyError", "'absent'"]),
    "exiting": ("sys.exit(3)", ["sys.exit(3)"]),
}


@pytest.fixture(scope="module")
def ill_posed(tmp_path_factory):
    """One run of euler on all the bad problems, between two good ones."""
    cwd = tmp_path_factory.mktemp("problems")
    bodies = {name: body for name, (body, _) in BAD_PROBLEMS.items()}
    sound = "return IVP(f, (0, 1), [1.0], lambda t: np.exp(-t)[:, None])"
    path = plugin(cwd / "bad.py", functions("problem", {**bodies, "sound": sound}))
    names = [name.replace("_", "-") for name in BAD_PROBLEMS]
    return cwd, measure(cwd, "--plugin", path, problems=["decay", *names, "sound"])


@pytest.mark.parametrize("name", BAD_PROBLEMS)
def test_a_problem_that_is_ill_posed_is_a_row_that_does_not_blame_the_solver(ill_posed, name):
    cwd, _ = ill_posed
    row = only(rows(cwd / "out"), problem=name.replace("_", "-"))
    assert row["status"] == "failed"
    for fragment in ["the problem, not the solver", *BAD_PROBLEMS[name][1]]:
        assert fragment in row["reason"]


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("heat[n=0]", "heat: expected n >= 2, received 0"),
        ("kepler[eccentricity=1.5]", "kepler: expected eccentricity in [0, 1), received 1.5"),
        ("robertson[t1=0]", "expected a time span with t0 < t1, received (0.0, 0"),
        ("decay[t1=-1]", "expected a finite t_span with t0 < t1"),
    ],
)
def test_a_parameter_of_a_problem_out_of_its_range_is_refused_or_a_row(tmp_path, asked, says):
    for command in ("show", "certify"):
        done = CliRunner().invoke(main, [command, asked], prog_name="odebench")
        assert (done.exit_code, done.stdout) == (2, "")
        assert says in done.stderr
    assert measure(tmp_path, problems=[asked, "decay"]).returncode == 0
    bad, good = rows(tmp_path / "out")
    assert says in bad["reason"]
    assert (bad["status"], good["status"]) == ("failed", "ok")


def test_problems_that_are_ill_posed_do_no_harm_to_the_others(ill_posed):
    cwd, done = ill_posed
    assert done.returncode == 0
    assert f"{len(BAD_PROBLEMS)} not ok" in done.stderr
    table = rows(cwd / "out")
    assert len(table) == len(BAD_PROBLEMS) + 2
    assert is_euler_s(only(table, problem="decay"))
    assert only(table, problem="sound")["status"] == "ok"


@pytest.mark.parametrize("body", ["return {}['absent']", "return 'word'", "sys.exit(3)"])
def test_a_metric_that_fails_leaves_the_row_ok_and_its_own_cell_empty(tmp_path, body):
    metrics = hook("metrics", "{'poor': poor, 'sound': lambda y, y_ref: 1.5}")
    path = plugin(tmp_path / "bad.py", f"def poor(y, y_ref):\n    {body}\n\n{metrics}")
    assert measure(tmp_path, "--plugin", path).returncode == 0
    row = only(rows(tmp_path / "out"), solver="euler")
    assert (row["status"], row["poor"], row["sound"]) == ("ok", "", "1.5")
    assert "the metric 'poor'" in row["reason"]


def test_a_metric_cannot_change_the_reference_for_those_who_come_later(tmp_path):
    metrics = hook("metrics", "{'poor': poor}")
    path = plugin(tmp_path / "bad.py", f"def poor(y, y_ref):\n    y_ref[:] = 9.0\n    return 0.0\n\n{metrics}")
    assert measure(tmp_path, "--plugin", path, solvers=["rk4[steps=10]", EULER]).returncode == 0
    table = rows(tmp_path / "out")
    assert [row["status"] for row in table] == ["ok", "ok"]
    assert 0.04 < float(only(table, solver="euler")["max_abs_error"]) < 0.0403


@pytest.mark.parametrize("body", ["{}['absent']", "sys.exit(3)"])
@pytest.mark.parametrize("name", ["run_started", "measured", "run_finished"])
def test_an_observer_that_fails_is_named_and_does_not_take_the_run_with_it(tmp_path, name, body):
    done = measure(tmp_path, "--plugin", plugin(tmp_path / "bad.py", hook(name, body)))
    assert done.returncode == 0
    assert f"odebench_{name}" in done.stderr
    assert ".py:" not in done.stderr  # a sentence, not a line of odebench's source
    assert is_euler_s(only(rows(tmp_path / "out"), solver="euler"))


# -- output, exit status, interruption ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "says"), [("file/below", "Not a directory"), ("file", "is a file"), ("full", "not empty")]
)
def test_an_output_directory_that_cannot_be_used_is_refused_and_left_alone(tmp_path, output, says):
    (tmp_path / "full").mkdir()
    for precious in (tmp_path / "file", tmp_path / "full" / "file"):
        precious.write_text("precious")
    refused(measure(tmp_path, "-o", output), "output directory", f"'{output}'", says, "-o")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "file", "full"]
    assert (tmp_path / "file").read_text() == (tmp_path / "full" / "file").read_text() == "precious"


@pytest.mark.parametrize("output", ["new/and/deep", "empty"])
def test_an_output_directory_may_be_new_or_empty(tmp_path, output):
    (tmp_path / "empty").mkdir()
    assert measure(tmp_path, "-o", output).returncode == 0
    assert is_euler_s(only(rows(tmp_path / output), solver="euler"))


@pytest.mark.parametrize(
    ("options", "extra", "status"), [(["--strict"], [], 0), (["--strict"], ["none"], 1), ([], ["none"], 0)]
)
def test_strict_exits_with_1_when_a_row_is_not_ok(tmp_path, options, extra, status):
    path = plugin(tmp_path / "bad.py", functions("solver", {"none": "pass"}))
    done = measure(tmp_path, "--plugin", path, *options, solvers=[EULER, *extra])
    assert done.returncode == status
    assert "euler" in done.stdout
    assert len(rows(tmp_path / "out")) == 1 + len(extra)


@contextmanager
def started(cwd, *args, **signals):
    """`odebench run` in a process of its own, with default signals or those that are given; killed at the end.

    A process that ignores a signal has children that ignore it too.
    """
    defaults = {"SIGINT": signal.default_int_handler, "SIGTERM": signal.SIG_DFL, "SIGHUP": signal.SIG_DFL}
    numbers = {getattr(signal, name): handler for name, handler in (defaults | signals).items()}
    before = {number: signal.signal(number, handler) for number, handler in numbers.items()}
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "odebench", "run", *map(str, args), "-p", "decay", "-o", "out"],
            cwd=cwd,
            env=ENVIRONMENT | {"PYTHONFAULTHANDLER": "1"},  # SIGABRT shows where it is
            **dict.fromkeys(["stdout", "stderr"], subprocess.PIPE),
            text=True,
        )
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    try:
        deadline = time.monotonic() + 120
        while not (cwd / "asleep").exists():
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent to one process")
@pytest.mark.parametrize(
    ("ending", "before"),
    [("SIGINT", [EULER]), ("SIGINT", []), ("SIGTERM", [EULER]), ("SIGHUP", [EULER])],
    ids=["Ctrl-C", "Ctrl-C before the first sample", "kill", "a closed terminal"],
)
def test_an_interrupted_run_keeps_what_was_measured(tmp_path, ending, before):
    sleeps = "open('asleep', 'w').close(); __import__('time').sleep(600)"
    path = plugin(tmp_path / "slow.py", functions("solver", {"sleeper": sleeps}))
    selected = [x for s in [*before, "sleeper"] for x in ("-s", s)]
    with started(tmp_path, *selected, "--plugin", path, "--repeats", 1) as process:
        # each row is on disk before the next solver is called
        assert (tmp_path / "out/measurements.jsonl").read_text().count("\n") == len(before)
        process.send_signal(getattr(signal, ending))
        try:
            stdout, stderr = process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGABRT)
            pytest.fail(f"it does not end: {process.communicate()}")
    assert process.returncode == 130
    assert "interrupted; everything measured so far is in out" in stderr
    assert "Traceback" not in stdout + stderr
    assert json.loads((tmp_path / "out/run.json").read_text())["status"] == "interrupted"
    assert [row["status"] for row in rows(tmp_path / "out")] == ["ok"] * len(before)
    assert (tmp_path / "out/comparison.csv").read_text().count("\n") == 1 + len(before)
    table = odebench(tmp_path, "table", "out", "out")
    assert table.returncode == 0
    assert table.stderr.count("is not complete, but interrupted") == 1


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_run_that_is_told_to_outlive_its_terminal_does(tmp_path):
    waits = (
        "import os, time; open('asleep', 'w').close()\n"
        "    while not os.path.exists('hung up'): time.sleep(0.02)\n"
        "    return Solution(ivp.exact(t_eval))"
    )
    path = plugin(tmp_path / "slow.py", functions("solver", {"napper": waits}))
    options = ("-s", "napper", "--plugin", path, "-q", "--repeats", 2)
    with started(tmp_path, *options, SIGHUP=signal.SIG_IGN) as process:  # as nohup does
        process.send_signal(signal.SIGHUP)
        (tmp_path / "hung up").touch()
        assert process.wait(timeout=120) == 0
    assert [row["status"] for row in rows(tmp_path / "out")] == ["ok", "ok"]


def test_what_plugins_print_stays_out_of_what_odebench_prints(tmp_path):
    noise = (
        "print('at import')\n"
        + functions("solver", {"mine": "print('in the solve'); return Solution(y)"})
        + "@hookimpl\ndef odebench_measured(measurement):\n    print('at a row')\n"
    )
    path = plugin(tmp_path / "noisy.py", noise)
    done = measure(tmp_path, "--plugin", path, "-s", "mine", isolated=True)
    assert done.returncode == 0
    assert "mine" in done.stdout
    for what in ("at import", "in the solve", "at a row"):
        assert what not in done.stdout
    assert "at import" in done.stderr
    listed = odebench(tmp_path, "list", "solvers", "--json", "--plugin", path)
    assert "mine" in [listing["name"] for listing in json.loads(listed.stdout)]


# -- reading runs back --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    cwd = tmp_path_factory.mktemp("healthy")
    assert measure(cwd, solvers=[EULER, "rk4[steps=10]"]).returncode == 0
    return cwd / "out"


@pytest.fixture
def run(healthy, tmp_path):
    """A copy of a good run, to be damaged."""
    return Path(shutil.copytree(healthy, tmp_path / "run"))


def test_table_prints_a_good_run(run):
    done = odebench(run.parent, "table", "run")
    assert (done.returncode, done.stderr) == (0, "")
    assert "euler" in done.stdout
    assert "rk4" in done.stdout


@pytest.mark.parametrize(
    ("name", "says"), [("absent", "not a directory"), ("file", "not a directory"), ("empty", "no readable run.json")]
)
def test_table_of_something_that_is_not_a_run_is_refused(tmp_path, name, says):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").touch()
    refused(odebench(tmp_path, "table", name), f"'{name}'", says, "odebench run")
    refused(odebench(tmp_path, "table"), "no runs below 'results'", "odebench run")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "cannot be read"),
        ("[1]", "not a run"),
        (
            '{"run_id": "x", "schema_version": 99}',
            "schema version 99; this odebench reads 1 to 2. Read it with the odebench that wrote it",
        ),
        ('{"run_id": "x", "schema_version": 1}', "it lacks started_at, status"),
    ],
    ids=["torn", "of something else", "of a later odebench", "cut down"],
)
def test_table_of_a_run_whose_description_cannot_be_read_is_refused(run, text, says):
    (run / "run.json").write_text(text)
    refused(odebench(run.parent, "table", "run"), "'run", says)


def test_table_drops_a_torn_last_line_with_a_warning(run):
    journal = run / "measurements.jsonl"
    journal.write_bytes(journal.read_bytes()[:-40])  # as a power failure leaves it, in the middle of rk4's line
    done = odebench(run.parent, "table", "run")
    assert done.returncode == 0
    assert "the last line is torn" in done.stderr
    assert "measurements.jsonl" in done.stderr
    assert ".py:" not in done.stderr  # a sentence, not a line of odebench's source
    assert "euler" in done.stdout
    assert "rk4" not in done.stdout


def test_table_refuses_a_journal_that_is_damaged_elsewhere(run):
    journal = run / "measurements.jsonl"
    journal.write_text("{}\n" + journal.read_text())
    refused(odebench(run.parent, "table", "run"), "measurements.jsonl', line 1", "not a measurement")
