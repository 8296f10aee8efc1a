"""`odebench check`, and solvers in processes of their own: what ends there is a finding, what is printed no answer."""

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from odebench.contract import BROKEN, KEPT, NOT_TRIED, Contract, Subject, hold_apart
from odebench.contract.elsewhere import elsewhere

BAD = Path(__file__).parent / "bad_solvers"


def test_the_command_says_what_is_kept_and_what_is_not(odebench):
    kept = odebench("check", "euler", "-k", "order", "-k", "dense-output")
    assert kept.returncode == 0
    assert [line.split()[:2] for line in kept.stdout.splitlines()[1:3]] == [["kept", "order"], ["kept", "dense-output"]]
    bad = odebench("check", str(BAD / "order.py"), "-k", "order", "-k", "same-seed", "--json")
    assert bad.returncode == 1
    (checked,) = json.loads(bad.stdout)
    order, same_seed = checked["rules"]
    assert (order["status"], same_seed["status"]) == ("broken", "does not apply")
    shown = subprocess.run([sys.executable, "-c", order["findings"][0]["call"]], capture_output=True, check=False)
    assert shown.returncode == 0


CRASHES = """
import ctypes, os, signal, time
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
    return [hangs, crashes, leaves, falls]
"""
ENDS = {
    "hangs": "took longer than 5 s",
    "crashes": "killed by SIGSEGV; its last output: here I am",
    "leaves": "ended with exit status 0",
    "falls": "killed by signal 40",
}


def test_a_solver_that_hangs_or_crashes_is_a_finding(odebench, tmp_path):
    (tmp_path / "crashing.py").write_text(CRASHES)
    rules = [x for name in ("states", "systems-and-scalars", "run-twice", "time-shift") for x in ("-k", name)]
    done = odebench("check", "crashing.py", *rules, "--timeout", "5", "--json")
    assert done.returncode == 1, done.stderr
    results = json.loads(done.stdout)
    for checked, says in zip(results, ENDS.values(), strict=True):
        by_name = {rule["rule"]: rule for rule in checked["rules"]}
        assert by_name["states"]["status"] == KEPT
        assert by_name["run-twice"]["status"] == KEPT
        assert by_name["systems-and-scalars"]["status"] == BROKEN
        assert says in by_name["systems-and-scalars"]["findings"][0]["text"]
        assert by_name["time-shift"]["why"] == "systems-and-scalars is broken"


def test_what_was_ended_has_taken_its_time_and_without_process_groups_too(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "killpg")  # as on Windows
    path = tmp_path / "crashing.py"
    path.write_text(CRASHES)
    rules = ["systems-and-scalars", "run-twice"]
    ended, left = hold_apart("hangs", {}, [path], rules, rule_s=4, seconds=3)
    assert "took longer than 4 s" in ended.findings[0].text
    assert ended.seconds >= 4
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
