"""Observed orders, and error against tolerance: on errors that follow a known law, and on methods that do."""

import math

import numpy as np
import pytest
from helpers.optional import lazy

from odebench import tables
from odebench.analysis import aggregate, ladders, orders
from odebench.journal import Run

pd = lazy("pandas")
stats = lazy("scipy.stats")

STEPS = [10, 20, 40, 80, 160, 320]


@pytest.fixture
def curves(tmp_path):
    """Cases as `ladders.assign` hands them on."""

    def of(*rows, ladder=("steps", "rtol")):
        run = Run.create(tmp_path / f"run{len(list(tmp_path.iterdir()))}", {})
        for one in rows:
            run.append(one)
        cases = aggregate.by_case(tables.samples(run))
        return ladders.assign(cases, dict.fromkeys(cases["solver"].unique(), ladder))

    return of


@pytest.fixture
def rungs(row):
    """A sample for each value of a parameter, with an error that is a function of it."""

    def make(error, values, name="steps", solver="one", **others):
        return [
            row(solver, 1.0, error(v), case_id=f"{solver}/{name}/{v}", solver_params={name: v}, **others)
            for v in values
        ]

    return make


def rk4_error(steps):
    """Of the classical Runge-Kutta method on y' = -y over [0, 1], whose order is 4."""
    h = 1.0 / steps
    return abs((1 - h + h**2 / 2 - h**3 / 6 + h**4 / 24) ** steps - math.exp(-1.0))


def test_the_line_is_scipys():
    rng = np.random.default_rng(0)
    x = 10.0 ** -np.arange(2.0, 12.0)
    y = 3.0 * x**0.9 * 10 ** rng.normal(0, 0.2, len(x))
    fitted, known = orders.line(x, y), stats.linregress(np.log10(x), np.log10(y))
    assert fitted.slope == pytest.approx(known.slope)
    left = np.log10(y) - known.intercept - known.slope * np.log10(x)
    assert fitted.scatter == pytest.approx(left.std(ddof=2))
    assert 10**fitted.height == pytest.approx(stats.gmean(y / x))
    low, high = stats.theilslopes(np.log10(y), np.log10(x))[2:]
    assert low <= fitted.slope <= high
    assert not low <= fitted.slope + 0.3 <= high


@pytest.mark.parametrize(("true", "wrong"), [(1.0, 1.3), (4.0, 3.0)])
def test_an_order_is_found_between_steps_too_large_and_the_floor_of_rounding(curves, rungs, true, wrong):
    """Too few steps oscillate; at the fine end rounding grows as the root of the steps."""
    start = 1e-3 if true == 4 else 1e-11
    errors = dict(zip(STEPS, [3.0, 0.5, *(start * (s / 40.0) ** -true for s in STEPS[2:])], strict=True))
    errors |= {s: 4.0 * errors[320] * (s / 640) ** 0.5 for s in (640, 1280, 2560)}
    found = orders.observed(curves(*rungs(errors.get, list(errors))), {"one": true}).iloc[0]
    assert found["order"] == pytest.approx(true, abs=1e-9)
    assert (found["points"], found["rungs"], found["steps_from"], found["steps_to"]) == (4, 9, 40, 320)
    assert (found["declared"], found["by"], found["remark"]) == (true, "steps", "")
    assert found["residual"] == pytest.approx(0.0, abs=1e-9)
    naive = -stats.linregress(np.log(list(errors)), np.log(list(errors.values()))).slope
    assert abs(naive - true) > 0.2  # what a line through all of them would say
    assert found["order"] != pytest.approx(wrong, abs=0.1)


def test_the_order_of_a_method_whose_order_is_known(curves, rungs):
    steps = [5 * 2**k for k in range(12)]  # until rounding
    found = orders.observed(curves(*rungs(rk4_error, steps)), {}).iloc[0]
    assert found["order"] == pytest.approx(4.0, abs=0.1)
    assert math.isnan(found["declared"])
    assert found["points"] < len(steps)
    fine = [s for s in steps if found["steps_from"] <= s <= found["steps_to"]]
    slope = stats.theilslopes(np.log([rk4_error(s) for s in fine]), np.log(fine)).slope
    assert found["order"] == pytest.approx(-slope, abs=0.1)
    euler = orders.observed(curves(*rungs(lambda s: abs((1 - 1 / s) ** s - math.exp(-1)), steps)), {"one": 4}).iloc[0]
    assert euler["order"] == pytest.approx(1.0, abs=0.1)
    assert abs(euler["order"] - euler["declared"]) > 2


