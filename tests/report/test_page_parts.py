"""What the page says of equations, trainings and suites: against the numbers it is made from."""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET

import pytest
from helpers.optional import lazy, optional
from helpers.page_runs import make_run

import odebench
from odebench.measurement import Checkpoint
from odebench.report.page import budget, captions, data, equations, orders, solutions, suite, trainings

optional("latex2mathml", "pip install 'odebench[report]' writes the page")
pd = lazy("pandas")


def test_equations_become_mathml():
    made = equations.mathml(equations.installed({"decay": ("decay", '{"rate": 3.0}')})["decay"])
    assert "".join(ET.fromstring(made).itertext()).replace(" ", "") == "y′=−3y"
    system = equations.installed({"l": ("lotka-volterra", "{}")})["l"]
    assert len(ET.fromstring(equations.mathml(system)).findall(".//mtr")) == 2


def test_what_is_not_known_here_has_no_equation():
    assert equations.installed({"x": ("no-such-problem", "{}"), "d": ("decay", '{"no": 1}')}) == {}


@pytest.mark.parametrize(
    "latex",
    [r"\href{javascript:alert(1)}{x}", r"\text{</math><script>alert(1)</script>}", "<script>", r"\frac{", "\x00"],
)
def test_no_formula_brings_anything_but_mathematics(latex):
    made = equations.mathml(latex)
    if made is not None:
        assert {e.tag for e in ET.fromstring(made).iter()} <= equations._TAGS
        assert "<script" not in made
        assert "javascript" not in made


def traced(row, errors, losses, **fields):
    trace = [
        Checkpoint(k, 0.1 * (k + 1), loss, error, error)
        for k, (loss, error) in enumerate(zip(losses, errors, strict=True))
    ]
    return row("net", trace=[list(c) for c in trace], **fields)


@pytest.fixture
def problems(tmp_path_factory):
    def make(*rows):
        results = odebench.load(make_run(tmp_path_factory.mktemp("runs") / "run", rows))
        return trainings.by_problem(trainings.of(results, data.cases(results)))

    return make


def test_a_training_is_told_by_its_best_checkpoint_and_its_end(problems, row):
    (problem,) = problems(traced(row, [1.0, 1e-4, 1e-2], [1.0, 0.5, 0.4]), row("rk4"))
    assert problem["captions"] == [
        "The closest training is that of net: an error of 1.00e-04 after 200 ms (step 1 of 2); it ended at 1.00e-02."
    ]
    assert problem["solves"][0]["error"] == [1, 1e-4, 1e-2]
    assert problem["solves"][0]["wall_s"] == [0.1, 0.2, 0.3]


def test_a_loss_that_promises_what_the_error_does_not_keep_is_told(problems, row):
    (problem,) = problems(
        traced(row, [1.0, 0.9], [1.0, 0.01], case_id="a", seed=1),
        traced(row, [1.0, 1e-3], [1.0, 1e-3], case_id="b", seed=2),
    )
    assert problem["captions"][1] == "In 1 of 2 the loss fell by ten or more while the error did not fall by half."
    assert [solve["name"] for solve in problem["solves"]] == ["net seed 2", "net seed 1"]  # the closest first
    (kept,) = problems(traced(row, [1.0, 1e-3], [1.0, 1e-3]))
    assert len(kept["captions"]) == 1


def test_a_checkpoint_without_an_error_is_no_best(problems, row):
    (problem,) = problems(traced(row, [None, None], [1.0, 0.5]))
    assert problem["captions"] == ["No checkpoint has an error that is known."]


def test_long_traces_are_thinned_with_both_ends():
    trace = [Checkpoint(k, 0.1 * k, None, None, None) for k in range(1000)]
    thin = trainings.thinned(trace, 60)
    assert (len(thin), thin[0], thin[-1]) == (60, trace[0], trace[-1])
    assert trainings.thinned(trace[:60], 60) == trace[:60]


TIMES = {"p": (1.0, 2.0, None), "q": (4.0, 1.0, 8.0), "r": (1.0, 3.0, None)}


@pytest.fixture
def suite_of(tmp_path, row):
    def make(*problems):
        rows = []
        for problem in problems:
            for name, s in zip(("a", "b", "c"), TIMES[problem], strict=True):
                said = {"case_id": f"{problem}/{name}", "problem": problem, "problem_params": {}}
                said |= {} if s else {"status": "failed", "reason": "no"}
                rows.append(row(name, s, s and 1e-7, **said))
        rows.append(row("told", 1e-9, 0.0, case_id="told", problem="p", problem_params={}, oracle=True))
        return odebench.load(make_run(tmp_path / "run", rows))

    return make


