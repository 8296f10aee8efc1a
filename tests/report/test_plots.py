"""Figures show the numbers they are given, in files that read well without colour and the same each time."""

import itertools
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from functools import cache
from inspect import isfunction

import click
import numpy as np
import pytest
from helpers.optional import optional
from helpers.plot_runs import ladder, results, sample

from odebench.cli.plot import FIGURES
from odebench.errors import BadParameter, NothingToDraw, OutputError
from odebench.measurement import Checkpoint
from odebench.report import plots
from odebench.report.plots import files, looks, style

optional("matplotlib", "draws")

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def some(tmp_path_factory):
    """Two integrators, a network and an oracle on two problems; one case failed, one is at the reference's floor."""
    rows = [
        *ladder("euler", "steps", 1, 1e-1),
        *ladder("rk4", "steps", 4, 1e-2),
        *ladder("network", "width", 0.5, 1e-3),
        *ladder("rk4", "steps", 4, 1e-1, problem="other"),
        sample("network", 1e-2, 1e-20, "other", params={"width": 10}),
        sample("network", None, None, params={"width": 1}, status="diverged", reason="not finite"),
        sample("analytic", 1e-6, 0.0, oracle=True),
    ]
    return results(tmp_path_factory.mktemp("run") / "run", rows)


@pytest.fixture(scope="module")
def of_size(some):
    """Return a function that draws work and precision in a size, once per size."""
    return cache(lambda size: plots.work_precision(some, size=size))


@pytest.fixture(scope="module")
def drawn(of_size):
    return of_size("page")


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """A run of a single sample."""
    return results(tmp_path_factory.mktemp("run") / "run", [sample("euler", 1.0, 1e-3)])


def artists(figure, gid):
    return [a for axes in figure.axes for a in [*axes.lines, *axes.patches] if str(a.get_gid()).startswith(gid)]


def curves(axes):
    return {line.get_label(): line for line in axes.lines if str(line.get_gid()).startswith("curve ")}


def caption(figure):
    return " ".join(text.get_text() for text in figure.texts if text.get_gid() == "caption").replace("\n", " ")


def legend(figure):
    return [text.get_text() for box in figure.legends for text in box.get_texts()]


def test_each_curve_is_its_ladders_numbers_in_order(drawn):
    decay, other = drawn.axes
    assert (decay.get_title(), other.get_title()) == ("decay", "other")
    assert (decay.get_xscale(), decay.get_yscale()) == ("log", "log")
    assert set(curves(decay)) == {"euler", "rk4", "network", "analytic"}
    for name, slope, first in (("euler", 1, 1e-1), ("rk4", 4, 1e-2), ("network", 0.5, 1e-3)):
        x, y = curves(decay)[name].get_data()
        np.testing.assert_allclose(x, 1e-3 * 2.0 ** np.arange(5))
        np.testing.assert_allclose(y, first * 2.0 ** (-slope * np.arange(5)))
    np.testing.assert_allclose(curves(other)["rk4"].get_ydata(), 1e-1 * 2.0 ** (-4.0 * np.arange(5)))


def test_the_front_is_the_staircase_of_those_that_nobody_beats(drawn, some):
    (front,) = (line for line in drawn.axes[0].lines if line.get_gid() == "front")
    cases = some.cases
    best = cases[(cases["problem"] == "decay") & cases["on_front"].astype(bool)].sort_values("wall_s_median")
    np.testing.assert_allclose(front.get_xdata(), best["wall_s_median"])
    np.testing.assert_allclose(front.get_ydata(), best["max_abs_error_median"])
    assert front.get_drawstyle() == "steps-post"
    assert (np.diff(front.get_ydata()) < 0).all()
    assert front.get_zorder() < min(line.get_zorder() for line in curves(drawn.axes[0]).values())


def test_what_is_at_the_references_floor_is_hollow_with_an_arrow(drawn):
    decay, other = drawn.axes
    (hollow,) = artists(drawn, "at floor")
    assert hollow in other.lines
    assert hollow.get_xydata().tolist() == [[1e-2, 1e-16]]
    assert hollow.get_markerfacecolor() == "white"
    (arrow,) = (text for text in other.texts if text.arrow_patch is not None)
    assert tuple(arrow.xy) == (1e-2, 1e-16)
    assert arrow.get_position()[1] < 0  # it points down
    assert not [text for text in decay.texts if text.arrow_patch is not None]  # the oracle has a sign of its own
    assert "Hollow: no larger than the reference's own error." in caption(drawn)


