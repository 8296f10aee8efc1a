"""The derivative in the loss is not that of the solution by time."""

from __future__ import annotations

from . import losses
from .diagnosis import Evidence, pathology
from .examination import Examination

_FEW = 3


@pathology(
    kind="code",
    signal="distance of the reported loss from that of the right derivative, relative, where a wrong one gives it "
    "to six digits",
    threshold=losses.DIFFERENT,
    remedy="differentiate the prediction with respect to time, in the problem's unit: in torch "
    "dy_dt = torch.autograd.grad(y.sum(), t, create_graph=True)[0] for each component of y.",
)
def wrong_variable(examination: Examination) -> Evidence | None:
    """The derivative is taken with respect to the wrong variable.

    The reported losses are recomputed from the dense output with the right derivative and with those that one gets by
    mistake: 1, the gradient of the prediction's sum by the prediction; dy/d(scaled time), where the chain rule's factor
    is left out; and for systems the gradient of the sum of all components.
    """
    right = losses.match(examination, losses.RIGHT)
    if right is not None and right.holds:
        return None
    wrong = [(losses.BY_PREDICTION, _by_prediction), *((h, _by_scaled_time) for h in losses.BY_SCALED_TIME)]
    if examination.ivp.n_states > 1:
        wrong.append((losses.OF_THE_SUM, _of_the_sum))
    for hypothesis, finding in wrong:
        found = losses.match(examination, hypothesis)
        if found is None or not found.holds:
            continue
        if hypothesis.needs_slopes and (right is None or found.seen < _FEW):
            continue  # too little to tell two derivatives apart by
        off = right.off if right is not None else float("inf")
        remedies = ({"derivative": "autograd"}, {"derivative": "time"})
        return Evidence(off, finding(examination), remedies)
    return None


def _by_prediction(examination: Examination) -> str:
    said = (
        "The loss is that of 'dy/dt' = 1, whatever the network: the prediction is differentiated with respect to "
        "itself, not to time."
    )
    y, loss = examination.y, examination.final_loss
    if y is None or loss is None or y.max() - y.min() > 1e-6 * max(1.0, abs(y).max()):
        return said
    condition = losses.condition(examination)
    said += (
        f" With the output {y.mean():.3g} at all times, (1 - f)^2 is {loss - condition:.6g} in the mean and "
        f"(y(t0) - y0)^2 is {condition:.6g}: that is the loss of {loss:.6g}."
    )
    reported = [loss for _, loss in examination.losses]
    if condition > 0 and max(reported) <= 1.001 * min(reported):
        said += (
            " (As the network never moved, an initial condition of which the square weighs "
            f"{loss / condition:.3g} would look the same.)"
        )
    return said


def _by_scaled_time(examination: Examination) -> str:
    return (
        "The loss is that of a derivative by the network's own, scaled time, set equal to f in the problem's time: the "
        f"chain rule's factor is left out (the time span is {examination.span:g} long)."
    )


def _of_the_sum(examination: Examination) -> str:
    return (
        "The loss is that of the slope of y_1 + ... + y_d in the place of each component's own: the gradient of the "
        "sum of all outputs was taken, and not of one component after the other."
    )
