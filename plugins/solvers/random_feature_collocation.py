"""A network whose hidden weights are drawn once and fixed, and whose output weights are solved for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from odebench import IVP, Array, Solution, Solver, hookimpl, solver

if TYPE_CHECKING:
    from ..support.windows.trial_space import QuadArray, TrialSpace

_REACH = 1.5  # of the window's half length: how far from its middle a unit's own middle may lie
_LIKENESS = 1e-19  # how alike the units are made: see the docstring


@solver(
    requires=["scipy", "numpy-quaddtype"],
    tags=["neural", "collocation", "adaptive"],
    ladder=[{"rtol": 10.0**-k, "atol": 10.0 ** -(k + 3)} for k in range(2, 14)],
    source="Dong & Li, Comput. Methods Appl. Mech. Engrg. 387 (2021) 114129; Fabiani et al., arXiv 2108.01584",
)
def random_feature_collocation(
    ivp: IVP,
    t_eval: Array,
    *,
    rtol: float = 1e-6,
    atol: float = 1e-9,
    points: int | None = None,
    features: int | None = None,
    scale: float | None = None,
    nodes: Literal["radau", "chebyshev"] = "radau",
    iteration: Literal["auto", "picard", "newton"] = "auto",
    seed: int = 0,
) -> Solution:
    """In each window a network of random, fixed tanh units whose output weights make y' = f(t, y) hold at its points.

    y = y(0) + sum of c_k (tanh(w_k x + b_k) - tanh(b_k - w_k)), x from -1 to 1 over the window: linear in what is
    solved for. Given y' at the points, the least c with that derivative is a matrix times it, found once, in
    quadruple precision, as tanh units are hard to tell apart in double. What remains is Y = y(0) + h A f(Y), by
    Picard's iteration, or by Newton's where that does not contract. Windows are as long as rtol |y| + atol allows.

    That is an implicit Runge-Kutta method, and near one that is known: the smaller the weights w, the nearer are the
    units to the polynomials and A to Radau IIA's. By default they are as small as quadruple precision can tell apart,
    so expect the errors of chebyshev-collocation, whose only difference is the basis: the speed is that of high order
    and of one evaluation for all points, and owes nothing to chance. Larger weights lose digits of smooth solutions
    and gain a factor of two or three near singularities; docs/random-features.md measures that.

    points: collocation points in a window, 12 to 40 by rtol; at most 16 where it is stiff, up to which it is A-stable
    for each of twenty seeds. features: units in a window, twice the points. scale: the largest |w|; none for
    5 (1e-19)^(1 / (points - 1)), such as 0.27 at 16 points. nodes: radau, with y at the end as damped as it should be
    (L-stable), or chebyshev, which is not A-stable. iteration: picard and newton are for seeing why auto takes both.
    """
    from ..support.windows import march

    def space(points: int, knots: int) -> TrialSpace:
        width = 2 * points if features is None else features
        if width < points:
            raise ValueError(f"expected features of {points} or more, one a collocation point, received {width}")
        return feature_space(points, knots, width, scale, nodes, seed)

    if scale is not None and not scale > 0:
        raise ValueError(f"expected scale > 0, received {scale}")
    return march.solve(ivp, t_eval, space, rtol=rtol, atol=atol, points=points, iteration=iteration)


@lru_cache(maxsize=256)
def feature_space(points: int, knots: int, width: int, scale: float | None, nodes: str, seed: int) -> TrialSpace:
    """The space of `width` units tanh(w x + b) on [-1, 1], w and b drawn with this seed."""
    import numpy as np

    from ..support.windows import trial_space

    if scale is None:
        scale = 5 * _LIKENESS ** (1 / (points - 1))
    random = np.random.default_rng(seed)
    w = random.uniform(-scale, scale, width)
    b = -w * random.uniform(-_REACH, _REACH, width)

    def units(x: QuadArray) -> tuple[QuadArray, QuadArray]:
        value = np.tanh(w * x[:, None] + b)
        return value, w * (1 - value * value)

    return trial_space.trial_space(units, getattr(trial_space, nodes)(points), knots)


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [random_feature_collocation]
