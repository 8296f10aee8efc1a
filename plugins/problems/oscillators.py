"""Things that swing, and neurons that fire."""

from typing import Any

import numpy as np

from odebench import IVP, Problem, hookimpl, problem

from . import _shared
from ._shared import expect_positive


@problem(tags=["linear", "system", "oscillatory", "conservative", "nonstiff"], source="Hooke's law")
def harmonic_oscillator(*, omega: float = 1.0, periods: float = 2.0) -> IVP:
    """x' = v, v' = -omega^2 x, from x = 1 at rest, over a number of periods."""
    expect_positive(omega=omega, periods=periods)

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        return xp.stack([y[..., 1], -(omega**2) * y[..., 0]], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, periods * 2 * np.pi / omega),
        y0=[1.0, 0.0],
        exact=lambda t: np.stack([np.cos(omega * t), -omega * np.sin(omega * t)], axis=-1),
        invariants={"energy": lambda y: 0.5 * (y[..., 1] ** 2 + omega**2 * y[..., 0] ** 2)},
    )


@problem(tags=["linear", "system", "oscillatory", "nonstiff"], source="textbook; critical at damping = 1")
def damped_oscillator(*, damping: float = 0.1, omega: float = 1.0, t1: float = 20.0) -> IVP:
    """x' = v, v' = -2 damping omega v - omega^2 x, from x = 1 at rest; damping > 1 does not swing."""
    if damping < 0:
        raise ValueError(f"expected damping >= 0, received {damping}")
    expect_positive(omega=omega)
    rate = omega * abs((damping - 1) * (damping + 1)) ** 0.5  # of the swinging, or half the distance of the two rates

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        x, v = y[..., 0], y[..., 1]
        return xp.stack([v, -(2 * damping * omega) * v - omega**2 * x], -1)

    def exact(t: Any) -> Any:
        # x = c + damping omega s, v = -omega^2 s, where c and s are exp(-damping omega t) times cos(rate t) and
        # sin(rate t) / rate, or their hyperbolic counterparts; both pass smoothly through rate = 0
        if damping < 1:
            decay = np.exp(-damping * omega * t)
            c, s = decay * np.cos(rate * t), decay * t * np.sinc(rate * t / np.pi)
        else:
            decay = np.exp(-(omega**2) / (damping * omega + rate) * t)
            c = decay * (1 + np.exp(-2 * rate * t)) / 2
            s = decay * (t if rate == 0 else -np.expm1(-2 * rate * t) / (2 * rate))
        return np.stack([c + damping * omega * s, -(omega**2) * s], axis=-1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.0, 0.0], exact=exact)


@problem(
    tags=["nonlinear", "system", "oscillatory", "nonstiff", "duplicate"],
    source="van der Pol, Phil. Mag. 2 (1926) 978-992; as it stands detest-e2, and stiff for large mu",
)
def van_der_pol(*, mu: float = 1.0, t1: float = 20.0) -> IVP:
    """x' = v, v' = mu (1 - x^2) v - x, from (2, 0): an oscillator that settles on a limit cycle."""
    return _shared.van_der_pol(mu, t1)


@problem(
    tags=["nonlinear", "system", "oscillatory", "chaotic", "nonstiff"],
    source="Duffing 1918; Guckenheimer & Holmes, Nonlinear Oscillations, 1983, section 2.2",
)
def duffing(
    *,
    alpha: float = -1.0,
    beta: float = 1.0,
    delta: float = 0.3,
    gamma: float = 0.5,
    omega: float = 1.2,
    t1: float = 50.0,
) -> IVP:
    """x' = v, v' = gamma cos(omega t) - delta v - alpha x - beta x^3, from (1, 0): a shaken beam between magnets."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        x, v = y[..., 0], y[..., 1]
        return xp.stack([v, gamma * xp.cos(omega * t) - delta * v - alpha * x - beta * (x * x * x)], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.0, 0.0])


@problem(
    tags=["nonlinear", "system", "oscillatory", "nonstiff"],
    source="FitzHugh, Biophys. J. 1 (1961) 445-466; Nagumo, Arimoto & Yoshizawa, Proc. IRE 50 (1962) 2061-2070",
)
def fitzhugh_nagumo(
    *, a: float = 0.7, b: float = 0.8, tau: float = 12.5, current: float = 0.5, t1: float = 100.0
) -> IVP:
    """v' = v - v^3 / 3 - w + current, w' = (v + a - b w) / tau, from (-1, 1): a nerve that fires again and again."""
    expect_positive(tau=tau)

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        v, w = y[..., 0], y[..., 1]
        return xp.stack([v - v * v * v / 3 - w + current, (v + a - b * w) / tau], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[-1.0, 1.0])


@hookimpl
def odebench_problems() -> list[Problem]:
    return [harmonic_oscillator, damped_oscillator, van_der_pol, duffing, fitzhugh_nagumo]
