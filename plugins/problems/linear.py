"""Linear systems whose eigenvalues are chosen."""

from typing import Any

import numpy as np

from odebench import IVP, Problem, hookimpl, logarithmic_times, problem


@problem(tags=["linear", "system", "stiff"], source="textbook; Dahlquist's test equation in several directions")
def stiff_linear(
    *, eigenvalues: tuple[float, ...] = (-1.0, -10.0, -100.0, -1e3, -1e4, -1e5, -1e6), t1: float = 1.0
) -> IVP:
    """y' = Q diag(eigenvalues) Q y, from (1, ..., 1): as many decays as there are eigenvalues, mixed by Q.

    Q = I - 2 v v^T / (v^T v) with v = (1, ..., n), its own inverse. On the command line a tuple stands in round
    brackets: 'stiff-linear[eigenvalues=(-1,-1000)]'.
    """
    if not (len(eigenvalues) > 1 and all(type(value) in (int, float) and value < 0 for value in eigenvalues)):
        raise ValueError(
            f"expected eigenvalues as two numbers below 0 or more, such as (-1,-1000), received {eigenvalues}"
        )
    n = len(eigenvalues)
    square = n * (n + 1) * (2 * n + 1) // 6  # v^T v

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        parts = [y[..., k] for k in range(n)]
        along = 2 / square * sum((k + 1) * part for k, part in enumerate(parts))
        slopes = [
            value * (part - (k + 1) * along) for k, (value, part) in enumerate(zip(eigenvalues, parts, strict=True))
        ]
        back = 2 / square * sum((k + 1) * slope for k, slope in enumerate(slopes))
        return xp.stack([slope - (k + 1) * back for k, slope in enumerate(slopes)], -1)

    def exact(t: Any) -> Any:
        v = np.arange(1.0, n + 1)
        modes = (1 - 6 * v / (2 * n + 1)) * np.exp(np.multiply.outer(t, np.array(eigenvalues, dtype=np.float64)))
        return modes - (2 / square) * (modes @ v)[:, None] * v

    first = min(0.1 / -min(eigenvalues), 1e-3 * t1)
    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.0] * n, exact=exact, t_eval=logarithmic_times(0.0, t1, first))


@hookimpl
def odebench_problems() -> list[Problem]:
    return [stiff_linear]
