"""How far the training is: what every optimizer tells, step by step."""

from __future__ import annotations

import math
from collections.abc import Callable

from ..torch_tools import not_finite
from .networks import Network


class Progress:
    """Called with the loss at each epoch, the weights and gradients being those of that loss."""

    def __init__(self, network: Network, tolerance: float, report: Callable[[int, float], None], done: int) -> None:
        """done: epochs of earlier windows, for `report`."""
        self.network, self.tolerance, self.report, self.done = network, tolerance, report, done
        self.epoch = 0
        """Steps the optimizer has made; it counts them."""
        self.last_finite = math.nan

    def __call__(self, loss: float) -> bool:
        """Whether the loss is small enough to stop; raises `Diverged` where it or its gradient is not finite."""
        self.check(loss)
        if not math.isfinite(float(self.network.flat_gradient.sum())):
            self.fail("the gradient of the loss", loss)
        self.report(self.done + self.epoch, loss)
        return loss <= self.tolerance**2

    def check(self, loss: float) -> None:
        """Raise `Diverged` where the loss is not finite."""
        if not math.isfinite(loss):
            self.fail("the loss", self.last_finite)
        self.last_finite = loss

    def fail(self, what: str, last: float) -> None:
        """Raise `Diverged`. last: the last finite loss, NaN where there was none."""
        remedy = "another seed, more windows, or a lower learning_rate where the optimizer takes one"
        raise not_finite(what, self.done + self.epoch, last, remedy)
