"""What the journal keeps for figures: a problem with its solution over time, and the error of a solve over time."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

from . import symbols
from .backends import Array
from .model import IVP
from .program import Untraceable

COMPONENTS = 8
"""Curves that can be told apart."""
APART = 100.0
"""Components whose sizes differ by more are each drawn on their own scale."""
_TIMES = 200  # of a solution
_STRETCHES = 100  # of an error
_LONGEST = 5_000  # operations of equations that are written out while a run waits
_MOST_STATES = 500  # likewise
_DIGITS = 7


@dataclass(frozen=True, eq=False)
class ReferenceSolution:
    """A problem's solution, with the parameters of one variant: what it was compared with, as far as one draws it."""

    t: Array
    """At most 200 of the times of `t_eval`, (n,), evenly chosen."""
    y: Array
    """At most 8 of the components there, (n, d), evenly chosen, to seven digits."""
    names: tuple[str, ...]
    """Of these components: y, or y1, y2, ... of a system."""
    n_states: int
    """How many components there are."""
    logarithmic: bool
    """Whether the times are spaced so that the axis is to be logarithmic."""
    latex: str | None
    """The equations of the first 8 components, an `aligned` environment.

    None where they cannot be written out, and of the problems that come with odebench, which has them anyhow.
    """


def to_json(ivp: IVP, y: Array, *, equations: bool) -> dict[str, Any]:
    """The reference `y` (n, d) at `ivp.t_eval` as a field of the journal, which `from_json` reads.

    Equations cost the better part of a second, most of it the import of sympy.
    """
    components = chosen(ivp.n_states, COMPONENTS)
    times = chosen(ivp.t_eval.size, _TIMES)
    return {
        "t": ivp.t_eval[times].tolist(),
        "y": [_rounded(row) for row in y[times][:, components]],
        "names": ["y"] if ivp.n_states == 1 else [f"y{j + 1}" for j in components],
        "n_states": ivp.n_states,
        "logarithmic": is_logarithmic(ivp.t_eval),
        "latex": latex(ivp) if equations else None,
    }


def from_json(said: dict[str, Any]) -> ReferenceSolution:
    """What `to_json` wrote."""
    import numpy as np

    return ReferenceSolution(
        np.array(said["t"], dtype=np.float64),
        np.array(said["y"], dtype=np.float64),
        tuple(said["names"]),
        said["n_states"],
        said["logarithmic"],
        said["latex"],
    )


def errors(ivp: IVP, y: Array, y_ref: Array) -> dict[str, list[float]]:
    """The largest error over the components, weighted, of each of at most 100 stretches of time: when, and how much.

    The largest of them is `max_abs_error`, to seven digits.
    """
    import numpy as np

    distance = np.abs(y - y_ref) if ivp.weights is None else np.abs(y - y_ref) * ivp.weights
    of_time = distance.max(axis=1)
    stretches = np.array_split(np.arange(of_time.size), min(of_time.size, _STRETCHES))
    largest = [stretch[of_time[stretch].argmax()] for stretch in stretches]
    return {"t": _rounded(ivp.t_eval[largest]), "abs_error": _rounded(of_time[largest])}


def chosen(n: int, most: int) -> list[int]:
    """Which of `n` things are shown where they are too many: some, evenly chosen, with the first and the last."""
    import numpy as np

    return [int(j) for j in np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int))]


def is_logarithmic(times: Array) -> bool:
    """Whether these times are spaced so that their axis is to be logarithmic."""
    import numpy as np

    steps = np.diff(times)
    return bool(steps[-1] > 1000 * steps[0])


def latex(ivp: IVP) -> str | None:
    """The equations of the first 8 components, as LaTeX; None where they cannot be written out, or only at length."""
    if ivp.n_states > _MOST_STATES:
        return None
    try:
        with warnings.catch_warnings():  # sympy adds filters of its own
            return symbols.equations(ivp, COMPONENTS, longest=_LONGEST).latex()
    except Untraceable:
        return None


def _rounded(values: Array) -> list[float]:
    return [float(f"{value:.{_DIGITS}g}") for value in values]
