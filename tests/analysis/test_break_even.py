"""When a trained network has paid for itself, and what of its error training can take away: on numbers made by hand."""

import itertools
import json
import math

import numpy as np
import pytest
from helpers.optional import lazy

from odebench import tables
from odebench.analysis import aggregate, break_even, error_split, ladders
from odebench.errors import BadQuestion
from odebench.journal import Run

pd = lazy("pandas")

INF, NAN = math.inf, math.nan


@pytest.fixture
def curves(tmp_path):
    """Cases as `ladders.assign` hands them on."""

    def of(*rows):
        run = Run.create(tmp_path / f"run{len(list(tmp_path.iterdir()))}", {})
        for one in rows:
            run.append(one)
        return ladders.assign(aggregate.by_case(tables.samples(run)), {})

    return of


def paid(table):
    return break_even.counts(table, neural={"net"}, oracles={"oracle"})


@pytest.mark.parametrize(
    ("once", "query", "rival_once", "rival_query", "expected"),
    [
        (10.0, 0.1, 0.0, 0.6, 20),
        (10.0, 0.1, 1.0, 0.6, 18),
        (10.1, 0.1, 0.0, 0.6, 21),
        (10.0, 0.6, 0.0, 0.6, INF),
        (10.0, 0.7, 0.0, 0.6, INF),
        (0.5, 0.1, 1.0, 0.6, 0),
        (0.5, 0.7, 1.0, 0.6, 0),
    ],
)
def test_the_least_number_of_queries(once, query, rival_once, rival_query, expected):
    k = break_even.queries(once, query, rival_once, rival_query)
    assert k == expected
    dear = [k for k in range(100) if once + k * query > rival_once + k * rival_query + 1e-12]
    if k and math.isfinite(k):
        assert dear == list(range(int(k)))  # by counting: all before it, and none from it on
    assert k == 0 or 0 in dear


def test_it_is_counted_against_the_fastest_that_is_as_accurate_and_the_dense_output_that_holds_out_longest(curves, row):
    table = curves(
        row("net", 10.0, 1e-4, query_s=0.1),
        row("slow", 4.0, 1e-6, query_s=0.15),
        row("fast", 1.0, 1e-5, query_s=0.2),
        row("coarse", 1e-3, 1e-2, query_s=1e-6),
        row("oracle", 1e-6, 0.0, oracle=True, query_s=1e-6),
    )
    found = paid(table).iloc[0]
    assert (found["solve_baseline"], found["queries_against_solving"]) == ("fast", math.ceil(10 / 0.9))
    assert (found["dense_baseline"], found["queries_against_dense_output"]) == ("slow", 120)
    assert (found["train_s"], found["query_s"], found["solve_s"], found["dense_query_s"]) == (10, 0.1, 1, 0.15)
    assert found["remark"] == ""
    silent = curves(row("net", 10.0, 1e-4, query_s=0.1), row("oracle", 1e-6, 0.0, query_s=1e-6))
    told = break_even.counts(silent, neural={"net"}, oracles=()).iloc[0]
    assert told["solve_baseline"] == "oracle"  # what the oracle would make of it
    assert told["queries_against_solving"] == INF


def test_dense_output_that_is_worse_between_the_times_is_no_rival(curves, row):
    net = row("net", 10.0, 1e-4, query_s=0.1, max_between_error=1e-4)
    bad = row("bad", 1.0, 1e-6, query_s=0.2, max_between_error=1e-2)
    good = row("good", 1.0, 1e-6, query_s=0.3, max_between_error=1e-5)
    assert paid(curves(net, bad, good))["dense_baseline"].item() == "good"
    alone = paid(curves(net, bad)).iloc[0]
    assert math.isnan(alone["queries_against_dense_output"])
    assert alone["remark"] == "no classical solver of the run has dense output that is as accurate"
    assert alone["queries_against_solving"] == math.ceil(10 / 0.9)


def test_where_the_references_error_is_unknown_nothing_is_compared(curves, row):
    rows = [row("net", 10.0, 1e-4, query_s=0.1), row("fast", 1.0, 1e-5, query_s=0.2)]
    assert len(paid(curves(*rows))) == 1
    for one in rows:
        one.reference_error = None
    assert paid(curves(*rows)).empty


def test_a_query_slower_than_a_solve_never_pays(curves, row):
    found = paid(curves(row("net", 10.0, 1e-4, query_s=0.1), row("fast", 1e-3, 1e-5, query_s=1e-3))).iloc[0]
    assert found["queries_against_solving"] == found["queries_against_dense_output"] == INF


def test_what_cannot_be_compared_says_why(curves, row):
    net = row("net", 10.0, 1e-8, query_s=0.1)
    nobody = paid(curves(net, row("coarse", 1e-3, 1e-2, query_s=1e-6))).iloc[0]
    assert math.isnan(nobody["queries_against_solving"])
    assert nobody["solve_baseline"] == ""
    assert nobody["remark"] == "no classical solver of the run is as accurate"
    untimed = paid(curves(row("net", 10.0, 1e-4), row("fast", 1.0, 1e-5, query_s=0.5))).iloc[0]
    assert math.isnan(untimed["queries_against_solving"])
    assert untimed["remark"] == "its queries were not timed"


def test_problems_are_apart_and_failed_networks_and_runs_without_any_are_none(curves, row):
    net, other = row("net", 10.0, 1e-4, query_s=0.1), row("fast", 1.0, 1e-5, problem="other", case_id="other/fast")
    assert paid(curves(net, other))["solve_baseline"].tolist() == [""]
    assert paid(curves(row("net", None, None, status="failed"), row("fast"))).empty
    assert paid(curves(row("fast"))).empty
    assert list(paid(curves(row("fast"))).columns) == list(break_even.COLUMNS)


