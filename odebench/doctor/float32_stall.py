"""Training in float32 has come to what its rounding allows."""

from __future__ import annotations

import math

from .courses import finite_losses
from .diagnosis import Evidence, pathology
from .examination import Examination

_GAIN = 1.5
_ROUNDING = 1e-2  # what the residual, divided by f's size, may be and still be for rounding to explain


@pathology(
    kind="method",
    signal="part of the training asked for that was not made, or lowered the loss by less than a factor of 1.5, where "
    "the weights are float32 and the residual is below 1 % of f",
    threshold=0.4,
    remedy="float64: torch.set_default_dtype(torch.float64), or dtype=torch.float64 in every layer and tensor.",
)
def float32_stall(examination: Examination) -> Evidence | None:
    """Training stalls in float32.

    A loss sums squares of a derivative whose rounding is some 1e-6 of its size, and a line search compares losses that
    differ by less than 1e-7: L-BFGS stops early, Adam wanders.
    """
    import numpy as np

    if examination.precision == "float64" or not examination.losses:
        return None
    course, loss = finite_losses(examination), examination.final_loss
    at = examination.at_points or examination.everywhere
    if loss is None or len(course) < 8 or at is None:
        return None
    size = float(np.abs(at.f).max()) or 1.0
    if math.sqrt(abs(loss)) > _ROUNDING * size:
        return None
    asked = examination.parameters.get("epochs")
    steps = max(course[-1][0], asked) if isinstance(asked, int) else course[-1][0]
    least = min(value for _, value in course)
    reached = next(step for step, value in course if value <= _GAIN * least)
    part = 1 - reached / max(steps, 1)
    return Evidence(
        part,
        f"The weights are float32, and the loss came to {loss:.2g} in step {reached} and no further: the other "
        f"{part:.0%} of the training was not made, or in vain. What is left is the rounding of seven digits, in the "
        "derivative and in the loss's own differences.",
        ({"dtype": "float64"}, {"precision": "float64"}),
    )
