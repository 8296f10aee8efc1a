"""How a method converges, and the solution as it is learned, as files that hold what they should."""

import itertools
import os
import re
import subprocess
import sys
import warnings
import xml.etree.ElementTree as ET
from contextlib import chdir
from unittest import mock

import numpy as np
import pytest
from click.testing import CliRunner
from helpers.optional import optional
from helpers.plot_runs import results, sample

from odebench import IVP, Monitor, Solution, SolverFailed, recording, references, solver
from odebench.cli import main
from odebench.errors import BadSolution, OutputError
from odebench.measurement import Checkpoint
from odebench.report import animation, training

optional("matplotlib", "draws")

SVG = "{http://www.w3.org/2000/svg}"
PLUGIN = """
import numpy as np
from odebench import Monitor, Solution, hookimpl, solver

@solver
def halving(ivp, t_eval, *, steps=100, seed=0, monitor: Monitor | None = None):
    for n in range(1, steps + 1):
        monitor(n, 4.0 ** -n, lambda t, n=n: ivp.exact(t) + 2.0 ** -n)
    return Solution(ivp.exact(t_eval) + 2.0 ** -steps, lambda t: ivp.exact(t) + 2.0 ** -steps, {"epochs": steps})

@solver
def silent(ivp, t_eval):
    return Solution(ivp.exact(t_eval))

@hookimpl
def odebench_solvers(): return [halving, silent]
"""


@solver
def halving(ivp, t_eval, *, steps=40, fails_at=0, monitor: Monitor | None = None):
    """The error halves with each step, and so does half the logarithm of the loss."""
    for n in range(1, steps + 1):
        monitor(n, 4.0**-n, lambda t, n=n: ivp.exact(t) + 2.0**-n)
        if n == fails_at:
            raise SolverFailed("it lost its way")
    return Solution(ivp.exact(t_eval) + 2.0**-steps, stats={"epochs": steps})


@pytest.fixture(scope="module")
def ivp():
    turn = lambda t: np.stack([np.cos(t), -np.sin(t)], axis=-1)  # noqa: E731
    return IVP(lambda t, y, xp: xp.stack([y[..., 1], -y[..., 0]], -1), (0, 6), [1, 0], exact=turn)


@pytest.fixture
def recorded(ivp):
    def record(**params):
        return recording.record(halving, ivp, references.reference(ivp), params, seed=0)

    return record


def groups(path, name):
    """The groups of an SVG whose id is of that form."""
    return [g for g in ET.parse(path).iter(f"{SVG}g") if re.fullmatch(name, g.get("id", ""))]


def corners(group):
    """How many points its path has, the first and each that a line is drawn to."""
    return len(re.findall("[ML]", group.find(f".//{SVG}path").get("d")))


def test_frames_stand_at_growing_steps_and_end_with_the_solution(recorded):
    frames = recorded(steps=100).frames
    steps = [frame.checkpoint.step for frame in frames]
    assert steps[:5] == [1, 2, 3, 4, 5]
    assert steps[-1] == 100
    assert all(later > sooner for sooner, later in itertools.pairwise(steps))
    assert 15 < len(frames) < 30
    for frame in frames:
        error = frame.checkpoint.max_abs_error
        assert error == pytest.approx(max(2.0**-frame.checkpoint.step, 1e-16), rel=1e-6, abs=1e-15)
        assert np.abs(frame.y[0] - [1, 0]).max() == pytest.approx(error, abs=1e-15)


def test_time_spent_looking_is_not_the_solvers(ivp):
    import time

    slow = lambda checkpoint: time.sleep(0.02)  # noqa: E731
    frames = recording.record(halving, ivp, references.reference(ivp), {"steps": 10}, 0, slow).frames
    assert [frame.checkpoint.step for frame in frames] == [1, 2, 3, 4, 5, 6, 8, 10]
    assert frames[-1].checkpoint.wall_s < 0.02 * len(frames)


def test_a_solve_that_fails_is_recorded_up_to_there(recorded):
    recording_ = recorded(fails_at=3)
    assert [frame.checkpoint.step for frame in recording_.frames] == [1, 2, 3]
    assert recording_.failure == "it lost its way"


def test_a_solver_that_does_not_report_is_refused(ivp):
    @solver
    def silent(ivp, t_eval, *, monitor: Monitor | None = None):
        raise SolverFailed("at once")

    deaf = solver(lambda ivp, t_eval: None)
    with pytest.raises(BadSolution, match="takes a monitor, such as pinn-autograd"):
        recording.record(deaf, ivp, references.reference(ivp), {}, 0)
    with pytest.raises(BadSolution, match="reported no step: at once"):
        recording.record(silent, ivp, references.reference(ivp), {}, 0)


