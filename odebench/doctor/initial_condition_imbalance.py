"""The initial condition and the residual pull with too unequal force."""

from __future__ import annotations

from . import losses, samples
from .diagnosis import Evidence, pathology
from .examination import Examination
from .trivial_solution import trivial_solution

_WRONG_START = 1e-2


@pathology(
    kind="method",
    signal="weight of the initial condition's square over that of the residual's times (t1 - t0)^2, or its inverse; "
    "where the weights are unknown, the same of the squares themselves",
    threshold=1e4,
    remedy="build the initial condition into the trial solution (hard), or weight the two terms so that their "
    "gradients are alike.",
)
def initial_condition_imbalance(examination: Examination) -> Evidence | None:
    """Initial condition and residual are out of balance.

    Where the condition weighs too little, the network solves the equation from another initial condition, often as a
    constant; where it weighs too much, the equation is neglected. The weights are found by recomputing the losses.
    Judged where the solution is not good.
    """
    at = examination.at_points
    if at is None or examination.is_good:
        return None
    hard = ({"initial_condition": "hard"},)
    start = samples.rms(at.start - examination.ivp.y0)
    found = losses.match(examination, losses.RIGHT)
    if found is not None and found.holds:
        if found.condition_weight == 0:
            return None
        ratio = found.condition_weight / float(found.residual_weights.max()) * examination.span**2
        lacking = "the equation is neglected" if ratio > 1 else "the initial condition is"
        return Evidence(
            max(ratio, 1 / ratio),
            f"In the loss the square of y(t0) - y0 weighs {ratio:.2g} times what the residual's does, times the "
            f"square of the time span: {lacking}. The solution starts {start:.2g} from y0.",
            hard,
        )
    along = samples.rms(at.residual) * examination.span
    if start <= _WRONG_START * examination.size or trivial_solution.diagnose(examination) is not None:
        return None
    return Evidence(
        (start / max(along, 1e-150)) ** 2,
        f"The solution starts {start:.2g} from y0, while its residual moves it by no more than {along:.2g} over the "
        "whole span: it solves the equation from another initial condition, whose part of the loss weighs too little.",
        hard,
    )
