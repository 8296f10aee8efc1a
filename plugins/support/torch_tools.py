"""What networks on torch have in common: layers, the grid, the derivative by time, and what is refused."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch

from odebench import IVP, Diverged, Unsupported

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


def dense_layers(
    sizes: Sequence[int], activations: Sequence[str], draw: Callable[[torch.nn.Linear, str], None]
) -> torch.nn.Sequential:
    """Fully connected layers in float64, `sizes[n]` to `sizes[n + 1]`, each followed by its activation.

    draw: fills in the weights and biases of a layer, given the name of the activation that follows it.
    """
    layers: list[torch.nn.Module] = []
    for (inputs, outputs), name in zip(itertools.pairwise(sizes), activations, strict=True):
        # without first weights, which would be drawn from the generator that the whole process shares
        dense: torch.nn.Linear = torch.nn.utils.skip_init(torch.nn.Linear, inputs, outputs, dtype=torch.float64)
        draw(dense, name)
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
    """The states at times (n, 1), and their derivatives by time, both (n, d): by going back through the network.

    It is the *prediction* that is differentiated, with respect to *time*. (By the prediction itself the derivative
    is 1, whatever the weights.) Each state depends on its own time alone, so the gradient of a sum over points
    holds the derivative at each point. `create_graph` keeps the derivative differentiable: training needs its
    gradient with respect to the weights.
    """
    t = t.detach().requires_grad_()
    y = network(t)
    columns = [torch.autograd.grad(component.sum(), t, create_graph=True)[0] for component in y.unbind(dim=1)]
    return y, torch.cat(columns, dim=1)


def initial(ivp: IVP) -> tuple[torch.Tensor, torch.Tensor]:
    """t0 as (1, 1) and y0 as (1, d)."""
    return torch.tensor([[ivp.t_span[0]]], dtype=torch.float64), torch.tensor([ivp.y0.tolist()], dtype=torch.float64)


def at_least_one(**sizes: int) -> None:
    """Refuse a size below one."""
    for name, size in sizes.items():
        if size < 1:
            raise ValueError(f"expected {name} of 1 or more, received {size}")


def slopes(ivp: IVP, t: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The right-hand side at times (n,) and states (n, d), (n, d).

    Raises `Unsupported` where it cannot take them, or returns something of another shape.
    """
    try:
        # with gradients, as in training: a detour by numpy fails only then
        f: torch.Tensor = ivp.rhs(t.detach().requires_grad_(), y.detach().requires_grad_(), torch).detach()
        shape = tuple(f.shape)
    except Exception as error:
        raise _not_for_batches(f"{type(error).__name__}: {error}") from error
    if shape != tuple(y.shape):
        raise _not_for_batches(f"it returned shape {shape}, not {tuple(y.shape)}")
    return f


def _not_for_batches(why: str) -> Unsupported:
    return Unsupported(
        f"its right-hand side cannot be evaluated for a batch of torch's tensors: {why}; write it with arithmetic and "
        "functions of xp alone, components taken as y[..., 0]"
    )


def expect_batches(ivp: IVP, t: torch.Tensor) -> None:
    """Raise `Unsupported` where the right-hand side cannot take the times (n, 1) as a batch of torch's tensors."""
    slopes(ivp, t[:, 0], torch.tensor(ivp.y0.tolist(), dtype=torch.float64, device=t.device).expand(len(t), -1))


def finite(loss: float, epoch: int, before: float) -> float:
    """The loss; raises `Diverged` where it is not finite. before: the last that was, NaN where none was."""
    if not math.isfinite(loss):
        raise not_finite("the loss", epoch, before, "a lower learning_rate, or a shorter span")
    return loss


def not_finite(what: str, epoch: int, before: float, remedy: str) -> Diverged:
    """The refusal to go on with a loss or gradient that is not finite; before: the last finite loss, or NaN."""
    known = f"the last finite loss was {before:.3g}" if math.isfinite(before) else "it never was"
    return Diverged(f"{what} is not finite at epoch {epoch}; {known}; try {remedy}")
