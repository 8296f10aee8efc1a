"""Small perturbations that grow."""

from typing import Any

from odebench import IVP, Problem, hookimpl, problem


@problem(tags=["nonlinear", "system", "chaotic", "nonstiff"], source="Lorenz, J. Atmos. Sci. 20 (1963) 130-141")
def lorenz(*, sigma: float = 10.0, rho: float = 28.0, beta: float = 8 / 3, t1: float = 20.0) -> IVP:
    """x' = sigma (y - x), y' = x (rho - z) - y, z' = x y - beta z, from (1, 1, 1): convection, and chaos."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c = y[..., 0], y[..., 1], y[..., 2]
        return xp.stack([sigma * (b - a), a * (rho - c) - b, a * b - beta * c], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.0, 1.0, 1.0])


@hookimpl
def odebench_problems() -> list[Problem]:
    return [lorenz]
