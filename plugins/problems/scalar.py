"""Problems of one component."""

import numpy as np

from odebench import IVP, Problem, hookimpl, problem


@problem(
    tags=["linear", "scalar", "nonstiff"], source="exponential decay; with rate=2, t0=1, t1=5 the thread's second case"
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


@hookimpl
def odebench_problems() -> list[Problem]:
    return [decay, logistic]