def test_reported_steps_count_before_the_parameter_and_points_of_a_grid_one_less(curves, rungs):
    points = [6, 11, 21, 41]
    of_points = orders.observed(curves(*rungs(lambda p: (p - 1.0) ** -2, points, "points"), ladder=["points"]), {})
    assert of_points["order"].item() == pytest.approx(2.0)
    assert of_points["by"].item() == "points"
    squared = rungs(lambda s: s**-4.0, STEPS)
    for sample, count in zip(squared, STEPS, strict=True):
        sample.steps = count**2
    found = orders.observed(curves(*squared), {}).iloc[0]
    assert found["order"] == pytest.approx(2.0)
    assert found["steps_to"] == 320**2


def test_a_grid_of_one_point_has_no_step_and_is_no_point(curves, rungs):
    found = orders.observed(
        curves(*rungs(lambda n: float(n) ** -2, [1, 11, 21, 41, 81], "points"), ladder=("points",)), {}
    )
    assert (found["points"].item(), found["rungs"].item(), found["steps_from"].item()) == (4, 5, 10)


def test_what_failed_or_stands_at_the_floor_is_no_point(curves, rungs, row):
    samples = rungs(lambda s: s**-1.0, STEPS)
    samples[0].status, samples[0].max_abs_error = "failed", None
    samples[-1].reference_error = 1.0
    found = orders.observed(curves(*samples), {}).iloc[0]
    assert (found["points"], found["rungs"], found["steps_from"], found["steps_to"]) == (4, 6, 20, 160)
    for sample in samples[1:4]:
        sample.status, sample.max_abs_error = "failed", None
    few = orders.observed(curves(*samples), {}).iloc[0]
    assert math.isnan(few["order"])
    assert few["remark"] == "1 rungs above the floor: three make an order"


def test_an_error_that_stands_still_has_no_order(curves, rungs):
    still = orders.observed(curves(*rungs(lambda s: 1e-3, STEPS)), {}).iloc[0]
    assert math.isnan(still["order"])
    assert still["remark"].startswith("nowhere along the ladder")
    assert still["points"] == 0


def test_ladders_of_tolerances_training_and_several_parameters_set_no_steps(curves, rungs, row):
    tolerances = rungs(lambda r: r, [1e-3, 1e-5, 1e-7], "rtol")
    training = rungs(lambda e: 1 / e, [10, 20, 40], "epochs", "network")
    several = [
        row("both", 1.0, 1 / k, case_id=f"both/{k}", solver_params={"steps": k, "width": k}) for k in (10, 20, 40)
    ]
    single = rungs(lambda s: 1 / s, [10], solver="alone")
    table = curves(*tolerances, *training, *several, *single, ladder=("steps", "rtol", "epochs", "width"))
    assert orders.observed(table, {}).empty
    assert orders.proportionality(table)["curve"].tolist() == ["one"]


def test_achieved_error_against_the_tolerance(curves, rungs):
    tolerances = [10.0**-k for k in range(2, 11)]
    noise = dict(zip(tolerances, np.random.default_rng(1).normal(0, 0.1, len(tolerances)), strict=True))
    samples = rungs(lambda r: 5.0 * r**0.8 * 10 ** noise[r], tolerances, "rtol")
    found = orders.proportionality(curves(*samples)).iloc[0]
    errors = [s.max_abs_error for s in samples]
    known = stats.linregress(np.log10(tolerances), np.log10(errors))
    assert found["slope"] == pytest.approx(known.slope)
    assert found["slope"] == pytest.approx(0.8, abs=0.05)
    assert abs(found["slope"] - 1) > 0.1  # not proportional, and it shows
    assert 0.05 < found["scatter"] < 0.2
    assert found["ratio"] == pytest.approx(stats.gmean(np.array(errors) / tolerances))
    assert (found["by"], found["points"], found["rungs"]) == ("rtol", 9, 9)
    exact = orders.proportionality(curves(*rungs(lambda r: 2 * r, tolerances, "rtol"))).iloc[0]
    assert (exact["slope"], exact["scatter"], exact["ratio"]) == pytest.approx((1.0, 0.0, 2.0), abs=1e-9)


def test_two_tolerances_make_no_slope(curves, rungs):
    found = orders.proportionality(curves(*rungs(lambda r: r, [1e-3, 1e-4], "rtol"))).iloc[0]
    assert math.isnan(found["slope"])
    assert found["remark"] == "2 rungs above the floor: three make a slope"


@pytest.mark.parametrize("ask", [lambda c: orders.observed(c, {}), orders.proportionality])
def test_a_run_without_ladders_or_in_which_everything_failed_has_no_answer_and_no_error(ask, curves, row, rungs):
    assert ask(curves(row("a"), row("b"))).empty
    failed = rungs(lambda s: None, [10, 20, 40], "steps") + rungs(lambda s: None, [0.1, 0.01], "rtol", "two")
    for sample in failed:
        sample.status = "failed"
    answer = ask(curves(*failed))
    assert len(answer) == 1
    assert isinstance(answer, pd.DataFrame)
    assert answer["points"].item() == 0
