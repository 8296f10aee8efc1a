"""Units that sit at the end of their range."""

from __future__ import annotations

from .diagnosis import Evidence, pathology
from .examination import Examination
from .network import Layer, Mask

_FLAT = 1e-3  # a slope below this lets no gradient through


@pathology(
    kind="network",
    signal="part of all units and times, in the worst hidden layer, at which a bounded activation's slope is "
    "below 1e-3",
    threshold=0.9,
    remedy="smaller initial weights, a lower learning rate, time scaled to [-1, 1], or time windows.",
)
def saturation(examination: Examination) -> Evidence | None:
    """Units are saturated: their inputs are so large that the activation is flat.

    Judged where the solution is not good.
    """
    inside = next((look.inside for look in reversed(examination.looks) if look.inside and look.inside.layers), None)
    if inside is None or examination.is_good:
        return None
    bounded = [layer for layer in inside.layers if not layer.is_output and _is_bounded(layer)]
    if not bounded:
        return None
    part, worst = max(((float(_flat(layer).mean()), layer) for layer in bounded), key=lambda pair: pair[0])
    return Evidence(
        part,
        f"At {part:.0%} of all units and times the activation is flat, in a layer whose inputs reach "
        f"{abs(worst.before).max():.3g}: hardly any gradient gets through.",
        ({"windows": 4},),
    )


def _is_bounded(layer: Layer) -> bool:
    """Whether it presses large inputs into [-1, 1], as tanh and the logistic function do."""
    return bool(abs(layer.after).max() <= 1 and abs(layer.before).max() > 3)


def _flat(layer: Layer) -> Mask:
    """Where the value is at an end of its range: where tanh is above 0.9995, its slope is below 1e-3."""
    import numpy as np

    after = layer.after
    at_zero = (after < _FLAT / 2) & bool((after >= 0).all())  # the logistic function's lower end
    flat: Mask = (np.abs(layer.before) > 3) & ((np.abs(after) > 1 - _FLAT / 2) | at_zero)
    return flat
