"""A small network of time alone, with its exact derivatives by time and by every weight.

The derivatives are written out layer by layer for a whole batch of times at once. The autograd engine finds the same
numbers (a test holds the two together); for networks of this size it spends most of its time on its own bookkeeping.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch

Tensor: TypeAlias = torch.Tensor


@dataclass(frozen=True)
class Activation:
    """The function that makes a layer nonlinear, with its first and second derivative."""

    value: Callable[[Tensor], Tensor]
    derivatives: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    """From z and value(z): the first and the second derivative at z."""


def _tanh(z: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    slope = 1 - a * a
    return slope, -2 * a * slope


def _gelu(z: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    density = torch.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return torch.special.ndtr(z) + z * density, (2 - z * z) * density


def _silu(z: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    s = torch.sigmoid(z)
    slope = s * (1 - s)
    return s + z * slope, slope * (2 + z * (1 - 2 * s))


def _softplus(z: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    s = torch.sigmoid(z)
    return s, s * (1 - s)


def _relu(z: Tensor, a: Tensor) -> tuple[Tensor, Tensor]:
    return (z > 0).to(z.dtype), torch.zeros_like(z)  # the second is why a relu network cannot bend between its kinks


ACTIVATIONS: dict[str, Activation] = {
    "tanh": Activation(torch.tanh, _tanh),
    "sin": Activation(torch.sin, lambda z, a: (torch.cos(z), -a)),
    "gelu": Activation(torch.nn.functional.gelu, _gelu),
    "silu": Activation(torch.nn.functional.silu, _silu),
    "softplus": Activation(torch.nn.functional.softplus, _softplus),
    "relu": Activation(torch.relu, _relu),
}


class Network(torch.nn.Module):
    """A fully connected network from time, scaled to [-1, 1], to d states.

    All weights are views of one vector, `flat`, in the order of `parameters()`, and their gradients of `flat_gradient`:
    an optimizer may change either.
    """

    def __init__(
        self,
        n_states: int,
        width: int,
        depth: int,
        activation: str,
        *,
        steepness: float | None,
        seed: int,
        dtype: torch.dtype,
        device: torch.device,
    ) -> None:
        """Draw the weights. steepness: see `_spread_out`; None for PyTorch's usual weights."""
        super().__init__()
        sizes = [1, *[width] * depth, n_states]
        self.layers = torch.nn.ModuleList(
            # without first weights, which would be drawn from the generator that the whole process shares
            torch.nn.utils.skip_init(torch.nn.Linear, a, b, dtype=torch.float64)
            for a, b in itertools.pairwise(sizes)
        )
        self.activation = ACTIVATIONS[activation]
        chance = torch.Generator().manual_seed(seed)  # its own, so that nothing else draws from it
        with torch.no_grad():
            for layer in self.layers:
                limit = 1 / math.sqrt(layer.in_features)
                layer.weight.uniform_(-limit, limit, generator=chance)
                layer.bias.uniform_(-limit, limit, generator=chance)
            if steepness is not None:
                self._spread_out(steepness, chance)
        self.to(device=device, dtype=dtype)
        self.flat = torch.cat([p.detach().reshape(-1) for p in self.parameters()])
        self.flat_gradient = torch.zeros_like(self.flat)
        begin = 0
        for p in self.parameters():
            end = begin + p.numel()
            p.data, p.grad = self.flat[begin:end].view_as(p), self.flat_gradient[begin:end].view_as(p)
            begin = end

    def _spread_out(self, steepness: float, chance: torch.Generator) -> None:
        """First-layer units that bend one after another, all over the window, each within about 1/steepness of it.

        PyTorch draws weight and bias of a unit alike from [-1, 1], so that half of all units bend outside of the
        window, and the others so gently that they are nearly straight lines in it, each like the others. The slopes
        are drawn between half of `steepness` and all of it, with either sign, the places evenly from [-1, 1].
        """
        first = self.layers[0]
        slopes = first.weight.sign() * steepness * (1 + first.weight.abs()) / 2
        order = torch.randperm(first.out_features, generator=chance)
        places = (
            2 * (order + torch.rand(first.out_features, generator=chance, dtype=torch.float32)) / first.out_features - 1
        ).double()
        first.weight.copy_(slopes)
        first.bias.copy_(-slopes[:, 0] * places)

    def forward(self, t: Tensor) -> Tensor:
        """Times (n, 1) -> outputs (n, d)."""
        *hidden, last = self.layers
        for layer in hidden:
            t = self.activation.value(layer(t))
        outputs: Tensor = last(t)
        return outputs

    def with_rates(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """The outputs and their derivatives by time, (n, d) each: forward mode.

        Beside what it hands on, each layer hands on how fast that changes with time. The first layer's input is time,
        which changes at the rate 1.
        """
        *hidden, last = self.layers
        rate = torch.ones_like(t)
        for layer in hidden:
            z, z_rate = layer(t), rate @ layer.weight.T
            t = self.activation.value(z)
            rate = self.activation.derivatives(z, t)[0] * z_rate
        return last(t), rate @ last.weight.T

    def jacobian(self, t: Tensor, u: Tensor, v: Tensor | None = None) -> Tensor:
        """The derivatives by every weight of u N(t) + v N'(t), N the outputs and N' their derivatives by time.

        t: (n, 1). u and v: (n, k, d), k sums at each time; v may be left out. Returns (n, k, weights). It goes through
        the layers once forward and once back. What comes back is, for each unit, by how much each sum changes with
        the unit's value (`pull`) and with the rate at which that changes in time (`rate_pull`).
        """
        hidden = self.layers[:-1]
        values, rates, slopes, bends = [t], [torch.ones_like(t)], [], []
        for layer in hidden:
            z, z_rate = layer(values[-1]), rates[-1] @ layer.weight.T
            values.append(self.activation.value(z))
            slope, curvature = self.activation.derivatives(z, values[-1])
            rates.append(slope * z_rate)
            slopes.append(slope[:, None])
            bends.append((curvature * z_rate)[:, None])
        pull, rate_pull = u, v
        blocks = []
        for n in range(len(hidden), -1, -1):
            by_weight = pull[..., None] * values[n][:, None, None]
            if rate_pull is not None:
                by_weight += rate_pull[..., None] * rates[n][:, None, None]
            blocks += [pull, by_weight.flatten(2)]
            if n:
                pull = pull @ self.layers[n].weight
                if rate_pull is not None:
                    rate_pull = rate_pull @ self.layers[n].weight
                    pull = pull * slopes[n - 1] + rate_pull * bends[n - 1]
                    rate_pull = rate_pull * slopes[n - 1]
                else:
                    pull = pull * slopes[n - 1]
        return torch.cat(blocks[::-1], dim=2)