def test_a_profile_is_told_as_it_is(suite_of):
    results = suite_of(*TIMES)
    by_level = {made["level"]: made for made in suite.performance(results)}
    assert by_level["1e-6"]["captions"] == [
        "At an error of 1e-6 a is the fastest on 2 of 3 problems, and reaches it on 3 of 3 problems, no other on more.",
        "Fewer than 5 samples: 7 of 7 cases.",
    ]
    assert by_level["1e-6"]["curves"].keys() == {"a", "b", "c"}  # not the oracle
    profile = by_level["1e-6"]["curves"]["b"]
    by_hand = [sum(t[1] / min(s for s in t if s) <= tau for t in TIMES.values()) / 3 for tau in profile["tau"]]
    assert profile["fraction"] == pytest.approx(by_hand, rel=1e-5)
    everywhere = results.performance_profile(1e-6)
    assert profile["tau"] == pytest.approx(list(everywhere.loc[everywhere["solver"] == "b", "tau"]), rel=1e-4)
    assert "1e-9" not in by_level  # nobody comes so far


def test_who_is_fast_and_who_is_sure_are_two():
    profile = pd.DataFrame(
        [("fast", 1.0, 0.5, 2, 4), ("fast", 9.0, 0.5, 2, 4), ("sure", 1.0, 0.25, 4, 4), ("sure", 9.0, 1.0, 4, 4)],
        columns=["solver", "tau", "fraction", "solved", "problems"],
    )
    assert suite.caption(profile, 1e-3) == [
        "At an error of 1e-3 fast is the fastest on 2 of 4 problems, and reaches it on 2 of 4 problems; "
        "sure reaches it on 4 of 4 problems."
    ]


STEPS = {"a": (1, 2), "b": (1, 2), "net": (0, 2), "late": (0, 1), "fast net": (2, 2)}


@pytest.mark.parametrize(
    ("curves", "said"),
    [
        (
            ("a", "b"),
            "a and b are each the fastest on 1 of 2 problems, and reach it on 2 of 2 problems, no other on more.",
        ),
        (
            ("late", "net"),
            "late and net are each the fastest on 0 of 2 problems; net reaches it on 2 of 2 problems.",
        ),
        (
            ("a", "fast net"),
            "fast net is the fastest on 2 of 2 problems, and reaches it on 2 of 2 problems, no other on more; the "
            "strongest classical solver, a, is the fastest on 1 of 2 problems and reaches it on 2 of 2 problems.",
        ),
        (
            ("net",),
            "net is the fastest on 0 of 2 problems, and reaches it on 2 of 2 problems, no other on more; nobody.",
        ),
    ],
)
def test_ties_are_named_and_networks_stand_beside_the_strongest_classical_solver(curves, said):
    rows = [(name, tau, n / 2, n, 2) for name in curves for tau, n in zip((1.0, 9.0), STEPS[name], strict=True)]
    profile = pd.DataFrame(rows, columns=["solver", "tau", "fraction", "solved", "problems"])
    assert suite.caption(profile, 1e-6, ["net", "fast net"], "nobody") == [f"At an error of 1e-6 {said}"]


def test_times_that_scatter_are_told_where_no_point_is_marked(tmp_path, row):
    rows = [row("a", s, 1e-7, repeat=k) for k, s in enumerate((1.0, 1.0, 1.0, 1.0, 9.0))] + [row("b")]
    table = data.cases(odebench.load(make_run(tmp_path / "run", rows)))
    assert captions.scatter(table) == ["The times of 1 of 2 cases scatter.", "Fewer than 5 samples: 1 of 2 cases."]


def test_one_problem_makes_no_profile(suite_of):
    assert suite.performance(suite_of("p")) == []


def test_what_was_asked_for_is_a_column(tmp_path, row):
    rows = [row("one", solver_params={"rtol": 1e-6, "atol": 1e-9}), row("two", solver_params={"steps": 3})]
    asked = data.cases(odebench.load(make_run(tmp_path / "run", rows)))["tolerance"]
    assert asked[0] == 1e-6
    assert math.isnan(asked[1])
    assert captions.power(1e-10) == "1e-10"


def test_orders_are_told_as_they_are(tmp_path, row):
    def ladder(problem, order):
        return [
            row("rk", 1e-3 * n, n**-order, case_id=f"{problem}{n}", problem=problem, problem_params={},
                solver_params={"steps": n}, steps=float(n))
            for n in (10, 20, 40, 80)
        ]  # fmt: skip

    asked = [
        row("adaptive", 1.0, 3 * tol**0.5, case_id=f"t{k}", solver_params={"rtol": tol})
        for k, tol in enumerate((1e-2, 1e-4, 1e-6, 1e-8))
    ]
    solvers = {"rk": {"ladder": ["steps"], "order": 3}, "adaptive": {"ladder": ["rtol"]}}
    rows = [*ladder("p", 2), *ladder("q", 4), *asked]
    said = orders.sentences(odebench.load(make_run(tmp_path / "run", rows, solvers=solvers)))
    assert said == {
        "rk": ["Its observed order is 3.00 (median of 2 problems, 2.00 to 4.00); it claims 3."],
        "adaptive": [
            "Its error goes as the tolerance to the power 0.50 (one problem; 1 is proportional), "
            "and scatters by a factor of 1.0 about that."
        ],
    }


