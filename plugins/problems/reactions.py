"""Chemical reactions."""

from typing import Any

from odebench import IVP, Problem, hookimpl, problem


@problem(tags=["nonlinear", "system", "stiff"], source="Robertson 1966; Hairer & Wanner, Solving ODEs II, section IV.1")
def robertson(*, k1: float = 0.04, k2: float = 3e7, k3: float = 1e4, t1: float = 40.0) -> IVP:
    """a' = -k1 a + k3 b c, b' = k1 a - k3 b c - k2 b^2, c' = k2 b^2, from (1, 0, 0): rates nine powers of ten apart."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c = y[..., 0], y[..., 1], y[..., 2]
        slow, fast, back = k1 * a, k2 * b**2, k3 * b * c
        return xp.stack([back - slow, slow - back - fast, fast], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.0, 0.0, 0.0])


@hookimpl
def odebench_problems() -> list[Problem]:
    return [robertson]
