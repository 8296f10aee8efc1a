"""Training in float32 has come to what its rounding allows."""

from __future__ import annotations

import math

from .courses import gain_of_last_half
from .diagnosis import Evidence, pathology
from .examination import Examination

_ROUNDING = 1e-2  # what the residual, divided by f's size, may be and still be for rounding to explain


@pathology(
    kind="method",
    signal="the loss halfway over the least since, inverted, where the weights are float32 and the residual is below "
    "1 % of f",
    threshold=0.5,
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
    loss, gain = examination.final_loss, gain_of_last_half(examination)
    at = examination.at_points or examination.everywhere
    if loss is None or gain is None or at is None:
        return None
    size = float(np.abs(at.f).max()) or 1.0
    if math.sqrt(abs(loss)) > _ROUNDING * size:
        return None
    return Evidence(
        1 / gain,
        f"The weights are float32, and the loss has come to {loss:.2g} and no further in the second half of the "
        "training: what is left is the rounding of seven digits, in the derivative and in the loss's own differences.",
        ({"dtype": "float64"}, {"precision": "float64"}),
    )