def test_networks_integrators_and_oracles_are_kept_apart_without_colours(drawn):
    of = curves(drawn.axes[0])
    assert {of["euler"].get_linestyle(), of["rk4"].get_linestyle()} == {"-"}
    assert of["network"].get_linestyle() == "--"
    assert (of["analytic"].get_marker(), of["analytic"].get_linestyle()) == ("+", "None")
    assert len({line.get_marker() for line in of.values()}) == 4
    assert legend(drawn) == ["euler", "rk4", "network", "analytic (oracle)", "front"]
    assert [box.get_title().get_text() for box in drawn.legends] == ["integrators", "networks", ""]


def test_the_strongest_classical_solvers_stand_beside_networks_that_are_chosen(tmp_path, odebench):
    results(
        tmp_path / "run",
        [*ladder("rk4", "steps", 4, 1e-2), *ladder("euler", "steps", 1, 1e-1), sample("network", 1.0, 1e-3)],
    )
    done = odebench("plot", "run", "-s", "network", "--work-precision", "-o", "beside.svg")
    assert done.returncode == 0, done.stderr
    assert "Beside networks: 5 cases of the strongest classical solvers; --rank-anew leaves them out." in done.stderr
    svg = (tmp_path / "beside.svg").read_text()
    assert [f'id="curve {name}"' in svg for name in ("network", "rk4", "euler")] == [True, True, False]
    done = odebench("plot", "run", "-s", "network", "--work-precision", "--rank-anew", "-o", "alone.svg")
    assert "Beside" not in done.stderr
    alone = (tmp_path / "alone.svg").read_text()
    assert [f'id="curve {name}"' in alone for name in ("network", "rk4")] == [True, False]
    assert ["No classical solver." in text for text in (alone, svg)] == [True, False]


def test_no_two_curves_look_alike_in_black_and_white():
    names = [(f"{kind}{k}", kind) for kind in ("network", "integrator") for k in range(looks.MOST)]
    found = looks.looks(names)
    assert len({(look.marker, look.line) for look in found.values()}) == len(names)
    networks, integrators = (
        {look.line for name, look in found.items() if name.startswith(kind)} for kind in ("network", "integrator")
    )
    assert networks.isdisjoint(integrators)


def test_eight_curves_have_eight_colours():
    found = looks.looks([(f"{kind}{k}", kind) for kind in ("network", "integrator") for k in range(4)])
    assert len({look.colour for look in found.values()}) == 8


def luminance(colour):
    from matplotlib.colors import to_rgb

    return float(np.dot([0.2126, 0.7152, 0.0722], to_rgb(colour)))


def test_lines_stand_out_from_white_and_from_the_front():
    found = looks.looks([(str(k), "network" if k % 2 else "integrator") for k in range(16)])
    assert max(luminance(look.colour) for look in found.values()) < 0.7 < luminance(style.PALE) < 0.9


def test_what_failed_is_counted_and_scattering_times_are_barred(drawn, tmp_path):
    assert "1 of 23 cases is not ok: 1 diverged." in caption(drawn)
    steady = [sample("rk4", 1.0 + 0.001 * k, 1e-3, repeat=k, started_at=str(k)) for k in range(5)]
    scattered = [sample("euler", 2.0 + 0.5 * k, 1e-2, repeat=k, started_at=str(k)) for k in range(5)]
    figure = plots.work_precision(results(tmp_path / "run", steady + scattered))
    (bar,) = artists(figure, "unstable")
    assert bar.get_xdata()[0] == 2.0
    assert bar.get_xdata()[1] >= 3.0
    assert list(bar.get_ydata()) == [1e-2, 1e-2]
    assert "Bars: times that scatter." in caption(figure)
    assert "Bars" not in caption(drawn)


def test_errors_that_have_left_the_solution_do_not_squash_the_picture(tmp_path):
    rows = [*ladder("rk4", "steps", 4, 1e-2), sample("rk4", 1e-4, 1e200, params={"steps": 1})]
    figure = plots.work_precision(results(tmp_path / "run", rows))
    assert figure.axes[0].get_ylim()[1] < 1
    assert "1 case with an error above 1000 lies outside." in caption(figure)


