"""DETEST, the nonstiff test set: D and E after Hull et al. (1972), F after Enright & Pryce (1987)."""

import math
from typing import Any

import numpy as np

from odebench import IVP, Problem, hookimpl, problem

from ._shared import ALGORITHM_648, DETEST, two_bodies, van_der_pol

# D: orbit equations


_ORBIT_TAGS = ["nonlinear", "system", "nonstiff", "oscillatory", "conservative"]


@problem(tags=_ORBIT_TAGS, source=f"{DETEST}: D1")
def detest_d1(*, t1: float = 20.0) -> IVP:
    """x'' = -x / r^3, y'' = -y / r^3, from (0.9, 0) at (0, sqrt(1.1 / 0.9)): two bodies, eccentricity 0.1."""
    return two_bodies(0.1, t1)


@problem(tags=_ORBIT_TAGS, source=f"{DETEST}: D2")
def detest_d2(*, t1: float = 20.0) -> IVP:
    """x'' = -x / r^3, y'' = -y / r^3, from (0.7, 0) at (0, sqrt(1.3 / 0.7)): two bodies, eccentricity 0.3."""
    return two_bodies(0.3, t1)


@problem(tags=_ORBIT_TAGS, source=f"{DETEST}: D3")
def detest_d3(*, t1: float = 20.0) -> IVP:
    """x'' = -x / r^3, y'' = -y / r^3, from (0.5, 0) at (0, sqrt(1.5 / 0.5)): two bodies, eccentricity 0.5."""
    return two_bodies(0.5, t1)


@problem(tags=_ORBIT_TAGS, source=f"{DETEST}: D4")
def detest_d4(*, t1: float = 20.0) -> IVP:
    """x'' = -x / r^3, y'' = -y / r^3, from (0.3, 0) at (0, sqrt(1.7 / 0.3)): two bodies, eccentricity 0.7."""
    return two_bodies(0.7, t1)


@problem(tags=_ORBIT_TAGS, source=f"{DETEST}: D5")
def detest_d5(*, t1: float = 20.0) -> IVP:
    """x'' = -x / r^3, y'' = -y / r^3, from (0.1, 0) at (0, sqrt(1.9 / 0.1)): two bodies, eccentricity 0.9."""
    return two_bodies(0.9, t1)


# E: higher-order equations, as systems of (y, y')


@problem(
    tags=["linear", "system", "nonstiff", "oscillatory"],
    source=f"{DETEST}: E1",
)
def detest_e1(*, t1: float = 20.0) -> IVP:
    """y'' = -(y' / (t + 1) + (1 - 0.25 / (t + 1)^2) y): Bessel's equation of order 1/2, with origin shifted to -1.

    From y(0) = J(1), y'(0) = J'(1), where J(x) = sqrt(2 / (pi x)) sin x.
    """

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b = y[..., 0], y[..., 1]
        return xp.stack([b, -(b / (t + 1) + (1 - 0.25 / (t + 1) ** 2) * a)], -1)

    def exact(t: Any) -> Any:
        x = t + 1
        size = np.sqrt(2 / (np.pi * x))
        return np.stack([size * np.sin(x), size * (np.cos(x) - np.sin(x) / (2 * x))], axis=-1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[0.6713967071418030, 0.09540051444747446], exact=exact)


@problem(
    tags=["nonlinear", "system", "nonstiff", "oscillatory"],
    source=f"{DETEST}: E2",
)
def detest_e2(*, t1: float = 20.0) -> IVP:
    """y'' = (1 - y^2) y' - y, from (2, 0): van der Pol's equation."""
    return van_der_pol(1.0, t1)


