"""The step of the differences in the loss is so small that rounding is what they see."""

from __future__ import annotations

from .derivative_errors import derivative_error
from .diagnosis import Evidence, pathology
from .examination import Examination


@pathology(
    kind="method",
    signal="error of the derivative in the loss, times the time span over the solution's size, where it follows no law",
    threshold=1e-4,
    remedy="a step near the cube root of the dtype's epsilon (6e-6 in float64, 5e-3 in float32) with central "
    "differences, or automatic differentiation.",
)
def difference_noise_floor(examination: Examination) -> Evidence | None:
    """Differences over too small a step see rounding, not slopes.

    y(t + h) - y(t) has an error of eps |y|, and its quotient one of eps |y| / h. The loss stays at its square, and its
    own differences, by which a line search goes, are noise. The error is what the losses reported are off from those
    recomputed from the dense output.
    """
    found = derivative_error(examination)
    if found is None or found.step is not None:
        return None
    return Evidence(
        found.typical * examination.span / examination.size,
        f"The derivative in the loss is off from the solution's own by {found.typical:.2g}, this way and that: "
        "differences over a step so small that they see the rounding of y.",
        ({"derivative": "autograd"}, {"step": 1e-5}, {"difference_step": 1e-5}, {"dtype": "float64"}),
    )