def test_of_very_many_curves_those_on_the_front_have_a_look_of_their_own(tmp_path):
    rows = [sample("rk4", 1.0 + k, 1.0 / (1 + k % 20), params={"variant": f"v{k}"}) for k in range(40)]
    figure = plots.work_precision(results(tmp_path / "run", rows))
    named = [name for name in legend(figure) if name.startswith("rk4")]
    assert len(named) == looks.MOST
    assert "24 others" in legend(figure)
    assert len(curves(figure.axes[0])) == 40


NASTY = "a<b>&amp;$x_1$ %s \\alpha^2 \"q\" 'p' é\n</svg><script>\x00\x07"


@pytest.fixture
def nasty(tmp_path):
    trace = [Checkpoint(k, 0.01 * k, 0.5**k, 0.7**k, 0.1, 0.8**k) for k in range(1, 9)]
    return results(
        tmp_path / "run",
        [sample(NASTY, 1.0, 1e-3, NASTY, trace=trace), sample("rk4", 2.0, 1e-4, NASTY, trace=trace)],
    )


@pytest.mark.parametrize("name", FIGURES)
def test_names_of_any_letters_are_text_in_a_valid_svg_and_no_mathematics(nasty, name):
    figure = make(name, nasty)
    if figure is None:
        return
    svg = files.written(figure, "svg").decode()
    texts = [" ".join("".join(t.itertext()).split()) for t in ET.fromstring(svg).iter(f"{SVG}text")]
    assert "a<b>&amp;$x_1$ %s \\alpha^2 \"q\" 'p' é </svg><script>" in texts
    assert "<script" not in svg


def make(name, of):
    """The figure of that flag; None where these rows have nothing for it."""
    try:
        return getattr(plots, name.replace("-", "_"))(of)
    except NothingToDraw:
        return None


def test_text_is_text_and_the_same_figure_is_the_same_bytes(some, drawn):
    first, second = drawn, plots.work_precision(some)
    for ending in files.ENDINGS:
        content = files.written(first, ending)
        assert content == files.written(second, ending), ending
        assert str(2026).encode() not in content or ending == "png"  # no date
    svg = ET.fromstring(files.written(first, "svg"))
    texts = ["".join(t.itertext()) for t in svg.iter(f"{SVG}text")]
    assert {"decay", "euler", "network", "largest error", "time of a solve (s)", "10⁻³"} <= set(texts)
    assert any("1 of 23 cases is not ok" in text for text in texts)


def test_fonts_are_embedded_as_truetype(one):
    pdf = files.written(plots.work_precision(one), "pdf")
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf


def test_sizes_are_those_of_a_column_a_page_and_a_slide(some, of_size):
    for name, width in (("column", 3.5), ("page", 7.16), ("slide", 13.33)):
        figure = of_size(name)
        assert figure.get_figwidth() == width
        assert curves(figure.axes[0])["rk4"].get_markersize() == style.SIZES[name].marker
    assert of_size("column").axes[0].get_position().width > 0.7  # one panel abreast
    with pytest.raises(BadParameter, match=r"no figure size 'colum'\. Did you mean 'column'"):
        plots.work_precision(some, size="colum")


def overlaps(figure):
    """Pairs of panels, legends and captions that lie over each other, in the drawn figure."""
    figure.draw_without_rendering()
    texts = [text for text in figure.texts if text.get_gid() == "caption"]
    things = [(str(thing), thing.get_tightbbox()) for thing in [*figure.axes, *figure.legends, *texts]]
    inside = [(name, box.padded(-1)) for name, box in things]
    return [(a, b) for (a, one), (b, two) in itertools.combinations(inside, 2) if one.overlaps(two)]


@pytest.mark.parametrize(
    "size", [pytest.param(size, marks=[pytest.mark.slow] if size == "slide" else []) for size in style.SIZES]
)
def test_nothing_lies_over_anything_else_and_nothing_is_cut_off(some, of_size, size):
    for figure in (of_size(size), plots.times(some, size=size)):
        assert overlaps(figure) == []
        whole = figure.bbox.padded(1)
        for thing in [*figure.axes, *figure.legends, *figure.texts]:
            box = thing.get_tightbbox()
            assert box.x0 >= whole.x0, thing
            assert box.y0 >= whole.y0, thing
            assert box.y1 <= whole.y1, thing
    figure.legend(["a"], loc="center")
    assert overlaps(figure) != []


