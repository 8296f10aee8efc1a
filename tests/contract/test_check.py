"""`odebench check`, and solvers in processes of their own: what ends there is a finding, what is printed no answer."""

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout

import pytest
from helpers.paths import BAD_SOLVERS

from odebench.contract import BROKEN, KEPT, NOT_TRIED, Contract, Subject, hold_apart
from odebench.contract.elsewhere import elsewhere

pytestmark = pytest.mark.process

BAD = BAD_SOLVERS


def test_the_command_says_what_is_kept_and_what_is_not(odebench):
    kept = odebench("check", "euler", "-k", "order", "-k", "dense-output")
    assert kept.returncode == 0
    assert [line.split()[:2] for line in kept.stdout.splitlines()[1:3]] == [["kept", "order"], ["kept", "dense-output"]]
    bad = odebench("check", str(BAD / "order.py"), "-k", "order", "-k", "same-seed", "--json")
    assert bad.returncode == 1
    (checked,) = json.loads(bad.stdout)
    order, same_seed = checked["rules"]
    assert (order["status"], same_seed["status"]) == ("broken", "does not apply")
    shown = io.StringIO()
    with redirect_stdout(shown):
        exec(order["findings"][0]["call"], {})
    assert max(map(float, shown.getvalue().split())) > 0


HANGS = """
import ctypes, time
from odebench import Solution, hookimpl, solver

@solver
def hangs(ivp, t_eval):
    "It hangs on systems."
    while ivp.n_states > 1:
        time.sleep(0.01)
    return Solution(ivp.exact(t_eval))

@solver
def crashes(ivp, t_eval):
    "It crashes on systems."
    print("here I am")
    if ivp.n_states > 1:
        ctypes.string_at(0)
    return Solution(ivp.exact(t_eval))

@hookimpl
def odebench_solvers():
    return [hangs, crashes]
"""
ENDS = """
import os
from odebench import Solution, hookimpl, solver

@solver
def leaves(ivp, t_eval):
    "It ends the process on systems, as if all were well."
    if ivp.n_states > 1:
        os._exit(0)
    return Solution(ivp.exact(t_eval))

@solver
def falls(ivp, t_eval):
    "It ends by a signal that has no name on systems."
    if ivp.n_states > 1:
        os.kill(os.getpid(), 40)
    return Solution(ivp.exact(t_eval))

@hookimpl
def odebench_solvers():
    return [leaves, falls]
"""
TIMEOUTS_S = (2, 8, 32, 128)  # the first in which this machine starts a process and solves a healthy case


def test_a_solver_that_hangs_or_crashes_is_a_finding(odebench, tmp_path):
    (tmp_path / "hanging.py").write_text(HANGS)
    rules = [x for name in ("states", "systems-and-scalars", "run-twice", "time-shift") for x in ("-k", name)]
    for timeout in TIMEOUTS_S:
        done = odebench("check", "hanging.py", *rules, "--timeout", str(timeout), "--json")
        assert done.returncode == 1, done.stderr
        results = [{rule["rule"]: rule for rule in checked["rules"]} for checked in json.loads(done.stdout)]
        if all(result[name]["status"] == KEPT for result in results for name in ("states", "run-twice")):
            break
    endings = (f"took longer than {timeout} s", "killed by SIGSEGV; its last output: here I am")
    for result, ending in zip(results, endings, strict=True):
        assert result["states"]["status"] == KEPT
        assert result["run-twice"]["status"] == KEPT
        assert result["systems-and-scalars"]["status"] == BROKEN
        assert ending in result["systems-and-scalars"]["findings"][0]["text"]
        assert result["time-shift"]["why"] == "systems-and-scalars is broken"


def test_a_solver_that_ends_its_process_is_a_finding(odebench, tmp_path):
    (tmp_path / "ending.py").write_text(ENDS)
    done = odebench("check", "ending.py", "-k", "systems-and-scalars", "--json")
    assert done.returncode == 1, done.stderr
    endings = ("ended with exit status 0", "killed by signal 40")
    for checked, ending in zip(json.loads(done.stdout), endings, strict=True):
        (rule,) = checked["rules"]
        assert rule["status"] == BROKEN
        assert ending in rule["findings"][0]["text"]


