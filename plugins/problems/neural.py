"""Test problems of the literature on neural networks as ODE solvers: Lagaris et al. (1998), NeuralPDE.jl."""

import math
from typing import Any

import numpy as np

from odebench import IVP, Problem, hookimpl, problem

from . import _shared


@problem(
    tags=["linear", "scalar", "nonstiff"],
    source="Lagaris, Likas & Fotiadis, IEEE Trans. Neural Networks 9 (1998) 987-1000: problem 1",
)
def lagaris_1(*, t1: float = 1.0) -> IVP:
    """y' + (t + q) y = t^3 + 2 t + t^2 q, q = (1 + 3 t^2) / (1 + t + t^3), y(0) = 1.

    y = exp(-t^2 / 2) / (1 + t + t^3) + t^2.
    """

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        q = (1 + 3 * t**2) / (1 + t + t**3)
        return xp.stack([t**3 + 2 * t + t**2 * q - (t + q) * y[..., 0]], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0],
        exact=lambda t: (np.exp(-(t**2) / 2) / (1 + t + t**3) + t**2)[:, None],
    )


@problem(
    tags=["linear", "scalar", "nonstiff", "oscillatory", "duplicate"],
    source="Lagaris, Likas & Fotiadis, IEEE Trans. Neural Networks 9 (1998) 987-1000: problem 2; damped-sine, shorter",
)
def lagaris_2(*, t1: float = 2.0) -> IVP:
    """y' = -y / 5 + exp(-t / 5) cos t, y(0) = 0: y = exp(-t / 5) sin t."""
    return _shared.damped_sine(0.0, t1)


@problem(
    tags=["linear", "system", "nonstiff", "oscillatory"],
    source="Lagaris, Likas & Fotiadis, IEEE Trans. Neural Networks 9 (1998) 987-1000: problem 3",
)
def lagaris_3(*, t1: float = 2.0) -> IVP:
    """y'' + y' / 5 + y = -exp(-t / 5) cos(t) / 5, y(0) = 0, y'(0) = 1, as (y, y'): y = exp(-t / 5) sin t."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b = y[..., 0], y[..., 1]
        return xp.stack([b, -b / 5 - a - xp.exp(-t / 5) * xp.cos(t) / 5], -1)

    def exact(t: Any) -> Any:
        decay = np.exp(-t / 5)
        return np.stack([decay * np.sin(t), decay * (np.cos(t) - np.sin(t) / 5)], axis=-1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[0.0, 1.0], exact=exact)


@problem(
    tags=["nonlinear", "system", "nonstiff"],
    source="Lagaris, Likas & Fotiadis, IEEE Trans. Neural Networks 9 (1998) 987-1000: problem 4",
)
def lagaris_4(*, t1: float = 3.0) -> IVP:
    """y1' = cos t + y1^2 + y2 - (1 + t^2 + sin(t)^2), y2' = 2 t - (1 + t^2) sin t + y1 y2, from (0, 1).

    y1 = sin t, y2 = 1 + t^2; neighbouring solutions move away from it.
    """

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b = y[..., 0], y[..., 1]
        square, sine = 1 + t**2, xp.sin(t)
        return xp.stack([xp.cos(t) + a**2 + b - (square + sine**2), 2 * t - square * sine + a * b], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[0.0, 1.0],
        exact=lambda t: np.stack([np.sin(t), 1 + t**2], axis=-1),
    )


@problem(
    tags=["linear", "scalar", "nonstiff", "oscillatory"], source="NeuralPDE.jl, first example of its ODE solver NNODE"
)
def cosine_integral(*, t1: float = 1.0) -> IVP:
    """y' = cos(2 pi t), y(0) = 0: y = sin(2 pi t) / (2 pi), a plain integral."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        return xp.stack([xp.cos(2 * math.pi * t) + 0 * y[..., 0]], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[0.0],
        exact=lambda t: (np.sin(2 * np.pi * t) / (2 * np.pi))[:, None],
    )


@problem(
    tags=["linear", "scalar", "nonstiff", "oscillatory"], source="NeuralPDE.jl, tests of NNODE and BNNODE; Lagaris 1998"
)
def damped_sine(*, initial: float = 0.0, t1: float = 10.0) -> IVP:
    """y' = -y / 5 + exp(-t / 5) cos t, y(0) = initial: y = exp(-t / 5) (initial + sin t), lagaris_2 taken further."""
    return _shared.damped_sine(initial, t1)


@hookimpl
def odebench_problems() -> list[Problem]:
    return [lagaris_1, lagaris_2, lagaris_3, lagaris_4, cosine_integral, damped_sine]