def test_the_users_own_style_makes_no_difference_and_is_left_alone(one):
    import matplotlib

    before = files.written(plots.work_precision(one), "svg")
    with matplotlib.rc_context({"text.usetex": True, "font.size": 30, "lines.linewidth": 9, "axes.grid": True}):
        there = dict(matplotlib.rcParams)
        again = files.written(plots.work_precision(one), "svg")
        assert dict(matplotlib.rcParams) == there
    assert again == before


def test_times_are_the_medians_with_their_errors(some):
    figure = plots.times(some)
    decay, other = figure.axes
    points = [line.get_xydata()[0] for line in other.lines if line.get_gid() in ("integrator", "network")]
    np.testing.assert_allclose(sorted(x for x, _ in points), sorted([*(1e-3 * 2.0 ** np.arange(5)), 1e-2]))
    assert [y for _, y in points] == list(range(6))
    names = [label.get_text() for label in other.get_yticklabels()]
    assert names[0] == "rk4[steps=10]"
    assert names[4] == "network[width=10]"
    hollow = [line for line in other.lines if line.get_markerfacecolor() == "white"]
    assert [tuple(line.get_xydata()[0]) for line in hollow] == [(1e-2, 4)]
    assert [t.get_text() for t in other.texts][4] == "≤ 1.00e-16"
    assert len({line.get_marker() for line in decay.lines}) == 3


def test_convergence_draws_each_sample_against_the_solvers_own_time(tmp_path):
    traces = {
        k: [Checkpoint(n, 0.01 * n, 0.5**n, 0.7**n / (k + 1), 0.1, None if n == 3 else 0.8**n) for n in range(1, 9)]
        for k in (0, 1)
    }
    rows = [sample("network", 1.0, 1e-3, repeat=k, trace=trace, seed=k) for k, trace in traces.items()]
    rows.append(sample("euler", 1.0, 1e-3))
    figure = plots.convergence(results(tmp_path / "run", rows))
    assert [axes.get_ylabel() for axes in figure.axes] == ["largest error", "largest residual", "loss"]
    for axes, quantity in zip(figure.axes, ("max_abs_error", "max_residual", "loss"), strict=True):
        assert len(axes.lines) == 2
        for line, trace in zip(axes.lines, traces.values(), strict=True):
            good = [(c.wall_s, getattr(c, quantity)) for c in trace if getattr(c, quantity) is not None]
            np.testing.assert_allclose(line.get_xydata(), good)
    assert legend(figure) == ["network"]


def test_a_single_row_is_a_figure(one):
    for figure in (plots.work_precision(one), plots.times(one)):
        assert figure.axes[0].lines[-1].get_xdata()[0] == 1.0
        files.written(figure, "png")


@pytest.fixture(scope="module")
def without_figures(tmp_path_factory):
    """Runs that hold nothing to draw, each with what figures of times and errors report of it."""
    failed = [sample("euler", None, None, status="diverged"), sample("rk4", None, None, status="timeout")]
    odd = [sample("euler", float("nan"), float("nan")), sample("rk4", float("inf"), float("inf"))]
    directory = tmp_path_factory.mktemp("runs")
    return (
        results(directory / "empty", []),
        (results(directory / "failed", failed), "1 diverged, 1 timeout"),
        (results(directory / "odd", odd), "2 of 2 cases are not ok"),
    )


@pytest.mark.parametrize("name", FIGURES)
def test_what_holds_nothing_is_said_to(without_figures, name):
    function = getattr(plots, name.replace("-", "_"))
    empty, *others = without_figures
    with pytest.raises(NothingToDraw, match="the run has no samples"):
        function(empty)
    for run, says in others:
        counted = name in ("work-precision", "times", "cost-split")
        with pytest.raises(NothingToDraw, match=says if counted else "nothing to"):
            function(run)


def test_infinite_errors_beside_others_are_counted_and_not_drawn(tmp_path):
    rows = [sample("euler", 1.0, float("inf")), sample("rk4", 1.0, float("nan")), sample("network", 1.0, 1e-3)]
    figure = plots.work_precision(results(tmp_path / "run", rows))
    assert set(curves(figure.axes[0])) == {"network"}
    assert "2 of 3 cases are not ok: 2 failed." in caption(figure)