def test_a_rule_that_was_ended_counts_its_seconds_where_there_are_no_process_groups_too(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "killpg")  # as on Windows
    path = tmp_path / "hanging.py"
    path.write_text(HANGS)
    rules = ["systems-and-scalars", "run-twice"]
    for timeout in TIMEOUTS_S:
        ended, left = hold_apart("hangs", {}, [path], rules, rule_s=timeout, seconds=timeout - 1)
        if ended.rule.name == rules[0] and ended.findings:
            break
    assert f"took longer than {timeout} s" in ended.findings[0].text
    assert ended.seconds >= timeout
    assert left.status == NOT_TRIED
    assert "the rules before it took" in left.why


PROBLEM = """
from odebench import IVP, hookimpl, problem

@problem
def mine():
    return IVP(lambda t, y, xp: -y, (0.0, 1.0), [1.0])

@hookimpl
def odebench_problems():
    return [mine]
"""
UNAVAILABLE = """
from odebench import hookimpl, solver

@solver(requires=["no-such-package>=3"])
def away(ivp, t_eval):
    "It needs what there is not."

@hookimpl
def odebench_solvers():
    return [away]
"""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "expected a solver's name"),
        (["eulr"], "Did you mean 'euler'?"),
        (["decay"], "which is a problem"),
        (["euler[stps=3]"], "Did you mean 'steps'?"),
        (["euler[steps=[1,2]]"], "one value a parameter"),
        (["euler", "-k", "ordre"], "unknown rule 'ordre'. Did you mean 'order'?"),
        (["nowhere.py"], "does not exist"),
        (["problem.py"], "brings the problem 'mine'"),
        (["away.py"], "pip install 'no-such-package>=3'"),
        (["broken.py"], "does not parse"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_checked_is_refused(arguments, says, tmp_path, monkeypatch):
    from click.testing import CliRunner

    from odebench.cli import main

    monkeypatch.chdir(tmp_path)
    (tmp_path / "problem.py").write_text(PROBLEM)
    (tmp_path / "away.py").write_text(UNAVAILABLE)
    (tmp_path / "broken.py").write_text("def")
    done = CliRunner().invoke(main, ["check", *arguments])
    assert done.exit_code == 2
    assert says in done.stderr
    assert done.stdout == ""


LIGHT = """
import sys
import odebench.testing
print({"torch", "scipy", "pandas", "pytest", "jax"} & set(sys.modules))
"""


def test_importing_the_contract_imports_nothing_heavy():
    done = subprocess.run([sys.executable, "-c", LIGHT], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


# -- one call in another process ----------------------------------------------------------------------------------

TALKS = """
import time
from odebench import Solution, solver

print("[1, 2")
print("zz", flush=True)

@solver
def talks(ivp, t_eval):
    "It prints what could be taken for an answer."
    print("[]")
    print("00zz")
    return Solution(ivp.exact(t_eval))

@solver
def hangs(ivp, t_eval):
    "It never ends."
    time.sleep(600)
"""


def in_a_file(name, path):
    import runpy

    path.write_text(TALKS)
    with redirect_stdout(io.StringIO()):
        return Contract(Subject(runpy.run_path(str(path))[name], patience_s=60))


def test_what_a_solver_prints_is_no_answer(tmp_path):
    contract = in_a_file("talks", tmp_path / "talks.py")
    assert {rule: contract.outcome(rule).status for rule in ("another-process", "imports")} == {
        "another-process": KEPT,
        "imports": KEPT,
    }


def test_what_is_imported_is_seen_without_a_solve(tmp_path):
    assert in_a_file("hangs", tmp_path / "hangs.py").outcome("imports").status == KEPT


def test_what_came_before_an_end_is_known():
    ended = elsewhere("import colorsys; solver = None", ["import os; os._exit(0)"])
    assert (ended.digits, ended.failure) == (None, "ended with exit status 0")
    assert "colorsys" in ended.imported
    lost = elsewhere("import os; print('goodbye', flush=True); os._exit(0)")
    assert (lost.imported, lost.failure) == (None, "ended with exit status 0; its last output: goodbye")
