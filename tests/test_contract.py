"""The contract: every solver there is keeps it; for each rule, one that is bad in this alone breaks this alone."""

import io
import json
import subprocess
import sys
from contextlib import nullcontext, redirect_stdout
from pathlib import Path

import numpy as np
import pytest

from odebench import Solution, Unsupported, solver
from odebench.contract import BROKEN, KEPT, NOT_APPLICABLE, NOT_TRIED, PROBLEMS, RULES, Contract, Subject, chosen
from odebench.contract import locate_by_name as located
from odebench.errors import BadSelection
from odebench.host import Host
from odebench.testing import SolverContract

BAD = Path(__file__).parent / "bad_solvers"
SECOND_WAYS = {"reads_its_surroundings": "global-state", "y0_for_ever": "systems-and-scalars"}

# -- every solver that is installed -------------------------------------------------------------------------------

LEARNS_NOTHING = "it is broken on purpose, as it was asked about: it comes to 0 everywhere"
SETTINGS = {
    "nnode": {"parameters": {"optimizer": "bfgs"}},  # its tutorial's Adam takes ten times as long
    "thread-a": {
        "parameters": {"epochs": 100},  # it has come to 0 by then
        "breaks": {"initial-condition": LEARNS_NOTHING, "systems-and-scalars": LEARNS_NOTHING},
    },
    "thread-b": {"parameters": {"epochs": 300, "learning_rate": 0.03}},  # a third of the time, and near its floor
    "thread-c": {"parameters": {"epochs": 200}},  # with its own 100 it has not learned enough from t = 3 on
}

for _name in Host().solvers:
    _class = "Test" + "".join(map(str.capitalize, _name.split("-")))
    globals()[_class] = type(_class, (SolverContract,), {"solver": _name, **SETTINGS.get(_name, {})})

_DENSE = {"solver": "scipy-ivp", "parameters": {"method": "Radau", "dense_output": True}}
TestScipyIvpWithItsDenseOutput = type("TestScipyIvpWithItsDenseOutput", (SolverContract,), _DENSE)


# -- a bad solver for each rule -----------------------------------------------------------------------------------


def bad_subject(name):
    path = BAD / f"{name}.py"
    host = Host([path])
    (function,) = [s for s in host.solvers.values() if host.origin(s).source == "file"]
    return Subject(function, locate=located(function.name, [path]))


def broken(subject):
    contract = Contract(subject)
    return {name: contract.outcome(name).findings for name in RULES if contract.outcome(name).status == BROKEN}


@pytest.mark.parametrize("name", sorted(path.stem for path in BAD.glob("*.py")))
def test_a_bad_solver_breaks_its_rule_and_no_other(name):
    rule = SECOND_WAYS.get(name, name.replace("_", "-"))
    found = broken(bad_subject(name))
    assert list(found) == [rule]
    # and what is to be pasted shows it
    shown = io.StringIO()
    scope = {}
    raises = pytest.raises(TypeError) if rule == "refusal" else nullcontext()
    with redirect_stdout(shown), raises:
        exec(found[rule][0].call, scope)
    if rule in ("order", "systems-and-scalars", "time-shift", "linear-scaling", "run-twice", "same-seed"):
        assert max(map(float, shown.getvalue().split())) > 0


def test_there_is_a_bad_solver_for_each_rule():
    assert {path.stem.replace("_", "-") for path in BAD.glob("*.py") if path.stem not in SECOND_WAYS} == set(RULES)


def test_a_rule_that_needs_a_broken_one_is_not_tried():
    contract = Contract(bad_subject("states"))
    outcome = contract.outcome("linear-scaling")
    assert (outcome.status, outcome.why) == (NOT_TRIED, "states is broken")


# -- solvers made here --------------------------------------------------------------------------------------------


def exactly(ivp, t_eval):
    return Solution(ivp.exact(t_eval))


def outcome(function, rule, **options):
    return Contract(Subject(solver(function), **options)).outcome(rule)


def test_a_solver_for_systems_alone_is_held_to_systems():
    def only_systems(ivp, t_eval):
        """For two states or more."""
        if ivp.n_states < 2:
            raise Unsupported("made for systems")
        return exactly(ivp, t_eval)

    assert outcome(only_systems, "systems-and-scalars").status == KEPT
    assert outcome(only_systems, "time-shift").status == KEPT


def test_a_solver_that_refuses_everything_is_not_examined():
    def never(ivp, t_eval):
        """It refuses."""
        raise Unsupported("not today")

    shown = outcome(never, "states")
    assert shown.status == NOT_APPLICABLE
    assert "not today" in shown.why


@pytest.mark.parametrize(
    ("returned", "says"),
    [
        (lambda ivp, t: Solution(ivp.exact(t).T), "return y.T"),
        (lambda ivp, t: Solution(ivp.exact(t) * (1 + 0j)), "return its real part"),
        (lambda ivp, t: Solution(ivp.exact(t).astype("float32")), "received float32"),
        (lambda ivp, t: Solution(ivp.exact(t) / 0), "not finite"),
        (lambda ivp, t: ivp.exact(t), "return Solution(y)"),
        (lambda ivp, t: Solution(ivp.exact(ivp.t_eval)[: -t.size]), "of shape"),
        (lambda ivp, t: t.nothing, "raised AttributeError"),
    ],
)
def test_what_is_no_solution_is_said_in_words(returned, says):
    def bad(ivp, t_eval):
        """It returns something else."""
        return returned(ivp, t_eval)

    found = outcome(bad, "states")
    assert found.status == BROKEN
    assert says in found.findings[0].text
    assert "solution = solver(ivp, ivp.t_eval)" in found.findings[0].call


