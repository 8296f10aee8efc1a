"""The figures of docs/thread.md, which docs/thread.py makes with the rest of the page."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from odebench import IVP, Array, Monitor
from odebench.cases import Case, Variant, seed_for
from odebench.host import Host

HOST = Host(from_environment=False)
DECAY, FASTER = ("decay", {}), ("decay", {"rate": 2.0, "t0": 1.0, "t1": 5.0})
MENDED = {  # system A: both faults, one mended, the other mended, both
    "as written": {},
    "derivative mended": {"derivative": "time"},
    "output mended": {"output_activation": "identity"},
    "both mended": {"derivative": "time", "output_activation": "identity"},
    "both, and tanh": {"derivative": "time", "activation": "tanh", "output_activation": "identity"},
}
BLUE, ORANGE, GREEN, PINK, BLACK = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000"  # Okabe & Ito


class Recorder(Monitor):
    """Keeps the loss and the error at epochs that grow by a tenth."""

    def __init__(self, ivp: IVP) -> None:
        assert ivp.exact is not None
        self.t, self.exact = ivp.t_eval, ivp.exact(ivp.t_eval)
        self.epochs: list[int] = []
        self.losses: list[float] = []
        self.errors: list[float] = []

    def __call__(
        self,
        step: int,
        loss: float | None,
        dense: Callable[[Array], Array],
        *,
        network: Any = None,
        points: Array | None = None,
    ) -> None:
        if not self.epochs or step >= 1.1 * self.epochs[-1]:
            self.epochs.append(step)
            self.losses.append(np.nan if loss is None else loss)
            self.errors.append(float(np.abs(dense(self.t) - self.exact).max()))


def train(
    problem: tuple[str, dict[str, Any]], solver: str, parameters: dict[str, Any], seeds: int
) -> tuple[IVP, list[Recorder], list[Array]]:
    """The trainings of the run once more, with the same seeds, watched; and the solutions at `t_eval`."""
    variants = [
        Variant(f.name, f.resolve(given))
        for f, given in ((HOST.problem(problem[0]), problem[1]), (HOST.solver(solver), parameters))
    ]
    case = Case(*variants)
    ivp = HOST.problem(problem[0])(**problem[1])
    recorders, solutions = [], []
    for k in range(seeds):
        recorders.append(Recorder(ivp))
        solution = HOST.solver(solver)(
            ivp, ivp.t_eval, **case.solver.params, seed=seed_for(0, case.id, k), monitor=recorders[-1]
        )
        recorders[-1].epochs.append(int(solution.stats["epochs"]))
        recorders[-1].losses.append(solution.stats["final_loss"])
        recorders[-1].errors.append(float(np.abs(solution.y - recorders[-1].exact).max()))
        solutions.append(solution.y[:, 0])
    return ivp, recorders, solutions


def draw(folder: Path, seeds: int, longest: int) -> None:
    """Every figure, from trainings of at most so many epochs."""
    import matplotlib as mpl
    import torch
    from matplotlib.figure import Figure

    torch.set_num_threads(1)
    mpl.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "thread", "font.family": "sans-serif", "font.size": 10}
    folder.mkdir(parents=True, exist_ok=True)
    for name, size, make in (
        ("two-faults", (9, 3.9), two_faults),
        ("floor", (9, 3.9), floor),
        ("epochs", (9, 3.9), ten_epochs),
    ):
        figure = Figure(figsize=size, layout="constrained")
        left, right = figure.subplots(1, 2)
        make(left, right, seeds, longest)
        for axes in (left, right):
            axes.spines[["top", "right"]].set_visible(False)
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None})
        # lines in hundredths of a point: two thirds of the size
        text = re.sub(r' d="[^"]*"', lambda d: re.sub(r"(\.\d\d)\d+", r"\1", d[0]), drawn.getvalue())
        (folder / f"thread-{name}.svg").write_text(text, encoding="utf-8")


def two_faults(left: Any, right: Any, seeds: int, longest: int) -> None:
    """System A, each fault mended by itself: the loss over the epochs, and what is put out at the end."""
    styles = [(BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), (PINK, ":"), (BLACK, "-")]
    for (name, parameters), (colour, style) in zip(MENDED.items(), styles, strict=True):
        ivp, recorders, solutions = train(DECAY, "thread-a", parameters | {"epochs": min(1000, longest)}, seeds)
        for k, (recorder, y) in enumerate(zip(recorders, solutions, strict=True)):
            thin = {"color": colour, "ls": style, "lw": 0.9, "alpha": 0.6, "label": name if k == 0 else None}
            left.plot(recorder.epochs, recorder.losses, **thin)
            right.plot(ivp.t_eval, y, **thin)
    assert ivp.exact is not None
    right.plot(ivp.t_eval, ivp.exact(ivp.t_eval), color="0.6", lw=4, alpha=0.7, zorder=0, label="exact")
    for value, name in ((2, "2"), (1, "1"), (2 / 11, "2/11")):
        left.axhline(value, color="0.8", lw=0.8, zorder=0)
        beside(left, value, name)
    from_epoch_0(left)
    left.set(yscale="log", xlabel="epochs", ylabel="loss", title="Loss of thread-a")
    right.set(xlabel="t", ylabel="y", title="What it puts out at the end")
    legend(right, "lower left", columns=2)


def floor(left: Any, right: Any, seeds: int, longest: int) -> None:
    """System B: the error over time beside that of the scheme it is trained to, and its fall over the epochs."""
    h, n = 0.1, np.arange(21)
    schemes = {
        "backward": ("implicit Euler", (1 + h) ** -n.astype(float), BLUE),
        "forward": ("explicit Euler", (1 - h) ** n, ORANGE),
        "central": ("implicit midpoint", ((1 - h / 2) / (1 + h / 2)) ** n, GREEN),
    }
    for difference, (name, scheme, colour) in schemes.items():
        parameters = {"difference": difference, "epochs": min(4000, longest)}
        ivp, recorders, solutions = train(DECAY, "thread-b", parameters, seeds)
        assert ivp.exact is not None
        exact = ivp.exact(ivp.t_eval)[:, 0]
        for k, (recorder, y) in enumerate(zip(recorders, solutions, strict=True)):
            thin = {"color": colour, "lw": 0.9, "alpha": 0.5, "label": difference if k == 0 else None}
            left.plot(ivp.t_eval, y - exact, **thin)
            right.plot(recorder.epochs, recorder.errors, **thin)
        there = np.abs(scheme - np.exp(-h * n)).max()
        left.plot(h * n, scheme - np.exp(-h * n), "o", color=colour, mec=BLACK, ms=4, label=name)
        right.axhline(there, color=colour, ls="--", lw=1.2)
        beside(right, there, f"{there:.2g}", higher=difference == "forward")
    left.set(xlabel="t", ylabel="y - exact", title=f"Error of thread-b after {min(4000, longest)} epochs")
    from_epoch_0(right)
    right.set(yscale="log", xlabel="epochs", ylabel="max error", title="... and before; dashed: of the schemes")
    legend(left, "center", anchor=(0.6, 0.35), columns=2)


def ten_epochs(left: Any, right: Any, seeds: int, longest: int) -> None:
    """System C: the error over the epochs, with tanh and with relu, on both of the thread's equations."""
    for axes, problem, equation in ((left, FASTER, "y' = -2y on [1, 5]"), (right, DECAY, "y' = -y on [0, 2]")):
        for activation, colour, style in (("tanh", BLUE, "-"), ("relu", ORANGE, "--")):
            parameters = {"activation": activation, "epochs": min(1000, longest)}
            ivp, recorders, _ = train(problem, "thread-c", parameters, seeds)
            for k, recorder in enumerate(recorders):
                label = activation if k == 0 else None
                axes.plot(recorder.epochs, recorder.errors, color=colour, ls=style, lw=0.9, alpha=0.6, label=label)
        zero = float(np.abs(ivp.y0).max())
        axes.axhline(zero, color=BLACK, lw=1.2, ls=":")
        at = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "ha": "right"}
        axes.annotate("an output of zero", (0.98, zero), xytext=(0, 3), **at)
        for epoch in (10, 100, 1000):
            axes.axvline(epoch, color="0.8", lw=0.8, zorder=0)
        from_epoch_0(axes)
        axes.set(yscale="log", xlabel="epochs", ylabel="max error", title=f"thread-c on {equation}")
    legend(left, "lower left")


def from_epoch_0(axes: Any) -> None:
    """A logarithmic axis of epochs, with the untrained network at its left end."""
    axes.set_xscale("symlog", linthresh=1)
    axes.set_xlim(left=0)


def beside(axes: Any, value: float, text: str, *, higher: bool = False) -> None:
    """Write at the right-hand edge, on the height of the value."""
    at = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points"}
    axes.annotate(text, (1.0, value), xytext=(3, 2 if higher else -6), **at)


def legend(axes: Any, where: str, anchor: tuple[float, float] | None = None, columns: int = 1) -> None:
    """With lines that can be seen, however thin those drawn are."""
    box = {"loc": where, "bbox_to_anchor": anchor, "ncols": columns, "columnspacing": 1.0}
    for handle in axes.legend(**box, frameon=False, fontsize=9).legend_handles:
        handle.set(alpha=1)
        handle.set_linewidth(1.6)
