"""Figures, drawn with matplotlib."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from ..backends import Array
from ..errors import OutputError
from ..model import IVP

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COMPONENTS = 8  # curves that can be told apart
_APART = 100.0  # components whose sizes differ by more are each drawn on their own scale
# Okabe & Ito's colours, told apart by colour-blind eyes; the styles tell them apart in black and white
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#999999")
_STYLES = ("-", "--", "-.", ":")


def solution(title: str, ivp: IVP, y: Array) -> Figure:
    """The states `y` (n, d) at `ivp.t_eval` over time: of many components eight, evenly chosen.

    The time axis is logarithmic where `t_eval` is. Raises `OutputError` where matplotlib is missing.
    """
    import numpy as np

    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise OutputError("drawing needs matplotlib: pip install 'odebench[plot]'") from None

    chosen = np.unique(np.linspace(0, ivp.n_states - 1, min(ivp.n_states, _COMPONENTS)).round().astype(int))
    largest = np.abs(y[:, chosen]).max(axis=0)
    own_scale = largest.max() > _APART * largest[largest > 0].min(initial=np.inf)
    steps = np.diff(ivp.t_eval)
    logarithmic = steps[-1] > 1000 * steps[0]
    times, y = (ivp.t_eval[1:] - ivp.t_eval[0], y[1:]) if logarithmic else (ivp.t_eval, y)

    figure = Figure(figsize=(7, 4.2), layout="constrained")
    axes = figure.add_subplot()
    for j, size, colour, style in zip(chosen, largest, cycle(_COLOURS), cycle(_STYLES)):
        name = "y" if ivp.n_states == 1 else f"y{j + 1}"
        label = f"{name} / {size:.2g}" if own_scale and size > 0 else name
        axes.plot(times, y[:, j] / (size if own_scale and size > 0 else 1.0), style, color=colour, label=label)
    if logarithmic:
        axes.set_xscale("log")
    start = f"{ivp.t_eval[0]:g}"
    axes.set_xlabel(("t" if start == "0" else f"t − {start}") if logarithmic else "t")
    axes.set_title(title)
    axes.spines[["top", "right"]].set_visible(False)
    if ivp.n_states > 1:
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Write it, as the ending of the name says: .svg, .pdf or .png. Raises `OutputError`."""
    try:
        figure.savefig(path, dpi=150)
    except (OSError, ValueError) as error:
        raise OutputError(f"cannot write the figure {path}: {error}. Give a name such as solution.png.") from None
