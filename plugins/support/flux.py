"""What the thread's three programs share: a network as Flux.jl makes it, and the loop that trains it.

Flux draws the weights of a `Dense` layer by Glorot's rule, uniformly within sqrt(6 / (inputs + outputs)), and starts
its biases at zero. Its Adam has torch's defaults: decay 0.9 and 0.999, and 1e-8 against division by zero. Source: the
manuals of Flux.jl and Optimisers.jl.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch

from odebench import IVP, Array, Monitor, Solution

from .torch_tools import at_least_one, dense_layers, expect_batches, finite


def chain(
    width: int, depth: int, n_states: int, activation: str, output_activation: str, seed: int
) -> torch.nn.Sequential:
    """A `Chain` of `Dense` layers from one time to `n_states` states, float64: `depth` hidden layers of `width`."""
    at_least_one(width=width, depth=depth)
    chance = torch.Generator().manual_seed(seed)  # its own, so that nothing else draws from it

    def draw(dense: torch.nn.Linear, activation: str) -> None:
        limit = math.sqrt(6 / (dense.in_features + dense.out_features))
        torch.nn.init.uniform_(dense.weight, -limit, limit, generator=chance)
        torch.nn.init.zeros_(dense.bias)

    return dense_layers([1, *[width] * depth, n_states], [*[activation] * depth, output_activation], draw)


def train(
    ivp: IVP,
    t_eval: Array,
    network: torch.nn.Sequential,
    points: torch.Tensor,
    loss: Callable[[], torch.Tensor],
    *,
    epochs: int,
    learning_rate: float,
    monitor: Monitor | None,
) -> Solution:
    """`train!` in a loop: a step of Adam an epoch, on the whole of `points` (n, 1). The solution is the network.

    Beside the usual stats it counts `epochs_without_gradient`, those in which every derivative of the loss by a weight
    was exactly zero, and gives the Euclidean norm of the gradient in the first and the last epoch. Raises `Diverged`
    where the loss is no longer finite.
    """
    at_least_one(epochs=epochs)
    expect_batches(ivp, points)
    weights = list(network.parameters())
    optimizer = torch.optim.Adam(weights, learning_rate)
    times = points[:, 0].numpy()

    def dense(t: Array) -> Array:
        with torch.no_grad():
            y: Array = network(torch.from_numpy(np.array(t, dtype=np.float64))[:, None]).numpy()
        return y

    norms = []
    last = math.nan
    for epoch in range(epochs):
        optimizer.zero_grad()
        value = loss()
        value.backward()
        last = finite(value.item(), epoch, last)
        norms.append(torch.cat([w.grad.flatten() for w in weights if w.grad is not None]).norm().item())
        if monitor is not None:
            monitor(epoch, last, dense, network=network, points=times)
        optimizer.step()
    last = finite(loss().item(), epochs, last)
    stats = {
        "epochs": epochs,
        "n_parameters": sum(w.numel() for w in weights),
        "final_loss": last,
        "epochs_without_gradient": sum(norm == 0 for norm in norms),
        "first_gradient": norms[0],
        "last_gradient": norms[-1],
    }
    return Solution(dense(t_eval), dense, stats)
