"""Spectral collocation: in each window a polynomial, written in Chebyshev polynomials."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from odebench import IVP, Array, Solution, Solver, hookimpl, solver

if TYPE_CHECKING:
    from ..support.windows.trial_space import QuadArray, TrialSpace


@solver(
    requires=["scipy", "numpy-quaddtype"],
    tags=["spectral", "collocation", "adaptive"],
    ladder=[{"rtol": 10.0**-k, "atol": 10.0 ** -(k + 3)} for k in range(2, 14)],
    source="Clenshaw & Norton, Comput. J. 6 (1963) 88-92; Wright, BIT 10 (1970) 217-227",
)
def chebyshev_collocation(
    ivp: IVP,
    t_eval: Array,
    *,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    points: int | None = None,
    nodes: Literal["radau", "chebyshev"] = "radau",
    iteration: Literal["auto", "picard", "newton"] = "auto",
) -> Solution:
    """In each window a polynomial that satisfies y' = f(t, y) at its collocation points: plain spectral collocation.

    Its degree is their number. With the radau nodes it is the implicit Runge-Kutta method Radau IIA of that many
    stages, of order 2 points - 1 and L-stable. Windows, iterations and error control are those of
    random-feature-collocation, which has another basis and no other difference: whatever that does better must be the
    network's doing.

    rtol, atol: the error that is held below rtol |y| + atol in each window.
    points: collocation points in a window, 12 to 40 by rtol; at most 16 where it is stiff. nodes: radau, or the
    chebyshev extrema, which are not A-stable. iteration: Picard's substitution, Newton's with the Jacobian at each
    node, or auto: the first, until the problem turns out stiff.
    """
    from ..support.windows import march

    def space(points: int, knots: int) -> TrialSpace:
        return polynomial_space(points, knots, nodes)

    return march.solve(ivp, t_eval, space, rtol=rtol, atol=atol, points=points, iteration=iteration)


@lru_cache(maxsize=64)
def polynomial_space(points: int, knots: int, nodes: str) -> TrialSpace:
    """The space of the Chebyshev polynomials of degree 1 to `points`."""
    import numpy as np

    from ..support.windows import trial_space

    def polynomials(x: QuadArray) -> tuple[QuadArray, QuadArray]:
        values, slopes = [x * 0 + 1, x], [x * 0, x * 0 + 1]
        for _ in range(points - 1):
            values.append(2 * x * values[-1] - values[-2])
            slopes.append(2 * values[-2] + 2 * x * slopes[-1] - slopes[-2])
        return np.stack(values[1:], axis=-1), np.stack(slopes[1:], axis=-1)

    return trial_space.trial_space(polynomials, getattr(trial_space, nodes)(points), knots)


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [chebyshev_collocation]
