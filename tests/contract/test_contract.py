"""The contract: every installed solver keeps it; for each rule, a solver that is bad in this alone breaks this alone.

Rules that start a process are held to all bad solvers in the slow set; by default, to those that break such a rule.
"""

import io
import os
import subprocess
import sys
import tempfile
from contextlib import nullcontext, redirect_stdout

import pytest
from helpers.hosts import HOST
from helpers.paths import BAD_SOLVERS, ROOT
from helpers.solving_peers import open_heyokas_cache

from odebench import Solution
from odebench.contract import BROKEN, KEPT, NOT_TRIED, RULES, Contract, Subject
from odebench.contract import locate_by_name as located
from odebench.contract.surroundings import Surroundings
from odebench.host import Host
from odebench.testing import SolverContract

BAD = BAD_SOLVERS
BAD_NAMES = sorted(path.stem for path in BAD.glob("*.py"))
SECOND_WAYS = {"reads_its_surroundings": "global-state", "y0_for_ever": "systems-and-scalars"}
RULES_THAT_START_A_PROCESS = ["another-process", "imports"]
pytestmark = [pytest.mark.process, pytest.mark.usefixtures("nothing_stays_changed")]

# -- every solver that is installed -------------------------------------------------------------------------------

LEARNS_NOTHING = "it is broken on purpose, as it was asked about: it comes to 0 everywhere"
SETTINGS = {
    # at a larger rate than their own, so that a few epochs do; their ladders set width and epochs themselves
    "deepxde": {"parameters": {"width": 20, "epochs": 200, "learning_rate": 0.01}, "seconds": 300.0},
    "neurodiffeq": {
        "parameters": {"epochs": 100, "learning_rate": 0.01, "validation_batches": 0},
        "seconds": 300.0,
    },
    "nnode": {"parameters": {"optimizer": "bfgs"}},  # its tutorial's Adam takes ten times as long
    "thread-a": {
        "parameters": {"epochs": 100},  # it has come to 0 by then
        "breaks": {"initial-condition": LEARNS_NOTHING, "systems-and-scalars": LEARNS_NOTHING},
    },
    "thread-b": {"parameters": {"epochs": 300, "learning_rate": 0.03}},  # a third of the time, and near its floor
    "thread-c": {"parameters": {"epochs": 200}},  # with its own 100 it has not learned enough from t = 3 on
}

# these train or compile for each problem, and take as many seconds together as all the rest; pinn-autograd stands for
# them by default
SLOW = {"deepxde", "neurodiffeq", "diffrax", "diffrax-fixed", "probdiffeq", "torchdiffeq"}
SLOW |= {"nnode", "pinn-finite-difference", "thread-a", "thread-b", "thread-c"}


def class_name(solver):
    return "Test" + "".join(map(str.capitalize, solver.split("-")))


for _name, _solver in HOST.solvers.items():
    if not HOST.missing(_solver):
        _marks = [pytest.mark.slow] if _name in SLOW else []
        _settings = {"solver": _name, "pytestmark": _marks, **SETTINGS.get(_name, {})}
        globals()[class_name(_name)] = type(class_name(_name), (SolverContract,), _settings)

_DENSE = {"solver": "scipy-ivp", "parameters": {"method": "Radau", "dense_output": True}}
TestScipyIvpWithItsDenseOutput = type("TestScipyIvpWithItsDenseOutput", (SolverContract,), _DENSE)


@pytest.fixture(scope="module", autouse=True)
def _heyokas_cache_is_open():
    open_heyokas_cache()


@pytest.mark.parametrize("name", HOST.solvers)
def test_every_installed_solver_is_held_to_the_contract(name):
    solver = HOST.solver(name)
    assert Contract(Subject(solver)).outcome("documentation").status == KEPT
    if reason := HOST.missing(solver):
        pytest.skip(f"{name} {reason}")
    assert issubclass(globals()[class_name(name)], SolverContract)


# -- a bad solver for each rule -----------------------------------------------------------------------------------


def bad_subject(name):
    path = BAD / f"{name}.py"
    host = Host([path], from_environment=False)
    (function,) = [s for s in host.solvers.values() if host.origin(s).source == "file"]
    return Subject(function, locate=located(function.name, [path]))


def rule_broken_by(name):
    return SECOND_WAYS.get(name, name.replace("_", "-"))


def broken(subject, rules):
    contract = Contract(subject)
    return {name: contract.outcome(name).findings for name in rules if contract.outcome(name).status == BROKEN}


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_bad_solver_breaks_its_rule_and_no_other(name, tmp_path, monkeypatch):
    rule = rule_broken_by(name)
    found = broken(bad_subject(name), [r for r in RULES if r == rule or r not in RULES_THAT_START_A_PROCESS])
    assert list(found) == [rule]
    # and what is to be pasted shows it
    shown = io.StringIO()
    scope = {}
    raises = pytest.raises(TypeError) if rule == "refusal" else nullcontext()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = Surroundings()
    try:
        with redirect_stdout(shown), raises:
            exec(found[rule][0].call, scope)
    finally:
        before.restore()  # what shows that a solver depends on its surroundings changes them
    if rule in ("order", "systems-and-scalars", "time-shift", "linear-scaling", "run-twice", "same-seed"):
        assert max(map(float, shown.getvalue().split())) > 0


@pytest.mark.slow
@pytest.mark.parametrize("name", [n for n in BAD_NAMES if rule_broken_by(n) not in RULES_THAT_START_A_PROCESS])
def test_a_bad_solver_breaks_no_rule_that_starts_a_process(name):
    assert broken(bad_subject(name), RULES_THAT_START_A_PROCESS) == {}


def test_there_is_a_bad_solver_for_each_rule():
    assert {name.replace("_", "-") for name in BAD_NAMES if name not in SECOND_WAYS} == set(RULES)


def test_a_rule_that_needs_a_broken_one_is_not_tried():
    contract = Contract(bad_subject("states"))
    outcome = contract.outcome("linear-scaling")
    assert (outcome.status, outcome.why) == (NOT_TRIED, "states is broken")


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
        env={k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
        | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
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


def test_an_exemption_from_what_was_not_tried_is_not_judged():
    def known(rule, **options):
        kept = {"solver": "euler", "breaks": {rule: "it is known to"}, **options}
        return getattr(type("TestIt", (SolverContract,), kept)(), f"test_{rule.replace('-', '_')}")

    with pytest.raises(pytest.skip.Exception, match="not tried: the rules before it"):
        known("time-shift", seconds=0)()
    for rule in ("time-shift", "same-seed"):  # kept, and not applicable
        with pytest.raises(pytest.fail.Exception, match="take it out of breaks"):
            known(rule)()


def lines(text):
    return [line for line in text.splitlines() if line.startswith(("PASSED", "FAILED", "XFAIL", "SKIPPED", "ERROR"))]


def test_a_class_says_what_is_wrong_with_it():
    with pytest.raises(ValueError, match="'ordre'"):
        type("TestIt", (SolverContract,), {"breaks": {"ordre": "?"}})
    nothing = type("TestIt", (SolverContract,), {"solver": lambda ivp, t_eval: Solution(ivp.exact(t_eval))})
    with pytest.raises(TypeError, match="decorated with @solver"):
        nothing.contract()


def test_every_rule_is_in_the_docs():
    text = (ROOT / "docs" / "contract.md").read_text()
    table = text.partition("## The rules")[2]
    rows = [line.split("|")[1].strip(" `") for line in table.splitlines() if line.startswith("| `")]
    assert rows == list(RULES)
