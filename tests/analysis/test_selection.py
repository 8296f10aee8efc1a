"""What is selected of a run, with values that stay as they are."""

import numpy as np
import pytest
from helpers.optional import lazy

import odebench
from odebench.errors import BadParameter, BadSelection
from odebench.journal import Run

pd = lazy("pandas")

TAGS = {
    "problems": {"decay": {"tags": ["linear"]}, "robertson": {"tags": ["stiff", "chemistry"]}},
    "solvers": {"euler": {"tags": ["explicit"]}, "pinn-autograd": {"tags": ["neural"]}, "pinn-x": {"tags": ["neural"]}},
}
ODD = ["a,b", 'it\'s "so"', "two\nlines", "<b>&", "50% $x_1$ \\ {} ~^#", "a[b=1]", "*"]


def name(case_id):
    return case_id.rpartition("/")[0]


@pytest.fixture
def found(tmp_path, row):
    """Three Euler rungs, two networks and one that fails now and then, on two problems."""
    run = Run.create(tmp_path / "run", TAGS)
    for problem, rate in (("decay", 1.0), ("decay", 2), ("robertson", None)):
        for solver, seconds, error, params in (
            ("euler", 1.0, 1e-1, {"steps": 10, "order": (1, 1), "fast": True, "note": "x,y"}),
            ("euler", 2.0, 1e-2, {"steps": 20, "order": (1, 2), "fast": False, "note": None}),
            ("pinn-autograd", 9.0, 1e-1, {"epochs": 5}),
            ("pinn-x", 8.0, 1e-2, {"epochs": 5}),
        ):
            for k in range(2):
                where = {"problem": problem, "problem_params": {"rate": rate} if rate else {}}
                case_id = f"{problem}/{solver}/{rate}{params.get('steps', '')}"
                which = {"case_id": case_id, "solver_params": params, "repeat": k, **where}
                broken = solver == "pinn-x" and problem == "robertson" and k == 1
                run.append(row(solver, seconds, error, **which, **({"status": "failed"} if broken else {})))
    return odebench.load(tmp_path / "run")


@pytest.mark.parametrize(
    ("filters", "cases"),
    [
        ({}, 12),
        ({"problem": "decay"}, 8),
        ({"problem": "decay[rate=1]"}, 4),
        ({"problem": "decay[rate=[1,2.0]]"}, 8),
        ({"problem": ["decay[rate=1]", "robertson"]}, 8),
        ({"solver": "pinn-*"}, 6),
        ({"solver": "pinn-?"}, 3),
        ({"solver": ["euler[steps=10]", "pinn-x"]}, 6),
        ({"solver": "euler[order=(1,2)]"}, 3),
        ({"solver": "euler[fast=true]"}, 3),
        ({"solver": "euler[note='x,y']"}, 3),
        ({"solver": "euler[note=none,steps=[10,20]]"}, 3),
        ({"solver": "*[steps=10]"}, 3),
        ({"tag": "stiff"}, 4),
        ({"tag": "neural"}, 6),
        ({"tag": ["stiff", "neural"]}, 8),
        ({"tag": "stiff", "solver": "euler"}, 2),
        ({"status": "failed"}, 1),
        ({"status": "ok"}, 11),
        ({"status": ("ok", "failed")}, 12),
        ({"status": "ok", "solver": "pinn-x", "problem": "*"}, 2),
    ],
)
def test_what_is_asked_for_is_selected_with_all_its_samples(found, filters, cases):
    part = found.select(**filters)
    assert len(part.cases) == cases
    assert len(part.samples) == 2 * cases
    assert set(part.samples["case_id"]) == set(part.cases["case_id"])
    rest = found.cases[~found.cases["case_id"].isin(part.cases["case_id"])]
    assert len(rest) == 12 - cases


def test_a_case_that_failed_once_is_not_made_a_success_by_asking_for_successes(found):
    assert "robertson/pinn-x" not in set(map(name, found.select(status="ok").samples["case_id"]))
    assert sorted(found.select(status="failed").samples["status"]) == ["failed", "ok"]


def test_values_and_ranks_stay_what_they_are_unless_asked_to_be_among_the_selected(found):
    networks = found.select(solver="pinn-*")
    every = found.cases.set_index("case_id")
    pd.testing.assert_frame_equal(networks.cases.set_index("case_id"), every.loc[networks.cases["case_id"]])
    assert not networks.cases["on_front"].any()
    slower = networks.cases.set_index("case_id").loc["decay/pinn-x/1.0", "slowdown_vs_best_at_this_error"]
    assert slower == 4.0  # than euler, which is not among them

    anew = found.select(solver="pinn-*", rank_anew=True).cases
    assert anew.loc[anew["solver"] == "pinn-x", "on_front"].tolist() == [True, True, False]
    best = anew["slowdown_vs_best_at_this_error"]
    np.testing.assert_allclose(best[anew["solver"] == "pinn-autograd"], [9 / 8, 9 / 8, 1])
    assert np.isnan(best[anew["status"] == "failed"]).all()
    assert not found.cases.loc[found.cases["solver"] == "pinn-x", "on_front"].any()  # the whole is as before


