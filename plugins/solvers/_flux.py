"""What the thread's three programs share: a network as Flux.jl makes it, and the loop that trains it.

Flux draws the weights of a `Dense` layer by Glorot's rule, uniformly within sqrt(6 / (inputs + outputs)), and starts
its biases at zero. Its Adam has torch's defaults: decay 0.9 and 0.999, and 1e-8 against division by zero. Source: the
manuals of Flux.jl and Optimisers.jl.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch

from odebench import IVP, Array, Diverged, Monitor, Solution, Unsupported

Network: TypeAlias = Callable[[torch.Tensor], torch.Tensor]
"""Times (n, 1) -> states (n, d)."""

ACTIVATIONS = {
    "relu": torch.nn.ReLU,
    "tanh": torch.nn.Tanh,
    "sigmoid": torch.nn.Sigmoid,
    "gelu": torch.nn.GELU,
    "identity": torch.nn.Identity,
}
_MOST_POINTS = 1_000_000


def chain(
    width: int, depth: int, n_states: int, activation: str, output_activation: str, seed: int
) -> torch.nn.Sequential:
    """A `Chain` of `Dense` layers from one time to `n_states` states, float64: `depth` hidden layers of `width`."""
    at_least_one(width=width, depth=depth)
    sizes = [1, *[width] * depth, n_states]
    activations = [*[activation] * depth, output_activation]
    chance = torch.Generator().manual_seed(seed)  # its own, so that nothing else draws from it
    layers: list[torch.nn.Module] = []
    for (inputs, outputs), name in zip(itertools.pairwise(sizes), activations, strict=True):
        dense = torch.nn.Linear(inputs, outputs, dtype=torch.float64)
        limit = math.sqrt(6 / (inputs + outputs))
        torch.nn.init.uniform_(dense.weight, -limit, limit, generator=chance)
        torch.nn.init.zeros_(dense.bias)
        layers += [dense, ACTIVATIONS[name]()]
    return torch.nn.Sequential(*layers)


def grid(ivp: IVP, step: float) -> torch.Tensor:
    """Julia's `t0:step:t1` as a column (n, 1): t1 is in it where a whole number of steps leads there."""
    t0, t1 = ivp.t_span
    n = (t1 - t0) / step if step > 0 else 0.0
    if not 1 <= n * (1 + 1e-9) < _MOST_POINTS:
        raise ValueError(
            f"expected a step above 0 that divides the time span of {t1 - t0:g} into 1 to {_MOST_POINTS:,} steps, "
            f"received {step:g}"
        )
    points = t0 + step * torch.arange(math.floor(n * (1 + 1e-9)) + 1, dtype=torch.float64)
    return points.clamp(max=t1)[:, None]  # the last by rounding only


def time_derivative(network: Network, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The states at times (n, 1), and their derivative with respect to time, both (n, d)."""
    t = t.detach().requires_grad_()
    y = network(t)
    # a state depends on its own time alone, so the gradient of a sum over times holds the derivative at each
    columns = [torch.autograd.grad(component.sum(), t, create_graph=True)[0] for component in y.unbind(dim=1)]
    return y, torch.cat(columns, dim=1)


def initial(ivp: IVP) -> tuple[torch.Tensor, torch.Tensor]:
    """t0 as (1, 1) and y0 as (1, d)."""
    return torch.tensor([[ivp.t_span[0]]], dtype=torch.float64), torch.tensor([ivp.y0.tolist()], dtype=torch.float64)


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


def at_least_one(**sizes: int) -> None:
    """Refuse a size below one."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"expected {name} of 1 or more, received {size}")


def expect_batches(ivp: IVP, t: torch.Tensor) -> None:
    """Raise `Unsupported` where the right-hand side cannot take the times (n, 1) as a batch of torch's tensors."""
    y = torch.tensor(ivp.y0.tolist(), dtype=torch.float64, device=t.device).expand(len(t), -1)
    try:
        slope = ivp.rhs(t[:, 0], y, torch)
        shape = tuple(slope.shape)
    except Exception as error:
        what = f"raised {type(error).__name__}: {error}"
    else:
        if shape == tuple(y.shape):
            return
        what = f"returned shape {shape}, not {tuple(y.shape)}"
    raise Unsupported(
        f"a network is trained on a batch of times, and the right-hand side {what}; write it with arithmetic and "
        "functions of xp alone, components taken as y[..., 0]"
    )


def finite(loss: float, epoch: int, before: float) -> float:
    """The loss; raises `Diverged` where it is not finite."""
    if math.isfinite(loss):
        return loss
    known = f"the last finite one was {before:g}" if math.isfinite(before) else "it never was"
    raise Diverged(f"the loss is not finite at epoch {epoch}; {known}. Try a smaller learning_rate, or a shorter span")