def test_timings_that_scatter_are_marked(curves, row):
    steady = [row("fast", 1.0, 1e-5, query_s=0.5, repeat=k) for k in range(3)]
    net = row("net", 10.0, 1e-4, query_s=0.1)
    assert not paid(curves(net, *steady))["unstable"].item()
    steady[1].wall_s = 3.0
    assert paid(curves(net, *steady))["unstable"].item()


@pytest.fixture
def trained(row):
    """A network of a known floor, and a distance to it that training divides by ten at a time."""
    numbers = itertools.count()

    def make(floor, epochs=(10, 100, 1000, 10000), problem="decay", away=0.1, **params):
        return [
            row(
                "net",
                1.0,
                floor + away / n,
                problem=problem,
                case_id=f"net/{next(numbers)}",
                solver_params={"epochs": n, **params},
            )
            for n in epochs
        ]

    return make


def test_a_known_split_is_found_for_each_discretisation(curves, trained):
    found = error_split.split(curves(*trained(0.02, points=10), *trained(0.001, points=20)))
    assert len(found) == 8
    points = found["solver_params"].map(lambda text: json.loads(text)["points"])
    for count, floor in ((10, 0.02), (20, 0.001)):
        rows = found[points == count]
        assert rows["effort"].tolist() == [10, 100, 1000, 10000]
        assert rows["discretisation"].tolist() == pytest.approx([floor + 1e-5] * 4)
        assert rows["optimisation"].tolist() == pytest.approx([0.1 / n - 1e-5 for n in rows["effort"]])
        assert (rows["discretisation"] + rows["optimisation"]).tolist() == pytest.approx(rows["error"].tolist())
        assert rows["share"].iloc[0] == pytest.approx((0.01 - 1e-5) / (floor + 0.01))
        assert rows["settled"].all()
        assert set(rows["curve"]) == {f"net[points={count}]"}
    short = error_split.split(curves(*trained(0.001, epochs=(10, 100))))
    assert not short["settled"].any()  # the longest training has not come near the floor, and says so
    assert short["discretisation"].iloc[0] == pytest.approx(0.002)


def test_a_limit_that_is_known_takes_the_place_of_the_longest_training(curves, trained):
    found = error_split.split(curves(*trained(0.02, epochs=(10,))), limit=0.02)
    assert found["optimisation"].item() == pytest.approx(0.01)
    assert found["settled"].all()
    lucky = error_split.split(curves(*trained(0.01, epochs=(10, 100))), limit=0.0177)
    assert lucky["optimisation"].tolist() == pytest.approx([0.0023, -0.0067])  # on the other side of the solution


def test_norms_bound_the_distance_to_the_limit():
    """Of functions with a known difference: the distance is never below |optimisation|, nor above error + limit."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        to_limit, to_solution = rng.normal(size=(2, 50)) * rng.lognormal(size=(2, 1))
        error, limit = np.abs(to_limit + to_solution).max(), np.abs(to_solution).max()
        assert abs(error - limit) <= np.abs(to_limit).max() + 1e-12
        assert np.abs(to_limit).max() <= error + limit + 1e-12


def test_what_was_trained_for_one_length_or_failed_is_left_out(curves, trained):
    once, twice = trained(0.1, epochs=(10,), problem="one"), trained(0.1, epochs=(10, 100), problem="two")
    assert set(error_split.split(curves(*once, *twice))["problem"]) == {"two"}
    twice[0].status, twice[0].max_abs_error = "failed", None
    nothing = error_split.split(curves(*once, *twice))
    assert nothing.empty
    assert list(nothing.columns) == list(error_split.COLUMNS)


def test_questions_without_an_answer_are_refused(curves, row, trained):
    with pytest.raises(BadQuestion, match="a parameter 'epochs'"):
        error_split.split(curves(row("fast")))
    assert not error_split.split(curves(row("fast"), *trained(0.1))).empty
    for limit in (0.0, -1.0, NAN, INF):
        with pytest.raises(BadQuestion, match="a limit above zero"):
            error_split.split(curves(*trained(0.1)), limit=limit)


def test_a_network_of_backward_differences_comes_to_the_error_of_implicit_euler(one_thread, host, row, curves):
    """The discretisation is that of implicit Euler at the same step, which is computed here by hand."""
    problem, solver = host.problems["decay"](), host.solvers["pinn-finite-difference"]
    samples = []
    for epochs in (5, 20, 40):
        params = {"epochs": epochs, "points": 11, "optimizer": "lbfgs"}
        y = solver.function(problem, problem.t_eval, **solver.resolve(params), seed=0).y
        error = float(np.abs(y - problem.exact(problem.t_eval)).max())
        samples.append(row("net", 1.0, error, case_id=f"net/{epochs}", solver_params=params))
    found = error_split.split(curves(*samples))
    times = np.linspace(0.0, 2.0, 11)
    implicit, explicit = (np.abs(y ** np.arange(11.0) - np.exp(-times)).max() for y in (1 / 1.2, 0.8))
    assert found["settled"].all()
    assert found["discretisation"].iloc[0] == pytest.approx(implicit, rel=0.05)
    assert found["discretisation"].iloc[0] != pytest.approx(explicit, rel=0.05)
    assert found["optimisation"].iloc[0] > 0.1 * implicit


def test_nothing_measured_is_no_error(curves, row):
    failed = curves(row("net", None, None, status="failed", solver_params={"epochs": 10}))
    assert error_split.split(failed).empty
    assert isinstance(paid(failed), pd.DataFrame)
