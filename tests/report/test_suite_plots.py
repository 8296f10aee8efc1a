"""Figures over ladders and suites: their artists are what `Results` has found, which other tests hold to the truth."""

import math

import numpy as np
import pytest
from helpers.optional import optional
from helpers.plot_runs import ladder, results, sample

from odebench.errors import NothingToDraw
from odebench.report import plots
from odebench.report.plots import files

optional("matplotlib", "draws")


@pytest.fixture(scope="module")
def some(tmp_path_factory):
    """Two fixed-step methods of known orders, an adaptive one, and a network, on two problems."""
    rows = []
    for problem, factor in (("decay", 1.0), ("other", 4.0)):
        rows += ladder("euler", "steps", 1, 1e-1 * factor, problem)
        rows += ladder("rk4", "steps", 4, 1e-2 * factor, problem)
        rows += [
            sample(
                "adaptive", 1e-3 * (k + 1), 3.0 * 10.0**-k, problem, params={"rtol": 10.0**-k}, rhs_calls=10.0 * k + 5
            )
            for k in range(1, 7)
        ]
        rows += [
            sample(
                "network", 1.0, 1e-3, problem, first_s=9.0, query_s=1e-4, epochs=7.0, n_parameters=5.0, final_loss=0.1
            )
        ]
    rows.append(sample("euler", None, None, params={"steps": 5}, status="diverged", reason="why"))
    return results(tmp_path_factory.mktemp("run") / "run", rows)


def lines(axes, gid):
    return [line for line in axes.lines if str(line.get_gid()).startswith(gid)]


def caption(figure):
    return " ".join(text.get_text() for text in figure.texts if text.get_gid() == "caption").replace("\n", " ")


def test_orders_are_the_slopes_of_the_grey_lines_and_written_beside_them(some):
    figure = plots.orders(some)
    assert [axes.get_title() for axes in figure.axes] == ["decay", "other"]
    for axes in figure.axes:
        for curve, order in (("euler", 1), ("rk4", 4)):
            (points,), (line,) = lines(axes, f"curve {curve}"), lines(axes, f"order {curve}")
            np.testing.assert_array_equal(points.get_xdata(), 10 * 2.0 ** np.arange(5))
            x, y = (np.log(np.asarray(values, dtype=float)) for values in line.get_data())
            assert (y[1] - y[0]) / (x[1] - x[0]) == pytest.approx(-order, rel=1e-6)
            np.testing.assert_allclose(line.get_ydata()[0], points.get_ydata()[0], rtol=1e-6)
        assert sorted(t.get_text() for t in axes.texts) == ["1.00", "4.00"]
    assert "1 of 35 cases is not ok: 1 diverged." in caption(figure)


def test_tolerance_lies_above_the_line_of_equality_by_its_factor(some):
    figure = plots.tolerance(some)
    (curve,), (equal,) = lines(figure.axes[0], "curve adaptive"), lines(figure.axes[0], "equal")
    np.testing.assert_allclose(curve.get_ydata(), 3.0 * np.asarray(curve.get_xdata()))
    np.testing.assert_array_equal(equal.get_xdata(), equal.get_ydata())
    assert [line.get_gid() for line in lines(figure.axes[0], "curve ")] == ["curve adaptive"]  # no steps


def test_any_statistic_is_drawn_against_any_other(some):
    figure = plots.against(some, "rhs_calls", "wall_s_median")
    (curve,) = lines(figure.axes[0], "curve ")
    assert sorted(zip(*curve.get_data(), strict=True)) == [(10.0 * k + 5, 1e-3 * (k + 1)) for k in range(1, 7)]
    assert (figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()) == ("rhs calls", "time of a solve (s)")
    with pytest.raises(NothingToDraw, match="has both peak_rss_mb and wall_s_median"):
        plots.against(some, "peak_rss_mb", "wall_s_median")


def test_sizes_of_a_problem_share_a_panel(tmp_path):
    rows = [
        sample(
            "rk4", 1e-3 * n, 1e-3, problem_params={"n": n}, case_id=f"heat/rk4/{n}", peak_rss_mb=2.0 * n, problem="heat"
        )
        for n in (10, 100, 1000)
    ]
    figure = plots.against(results(tmp_path / "run", rows), "problem.n", "peak_rss_mb")
    (axes,) = figure.axes
    (curve,) = lines(axes, "curve ")
    assert [tuple(p) for p in curve.get_xydata()] == [(10, 20), (100, 200), (1000, 2000)]
    assert axes.get_ylabel() == "peak rss mb (MiB)"


@pytest.mark.parametrize(("figure", "x"), [("performance_profile", "tau"), ("data_profile", "budget")])
def test_profiles_are_the_steps_that_results_found(some, figure, x):
    drawn = getattr(plots, figure)(some, error=1e-2)
    (axes,) = drawn.axes
    found = some.performance_profile(1e-2) if x == "tau" else some.data_profile(1e-2, "wall_s_median")
    for name in ("rk4", "network"):
        (line,) = lines(axes, f"curve {name}")
        steps = found[(found["solver"] == name) & (found[x] > 0)]
        assert line.get_drawstyle() == "steps-post"
        np.testing.assert_allclose(line.get_xdata()[:-1], steps[x])
        np.testing.assert_allclose(line.get_ydata()[:-1], steps["fraction"])
    assert "Solved: an error of at most 0.01; of 2 problems." in caption(drawn)
    with pytest.raises(NothingToDraw, match="nobody comes to an error of 1e-300"):
        getattr(plots, figure)(some, error=1e-300)