@problem(
    tags=["nonlinear", "system", "nonstiff", "oscillatory"],
    source=f"{DETEST}: E3",
)
def detest_e3(*, t1: float = 20.0) -> IVP:
    """y'' = y^3 / 6 - y + 2 sin(2.78535 t), from (0, 0): Duffing's equation."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b = y[..., 0], y[..., 1]
        return xp.stack([b, a**3 / 6 - a + 2 * xp.sin(2.78535 * t)], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[0.0, 0.0])


@problem(tags=["nonlinear", "system", "nonstiff"], source=f"{DETEST}: E4")
def detest_e4(*, t1: float = 20.0) -> IVP:
    """y'' = 0.032 - 0.4 y'^2, from (30, 0): a falling body with air resistance."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        b = y[..., 1]
        return xp.stack([b, 0.032 - 0.4 * b**2], -1)

    def exact(t: Any) -> Any:
        x = math.sqrt(0.032 * 0.4) * t
        log_cosh = x + np.log1p(np.expm1(-2 * x) / 2)
        return np.stack([30 + log_cosh / 0.4, math.sqrt(0.032 / 0.4) * np.tanh(x)], axis=-1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[30.0, 0.0], exact=exact)


@problem(tags=["nonlinear", "system", "nonstiff"], source=f"{DETEST}: E5")
def detest_e5(*, t1: float = 20.0) -> IVP:
    """y'' = sqrt(1 + y'^2) / (25 - t), from (0, 0): a linear pursuit, which ends at t = 25."""
    if not 0 < t1 < 25:
        raise ValueError(f"expected t1 in (0, 25), before the pursuit ends, received {t1}")

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        b = y[..., 1]
        return xp.stack([b, xp.sqrt(1 + b**2) / (25 - t)], -1)

    def exact(t: Any) -> Any:
        x = t / 25
        return np.stack([-12.5 * (np.log1p(-x) + x * (1 - x / 2)), x * (1 - x / 2) / (1 - x)], axis=-1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[0.0, 0.0], exact=exact)


# F: problems with discontinuities


def _folded(t: Any, xp: Any, period: float, t1: float) -> Any:
    """t less the whole periods in it, for t >= 0 up to t1 and some way beyond, without rounding."""
    steps = [period]
    while 2 * steps[-1] <= t1:
        steps.append(2 * steps[-1])
    for step in reversed(steps):
        t = xp.where(t >= step, t - step, t)
    return t


@problem(tags=["linear", "system", "nonstiff", "oscillatory"], source=f"{ALGORITHM_648}: F1")
def detest_f1(*, t1: float = 20.0) -> IVP:
    """y'' = 2 a y' - (pi^2 + a^2) y + 1 where floor(t) is even, - 1 where it is odd, a = 0.1, from (0, 0).

    A growing oscillator pushed one way and the other by turns: the slope jumps at t = 1, 2, 3, ...
    """
    a = 0.1
    stiffness = math.pi**2 + a**2

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        x, v = y[..., 0], y[..., 1]
        phase = _folded(t + 0 * x, xp, 2.0, t1)
        smooth = 2 * a * v - stiffness * x
        return xp.stack([v, xp.where(phase < 1, smooth + 1, smooth - 1)], -1)

    def exact(t: Any) -> Any:
        # within a unit of time the deviation from sign / stiffness turns by half a period and grows by exp(a)
        whole = np.floor(t.real)  # formulas take complex times: so their slopes are checked
        sign, part = 1 - 2 * (whole % 2), t - whole
        limit = 2 / math.expm1(a)
        size = limit * np.exp(a * part) - (1 + limit) * np.exp(a * t)
        cosine, sine = sign * np.cos(np.pi * part), sign * np.sin(np.pi * part)
        return np.stack([(sign + size * (cosine - a / np.pi * sine)) / stiffness, -size * sine / np.pi], axis=-1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[0.0, 0.0], exact=exact, breaks=range(1, math.ceil(t1)))


