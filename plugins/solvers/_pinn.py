"""What the physics-informed networks share: everything but the derivative.

A network stands for the solution. It is never shown one: it is trained until it satisfies the equation
y' = f(t, y) at the collocation points, and the initial condition.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any, TypeAlias

import torch

from odebench import IVP, Array, Monitor, Solution

Prediction: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
"""The trial solution: times (n, 1) -> states (n, d)."""

Derivative: TypeAlias = Callable[[Prediction, torch.Tensor], tuple[torch.Tensor, torch.Tensor, torch.Tensor]]
"""From the trial solution and the grid: the times (m, 1) where y' = f is to hold, with y and dy/dt there (m, d)."""

Loss: TypeAlias = Callable[[], torch.Tensor]
Report: TypeAlias = Callable[[int, torch.Tensor], None]
"""Told the epoch and the loss, now and then, while the weights are as they are."""

ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "tanh": torch.tanh,
    "sin": torch.sin,
    "gelu": torch.nn.functional.gelu,
    "relu": torch.relu,
}
LEARNING_RATES = {"adam": 0.01, "lbfgs": 1.0}


def solve(
    ivp: IVP,
    t_eval: Array,
    derivative: Derivative,
    *,
    initial_condition: str,
    activation: str,
    width: int,
    depth: int,
    points: int,
    optimizer: str,
    epochs: int,
    learning_rate: float | None,
    seed: int,
    monitor: Monitor | None = None,
) -> Solution:
    """Train a network on equally spaced points, and evaluate it at `t_eval`.

    The loss is the mean square of y' - f(t, y) over the points, plus that of y(t0) - y0. The network's own time runs
    from -1 to 1, and y' and f are taken per unit of it: a problem whose clock runs slower gives the same loss.
    """
    for name, value, least in (("width", width, 1), ("depth", depth, 1), ("points", points, 3), ("epochs", epochs, 1)):
        if value < least:
            raise ValueError(f"expected {name} of {least} or more, received {value}")

    t0, t1 = ivp.t_span
    start = torch.tensor([[t0]], dtype=torch.float64)
    grid = torch.linspace(t0, t1, points, dtype=torch.float64)[:, None]
    y0 = torch.tensor(ivp.y0.tolist(), dtype=torch.float64)
    network = Network(ivp.n_states, width, depth, ACTIVATIONS[activation], seed)

    def predict(t: torch.Tensor) -> torch.Tensor:
        elapsed = (t - t0) / (t1 - t0)  # 0 at t0, 1 at t1
        output: torch.Tensor = network(2 * elapsed - 1)
        return y0 + elapsed * output if initial_condition == "hard" else output

    def loss() -> torch.Tensor:
        t, y, dy_dt = derivative(predict, grid)
        residual = (t1 - t0) / 2 * (dy_dt - ivp.rhs(t[:, 0], y, torch))  # per unit of the network's own time
        mismatch = predict(start) - y0  # zero by construction where the condition is hard
        return residual.square().mean() + mismatch.square().mean()

    def dense(t: Array) -> Array:
        with torch.no_grad():
            y: Array = predict(torch.tensor(t.tolist(), dtype=torch.float64)[:, None]).numpy()
        return y

    def report(epoch: int, value: torch.Tensor) -> None:
        if monitor is not None:
            monitor(epoch, value.item(), dense)

    rate = LEARNING_RATES[optimizer] if learning_rate is None else learning_rate
    minimise = _minimise_by_adam if optimizer == "adam" else _minimise_by_lbfgs
    final_loss, epochs_done = minimise(loss, list(network.parameters()), epochs, rate, report)

    n_parameters = sum(p.numel() for p in network.parameters())
    return Solution(
        dense(t_eval), dense, {"epochs": epochs_done, "n_parameters": n_parameters, "final_loss": final_loss}
    )


def _minimise_by_adam(
    loss: Loss, weights: list[torch.nn.Parameter], epochs: int, rate: float, report: Report
) -> tuple[float, int]:
    """One step an epoch, shorter and shorter along a cosine. Returns the loss and the epochs done."""
    optimizer = torch.optim.Adam(weights, rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for epoch in range(epochs):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        report(epoch, value)
        optimizer.step()
        schedule.step()
    return float(loss().item()), epochs


def _minimise_by_lbfgs(
    loss: Loss, weights: list[torch.nn.Parameter], epochs: int, rate: float, report: Report
) -> tuple[float, int]:
    """One quasi-Newton step an epoch, its length by line search. Returns the loss and the epochs done.

    It stops before its time where no step makes the loss any smaller.
    """
    optimizer = torch.optim.LBFGS(
        weights,
        rate,
        max_iter=epochs,
        max_eval=25 * epochs,  # as many as the line search can take
        history_size=50,
        line_search_fn="strong_wolfe",
        tolerance_grad=0,
        tolerance_change=0,
    )

    begun = 0

    def closure() -> torch.Tensor:
        nonlocal begun
        optimizer.zero_grad()
        value = loss()
        value.backward()
        epoch = optimizer.state[weights[0]].get("n_iter", 0)
        if epoch > begun:  # the first point that the line search tries, and most often the one it takes
            report(epoch, value)
            begun = epoch
        return value

    optimizer.step(closure)
    return float(loss().item()), optimizer.state[weights[0]]["n_iter"]


class Network(torch.nn.Module):
    """A fully connected network from time, scaled to [-1, 1], to d states; float64."""

    def __init__(self, n_states: int, width: int, depth: int, activation: Callable[[Any], Any], seed: int) -> None:
        super().__init__()
        sizes = [1, *[width] * depth, n_states]
        self.layers = torch.nn.ModuleList(
            torch.nn.Linear(a, b, dtype=torch.float64) for a, b in itertools.pairwise(sizes)
        )
        self.activation = activation
        chance = torch.Generator().manual_seed(seed)  # its own, so that nothing else draws from it
        for layer in self.layers:
            limit = 1 / math.sqrt(layer.in_features)
            torch.nn.init.uniform_(layer.weight, -limit, limit, generator=chance)
            torch.nn.init.uniform_(layer.bias, -limit, limit, generator=chance)

    def forward(self, t: torch.Tensor) -> torch.Tensor:
        *hidden, last = self.layers
        for layer in hidden:
            t = self.activation(layer(t))
        return last(t)
