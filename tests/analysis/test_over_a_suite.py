"""What a run says over its problems, asked of `odebench.load`: of runs that real solvers made."""

import math
import subprocess
import sys

import numpy as np
import pytest
from helpers.optional import lazy

import odebench
from odebench.analysis import costs, profiles
from odebench.journal import Run

pd = lazy("pandas")
stats = lazy("scipy.stats")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Two methods of known order and one with tolerances, on three problems, and a solver that fails on all."""
    directory = tmp_path_factory.mktemp("suite")
    (directory / "broken.py").write_text(
        "import odebench\n\n\n@odebench.solver\ndef broken(ivp, t_eval, *, steps=10):\n"
        "    raise odebench.SolverFailed('as it should')\n\n\n"
        "@odebench.hookimpl\ndef odebench_solvers():\n    return [broken]\n"
    )
    command = [sys.executable, "-m", "odebench", "run", "-q", "-o", "run", "--executor", "inline", "--quick"]
    solvers = ["analytic", "euler[steps=[10,40,160,640]]", "rk4[steps=[10,40,160,640]]", "broken[steps=[10,20]]"]
    solvers += ["scipy-ivp[method=[RK45,DOP853],rtol=[1e-3,1e-5,1e-7,1e-9]]"]
    chosen = [f"-s{name}" for name in solvers] + [f"-p{name}" for name in ("decay", "logistic", "harmonic-oscillator")]
    subprocess.run([*command, *chosen, "--plugin", "broken.py"], cwd=directory, check=True, capture_output=True)
    return odebench.load(directory / "run")


def test_orders_stand_beside_the_declared_ones(run):
    found = run.orders()
    assert set(found["curve"]) == {"euler", "rk4", "broken"}
    working = found[found["curve"] != "broken"]
    assert len(working) == 6
    assert (working["order"] - working["declared"]).abs().max() < 0.3
    assert (working["order"] - 2.5).abs().min() > 1  # neither is of the other's
    broken = found[found["curve"] == "broken"]
    assert broken["order"].isna().all()
    assert set(broken["remark"]) == {"0 rungs above the floor: three make an order"}


def test_tolerances_are_those_of_adaptive_methods(run):
    found = run.tolerance_proportionality()
    assert set(found["curve"]) == {"scipy-ivp[method=RK45]", "scipy-ivp[method=DOP853]"}
    assert found["slope"].between(0.5, 1.5).all()
    assert set(found["by"]) == {"rtol"}
    assert not np.isfinite(run.orders().query("curve == 'scipy-ivp'")["order"]).any()


def test_a_run_without_networks_has_none_to_pay_for_and_none_to_train(run):
    assert run.break_even().empty
    with pytest.raises(odebench.OdebenchError, match="a parameter 'epochs'"):
        run.error_split()
    split = run.error_split(effort="steps")  # any effort will do
    euler = split[(split["curve"] == "euler") & (split["problem"] == "decay")]
    assert euler["optimisation"].iloc[-1] == 0
    assert not euler["settled"].any()
    assert math.isfinite(euler["share"].iloc[0])


def test_costs_are_those_of_at_error_without_oracles(run):
    matrix = run.costs(1e-4)
    assert list(matrix.columns) == ["euler", "rk4", "broken", "scipy-ivp[method=RK45]", "scipy-ivp[method=DOP853]"]
    assert len(matrix) == 3
    known = run.at_error(1e-4).set_index(["problem", "curve"])["wall_s_median"]
    for (problem, _), row in matrix.iterrows():
        assert row.to_dict() == pytest.approx({curve: known[problem, curve] for curve in matrix}, nan_ok=True)
    assert matrix["broken"].isna().all()
    assert not matrix["rk4"].isna().any()
    calls = run.costs(1e-4, "rhs_calls")
    assert (calls["rk4"] > 4).all()
    assert not np.allclose(calls["rk4"], matrix["rk4"])


def test_profiles_and_speedups_of_a_run(run):
    profile = run.performance_profile(1e-4)
    best = run.costs(1e-4).idxmin(axis=1)
    first = profile[profile["tau"] == 1].set_index("solver")["fraction"]
    assert first.to_dict() == pytest.approx({solver: (best == solver).mean() for solver in first.index})
    assert profile.query("solver == 'broken'")["fraction"].max() == 0
    assert set(profile["problems"]) == {3}
    seconds = run.data_profile(1e-4, "wall_s_median")
    assert set(seconds["unit"]) == {"wall_s_median"}
    assert seconds["budget"].max() == pytest.approx(run.costs(1e-4).max().max())
    calls = run.data_profile(1e-4)  # by default right-hand sides, of which the run knows the number of states
    assert set(calls["unit"]) == {"rhs_calls / (n + 1)"}
    per_state = run.costs(1e-4, "rhs_calls").div([2, 2, 3], axis=0)
    assert calls["budget"].max() == pytest.approx(per_state.max().max())
    assert calls["budget"].max() != pytest.approx(run.costs(1e-4, "rhs_calls").max().max())
    pair = run.speedups(1e-4).query("solver == 'rk4' and baseline == 'scipy-ivp[method=RK45]'")
    ratios = run.costs(1e-4)["scipy-ivp[method=RK45]"] / run.costs(1e-4)["rk4"]
    assert pair["speedup"].item() == pytest.approx(stats.gmean(ratios))
    assert pair["both"].item() == 3
    nobody = run.speedups(1e-4).query("solver == 'rk4' and baseline == 'broken'")
    assert (nobody["both"].item(), nobody["only_solver"].item()) == (0, 3)


def test_a_selection_has_a_profile_of_its_own(run):
    two = run.select(solver="scipy-ivp")
    assert set(two.performance_profile(1e-4)["solver"]) == {"scipy-ivp[method=RK45]", "scipy-ivp[method=DOP853]"}
    best = two.performance_profile(1e-4).query("tau == 1")["fraction"]
    assert best.sum() == pytest.approx(1.0)
    among_all = run.performance_profile(1e-4).query("tau == 1 and solver.str.startswith('scipy')")["fraction"]
    assert among_all.sum() < best.sum()


def test_the_baselines_of_selected_networks_are_among_all_that_was_measured(tmp_path, row):
    directory = Run.create(tmp_path / "run", {"solvers": {"net": {"tags": ["neural"]}}})
    for one in (row("net", 10.0, 1e-4, query_s=0.1), row("fast", 1.0, 1e-5, query_s=0.2)):
        directory.append(one)
    directory.close()
    whole = odebench.load(tmp_path / "run")
    assert whole.break_even()["solve_baseline"].tolist() == ["fast"]
    assert whole.select(solver="net").break_even().equals(whole.break_even())
    assert whole.select(solver="fast").break_even().empty
    alone = whole.select(solver="net", rank_anew=True).break_even()
    assert alone["remark"].item() == "no classical solver of the run is as accurate"


def test_an_error_that_nobody_reaches_is_a_profile_of_zero(run):
    assert run.performance_profile(1e-300)["fraction"].max() == 0
    assert run.performance_profile(1e-3)["fraction"].max() == 1


@pytest.mark.parametrize("cost", ["solver", "on_front", "no-such-column"])
def test_a_cost_that_is_no_number_is_refused(run, cost):
    with pytest.raises(odebench.OdebenchError, match=f"received '{cost}'"):
        run.performance_profile(1e-4, cost)


def cases(*told):
    """Curves as `Results.curves` gives them: solver, problem, status, seconds, calls, of an error of 1e-9 each."""
    names = ["solver", "problem", "status", "wall_s_median", "rhs_calls"]
    table = pd.DataFrame(told, columns=names).assign(problem_params="{}", rung=0, marks="", at_reference_floor=False)
    table["curve"], table["max_abs_error_median"] = table["solver"], 1e-9
    return table.assign(slowdown_vs_best_at_this_error=1.0)


def test_what_cannot_be_asked_is_left_out_and_what_was_not_tried_is_not_solved():
    table = cases(
        ("counts", "p", "ok", 1.0, 10.0),
        ("counts", "q", "ok", 1.0, 20.0),
        ("counts-not", "p", "ok", 2.0, None),
        ("counts-not", "q", "ok", 2.0, None),
        ("missing", "p", "unavailable", None, None),
        ("missing", "q", "unavailable", None, None),
        ("once", "p", "ok", 3.0, 30.0),
        ("fails", "p", "failed", None, None),
        ("fails", "q", "timeout", None, None),
        ("told", "p", "ok", 0.1, 1.0),
    )
    seconds = costs.to_error(table, 1e-6, "wall_s_median", {"told"})
    assert list(seconds) == ["counts", "counts-not", "once", "fails"]
    assert list(costs.to_error(table, 1e-6, "rhs_calls", {"told"})) == ["counts", "once", "fails"]
    assert list(costs.to_error(table, 1e-6, "rhs_calls", ())) == ["counts", "once", "fails", "told"]
    profile = profiles.performance(seconds).groupby("solver")["solved"].max()
    assert profile.to_dict() == {"counts": 2, "counts-not": 2, "once": 1, "fails": 0}
    of_calls = profiles.data_of(
        costs.to_error(table, 1e-6, "rhs_calls", {"told"}), "rhs_calls", {("p", "{}"): 1, ("q", "{}"): 3}
    )
    assert of_calls.query("solver == 'counts' and solved > 0")["budget"].tolist() == [5, 15]
    assert set(of_calls["unit"]) == {"rhs_calls / (n + 1)"}
    with pytest.raises(odebench.OdebenchError, match="none for "):
        profiles.data_of(costs.to_error(table, 1e-6, "rhs_calls", {"told"}), "rhs_calls", {("p", "{}"): 1})


def test_a_run_of_oracles_alone_says_so():
    with pytest.raises(odebench.OdebenchError, match="Solvers that are told the solution are left out"):
        profiles.performance(costs.to_error(cases(("told", "p", "ok", 0.1, 1.0)), 1e-6, "wall_s_median", {"told"}))
