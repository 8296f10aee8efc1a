"""Populations that live on one another, and epidemics."""

from typing import Any

import numpy as np

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

    def cycle(y: Any) -> Any:
        x, z = y[..., 0], y[..., 1]
        return delta * x - gamma * np.log(x) + beta * z - alpha * np.log(z)

    # without prey or without predators nothing circles, and the logarithm has no value
    invariants = {"cycle": cycle} if prey > 0 and predators > 0 else {}
    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[prey, predators], invariants=invariants)


@problem(
    tags=["nonlinear", "system", "nonstiff"], source="Kermack & McKendrick, Proc. R. Soc. Lond. A 115 (1927) 700-721"
)
def sir(*, beta: float = 0.5, gamma: float = 0.1, infected: float = 0.01, t1: float = 100.0) -> IVP:
    """s' = -beta s i, i' = beta s i - gamma i, r' = gamma i, from (1 - infected, infected, 0): an epidemic."""
    if not 0 < infected < 1:
        raise ValueError(f"expected infected in (0, 1), received {infected}")

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        s, i = y[..., 0], y[..., 1]
        caught, cured = beta * s * i, gamma * i
        return xp.stack([-caught, caught - cured, cured], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1 - infected, infected, 0.0],
        invariants={
            "mass": lambda y: y[..., 0] + y[..., 1] + y[..., 2],
            "final_size": lambda y: gamma * np.log(y[..., 0]) + beta * y[..., 2],
        },
    )


@hookimpl
def odebench_problems() -> list[Problem]:
    return [lotka_volterra, sir]
