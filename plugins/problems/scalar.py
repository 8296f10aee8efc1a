"""Problems of one component."""

from typing import Any

import numpy as np

from odebench import IVP, Problem, hookimpl, logarithmic_times, problem

from . import _shared
from ._shared import DETEST, expect_positive


@problem(
    tags=["linear", "scalar", "nonstiff", "duplicate"],
    source="exponential decay; detest-a1 goes on to t1=20; with rate=2, t0=1, t1=5 the thread's second case",
)
def decay(*, rate: float = 1.0, t0: float = 0.0, t1: float = 2.0) -> IVP:
    """y' = -rate y, from the solution that is 1 at t = 0: y = exp(-rate t)."""
    return IVP(
        rhs=lambda t, y, xp: -rate * y,
        t_span=(t0, t1),
        y0=[np.exp(-rate * t0)],
        exact=lambda t: np.exp(-rate * t)[:, None],
    )


@problem(tags=["nonlinear", "scalar", "nonstiff"], source="Verhulst 1838")
def logistic(*, rate: float = 1.0, capacity: float = 1.0, initial: float = 0.1, t1: float = 10.0) -> IVP:
    """y' = rate y (1 - y / capacity), y(0) = initial: growth that saturates."""
    if capacity / initial <= 0 or 1 + (capacity / initial - 1) * np.exp(-rate * t1) <= 0:
        raise ValueError(f"the solution blows up before t1 = {t1}: take initial and capacity of one sign, and rate > 0")
    return IVP(
        rhs=lambda t, y, xp: rate * y * (1 - y / capacity),
        t_span=(0.0, t1),
        y0=[initial],
        exact=lambda t: (capacity / (1 + (capacity / initial - 1) * np.exp(-rate * t)))[:, None],
    )


@problem(tags=["linear", "scalar", "nonstiff"], source="exponential growth; Malthus 1798")
def growth(*, rate: float = 1.0, t1: float = 5.0) -> IVP:
    """y' = rate y, y(0) = 1: y = exp(rate t), where errors grow with the solution."""
    return IVP(
        rhs=lambda t, y, xp: rate * y,
        t_span=(0.0, t1),
        y0=[1.0],
        exact=lambda t: np.exp(rate * t)[:, None],
    )


@problem(tags=["nonlinear", "scalar", "nonstiff"], source="Riccati 1724; with an Euler equation as its linear form")
def riccati(*, t1: float = 10.0) -> IVP:
    """y' = 2 / t^2 - y^2, y(1) = 0: y = 2 (t^3 - 1) / (t (t^3 + 2)), which rises and falls back to zero."""
    if not t1 > 1:
        raise ValueError(f"expected t1 > 1, where the problem starts, received {t1}")

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a = y[..., 0]
        return xp.stack([2 / t**2 - a**2], -1)

    return IVP(
        rhs=rhs,
        t_span=(1.0, t1),
        y0=[0.0],
        exact=lambda t: (2 * (t - 1) * (t**2 + t + 1) / (t * (t**3 + 2)))[:, None],
    )


@problem(tags=["nonlinear", "scalar", "nonstiff"], source="Jacob Bernoulli 1695; linear in 1 / y")
def bernoulli(*, t1: float = 10.0) -> IVP:
    """y' = y - t y^2, y(0) = 1: y = 1 / (t - 1 + 2 exp(-t))."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a = y[..., 0]
        return xp.stack([a - t * a**2], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.0], exact=lambda t: 1 / (t - 1 + 2 * np.exp(-t))[:, None])


@problem(tags=["linear", "scalar", "nonstiff", "oscillatory", "duplicate"], source=f"{DETEST}: A3, shorter")
def cosine_growth(*, t1: float = 10.0) -> IVP:
    """y' = y cos t, y(0) = 1: y = exp(sin t), growth and decay by turns."""
    return _shared.cosine_growth(t1)


@problem(tags=["nonlinear", "scalar", "nonstiff", "duplicate"], source=f"{DETEST}: A5")
def spiral(*, t1: float = 20.0) -> IVP:
    """y' = (y - t) / (y + t), y(0) = 4: log(t^2 + y^2) / 2 + arctan(y / t) = log 4 + pi / 2 for t > 0.

    That is a spiral of radius 4 exp(pi / 2 - angle), which turns back where y = -t, at t = 29.84.
    """
    return _shared.spiral(t1)


@problem(tags=["nonlinear", "scalar", "nonstiff"], source="a singularity in finite time; any textbook")
def blow_up(*, distance: float = 0.01) -> IVP:
    """y' = y^2, y(0) = 1: y = 1 / (1 - t), stopped at a distance before its singularity at t = 1."""
    if not 0 < distance < 1:
        raise ValueError(f"expected distance in (0, 1), received {distance}")
    return IVP(
        rhs=lambda t, y, xp: y**2,
        t_span=(0.0, 1 - distance),
        y0=[1.0],
        exact=lambda t: 1 / (1 - t)[:, None],
    )


@problem(
    tags=["nonlinear", "scalar", "stiff"],
    source="O'Malley 1991; Shampine, Gladwell & Thompson, Solving ODEs with MATLAB (2003)",
)
def flame(*, delta: float = 1e-4) -> IVP:
    """y' = y^2 - y^3, y(0) = delta, to t = 2 / delta: the radius of a flame, which ignites near t = 1 / delta.

    1 / y + log(1 / y - 1) = 1 / delta + log(1 / delta - 1) - t; stiff once lit, for small delta.
    """
    if not 0 < delta < 1:
        raise ValueError(f"expected delta in (0, 1), received {delta}")
    return IVP(rhs=lambda t, y, xp: y**2 - y**3, t_span=(0.0, 2 / delta), y0=[delta])


@problem(tags=["linear", "scalar", "stiff"], source="Prothero & Robinson, Math. Comp. 28 (1974) 145-162, with sin")
def prothero_robinson(*, stiffness: float = 1000.0, t1: float = 10.0) -> IVP:
    """y' = -stiffness (y - sin t) + cos t, y(0) = 0: y = sin t whatever the stiffness, which reduces orders."""
    expect_positive(stiffness=stiffness)

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        return xp.stack([-stiffness * (y[..., 0] - xp.sin(t)) + xp.cos(t)], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[0.0], exact=lambda t: np.sin(t)[:, None])


@problem(
    tags=["linear", "scalar", "stiff"],
    source="Curtiss & Hirschfelder 1952; Hairer & Wanner, Solving ODEs II, equation (IV.1.1)",
)
def forced_cosine(*, rate: float = 50.0, t1: float = 1.5) -> IVP:
    """y' = -rate (y - cos t), y(0) = 0: a fast transient, then a smooth curve near cos t."""
    if not (rate > 0 and t1 > 0):
        raise ValueError(f"expected rate > 0 and t1 > 0, received {rate} and {t1}")

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        return xp.stack([-rate * (y[..., 0] - xp.cos(t))], -1)

    def exact(t: Any) -> Any:
        # cos t - exp(-rate t), without cancellation near t = 0
        rise = -2 * np.sin(t / 2) ** 2 - np.expm1(-rate * t)
        return ((rate**2 * rise + rate * np.sin(t)) / (1 + rate**2))[:, None]

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[0.0],
        exact=exact,
        t_eval=logarithmic_times(0.0, t1, min(0.1 / rate, 0.01 * t1)),
    )


@hookimpl
def odebench_problems() -> list[Problem]:
    return [
        decay,
        logistic,
        growth,
        riccati,
        bernoulli,
        cosine_growth,
        spiral,
        blow_up,
        flame,
        prothero_robinson,
        forced_cosine,
    ]