def test_too_many_cases_are_thinned_and_fronts_kept():
    n = budget.MOST_CASES * 2
    table = pd.DataFrame({"on_front": [k % 100 == 7 for k in range(n)], "number": range(n)})
    kept, said = budget.thinned(table)
    assert len(kept) == budget.MOST_CASES
    assert set(table.loc[table["on_front"], "number"]) <= set(kept["number"])
    gaps = kept["number"].diff().dropna()
    assert gaps.max() <= 3
    assert said.startswith("Of 32,000 cases 16,000 are in the plots")
    few, nothing = budget.thinned(table.head(10))
    assert (len(few), nothing) == (10, None)


def test_the_largest_part_that_fits_is_taken():
    made = []

    def maker(n):
        def make():
            made.append(n)
            return "x" * n

        return make

    assert budget.largest([maker(1000), maker(100), maker(10)], 500) == "x" * 100
    assert made == [1000, 100]
    assert budget.largest([maker(1000), maker(600)], 500) == "x" * 600  # the last, whatever its size


@pytest.fixture
def recorded(tmp_path, row):
    """A run of two components of very different size, and of the error over time of three cases and an oracle."""
    said = {"t": [0.0, 1.0, 2.0], "y": [[1.0, 1e-4], [0.5, 2e-4], [0.25, 4e-4]], "names": ["y1", "y9"], "n_states": 9}
    said |= {"logarithmic": False, "latex": r"\\begin{aligned}y_1' &= -y_1\\end{aligned}"}
    course = {"t": [0.0, 1.0, 2.0], "abs_error": [0.0, 1e-3, 1e-4]}
    small = {"t": [0.0, 1.0, 2.0], "abs_error": [0.0, 2e-7, 3e-6]}
    rows = [
        row("one", 1.0, 1e-3, error_over_time=course, reference_solution=said),
        row("two", 1.0, 3e-6, error_over_time=small, solver_params={"rtol": 1e-4}),
        row("two", 1.0, 3e-5, error_over_time=small, case_id="two/coarse", solver_params={"rtol": 1e-2}),
        row("told", 1.0, 0.0, error_over_time=small, oracle=True),
    ]
    results = odebench.load(make_run(tmp_path / "run", rows))
    return results, data.cases(results)


def test_components_of_different_size_are_each_drawn_on_their_own(recorded):
    results, _ = recorded
    (found,) = results.solutions.values()
    drawn = solutions.solution(found)
    assert drawn["t"] == [0, 1, 2]
    assert {c["name"]: c["y"] for c in drawn["components"]} == {"y1": [1, 0.5, 0.25], "y9 / 0.0004": [0.25, 0.5, 1]}
    assert drawn["captions"] == [
        "9 components from t = 0 to t = 2; 2 of them are drawn; their sizes differ much, so each is drawn over its own."
        " This is what the cases are compared with."
    ]


def test_the_error_over_time_is_that_of_the_most_accurate_first(recorded):
    (problem,) = solutions.errors(*recorded, 2, 100).values()
    assert [s["name"].partition("[")[0] for s in problem["series"]] == ["two", "one"]  # one a curve, before a second
    assert [problem["series"][1][key] for key in ("t", "error")] == [[0, 1, 2], [0, 1e-3, 1e-4]]
    assert problem["captions"] == [
        "two[rtol=0.0001], the most accurate, is the furthest off at t = 2, by 3.00e-06, and by 3.00e-06 in the end.",
        "2 of 3 cases are drawn: the most accurate of each curve first.",
    ]
    (thin,) = solutions.errors(*recorded, 3, 2).values()
    assert {len(s["t"]) for s in thin["series"]} == {2}
    (none,) = solutions.errors(*recorded, 0, 0).values()
    assert (none["series"], none["captions"]) == (
        [],
        ["The errors over time of 3 cases are left out: the page would be too large."],
    )


def test_what_is_missing_is_told_for_what_it_is(tmp_path, row):
    def said(directory, *rows, journal=True, **meta):
        results = odebench.load(run := make_run(tmp_path / directory, rows, **meta))
        table = data.cases(results)
        if not journal:
            (run / "measurements.jsonl").unlink()
        return solutions.missing(results, table)

    known = {"problems": {"decay": {"tags": []}}}
    assert said("old", row())["noErrors"].endswith("since schema version 2.")
    assert "which is not here" in said("tables", row(), journal=False, **known)["noSolution"]
    assert said("new", row(), **known)["noErrors"].startswith("The error over time is not recorded: what was solved")
    failed = row(seconds=None, error=None, status="failed", reason="no")
    for meta in ({}, known):
        found = said(f"failed {len(meta)}", failed, **meta)
        assert found["noErrors"] == "There is no error over time: no case was solved."
    assert said("told", row(oracle=True), **known)["noErrors"].endswith("what was solved is told the solution.")
