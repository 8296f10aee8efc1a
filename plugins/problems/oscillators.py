"""Things that swing."""

from typing import Any

import numpy as np

from odebench import IVP, Problem, hookimpl, problem


@problem(tags=["linear", "system", "oscillatory", "conservative", "nonstiff"], source="Hooke's law")
def harmonic_oscillator(*, omega: float = 1.0, periods: float = 2.0) -> IVP:
    """x' = v, v' = -omega^2 x, from x = 1 at rest, over a number of periods."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        return xp.stack([y[..., 1], -(omega**2) * y[..., 0]], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, periods * 2 * np.pi / omega),
        y0=[1.0, 0.0],
        exact=lambda t: np.stack([np.cos(omega * t), -omega * np.sin(omega * t)], axis=-1),
    )


@problem(
    tags=["nonlinear", "system", "oscillatory"], source="van der Pol, Phil. Mag. 2 (1926) 978-992; stiff for large mu"
)
def van_der_pol(*, mu: float = 1.0, t1: float = 20.0) -> IVP:
    """x' = v, v' = mu (1 - x^2) v - x, from (2, 0): an oscillator that settles on a limit cycle."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        x, v = y[..., 0], y[..., 1]
        return xp.stack([v, mu * (1 - x**2) * v - x], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[2.0, 0.0])


@hookimpl
def odebench_problems() -> list[Problem]:
    return [harmonic_oscillator, van_der_pol]
