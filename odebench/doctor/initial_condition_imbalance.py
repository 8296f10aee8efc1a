"""The initial condition and the residual pull with too unequal force."""

from __future__ import annotations

from . import losses, samples
from .diagnosis import Evidence, pathology
from .examination import Examination
from .trivial_solution import trivial_solution

_WRONG_START = 1e-2


@pathology(
    kind="method",
    signal="error at t0 over what the residual adds along the span (their ratio, or its inverse where the condition's "
    "weight in the loss is over 100 times the residual's)",
    threshold=10.0,
    remedy="build the initial condition into the trial solution (hard), or weight the two terms so that their "
    "gradients are alike.",
)
def initial_condition_imbalance(examination: Examination) -> Evidence | None:
    """Initial condition and residual are out of balance.

    The solution satisfies the equation far better than the initial condition, and so is another solution of the
    equation; or, where the condition's weight is over 100 times the residual's, the other way round.
    """
    at = examination.at_points
    if at is None or examination.is_good or trivial_solution.diagnose(examination) is not None:
        return None
    start = samples.rms(at.start - examination.ivp.y0)
    along = samples.rms(at.residual) * examination.span
    hard = ({"initial_condition": "hard"},)
    if start > _WRONG_START * examination.size:
        return Evidence(
            start / max(along, 1e-300),
            f"The solution starts {start:.2g} from y0, while its residual moves it by no more than {along:.2g} over "
            "the whole span: it solves the equation from another initial condition, whose part of the loss weighs too "
            "little.",
            hard,
        )
    found = losses.match(examination, losses.RIGHT)
    if found is None or not found.holds or not found.condition_weight > 100 * found.residual_weights.max():
        return None
    return Evidence(
        along / max(start, 1e-300),
        f"The initial condition weighs {found.condition_weight / found.residual_weights.max():.3g} times what the "
        "residual does: it is met, and the equation neglected.",
        hard,
    )