def test_speedups_are_against_an_integrator_with_their_intervals(some):
    figure = plots.speedups(some, error=1e-2)
    (axes,) = figure.axes
    assert axes.get_title().startswith("against ")
    baseline = axes.get_title().removeprefix("against ")
    assert baseline == "rk4"  # all solve both problems, and none is as fast
    table = some.speedups(1e-2)
    found = table[(table["baseline"] == baseline) & (table["both"] > 0)].set_index("solver")["speedup"]
    names = [label.get_text() for label in axes.get_yticklabels()]
    shown = {names[int(line.get_ydata()[0])]: line.get_xdata()[0] for line in lines(axes, "speed-up")}
    assert shown == pytest.approx(dict(found))
    (line,) = lines(axes, "line")
    assert line.get_xdata()[0] == 1.0


def test_speedups_are_against_the_integrator_that_solves_most_problems(tmp_path):
    solved = {"most": "123456", "fewer": "12347", "few": "156", "network": "1234567"}
    rows = [sample(name, 1.0, 1e-3, problem) for name, problems in solved.items() for problem in problems]
    (axes,) = plots.speedups(results(tmp_path / "run", rows), error=1e-2).axes
    assert axes.get_title() == "against most"


def test_the_cost_is_split_into_first_call_solve_and_query(some):
    axes = plots.cost_split(some).axes[0]
    row = [label.get_text() for label in axes.get_yticklabels()].index("network")
    found = {line.get_gid(): line.get_xdata()[0] for line in axes.lines if list(line.get_ydata()) == [row]}
    assert found == {"first call": 9.0, "solve": 1.0, "query of the dense solution": 1e-4}


def test_break_even_shows_the_numbers_or_never(some):
    axes = plots.break_even(some).axes[0]
    numbers = [line.get_xdata()[0] for line in lines(axes, "against solving anew")]
    assert numbers == [math.ceil(1.0 / (2e-3 - 1e-4))]  # rk4 is as accurate in 2 ms, a query takes 0.1 ms


def test_an_error_is_split_where_trainings_differ_in_length(some, tmp_path):
    rows = [sample("network", 1.0 + k, 1e-2 + 10.0 ** -(k + 2), params={"epochs": 10**k}) for k in range(3)]
    figure = plots.error_split(results(tmp_path / "run", rows))
    first = {line.get_gid(): line.get_xdata()[0] for line in figure.axes[0].lines if list(line.get_ydata()) == [0]}
    longest = 1e-2 + 1e-4
    assert first["error"] == pytest.approx(2e-2)
    assert first["of the discretisation"] == pytest.approx(longest)
    assert first["of the optimisation"] == pytest.approx(2e-2 - longest)
    with pytest.raises(NothingToDraw, match="nothing to draw"):
        plots.error_split(some)


def test_pointwise_errors_are_those_of_the_closest_rung(tmp_path):
    def over_time(error):
        return {"t": [0.0, 0.5, 1.0], "abs_error": [0.0, error / 2, error]}

    rows = [
        sample("rk4", 1.0, 10.0**-k, params={"steps": 10 * k}, error_over_time=over_time(10.0**-k)) for k in (1, 2, 3)
    ]
    figure = plots.pointwise_error(results(tmp_path / "run", rows))
    (line,) = lines(figure.axes[0], "curve ")
    assert line.get_xydata().tolist() == [[0.5, 0.0005], [1.0, 0.001]]
    assert figure.axes[0].get_yscale() == "log"


@pytest.mark.parametrize(
    "name", ["orders", *(pytest.param(n, marks=pytest.mark.slow) for n in ("cost_split", "tolerance"))]
)
def test_a_figure_is_the_same_bytes_again(some, name):
    first, second = (files.written(getattr(plots, name)(some), "svg") for _ in range(2))
    assert first == second


def test_figures_of_times_say_how_many_of_them_scatter(tmp_path):
    def rows(scatter):
        for solver, seconds, error in (("rk4", 1.0, 1e-6), ("euler", 2.0, 1e-5), ("network", 4.0, 1e-5)):
            for k in range(5):
                more = {"query_s": 1e-4, "first_s": 5.0, "rhs_calls": 7.0, "final_loss": 0.1}
                factor = 1 + (scatter if solver == "euler" else 0.001) * k
                yield sample(solver, seconds * factor, error, repeat=k, started_at=f"{solver}{k}", **more)

    figures = {
        "speedups": lambda run: plots.speedups(run, error=1e-3),
        "performance": lambda run: plots.performance_profile(run, error=1e-3),
        "data": lambda run: plots.data_profile(run, error=1e-3),
        "costs": plots.cost_split,
        "break-even": plots.break_even,
        "against": lambda run: plots.against(run, "rhs_calls", "wall_s_median"),
    }
    disturbed, steady = results(tmp_path / "disturbed", rows(0.3)), results(tmp_path / "steady", rows(0.001))
    for name, draw in figures.items():
        assert "The times of 1 of 3 cases scatter." in caption(draw(disturbed)), name
        assert "scatter" not in caption(draw(steady)), name
    without = plots.against(disturbed, "rhs_calls", "max_abs_error_median")
    assert "scatter" not in caption(without)
