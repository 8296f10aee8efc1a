"""Where the equation is asked to hold: times in the network's own unit, from -1 to 1."""

from __future__ import annotations

import math

import torch


def collocation_points(placement: str, count: int, chance: torch.Generator) -> torch.Tensor:
    """`count` rising times, the first at -1 and the last at 1, float64 of shape (count, 1).

    grid: equally spaced. chebyshev: the extrema of a Chebyshev polynomial, close together near both ends, where a
    polynomial through few equally spaced points would stray most. random and resampled: one drawn from each of
    equally long parts of the window, so that none stays empty; resampled ones are drawn anew as the training goes on.
    """
    if placement == "grid":
        times = torch.linspace(-1, 1, count, dtype=torch.float64)
    elif placement == "chebyshev":
        times = -torch.cos(math.pi * torch.arange(count, dtype=torch.float64) / (count - 1))
    else:
        inner = torch.arange(count - 2) + torch.rand(count - 2, dtype=torch.float64, generator=chance)
        times = torch.cat([inner.new_tensor([-1.0]), 2 * inner / (count - 2) - 1, inner.new_tensor([1.0])])
    return times[:, None]