def test_the_animation_holds_each_frame_once_over_the_reference(recorded, ivp, tmp_path):
    frames = recorded().frames
    path = tmp_path / "learning.svg"
    animation.save(animation.learned("halving", ivp, ivp.exact(ivp.t_eval), frames), len(frames), path)
    for component in (1, 2):
        curves = groups(path, rf"frame-\d+-y{component}")
        assert [g.get("id") for g in curves] == [f"frame-{k}-y{component}" for k in range(len(frames))]
        assert len(groups(path, f"reference-y{component}")) == 1
    captions = ["".join(g.itertext()).replace("\u00a0", " ") for g in groups(path, r"frame-\d+-caption")]
    assert len(captions) == len(frames)
    assert captions[0].strip().startswith("step 1 ")
    assert "loss 2.5e-01   error 5.0e-01" in captions[0]
    assert captions[-1].strip().startswith("step 40 ")
    # the reference is the whole solution, and the last frame lies on it; the first does not
    (true,), (last,), (first,) = (
        groups(path, f"{name}-y1") for name in ("reference", f"frame-{len(frames) - 1}", "frame-0")
    )
    ends = [[float(x) for x in g.find(f".//{SVG}path").get("d").split()[1:3]] for g in (true, last, first)]
    assert corners(true) > 50
    np.testing.assert_allclose(ends[0], ends[1], atol=0.01)
    assert abs(ends[2][1] - ends[0][1]) > 10


def test_without_motion_the_last_frame_alone_is_seen(recorded, ivp, tmp_path):
    frames = recorded().frames
    path = tmp_path / "learning.svg"
    animation.save(animation.learned("halving", ivp, ivp.exact(ivp.t_eval), frames), len(frames), path)
    seen = [g for g in groups(path, r"frame-.*") if g.get("visibility") != "hidden"]
    assert {g.get("id").split("-")[1] for g in seen} == {str(len(frames) - 1)}
    assert len(seen) == 3
    text = path.read_text()
    before, _, moving = text.partition("@media (prefers-reduced-motion: no-preference)")
    assert "animation:" not in before
    assert "animation: shown" in moving
    assert "<script" not in text
    assert not re.search(r'(href|src)="(?!#)', text)  # self-contained
    delays = [float(g.get("style")[16:-1]) for g in groups(path, r"frame-\d+-y1") if g.get("style")]
    assert len(delays) == len(frames) - 1
    np.testing.assert_allclose(np.diff(delays), 0.25, atol=0.011)
    assert delays[-1] < 0


def test_of_many_components_four_are_drawn_and_one_frame_is_enough(tmp_path):
    ivp = IVP(lambda t, y, xp: -y, (0, 1), np.ones(9), exact=lambda t: np.exp(-t)[:, None] * np.ones(9))
    frame = recording.Frame(Checkpoint(7, 0.5, None, None, None), np.full((101, 9), 1e300))
    path = tmp_path / "learning.svg"
    animation.save(animation.learned("many", ivp, ivp.exact(ivp.t_eval), [frame]), 1, path)
    assert len(groups(path, r"frame-0-y\d+")) == 4
    assert "loss" not in "".join(groups(path, "frame-0-caption")[0].itertext())


def checkpoints(count, error=1.0):
    return [Checkpoint(k, 0.01 * k, 0.5**k, error * 0.7**k, 0.1, 0.8**k) for k in range(1, count + 1)]


def lines(figure, labelled=True):
    return [line for axes in figure.axes for line in axes.lines if not (labelled and line.get_label().startswith("_"))]


def test_one_trace_is_loss_residual_and_error_against_time_and_steps():
    trace = checkpoints(20)
    figure = training.draw("one", [training.Curve("halving", trace)])
    over_time, over_steps = figure.axes
    assert [line.get_label() for line in over_time.lines] == ["loss", "largest residual", "largest error"]
    for axes, attribute in ((over_time, "wall_s"), (over_steps, "step")):
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
        for line, quantity in zip(axes.lines, ("loss", "max_residual", "max_abs_error"), strict=True):
            np.testing.assert_array_equal(line.get_xdata(), [getattr(c, attribute) for c in trace])
            np.testing.assert_array_equal(line.get_ydata(), [getattr(c, quantity) for c in trace])
    # told apart without colours
    assert len({(line.get_linestyle(), line.get_marker()) for line in over_time.lines}) == 3


def test_several_traces_share_panels_and_samples_of_a_case_a_look():
    curves = [training.Curve(label, checkpoints(n)) for label, n in (("a", 5), ("a", 6), ("b", 7))]
    figure = training.draw("several", curves)
    assert len(figure.axes) == 6
    assert all(len(axes.lines) == 3 for axes in figure.axes)
    first, second, other = figure.axes[0].lines
    assert first.get_color() == second.get_color() != other.get_color()
    assert len(lines(figure)) == 12  # the second sample of a is not named again
    many = [training.Curve(str(k), checkpoints(3, error=k + 1.0)) for k in range(30)]
    assert {line.get_label() for line in lines(training.draw("many", many))} == set(map(str, range(12)))


