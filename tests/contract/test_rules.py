"""The contract's rules, on solvers that are made here."""

import os
import sys
import warnings

import numpy as np
import pytest

from odebench import Solution, Unsupported, solver
from odebench.contract import BROKEN, KEPT, NOT_APPLICABLE, NOT_TRIED, PROBLEMS, Contract, Subject, chosen
from odebench.contract.surroundings import Surroundings, other_surroundings
from odebench.errors import BadSelection

pytestmark = pytest.mark.usefixtures("nothing_stays_changed")


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


def test_what_cannot_be_counted_is_no_finding():
    def compiles(ivp, t_eval):
        """It evaluates what it has traced."""
        ivp.trace(0.0, list(ivp.y0), {})
        return Solution(ivp.exact(t_eval), stats={"rhs_calls": 7})

    assert outcome(compiles, "statistics").status == KEPT


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
