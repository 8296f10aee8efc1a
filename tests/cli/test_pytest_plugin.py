"""`pytest --odebench` in a process of its own, as people who use pytest-benchmark know it."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.process

PLUGIN = """\
import numpy as np
from odebench import Solution, Unsupported, hookimpl, solver

@solver
def constant(ivp, t_eval, *, sleep=0.0):
    __import__("time").sleep(sleep)
    return Solution(np.tile(ivp.y0, (t_eval.size, 1)))

@solver
def picky(ivp, t_eval):
    raise Unsupported("not today")

@solver
def broken(ivp, t_eval):
    return 1

@solver(requires=["no-such-thing"])
def lacking(ivp, t_eval):
    pass

@hookimpl
def odebench_solvers():
    return [constant, picky, broken, lacking]
"""


@pytest.fixture
def cwd(tmp_path):
    (tmp_path / "mine.py").write_text(PLUGIN)
    (tmp_path / "test_other.py").write_text("def test_other(): pass\n")
    return tmp_path


def run(cwd, *arguments, installed_plugins=False):
    """Run pytest with all plugins that are installed, or with those of odebench and pytest-benchmark alone."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]
    # not that of a worker in which this test may run: pytest-benchmark measures nothing in one
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    if not installed_plugins:
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        command += ["-p", "odebench", *([] if "no:benchmark" in arguments else ["-p", "benchmark"])]
    command += arguments
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300)


QUICK = ("--benchmark-min-rounds=2", "--benchmark-max-time=0.01")
SELECTED = ("--odebench", "--odebench-problem", "decay[rate=[1,2]]", "--odebench-solver")


def test_cases_are_benchmarks_with_their_errors(cwd):
    done = run(cwd, *SELECTED, "euler[steps=[10,100]]", "--benchmark-json=out.json", *QUICK, installed_plugins=True)
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
    saved = {b["name"]: b for b in json.loads((cwd / "out.json").read_text())["benchmarks"]}
    assert set(saved) == {f"decay{r}/euler[steps={n}]" for r in ("", "[rate=2]") for n in (10, 100)}
    coarse, fine = saved["decay/euler[steps=10]"], saved["decay/euler[steps=100]"]
    assert coarse["group"] == "decay"
    assert 0.04 < coarse["extra_info"]["max_abs_error"] < 0.0403
    assert 0.003 < fine["extra_info"]["max_abs_error"] < 0.004
    assert fine["extra_info"]["solver_params"] == {"steps": 100}
    assert fine["extra_info"]["rhs_calls"] == 100
    assert coarse["extra_info"]["reference"] == "exact"
    assert fine["fullname"] == "odebench::decay/euler[steps=100]"


def test_tests_are_collected_as_ever_unless_cases_are_asked_for(cwd):
    assert "1 passed" in run(cwd).stdout
    listed = run(cwd, "--odebench", "--collect-only", "-q").stdout
    assert "test_other" not in listed
    assert "odebench::decay/analytic" in listed
    assert "odebench::decay/pinn-autograd" in listed


def test_what_cannot_be_done_is_skipped_with_its_reason_and_what_is_wrong_fails(cwd):
    chosen = [x for name in ("constant", "picky", "broken", "lacking") for x in ("--odebench-solver", name)]
    done = run(cwd, "--odebench", "--odebench-plugin", "mine.py", *chosen, "-rsf", *QUICK)
    assert done.returncode == 1
    assert "1 failed, 1 passed, 2 skipped" in done.stdout
    assert "not today" in done.stdout
    assert "needs no-such-thing: pip install 'no-such-thing'" in done.stdout
    assert "expected a Solution, received int" in done.stdout


def test_a_saved_run_is_compared_and_what_became_slower_fails(cwd):
    (cwd / "mine.py").write_text(PLUGIN.replace("sleep=0.0", "sleep=0.005"))
    mine = ("--odebench", "--odebench-plugin", "mine.py", "--odebench-solver", "constant", "-q", *QUICK)
    assert run(cwd, *mine, "--benchmark-autosave").returncode == 0
    # a busy machine adds less than a factor of 1000
    assert run(cwd, *mine, "--benchmark-compare", "--benchmark-compare-fail=median:100000%").returncode == 0
    (cwd / "mine.py").write_text(PLUGIN.replace("sleep=0.0", "sleep=0.2"))
    slower = run(cwd, *mine, "--benchmark-compare", "--benchmark-compare-fail=median:20%")
    assert slower.returncode != 0
    assert "Performance has regressed" in slower.stdout + slower.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--odebench-solver", "eulr"), "unknown solver 'eulr'. Did you mean 'euler'?"),
        (("--odebench-plugin", "absent.py"), "absent.py' does not exist"),
        (("-p", "no:benchmark"), "needs pytest-benchmark"),
    ],
)
def test_bad_input_is_a_usage_error(cwd, arguments, says):
    done = run(cwd, "--odebench", *arguments)
    assert done.returncode == 4
    assert says in done.stdout + done.stderr


def test_nothing_is_imported_unasked(cwd):
    script = "import sys; from odebench import pytest_plugin; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"numpy", "scipy", "pandas", "click", "odebench.host"} & set(loaded)