def test_what_was_not_recorded_has_no_panel_and_what_is_not_finite_no_point():
    old = [Checkpoint(k, 0.1 * k, None, 0.0 if k == 3 else 0.5**k, 0.1) for k in range(1, 6)]
    (error,) = training.draw("old", [training.Curve("a", old)]).axes[0].lines
    assert error.get_label() == "largest error"
    assert len(error.get_xdata()) == 4


def test_of_several_problems_each_has_a_file_of_its_name(tmp_path):
    curves = [training.Curve("halving", checkpoints(3))]
    alone = training.write({"decay[rate=2]": curves}, tmp_path, ["svg", "png"])
    assert [path.name for path in alone] == ["convergence.svg", "convergence.png"]
    both = training.write({"decay[rate=2]": curves, "logistic": curves}, tmp_path, ["svg"])
    assert [path.name for path in both] == ["convergence-decay-rate=2.svg", "convergence-logistic.svg"]
    assert all(path.stat().st_size > 0 for path in alone + both)


def test_an_empty_trace_is_said_to_be_one(ivp, tmp_path):
    with pytest.raises(OutputError, match=r"there is no checkpoint.*pinn-autograd"):
        training.draw("nothing", [training.Curve("a", [])])
    with pytest.raises(OutputError, match="the run holds no trace"):
        training.curves(results(tmp_path / "run", [sample("euler", 1.0, 1e-3)]))
    with pytest.raises(OutputError, match="no step was recorded"):
        animation.learned("nothing", ivp, ivp.exact(ivp.t_eval), [])


@pytest.fixture
def plugin(tmp_path):
    (tmp_path / "mine.py").write_text(PLUGIN)
    return "--plugin", "mine.py"


@pytest.fixture
def watch(tmp_path):
    """Return a function that calls `odebench watch` in this process, in an empty directory."""

    def call(*arguments):
        with chdir(tmp_path), mock.patch.dict(os.environ), warnings.catch_warnings():
            return CliRunner().invoke(main, ["watch", *arguments], prog_name="odebench")

    return call


def test_watch_writes_the_figures_and_names_them(watch, tmp_path, plugin):
    done = watch("halving[steps=30]", "-p", "harmonic-oscillator", "-o", "drawn", "--png", *plugin)
    assert done.exit_code == 0, done.stderr
    assert "step 30" in done.stdout
    for name, starts in {"convergence.svg": b"<?xml", "learning.svg": b"<?xml", "convergence.png": b"\x89PNG",
                         "learning.png": b"\x89PNG"}.items():  # fmt: skip
        assert f"drawn/{name}" in done.stdout
        assert (tmp_path / "drawn" / name).read_bytes().startswith(starts)
    assert len(groups(tmp_path / "drawn/learning.svg", r"frame-\d+-y2")) > 10


def test_watch_draws_what_a_run_has_measured(odebench, watch, tmp_path):
    (tmp_path / "slow.py").write_text(
        PLUGIN.replace("import numpy as np", "import time").replace(
            "        monitor(", "        time.sleep(0.005); monitor("
        )
    )
    run = (
        "run",
        "--plugin",
        "slow.py",
        "-s",
        "silent",
        "-p",
        "decay",
        "--seeds",
        "2",
        "--quick",
        "--executor",
        "inline",
    )
    assert odebench(*run, "-s", "halving[steps=[20,30]]", "-o", "one").returncode == 0
    done = watch("--run", "one")
    assert done.exit_code == 0, done.stderr
    assert done.stdout.split()[1:] == ["one/figures/convergence.svg"]
    text = (tmp_path / "one/figures/convergence.svg").read_text()
    assert "halving[steps=20]" in text
    assert "halving[steps=30]" in text
    assert odebench(*run, "-o", "none").returncode == 0
    done = watch("--run", "none")
    assert done.exit_code == 2
    assert "the run holds no trace" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "expected either a SOLVER to watch, or --run RUN"),
        (["halving", "--run", "x"], "expected either a SOLVER to watch, or --run RUN"),
        (["--run", "x", "--seed", "3"], "Leave out -p and --seed"),
        (["--run", "nowhere"], "not a directory"),
        (["silent"], "silent does not report its progress"),
        (["halving[steps=[1,2]]"], "which are 2 variants"),
        (["nobody"], "nobody"),
        (["halving", "-o", "mine.py"], "cannot write into 'mine.py'"),
    ],
)  # fmt: skip
def test_what_cannot_be_watched_is_said(watch, plugin, arguments, says):
    done = watch(*arguments, *plugin)
    assert done.exit_code == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.process
def test_without_matplotlib_watch_says_what_to_install(tmp_path, plugin):
    (tmp_path / "matplotlib.py").write_text("raise ImportError")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "odebench", "watch", "halving", *plugin]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'odebench[plot]'" in done.stderr
