"""How methods that train or iterate converge: loss, residual and true error, drawn against time and steps."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import stored, text
from ..errors import OutputError
from ..measurement import Checkpoint
from .plots import files, style
from .plots.style import COLOURS, STYLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..results import Results

QUANTITIES = {"loss": "loss", "max_residual": "largest residual", "max_abs_error": "largest error"}
AGAINST = {"wall_s": "solver's own time in s", "step": "step"}
_WHO_REPORTS = "Only solvers that take a monitor, such as pinn-autograd, record one."
_MOST_LABELS = 12  # that can be told apart
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")


@dataclass(frozen=True)
class Curve:
    """What one solve had come to at its checkpoints; curves of one label are drawn alike."""

    label: str
    trace: Sequence[Checkpoint]


def curves(results: Results) -> dict[str, list[Curve]]:
    """The traces of runs, by problem; the samples of one case have one label.

    Raises `OutputError` where there is none.
    """
    traced = results.cases[results.cases["case_id"].isin(results.traces["case_id"])]
    if traced.empty:
        raise OutputError(f"nothing to draw: the run holds no trace. {_WHO_REPORTS}")
    problems = text.labels(zip(traced["problem"], traced["problem_params"], strict=True))
    solvers = text.labels(zip(traced["solver"], traced["solver_params"], strict=True))
    names = dict(zip(traced["case_id"], zip(problems, solvers, strict=True), strict=True))
    found: dict[str, list[Curve]] = {}
    for case_id, _, trace in stored.checkpoints(results.traces):
        problem, solver = names[case_id]
        found.setdefault(problem, []).append(Curve(solver, trace))
    return found


def write(titled: Mapping[str, Sequence[Curve]], directory: Path, endings: Iterable[str]) -> list[Path]:
    """Draw the curves under each title into a file an ending, and return the files.

    They are `convergence.<ending>`; of several titles, each has its title in the name. Raises `OutputError` where there
    is nothing to draw, or a file cannot be written.
    """
    endings, paths = list(endings), []
    for title, curves in titled.items():
        stem = "convergence" if len(titled) == 1 else f"convergence-{_file_name(title)}"
        figure = draw(title, curves)
        for ending in endings:
            paths.append(directory / f"{stem}.{ending}")
            files.save(figure, paths[-1])
    return paths


def _file_name(label: str) -> str:
    """A problem's label as part of a file's name."""
    return re.sub(r"[^\w.=-]+", "-", label).strip("-")


def draw(title: str, curves: Sequence[Curve]) -> Figure:
    """Loss, residual and true error of each curve against the solver's own time and against its steps.

    Of one curve all three in one panel, of several each in a row of its own. Both axes are logarithmic; what is zero or
    not finite has no point. Raises `OutputError` where nothing was recorded, or matplotlib is missing.
    """
    if not any(curve.trace for curve in curves):
        raise OutputError(f"nothing to draw of {title}: there is no checkpoint. {_WHO_REPORTS}")
    labels = list(dict.fromkeys(curve.label for curve in curves))
    if len(labels) > _MOST_LABELS:
        title = f"{title}: the {_MOST_LABELS} of {len(labels)} that came closest"
        labels = sorted(labels, key=lambda label: min(_closest(c) for c in curves if c.label == label))[:_MOST_LABELS]
        curves = [curve for curve in curves if curve.label in labels]
    figure = style.figure(8.4, 3.6 if len(curves) == 1 else 7.2)
    drawn = {q: name for q, name in QUANTITIES.items() if any(_points(c.trace, q, "step")[0] for c in curves)}
    grid = figure.subplots(1 if len(curves) == 1 else len(drawn), 2, squeeze=False, sharex="col")
    for column, (against, unit) in enumerate(AGAINST.items()):
        if len(curves) == 1:
            for k, (quantity, name) in enumerate(drawn.items()):
                _draw(grid[0, column], curves[0].trace, quantity, against, k, name)
        else:
            for row, (quantity, name) in enumerate(drawn.items()):
                seen: set[str] = set()
                for curve in curves:
                    label = curve.label if curve.label not in seen else "_"  # matplotlib's for: not in the legend
                    seen.add(curve.label)
                    _draw(grid[row, column], curve.trace, quantity, against, labels.index(curve.label), label)
                grid[row, 0].set_ylabel(name)
        grid[-1, column].set_xlabel(unit)
    figure.suptitle(title)
    figure.align_ylabels(grid)
    for axes in grid.flat:
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.grid(which="major", color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.spines[["top", "right"]].set_visible(False)
    if len(curves) == 1 or len(labels) > 1:
        handles, names = grid[0, 0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=min(3, len(names)), frameon=False)
    return figure


def _closest(curve: Curve) -> float:
    return min((c.max_abs_error for c in curve.trace if c.max_abs_error is not None), default=math.inf)


def _points(trace: Sequence[Checkpoint], quantity: str, against: str) -> tuple[list[float], list[float]]:
    pairs = [(getattr(c, against), getattr(c, quantity)) for c in trace]
    good = [(x, y) for x, y in pairs if y is not None and y > 0 and math.isfinite(y) and x > 0]
    return [x for x, _ in good], [y for _, y in good]


def _draw(axes: Axes, trace: Sequence[Checkpoint], quantity: str, against: str, k: int, label: str) -> None:
    turn = k + k // len(COLOURS)  # the same colour comes back with another style
    colour, style, marker = COLOURS[k % len(COLOURS)], STYLES[turn % len(STYLES)], _MARKERS[turn % len(_MARKERS)]
    x, y = _points(trace, quantity, against)
    axes.plot(x, y, style, color=colour, marker=marker, markersize=3.5, markevery=max(1, len(x) // 8), label=label)
