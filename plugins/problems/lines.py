"""Partial differential equations by the method of lines: the number of states is a parameter."""

from typing import Any

import numpy as np

from odebench import IVP, Problem, hookimpl, problem

from ._shared import expect_positive


def _at_least(least: int, n: int) -> None:
    if n < least:
        raise ValueError(f"expected n >= {least}, received {n}")


@problem(tags=["linear", "system", "stiff", "large"], source="textbook: heat equation, second-order differences")
def heat(*, n: int = 100, t1: float = 0.1) -> IVP:
    """u_t = u_xx on (0, 1), u = 0 at both ends, from sin(pi x) + sin(3 pi x) / 2, at n inner points."""
    _at_least(2, n)
    x = np.arange(1, n + 1) / (n + 1)
    modes = (1, 3)
    rates = [4 * (n + 1) ** 2 * np.sin(k * np.pi / (2 * (n + 1))) ** 2 for k in modes]
    shapes = [np.sin(np.pi * x), np.sin(3 * np.pi * x) / 2]

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        edge = 0 * y[..., :1]
        left, right = xp.concatenate([edge, y[..., :-1]], -1), xp.concatenate([y[..., 1:], edge], -1)
        return (n + 1) ** 2 * (left - 2 * y + right)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=shapes[0] + shapes[1],
        exact=lambda t: sum(np.exp(-rate * t)[:, None] * shape for rate, shape in zip(rates, shapes, strict=True)),
    )


@problem(
    tags=["linear", "system", "nonstiff", "oscillatory", "conservative", "large"],
    source="textbook: advection equation, central differences",
)
def advection(*, n: int = 100, t1: float = 1.0) -> IVP:
    """u_t = -u_x on a circle of length 1, from sin(2 pi x), at n points."""
    _at_least(3, n)
    angle = 2 * np.pi * np.arange(n) / n
    speed = n * np.sin(2 * np.pi / n)

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        left, right = xp.concatenate([y[..., -1:], y[..., :-1]], -1), xp.concatenate([y[..., 1:], y[..., :1]], -1)
        return n / 2 * (left - right)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=np.sin(angle),
        exact=lambda t: np.sin(angle - speed * t[:, None]),
        invariants={"energy": lambda y: (y * y).sum(axis=-1)},
    )


@problem(tags=["nonlinear", "system", "stiff", "large"], source="Allen & Cahn, Acta Metall. 27 (1979) 1085-1095")
def allen_cahn(*, n: int = 100, diffusion: float = 0.01, t1: float = 4.0) -> IVP:
    """u_t = diffusion u_xx + u - u^3 on [0, 1], no flux at either end, from 0.5 cos(2 pi x) + 0.1, at n points."""
    _at_least(3, n)
    expect_positive(diffusion=diffusion)
    x = np.arange(n) / (n - 1)

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        left, right = xp.concatenate([y[..., 1:2], y[..., :-1]], -1), xp.concatenate([y[..., 1:], y[..., -2:-1]], -1)
        return diffusion * (n - 1) ** 2 * (left - 2 * y + right) + y - y * y * y

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=0.5 * np.cos(2 * np.pi * x) + 0.1)


@problem(
    tags=["nonlinear", "system", "stiff", "oscillatory", "large"],
    source="Hairer & Wanner, Solving ODEs II, section IV.1: BRUSS",
)
def brusselator_1d(*, n: int = 50, diffusion: float = 0.02, t1: float = 10.0) -> IVP:
    """u_t = 1 + u^2 v - 4 u + diffusion u_xx, v_t = 3 u - u^2 v + diffusion v_xx on (0, 1), at n inner points.

    u = 1 and v = 3 at both ends, from u = 1 + sin(2 pi x), v = 3. The state is u_1, v_1, u_2, v_2, ...
    """
    _at_least(2, n)
    x = np.arange(1, n + 1) / (n + 1)

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        u, v = y[..., 0::2], y[..., 1::2]

        def spread(w: Any, edge: float) -> Any:
            ends = 0 * w[..., :1] + edge
            left, right = xp.concatenate([ends, w[..., :-1]], -1), xp.concatenate([w[..., 1:], ends], -1)
            return diffusion * (n + 1) ** 2 * (left - 2 * w + right)

        reaction = u * u * v
        slopes = [1 + reaction - 4 * u + spread(u, 1.0), 3 * u - reaction + spread(v, 3.0)]
        return xp.stack(slopes, -1).reshape(y.shape)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=np.stack([1 + np.sin(2 * np.pi * x), 3 + 0 * x], -1).ravel())


@hookimpl
def odebench_problems() -> list[Problem]:
    return [heat, advection, allen_cahn, brusselator_1d]
