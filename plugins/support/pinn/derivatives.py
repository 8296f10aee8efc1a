"""Derivatives by differences: matrices that turn the states at some times into their derivatives there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch

from .trial_solutions import Trial

Tensor: TypeAlias = torch.Tensor

Derivative: TypeAlias = Callable[[Trial, Tensor], tuple[Tensor, Tensor, Tensor]]
"""From the trial solution and the points: the times (m, 1) where y' = f is to hold, with y and dy/dt there (m, d)."""

Matrix: TypeAlias = Callable[[Tensor], tuple[int, Tensor]]
"""From the points (n,): how many of the first are left out, and the matrix (m, n) of dy/dt at the others."""


def differences(matrix: Matrix) -> Derivative:
    """The derivative that such a matrix takes."""

    def derivative(predict: Trial, t: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        left_out, weights = matrix(t[:, 0])
        y = predict(t)
        return t[left_out:], y[left_out:], weights @ y

    return derivative


def backward(t: Tensor) -> tuple[int, Tensor]:
    """(y_n - y_{n-1}) / h at every point but the first: order 1."""
    per_h = 1 / t.diff()
    matrix = t.new_zeros(len(t) - 1, len(t))
    matrix.diagonal().copy_(-per_h)
    matrix.diagonal(1).copy_(per_h)
    return 1, matrix


def central(t: Tensor) -> tuple[int, Tensor]:
    """From the point before and the one after, at both ends from the three nearest: order 2."""
    return 0, stencils(t, 3)


def fourth_order(t: Tensor) -> tuple[int, Tensor]:
    """From the five nearest points, at the ends the first or last five: order 4."""
    return 0, stencils(t, 5)


def spectral(t: Tensor) -> tuple[int, Tensor]:
    """From all points: the derivative of the one polynomial through them, for points near Chebyshev's alone."""
    apart = 4 * (t[:, None] - t) / (t[-1] - t[0])  # in this unit, products of many distances stay near 1
    products = apart.fill_diagonal_(1.0).prod(dim=1)
    weights = (products[:, None] / products / (t[:, None] - t).fill_diagonal_(1.0)).fill_diagonal_(0.0)
    return 0, weights - torch.diag(weights.sum(dim=1))


MATRICES: dict[str, Matrix] = {
    "backward": backward,
    "central": central,
    "fourth-order": fourth_order,
    "spectral": spectral,
}


def stencils(t: Tensor, width: int) -> Tensor:
    """Row n: the derivative at t_n of the polynomial through the `width` points about it, whatever their distances.

    The weights are those of Fornberg, Math. Comp. 51 (1988) 699, for the first derivative, by the barycentric formula
    (Berrut & Trefethen, SIAM Rev. 46 (2004) 501): (w_j / w_n) / (t_n - t_j), w_j = 1 / prod (t_j - t_k), and on the
    diagonal what makes the derivative of a constant zero.
    """
    n = len(t)
    if n < width:
        raise ValueError(f"expected points of {width} or more for this difference, received {n}")
    first = (torch.arange(n, device=t.device) - width // 2).clamp(0, n - width)
    columns = first[:, None] + torch.arange(width, device=t.device)
    near = t[columns]
    scale = (near[:, -1:] - near[:, :1]) / 4  # products of many small distances would underflow
    apart = (near[:, :, None] - near[:, None, :]) / scale[:, :, None]
    apart.diagonal(dim1=1, dim2=2).fill_(1.0)
    products = apart.prod(dim=2)
    at = torch.arange(n, device=t.device) - first
    distance = (t[:, None] - near).scatter(1, at[:, None], 1.0)
    weights = products.gather(1, at[:, None]) / products / distance
    weights.scatter_(1, at[:, None], 0.0)
    weights.scatter_(1, at[:, None], -weights.sum(dim=1, keepdim=True))
    return torch.zeros(n, n, dtype=t.dtype, device=t.device).scatter(1, columns, weights)
