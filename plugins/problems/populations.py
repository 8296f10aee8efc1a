"""Populations that live on one another."""

from typing import Any

from odebench import IVP, Problem, hookimpl, problem


@problem(tags=["nonlinear", "system", "oscillatory", "nonstiff"], source="Lotka 1925, Volterra 1926")
def lotka_volterra(
    *,
    alpha: float = 1.5,
    beta: float = 1.0,
    gamma: float = 3.0,
    delta: float = 1.0,
    prey: float = 1.0,
    predators: float = 1.0,
    t1: float = 10.0,
) -> IVP:
    """x' = alpha x - beta x y, y' = -gamma y + delta x y, from (prey, predators)."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        x, z = y[..., 0], y[..., 1]
        return xp.stack([alpha * x - beta * x * z, -gamma * z + delta * x * z], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[prey, predators])


@hookimpl
def odebench_problems() -> list[Problem]:
    return [lotka_volterra]