def test_the_flags_are_the_figures():
    from odebench.cli import main

    flags = {p.opts[0] for p in main.commands["plot"].params if isinstance(p, click.Option) and p.is_flag}
    made = {name.replace("_", "-") for name, value in vars(plots).items() if isfunction(value)} - {"against", "save"}
    assert {f"--{name}" for name in made} == flags - {"--debug", "--rank-anew"}
    assert set(FIGURES) == made


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A run of one ladder and a network."""
    rows = [*ladder("euler", "steps", 1, 1e-1), sample("network", 1e-2, 1e-3, params={"width": 10})]
    return results(tmp_path_factory.mktemp("run") / "run", rows)


def test_the_command_draws_all_it_can_or_what_is_asked(few, odebench, tmp_path):
    run = str(few.runs[0].directory)
    done = odebench("plot", run, "-o", "all")
    assert done.returncode == 0, done.stderr
    names = {path.name for path in (tmp_path / "all").iterdir()}
    assert {"times.svg", "work-precision.svg", "orders.svg", "cost-split.svg"} <= names
    assert "convergence.svg" not in names
    assert "not drawn    convergence: nothing to draw: the run holds no trace" in done.stderr
    done = odebench("plot", run, "--times", "--format", "pdf,png", "-o", "some", "--size", "column")
    assert done.stdout.split() == ["figure", "some/times.pdf", "figure", "some/times.png"]
    assert (tmp_path / "some" / "times.pdf").read_bytes().startswith(b"%PDF")
    done = odebench("plot", run, "--work-precision", "-o", "one.svg")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "all" / "work-precision.svg").read_bytes()


def test_the_command_draws_some_of_the_cases(some, odebench, tmp_path):
    run = str(some.runs[0].directory)
    done = odebench("plot", run, "--work-precision", "-p", "decay", "-s", "rk4", "-s", "net*", "-o", "some.svg")
    assert done.returncode == 0, done.stderr
    texts = {"".join(t.itertext()) for t in ET.parse(tmp_path / "some.svg").iter(f"{SVG}text")}
    assert {"decay", "rk4", "network"} <= texts
    assert texts.isdisjoint({"other", "euler", "analytic (oracle)"})
    done = odebench("plot", run, "--work-precision", "-s", "nobody", "-o", "none.svg")
    assert done.returncode == 2
    assert "no solver 'nobody' in these runs" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--convergence"], "the run holds no trace"),
        (["-o", "one.svg"], "expected one figure's flag"),
        (["--times", "-o", "one.svg", "--format", "pdf"], "and no other --format"),
        (["--times", "-o", "one.jpeg"], "cannot write the figure one.jpeg"),
        (["--format", "gif"], "received 'gif'"),
        (["--size", "huge"], "'huge' is not one of"),
        (["--times", "-o", "taken.txt/figures"], "cannot write the figure"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_drawn_is_said(one, odebench, tmp_path, arguments, says):
    (tmp_path / "taken.txt").write_text("")
    done = odebench("plot", str(one.runs[0].directory), *arguments)
    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def plot_in_a_process(one, tmp_path, **environment):
    clean = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")} | environment
    command = [sys.executable, "-m", "odebench", "plot", str(one.runs[0].directory), "--times", "-o", "t.svg"]
    return subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=False)


@pytest.mark.process
@pytest.mark.parametrize(
    "backend", ["no-such-backend", *(pytest.param(name, marks=pytest.mark.slow) for name in ("", "TkAgg"))]
)
def test_no_display_is_needed_whatever_the_backend(one, tmp_path, backend):
    done = plot_in_a_process(one, tmp_path, MPLBACKEND=backend)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "t.svg").exists()


def test_without_matplotlib_it_says_what_to_install(one, tmp_path):
    (tmp_path / "matplotlib.py").write_text("raise ImportError")
    done = plot_in_a_process(one, tmp_path, PYTHONPATH=str(tmp_path))
    assert done.returncode == 2
    assert "pip install 'odebench[plot]'" in done.stderr


def test_a_directory_that_cannot_be_written_is_said(drawn, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot write the figure"):
        files.save(drawn, tmp_path / "file" / "a.svg")
    with pytest.raises(OutputError, match=r"Give a name such as figure\.svg"):
        files.save(drawn, str(tmp_path / "a"))
