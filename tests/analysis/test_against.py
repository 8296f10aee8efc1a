"""Any statistic against any other, fronts of them, and what has to be said of a case."""

import math

import numpy as np
import pytest
from helpers.ladders import curve, power_law
from helpers.optional import lazy

from odebench.analysis import against, work_precision
from odebench.errors import UnknownName
from odebench.journal import Run
from odebench.results import Results

pd = lazy("pandas")


@pytest.fixture
def results(tmp_path, row):
    """Results of some measurements, which may be of any solver at any setting."""

    def of(*rows):
        run = Run.create(tmp_path / "run", {})
        for one in rows:
            run.append(one)
        return Results([run])

    return of


def steps(row, n, **others):
    return row(
        "rk4", 1e-3 * n, n**-4.0, case_id=f"decay/rk4/{n}", solver_params={"steps": n}, rhs_calls=4 * n, **others
    )


def test_columns_of_cases_and_samples_metrics_and_parameters_can_all_be_asked_for(results, row):
    found = results(
        *(
            steps(row, n, peak_rss_mb=float(n + k), metrics={"mine": n / 2}, repeat=k)
            for n in (100, 10)
            for k in (0, 4, 8)
        )
    )
    table = found.against("solver.steps", "rhs_calls")
    assert table["solver.steps"].to_list() == [10, 100]
    assert table["rhs_calls"].to_list() == [40, 400]
    assert table["rung"].to_list() == [0, 1]
    assert found.against("rhs_calls", "peak_rss_mb")["peak_rss_mb"].to_list() == [14, 104]
    assert found.against("mine", "max_abs_error_median")["mine"].to_list() == [5, 50]
    assert found.against("problem.rate", "max_abs_error")["problem.rate"].to_list() == [1, 1]


def test_a_column_that_is_shown_anyway_is_one_column(results, row):
    found = results(*(steps(row, n) for n in (10, 100))).against("rung", "wall_s_median")
    assert list(found.columns) == [*against.SHOWN, "wall_s_median", "on_front", "marks"]
    assert found["rung"].to_list() == [0, 1]


@pytest.mark.parametrize("name", ["max_abs_eror_median", "solver.step", "reason", "problem", "on_front", "oracle"])
def test_what_is_no_number_is_refused_and_the_nearest_is_offered(results, row, name):
    with pytest.raises(UnknownName, match=f"unknown statistic '{name}'. (Did you mean|Known)"):
        results(steps(row, 10)).against("wall_s_median", name)


def dominated(x, y):
    """Which points some other point beats in one coordinate and does not lose to in the other: all pairs."""
    return [
        any((a <= c and b < d) or (a < c and b <= d) for a, b in zip(x, y, strict=True))
        for c, d in zip(x, y, strict=True)
    ]


def test_a_front_is_that_of_brute_force_with_equals_and_for_any_statistics():
    rng = np.random.default_rng(4)
    for _ in range(10):
        table = pd.concat(curve("a", [1.0] * 12, [1.0] * 12, problem=p) for p in "pq").reset_index(drop=True)
        table["x"], table["y"] = rng.integers(0, 6, 24), rng.integers(0, 6, 24)
        ranked = pd.Series(rng.random(24) < 0.8)
        found = work_precision.on_front(table, "x", "y", ranked)
        for problem in "pq":
            here = table[(table["problem"] == problem) & ranked]
            assert found[here.index].to_list() == [not beaten for beaten in dominated(here["x"], here["y"])]
        assert not found[~ranked].any()


def test_of_digits_more_is_better():
    table = curve("a", [1.0] * 3, [1.0, 2.0, 3.0]).assign(significant_digits_median=[3.0, 6.0, 5.0])
    ranked = table["rung"] >= 0
    found = work_precision.on_front(table, "wall_s_median", "significant_digits_median", ranked)
    assert found.to_list() == [True, True, False]


def test_a_front_leaves_out_oracles_failures_and_what_has_no_number():
    told = curve("oracle", [1e-9], [1e-9], ranked=False, marks="oracle").assign(steps=1.0)
    honest = curve("a", [1e-2, 1e-3, 1e-4], [1.0, 2.0, 3.0], failed=(1,)).assign(steps=[5.0, 1.0, math.nan])
    both, samples = pd.concat([told, honest], ignore_index=True), pd.DataFrame({"case_id": [], "status": []})
    table = against.against(both, samples, "wall_s_median", "max_abs_error_median")
    assert table.loc[table["on_front"], "rung"].to_list() == [0, 2]
    assert work_precision.front(table[::-1], "wall_s_median")["rung"].to_list() == [0, 2]
    table = against.against(both, samples, "steps", "wall_s_median")
    assert table.loc[table["on_front"], ["curve", "rung"]].to_numpy().tolist() == [["a", 0]]


def test_results_answer_every_question_of_a_run(results, row):
    found = results(*(steps(row, n) for n in (10, 100, 1000)))
    assert found.curves()["curve"].unique() == ["rk4"]
    assert found.front()["rung"].to_list() == [0, 1, 2]
    (seconds,) = found.at_error(1e-6)["wall_s_median"]
    assert seconds == pytest.approx(1e-3 * 1e-6**-0.25)
    (error,) = found.at_time(seconds)["max_abs_error_median"]
    assert error == pytest.approx(1e-6)
    assert found.expected_time(1e-6)["expected_s"].to_list() == [pytest.approx(0.1), pytest.approx(1.0), math.inf]
    assert found.strongest().empty


def test_networks_of_runs_that_do_not_say_so_are_those_that_report_a_loss(results, row):
    found = results(row("trained", 5.0, 1e-3, final_loss=0.1), row("solved", 1.0, 1e-4))
    assert found.neural == {"trained"}
    (strongest,) = found.strongest().to_dict("records")
    assert (strongest["baseline"], strongest["slowdown_vs_classical"]) == ("solved", 5.0)


def test_a_case_carries_its_marks(results, row):
    found = results(
        row("told", 1.0, 0.0, oracle=True),
        row("plain", 1.0, 1e-3),
        row("floor", 1.0, 1e-17),
        *(row("scattered", s, 1e-3, repeat=k) for k, s in enumerate((1.0, 2.0, 3.0))),
        row("half", 1.0, 1e-3),
        row("half", None, None, repeat=1, status="failed", reason="why"),
        row("none", None, None, status="failed", reason="why"),
    )
    assert {case.split("/")[1]: marks for case, marks in found.marks().items()} == {
        "told": "oracle, at reference floor",
        "plain": "",
        "floor": "at reference floor",
        "scattered": "unstable",
        "half": "incomplete",
        "none": "",
    }
    assert found.at_error(1e-2).set_index("curve")["marks"]["scattered"] == "unstable"
    assert power_law("a", 1, 1)["marks"].eq("").all()
