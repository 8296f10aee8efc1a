"""What several families of problems share: their sources, and the equations that have more than one name."""

import math
from typing import Any

import numpy as np

from odebench import IVP

DETEST = "Hull et al., SIAM J. Numer. Anal. 9 (1972) 603-637"
STIFF_DETEST = "Enright, Hull & Lindberg, BIT 15 (1975) 10-48; Enright & Pryce, ACM TOMS 13 (1987) 1-27"
ALGORITHM_648 = "Enright & Pryce, ACM TOMS 13 (1987) 1-27"
TEST_SET = "Mazzia & Magherini, Test Set for IVP Solvers, release 2.4"


def expect_positive(**parameters: float) -> None:
    """Refuse a parameter that is not above 0, by its name."""
    for name, value in parameters.items():
        if value <= 0:
            raise ValueError(f"expected {name} > 0, received {value}")


def until(t: Any, end: float, xp: Any) -> Any:
    """1 up to and at t = end, and 0 after, by arithmetic alone; exact, as the nudge is half a rounding of the end."""
    left = (end - t) + end * 2.0**-54
    return 0.5 + 0.5 * (left / xp.sqrt(left * left))


def cosine_growth(t1: float) -> IVP:
    """y' = y cos t, y(0) = 1."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        return xp.stack([y[..., 0] * xp.cos(t)], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.0], exact=lambda t: np.exp(np.sin(t))[:, None])


def damped_sine(initial: float, t1: float) -> IVP:
    """y' = -y / 5 + exp(-t / 5) cos t, y(0) = initial."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        return xp.stack([-y[..., 0] / 5 + xp.exp(-t / 5) * xp.cos(t)], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[initial],
        exact=lambda t: (np.exp(-t / 5) * (initial + np.sin(t)))[:, None],
    )


def spiral(t1: float) -> IVP:
    """y' = (y - t) / (y + t), y(0) = 4, a spiral of radius 4 exp(pi / 2 - angle), which turns back where y = -t."""
    turn = 4 * math.exp(0.75 * math.pi) / math.sqrt(2)
    if not 0 < t1 < turn:
        raise ValueError(f"expected t1 in (0, {turn:.4f}), where the solution is a function of t, received {t1}")

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a = y[..., 0]
        return xp.stack([(a - t) / (a + t)], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[4.0])


def two_bodies(eccentricity: float, t1: float) -> IVP:
    """x'' = -x / r^3, y'' = -y / r^3, from the point nearest the centre; the state is (x, y, x', y')."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b = y[..., 0], y[..., 1]
        cubed = (a**2 + b**2) ** 1.5
        return xp.stack([y[..., 2], y[..., 3], -a / cubed, -b / cubed], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1 - eccentricity, 0.0, 0.0, math.sqrt((1 + eccentricity) / (1 - eccentricity))],
        invariants={
            "energy": lambda y: (y[..., 2] ** 2 + y[..., 3] ** 2) / 2 - 1 / np.sqrt(y[..., 0] ** 2 + y[..., 1] ** 2),
            "angular_momentum": lambda y: y[..., 0] * y[..., 3] - y[..., 1] * y[..., 2],
        },
    )


def van_der_pol(mu: float, t1: float) -> IVP:
    """x' = v, v' = mu (1 - x^2) v - x, from (2, 0)."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        x, v = y[..., 0], y[..., 1]
        return xp.stack([v, mu * (1 - x**2) * v - x], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[2.0, 0.0])