def test_a_solver_made_in_a_function_is_not_sought_elsewhere():
    def here(ivp, t_eval):
        """Exact."""
        return exactly(ivp, t_eval)

    shown = outcome(here, "another-process")
    assert shown.status == NOT_APPLICABLE
    assert "inside a function" in shown.why


def test_rules_are_left_out_where_time_is_up():
    def here(ivp, t_eval):
        """Exact."""
        return exactly(ivp, t_eval)

    contract = Contract(Subject(solver(here)), seconds=0)
    assert contract.outcome("states").status == KEPT
    assert contract.outcome("time-shift").status == NOT_TRIED
    assert "0 s" in contract.outcome("time-shift").why


def test_an_unknown_rule_is_refused_with_the_nearest():
    with pytest.raises(BadSelection, match="Did you mean 'time-shift'"):
        chosen(["time-shit"])
    assert chosen(["order", "states"]) == ["states", "order"]


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_problems_of_the_contract_are_solved_by_their_formulas(name, host):
    ivp = PROBLEMS[name].ivp()
    y = host.solver("scipy-ivp")(ivp, ivp.t_eval, method="DOP853", rtol=1e-10, atol=1e-12, max_step=0.1).y
    off = abs(y - PROBLEMS[name].truth(ivp.t_eval)).max()
    assert off <= 1e-6
    assert not abs(ivp.y0 - PROBLEMS[name].truth(ivp.t_eval)).max() <= 1e-6
    moved = PROBLEMS[name].ivp(shift=3.0)
    assert abs(moved.rhs(3.5, moved.y0, np) - ivp.rhs(0.5, ivp.y0, np)).max() < 1e-15


# -- as a class ---------------------------------------------------------------------------------------------------

TESTS = """
from odebench.testing import SolverContract
from my_solver import bad_order

class TestPlain(SolverContract):
    solver = bad_order

class TestKnown(SolverContract):
    solver = bad_order
    breaks = {"order": "it is better than it says"}

class TestNoLongerNeeded(SolverContract):
    solver = bad_order
    breaks = {"order": "it is better than it says", "dense-output": "it had none"}
"""


def test_an_author_s_tests_fail_where_a_rule_is_broken_or_an_exemption_no_longer_needed(tmp_path):
    (tmp_path / "my_solver.py").write_text((BAD / "order.py").read_text())
    (tmp_path / "test_my_solver.py").write_text(TESTS)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-k", "order or dense or global", "-p", "no:cacheprovider", "-rA"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    report = dict(line.split()[1::-1] for line in lines(done.stdout))
    assert report == {
        "test_my_solver.py::TestPlain::test_order": "FAILED",
        "test_my_solver.py::TestPlain::test_dense_output": "PASSED",
        "test_my_solver.py::TestPlain::test_global_state": "PASSED",
        "test_my_solver.py::TestKnown::test_order": "XFAIL",
        "test_my_solver.py::TestKnown::test_dense_output": "PASSED",
        "test_my_solver.py::TestKnown::test_global_state": "PASSED",
        "test_my_solver.py::TestNoLongerNeeded::test_order": "XFAIL",
        "test_my_solver.py::TestNoLongerNeeded::test_dense_output": "FAILED",
        "test_my_solver.py::TestNoLongerNeeded::test_global_state": "PASSED",
    }
    assert "from my_solver import bad_order as solver" in done.stdout
    assert "take it out of breaks" in done.stdout


def lines(text):
    return [line for line in text.splitlines() if line.startswith(("PASSED", "FAILED", "XFAIL", "SKIPPED", "ERROR"))]


def test_a_class_says_what_is_wrong_with_it():
    with pytest.raises(ValueError, match="'ordre'"):
        type("TestIt", (SolverContract,), {"breaks": {"ordre": "?"}})
    nothing = type("TestIt", (SolverContract,), {"solver": exactly})
    with pytest.raises(TypeError, match="decorated with @solver"):
        nothing.contract()


# -- as a command -------------------------------------------------------------------------------------------------


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


def test_a_solver_that_hangs_or_crashes_is_a_finding(odebench, tmp_path):
    (tmp_path / "crashing.py").write_text(CRASHES)
    rules = [x for name in ("states", "systems-and-scalars", "run-twice", "time-shift") for x in ("-k", name)]
    done = odebench("check", "crashing.py", *rules, "--timeout", "5", "--json")
    assert done.returncode == 1, done.stderr
    hangs, crashes = json.loads(done.stdout)
    for checked, says in ((hangs, "took longer than 5 s"), (crashes, "killed by SIGSEGV")):
        by_name = {rule["rule"]: rule for rule in checked["rules"]}
        assert by_name["states"]["status"] == KEPT
        assert by_name["run-twice"]["status"] == KEPT
        assert by_name["systems-and-scalars"]["status"] == BROKEN
        assert says in by_name["systems-and-scalars"]["findings"][0]["text"]
        assert by_name["time-shift"]["why"] == "systems-and-scalars is broken"


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


def test_every_rule_is_in_the_docs():
    text = (Path(__file__).parent.parent / "docs" / "contract.md").read_text()
    table = text.partition("## The rules")[2]
    rows = [line.split("|")[1].strip(" `") for line in table.splitlines() if line.startswith("| `")]
    assert rows == list(RULES)
