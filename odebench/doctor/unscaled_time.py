"""The network is fed a time that is far from being of size one."""

from __future__ import annotations

from .diagnosis import Evidence, pathology
from .examination import Examination


@pathology(
    kind="network",
    signal="how far from size one the network's input is: the largest magnitude over 10, or 0.1 over its range",
    threshold=1.0,
    remedy="scale time before the first layer, to [-1, 1] or [0, 1], and by the chain rule dy/dt with it.",
)
def unscaled_time(examination: Examination) -> Evidence | None:
    """Time goes into the network unscaled.

    Weights are drawn for inputs of size one. A tanh of t = 100 is saturated; over a range of 1e-6 the network is a
    constant. Judged where the solution is not good.
    """
    import numpy as np

    inside = next((look.inside for look in reversed(examination.looks) if look.inside), None)
    if inside is None or inside.entry is None or examination.is_good:
        return None
    largest, span = float(np.abs(inside.entry).max()), float(np.ptp(inside.entry, axis=0).max())
    value = max(largest / 10, 0.1 / span if span > 0 else np.inf)
    return Evidence(
        value,
        f"The network's input runs from {inside.entry.min():.3g} to {inside.entry.max():.3g}: its weights are drawn "
        "for numbers of size one. Of large ones the units saturate; over a small range they hardly change.",
        ({"scale_time": True}, {"scaled": True}, {"scaling": True}),
    )