@problem(tags=["linear", "scalar", "nonstiff"], source=f"{ALGORITHM_648}: F2")
def detest_f2(*, t1: float = 20.0) -> IVP:
    """y' = 55 - 3 y / 2 where floor(t) is even, 55 - y / 2 where it is odd, y(0) = 110: jumps at t = 1, 2, 3, ..."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a = y[..., 0]
        phase = _folded(t + 0 * a, xp, 2.0, t1)
        return xp.stack([xp.where(phase < 1, 55 - 1.5 * a, 55 - 0.5 * a)], -1)

    def exact(t: Any) -> Any:
        whole = np.floor(t.real / 2)
        part = t - 2 * whole
        low, high = 110 / 3, 110.0
        start = (high + (low - high) * math.exp(-0.5) - low * math.exp(-2.0)) / -math.expm1(-2.0)
        start = start + (high - start) * np.exp(-2 * whole)
        middle = low + (start - low) * math.exp(-1.5)
        first = low + (start - low) * np.exp(-1.5 * part)
        second = high + (middle - high) * np.exp(-0.5 * (part - 1))
        return np.where(part.real < 1, first, second)[:, None]

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[110.0], exact=exact, breaks=range(1, math.ceil(t1)))


@problem(tags=["nonlinear", "system", "nonstiff", "oscillatory"], source=f"{ALGORITHM_648}: F3")
def detest_f3(*, t1: float = 20.0) -> IVP:
    """y'' = 0.01 y' (1 - y^2) - y - abs(sin(pi t)), from (0, 0): the force has kinks at t = 1, 2, 3, ..."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        x, v = y[..., 0], y[..., 1]
        phase = _folded(t + 0 * x, xp, 1.0, t1)
        return xp.stack([v, 0.01 * v * (1 - x**2) - x - xp.sin(math.pi * phase)], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[0.0, 0.0], breaks=range(1, math.ceil(t1)))


@problem(tags=["linear", "scalar", "nonstiff"], source=f"{ALGORITHM_648}: F4")
def detest_f4(*, t1: float = 20.0) -> IVP:
    """y' = -2 / 21 - 120 (t - 5) / (1 + 4 (t - 5)^2)^16 up to t = 10, -2 y beyond, y(0) = 1: a bump, then a jump."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a = y[..., 0]
        t = t + 0 * a
        u = xp.where(t > 10, 0 * a + 5, t - 5)  # held at its last value, lest the unused power overflow
        return xp.stack([xp.where(t > 10, -2 * a, -2 / 21 - 120 * u / (1 + 4 * u**2) ** 16)], -1)

    def exact(t: Any) -> Any:
        bump = 1 - 2 * t / 21 + (1 + 4 * (t - 5) ** 2) ** -15.0 - 101**-15.0
        return np.where(t.real > 10, np.exp(-2 * (t - 10)) / 21, bump)[:, None]

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.0], exact=exact, breaks=[10.0])


@problem(tags=["linear", "scalar", "nonstiff"], source=f"{ALGORITHM_648}: F5")
def detest_f5(*, t1: float = 20.0) -> IVP:
    """y' = (p'(t) / c) y, p(t) = sum over i = 1..19 of abs(t - i)^(4/3), c = p(0), y(0) = 1.

    The second derivative is infinite at t = 1, 2, ..., 19.
    """
    c = math.fsum(i ** (4 / 3) for i in range(1, 20))

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a = y[..., 0]
        slope = 0 * a
        for i in range(1, 20):
            u = t - i
            slope = slope + u / (u**2 + 1e-36) ** (1 / 3)  # the cube root of u; 1e-36 keeps it from 0 / 0 at u = 0
        return xp.stack([4 / (3 * c) * slope * a], -1)

    def exact(t: Any) -> Any:
        apart = t[:, None] - np.arange(1, 20)
        p = ((apart * np.sign(apart.real)) ** (4 / 3)).sum(axis=-1)
        return np.exp((p - c) / c)[:, None]

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.0], exact=exact, breaks=range(1, math.ceil(t1)))


@hookimpl
def odebench_problems() -> list[Problem]:
    return [
        detest_d1,
        detest_d2,
        detest_d3,
        detest_d4,
        detest_d5,
        detest_e1,
        detest_e2,
        detest_e3,
        detest_e4,
        detest_e5,
        detest_f1,
        detest_f2,
        detest_f3,
        detest_f4,
        detest_f5,
    ]
