"""Units that are zero at all times, or pass their input on."""

from __future__ import annotations

from .diagnosis import Evidence, pathology
from .examination import Examination
from .network import Layer, Mask

_SMOOTH = ({"activation": "tanh", "output_activation": "identity"}, {"activation": "tanh"}, {"activation": "sin"})


@pathology(
    kind="network",
    signal="part of a layer's units that are zero at all times, in the worst layer; or that are zero or linear, "
    "in the best",
    threshold=0.9,
    remedy="a smooth activation, such as tanh, in the hidden layers, and none at the output.",
)
def dead_units(examination: Examination) -> Evidence | None:
    """Units are dead or linear: the network is a constant or a straight line.

    A relu unit whose input is negative at all times is zero and has no gradient: no training brings it back. Where it
    is positive at all times the unit does nothing. A relu at the output cannot be negative, and can die as well. Judged
    where the solution is not good.
    """
    inside = next((look.inside for look in reversed(examination.looks) if look.inside and look.inside.layers), None)
    if inside is None or examination.is_good:
        return None
    layers = [layer for layer in inside.layers if _rectifies(layer)]
    if not layers:
        return None
    dead = [float(_dead(layer).mean()) for layer in layers]
    idle = [float((_dead(layer) | _linear(layer)).mean()) for layer in layers if not layer.is_output]
    worst = max(range(len(layers)), key=lambda k: dead[k])
    if idle and min(idle) > dead[worst]:
        return Evidence(
            min(idle),
            "All but a few units of each hidden layer are zero, or hand their input on, at all times: the network can "
            "be no more than a straight line with few kinks.",
            _SMOOTH,
        )
    which = "output" if layers[worst].is_output else f"{inside.layers.index(layers[worst]) + 1}. hidden"
    return Evidence(
        dead[worst],
        f"{dead[worst]:.0%} of the {which} layer's units are zero at all times, where the activation's slope is zero "
        "too: no gradient gets through, and the weights before it stay as they are.",
        _SMOOTH,
    )


def _rectifies(layer: Layer) -> bool:
    """Whether every unit's value is its input or zero, as relu makes it."""
    same: Mask = layer.after == layer.before
    return bool((same | (layer.after == 0)).all())


def _dead(layer: Layer) -> Mask:
    dead: Mask = (layer.after == 0).all(axis=0)
    return dead


def _linear(layer: Layer) -> Mask:
    linear: Mask = (layer.after == layer.before).all(axis=0)
    return linear