@pytest.mark.parametrize("last", [{"problem": "robertson"}, {}])
def test_each_selection_of_a_chain_says_among_what_it_is_ranked(found, last):
    anew = found.select(solver="pinn-*", rank_anew=True)
    ranks = ["case_id", "on_front", "slowdown_vs_best_at_this_error"]
    for chained in (anew.select(**last), anew.select(solver="pinn-*", rank_anew=True).select(**last)):
        assert not chained.ranked_anew
        pd.testing.assert_frame_equal(chained.cases[ranks], found.select(solver="pinn-*", **last).cases[ranks])
        assert not chained.cases["on_front"].any()  # others are faster
    again = anew.select(**last).select(solver="pinn-*", rank_anew=True)
    assert again.ranked_anew
    assert again.cases["on_front"].any()


def test_a_selection_of_a_selection_knows_the_whole(found):
    twice = found.select(problem="decay").select(solver="euler")
    assert len(twice.cases) == 4
    assert twice.whole is found
    assert found.whole is found
    with pytest.raises(BadSelection, match="no problem 'robertson'"):
        found.select(problem="decay").select(problem="robertson")


@pytest.mark.parametrize(
    ("filters", "error", "said"),
    [
        ({"problem": "decai"}, BadSelection, "no problem 'decai' in these runs. Did you mean 'decay'?"),
        ({"solver": ["euler", "pin-x"]}, BadSelection, "no solver 'pin-x' in these runs. Did you mean 'pinn-x'"),
        ({"solver": "zzz*"}, BadSelection, "Known: euler, pinn-autograd, pinn-x."),
        ({"solver": "euler[stps=10]"}, BadParameter, "has no parameter 'stps'. Did you mean 'steps'?"),
        ({"solver": "euler[steps=11]"}, BadSelection, "with steps=11 in these runs. There are 10, 20."),
        ({"solver": "euler[fast=1]"}, BadSelection, "There are true, false."),
        ({"solver": "euler[steps=10,fast=false]"}, BadSelection, "each value is there, but not all in one case"),
        ({"solver": "euler["}, BadSelection, "cannot read the selection"),
        ({"tag": "stif"}, BadSelection, "is tagged 'stif'. Did you mean 'stiff'?"),
        ({"status": "fail"}, BadSelection, "no status 'fail'. Did you mean 'failed'?"),
        ({"status": "timeout"}, BadSelection, "no case is 'timeout'. There are: ok (11), failed (1)."),
        (
            {"status": "failed", "problem": "decay", "solver": ["euler", "pinn-x"]},
            BadSelection,
            "problem decay (8 cases); solver euler or pinn-x (9 cases); status failed (1 case). Leave one out.",
        ),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(found, filters, error, said):
    with pytest.raises(error) as refused:
        found.select(**filters)
    assert said in str(refused.value)


def test_a_run_without_tags_and_one_without_samples_say_so(tmp_path, row):
    untagged = Run.create(tmp_path / "untagged", {})
    untagged.append(row("one"))
    with pytest.raises(BadSelection, match="They say nothing of tags"):
        odebench.load(tmp_path / "untagged").select(tag="stiff")
    Run.create(tmp_path / "empty", {})
    empty = odebench.load(tmp_path / "empty")
    assert len(empty.select().cases) == 0
    with pytest.raises(BadSelection, match="they have no samples"):
        empty.select(problem="decay")


@pytest.mark.parametrize("odd", ODD)
def test_a_name_is_itself_whatever_signs_it_has(tmp_path, row, odd):
    run = Run.create(tmp_path / "run", {})
    run.append(row(odd, case_id="1"))
    run.append(row("other", case_id="2"))
    assert odebench.load(tmp_path / "run").select(solver=odd).cases["solver"].tolist() == [odd]


def test_the_command_selects_and_says_among_what_is_ranked(odebench, found):
    shown = odebench("table", "run", "-s", "pinn-*", "-p", "decay[rate=1]", "--format", "csv")
    assert shown.returncode == 0, shown.stderr
    assert [line.split(",")[0] for line in shown.stdout.splitlines()[1:]] == [
        "decay/pinn-autograd/1.0",
        "decay/pinn-x/1.0",
    ]
    assert "Shown are 2 of 12 cases, ranked among all 12." in shown.stderr
    anew = odebench("table", "run", "-s", "pinn-*", "-p", "decay[rate=1]", "--rank-anew", "--format", "markdown")
    assert "| pinn-x | 1.00e-02 | 8.0 s | 1.0x |" in anew.stdout
    assert "ranked among themselves" in anew.stdout
    both = odebench("table", "run", "--tag", "stiff", "--tag", "neural", "--status", "ok", "--format", "csv")
    assert len(both.stdout.splitlines()) == 8
    refused = odebench("table", "run", "-p", "decai")
    assert refused.returncode == 2
    assert "Did you mean 'decay'?" in refused.stderr
