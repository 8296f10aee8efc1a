"""The contract: every solver there is keeps it; for each rule, one that is bad in this alone breaks this alone."""

import io
import json
import os
import subprocess
import sys
import tempfile
import warnings
from contextlib import nullcontext, redirect_stdout
from pathlib import Path

import numpy as np
import pytest

from odebench import Solution, Unsupported, solver
from odebench.contract import (
    BROKEN,
    KEPT,
    NOT_APPLICABLE,
    NOT_TRIED,
    PROBLEMS,
    RULES,
    Contract,
    Subject,
    chosen,
    hold_apart,
)
from odebench.contract import locate_by_name as located
from odebench.contract.elsewhere import elsewhere
from odebench.contract.surroundings import Surroundings, other_surroundings
from odebench.errors import BadSelection
from odebench.host import Host
from odebench.testing import SolverContract

BAD = Path(__file__).parent / "bad_solvers"
SECOND_WAYS = {"reads_its_surroundings": "global-state", "y0_for_ever": "systems-and-scalars"}


@pytest.fixture(autouse=True)
def _nothing_stays_changed():
    """The process's own state is after each test as before, but for what pytest changes itself meanwhile."""
    before = Surroundings()
    yield
    changes = [c for c in before.changes() if not c.startswith(("the environment", "the working directory"))]
    before.restore()
    assert changes == []


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

# other libraries that train or compile for each problem: as many seconds together as all the rest
SLOW = {"deepxde", "neurodiffeq", "diffrax", "diffrax-fixed", "probdiffeq", "torchdiffeq"}

for _name in Host().solvers:
    _class = "Test" + "".join(map(str.capitalize, _name.split("-")))
    _marks = [pytest.mark.slow] if _name in SLOW else []
    _settings = {"solver": _name, "pytestmark": _marks, **SETTINGS.get(_name, {})}
    globals()[_class] = type(_class, (SolverContract,), _settings)

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
def test_a_bad_solver_breaks_its_rule_and_no_other(name, tmp_path, monkeypatch):
    rule = SECOND_WAYS.get(name, name.replace("_", "-"))
    found = broken(bad_subject(name))
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


def test_rounding_is_that_of_the_dtype_that_is_computed_in():
    def rounds(ivp, t_eval, *, off=1e-7, dtype="float64"):
        """A value depends on how many there are, by so much."""
        return Solution(ivp.exact(t_eval), lambda t: ivp.exact(t) + off / len(t))

    def status(**parameters):
        return outcome(rounds, "dense-output", parameters=parameters).status

    assert status(off=1e-10) == status(dtype="float32") == KEPT
    assert status() == status(dtype="float32", off=1e-3) == BROKEN


def test_an_error_in_what_a_rule_does_beside_solving_is_a_finding():
    def hides(ivp, t_eval):
        """Exact, as long as nobody counts."""
        if hasattr(ivp.rhs, "__wrapped__"):
            raise ZeroDivisionError("not while somebody counts")
        return Solution(ivp.exact(t_eval), stats={"rhs_calls": 0})

    found = outcome(hides, "statistics")
    assert found.status == BROKEN
    assert "raised ZeroDivisionError: not while somebody counts" in found.findings[0].text


@pytest.mark.parametrize(
    ("claimed", "says"),
    [
        ({"rhs_calls": 3, "jac_calls": 2}, None),
        ({"jac_calls": 2}, None),
        ({"rhs_calls": 3}, None),
        ({"rhs_calls": 2, "jac_calls": 2}, "claims 2 evaluations of the right-hand side, and the host counted 3"),
        ({"rhs_calls": 4}, "claims 4 evaluations of the right-hand side, and the host counted 3"),
        ({"rhs_calls": 1, "jac_calls": 7}, "claims 1 evaluations of the right-hand side, and the host counted 3"),
        ({"rhs_calls": 3, "jac_calls": 7}, "claims 7 evaluations of the Jacobian, and the host counted 2"),
    ],
)
def test_both_counts_are_held_to_what_the_host_sees(claimed, says):
    def counts(ivp, t_eval):
        """It evaluates the slope three times, and the Jacobian twice."""
        warnings.warn("as it does on every solve", stacklevel=1)  # which is the host's to silence
        for _ in range(3):
            ivp.f(0.0, ivp.y0)
        for _ in range(2):
            ivp.jac(0.0, ivp.y0)
        return Solution(ivp.exact(t_eval), stats=claimed)

    found = outcome(counts, "statistics")
    assert found.status == (KEPT if says is None else BROKEN)
    assert says is None or says in found.findings[0].text


def test_a_solver_is_called_on_one_thread_as_in_another_process():
    from threadpoolctl import threadpool_info, threadpool_limits

    def pools():
        return {pool["num_threads"] for pool in threadpool_info()}, os.environ.get("OMP_NUM_THREADS")

    seen = []

    def looks(ivp, t_eval):
        """It looks how many threads there are."""
        seen.append(pools())
        return exactly(ivp, t_eval)

    with threadpool_limits(limits=2):
        before = pools()
        assert 2 in before[0]
        assert outcome(looks, "states").status == KEPT
        assert pools() == before
    assert set(map(str, seen)) == {str(({1}, "1"))}


def test_what_a_solver_does_to_warnings_is_undone_for_good():
    def warns():
        warnings.warn("the same one, from the same line", stacklevel=1)

    def muffles(ivp, t_eval):
        """It lets a warning be shown once, and then no more."""
        warnings.simplefilter("default")
        warnings.showwarning = lambda *_, **__: None
        warns()
        return exactly(ivp, t_eval)

    subject = Subject(solver(muffles))
    subject.solve("decay", bare=True)
    assert subject.changes == ["the warnings' filters"]
    with pytest.raises(UserWarning, match="the same one"):
        warns()


def test_a_library_that_is_imported_does_not_hide_what_the_solver_does(monkeypatch):
    def seeds(ivp, t_eval, *, seeded=True):
        """It imports something the first time. seeded: whether it seeds the generator of all."""
        monkeypatch.setitem(sys.modules, "imported_by_the_first_solve", sys)
        if seeded:
            np.random.seed(0)
        return exactly(ivp, t_eval)

    seen = outcome(seeds, "global-state")
    assert "numpy's global generator" in seen.findings[0].text
    monkeypatch.delitem(sys.modules, "imported_by_the_first_solve")
    assert outcome(seeds, "global-state", parameters={"seeded": False}).status == KEPT


def test_other_surroundings_are_left_behind():
    before = Surroundings()

    def fails():
        with other_surroundings():
            assert np.geterr()["divide"] == "raise"
            assert len(before.changes()) > 5  # the control
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert before.changes() == []


# -- in another process -------------------------------------------------------------------------------------------

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


def test_every_rule_is_in_the_docs():
    text = (Path(__file__).parent.parent / "docs" / "contract.md").read_text()
    table = text.partition("## The rules")[2]
    rows = [line.split("|")[1].strip(" `") for line in table.splitlines() if line.startswith("| `")]
    assert rows == list(RULES)
