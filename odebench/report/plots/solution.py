"""The solution of a problem over time."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from ... import over_time
from ...backends import Array
from ...model import IVP
from .style import COLOURS, STYLES, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def solution(title: str, ivp: IVP, y: Array) -> Figure:
    """The states `y` (n, d) at `ivp.t_eval` over time: of many components eight, evenly chosen.

    The time axis is logarithmic where `t_eval` is. Raises `OutputError` where matplotlib is missing.
    """
    import numpy as np

    drawn = figure(7, 4.2)
    chosen = over_time.chosen(ivp.n_states, over_time.COMPONENTS)
    largest = np.abs(y[:, chosen]).max(axis=0)
    own_scale = largest.max() > over_time.APART * largest[largest > 0].min(initial=np.inf)
    logarithmic, times = time_axis(ivp)
    y = y[-times.size :]

    axes = drawn.add_subplot()
    for j, size, colour, style in zip(chosen, largest, cycle(COLOURS), cycle(STYLES)):
        name = "y" if ivp.n_states == 1 else f"y{j + 1}"
        label = f"{name} / {size:.2g}" if own_scale and size > 0 else name
        axes.plot(times, y[:, j] / (size if own_scale and size > 0 else 1.0), style, color=colour, label=label)
    if logarithmic:
        axes.set_xscale("log")
    axes.set_xlabel(time_label(ivp))
    axes.set_title(title)
    axes.spines[["top", "right"]].set_visible(False)
    if ivp.n_states > 1:
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    return drawn


def time_axis(ivp: IVP) -> tuple[bool, Array]:
    """Whether time is to be drawn on a logarithmic axis, as `t_eval` is spaced, and the times: then from the second."""
    logarithmic = over_time.is_logarithmic(ivp.t_eval)
    return logarithmic, ivp.t_eval[1:] - ivp.t_eval[0] if logarithmic else ivp.t_eval


def time_label(ivp: IVP) -> str:
    """What that axis is called."""
    logarithmic, _ = time_axis(ivp)
    start = f"{ivp.t_eval[0]:g}"
    return f"t − {start}" if logarithmic and start != "0" else "t"
