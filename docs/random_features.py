"""What random features owe to quadruple precision and small weights: the two tables of docs/random-features.md.

`python docs/random_features.py` prints them. The measure is the largest error of the integral of a function over a
window [-1, 1], from its values at the nodes; what stands in the docs is rounded to a digit.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from odebench_plugins.solvers import chebyshev_collocation, random_feature_collocation
from odebench_plugins.support.windows.trial_space import TrialSpace, radau

from odebench import Array, SolverFailed

SEEDS = range(20)
FUNCTIONS: dict[str, tuple[Callable[[Array], Array], Callable[[Array], Array]]] = {
    "2 exp(2x)": (lambda x: 2 * np.exp(2 * x), lambda x: np.exp(2 * x)),
    "8 cos 8x": (lambda x: 8 * np.cos(8 * x), lambda x: np.sin(8 * x)),
    "1 / (1 + 4 x^2)": (lambda x: 1 / (1 + 4 * x * x), lambda x: np.arctan(2 * x) / 2),
}
"""The functions on [-1, 1], with their integrals."""


def units(points: int, scale: float, seed: int) -> tuple[Array, Array]:
    """The weights and biases of a space's units, in double precision, as the solver draws them."""
    random = np.random.default_rng(seed)
    w = random.uniform(-scale, scale, 2 * points)
    return w, -w * random.uniform(-1.5, 1.5, 2 * points)


def largest_weight(points: int) -> float:
    """The largest weight that the solver takes by itself."""
    return 5 * 1e-19 ** (1 / (points - 1))


def in_quadruple(space: TrialSpace, name: str) -> float:
    """The largest error of the integral at a space's nodes and knots; a window is [0, 1] to it, [-1, 1] here."""
    derivative, integral = FUNCTIONS[name]
    g = derivative(2 * space.places[: space.points] - 1)
    right = integral(2 * space.knots - 1) - integral(np.array([-1.0]))
    return float(np.abs(2 * space.path @ g - right).max())


def in_double(points: int, seed: int) -> float:
    """The same of 2 exp(2x) by random features, the least-squares system solved in double precision."""
    w, b = units(points, largest_weight(points), seed)
    nodes, knots = radau(points).astype(np.float64), np.linspace(-1, 1, points + 8)
    slopes = w / np.cosh(w * nodes[:, None] + b) ** 2
    derivative, integral = FUNCTIONS["2 exp(2x)"]
    weights = np.linalg.lstsq(slopes, derivative(nodes), rcond=None)[0]
    values = np.tanh(w * knots[:, None] + b) - np.tanh(b - w)
    return float(np.abs(values @ weights - (integral(knots) - integral(np.array([-1.0])))).max())


def random_space(points: int, scale: float | None, seed: int) -> TrialSpace:
    """The solver's own space."""
    return random_feature_collocation.feature_space(points, points + 8, 2 * points, scale, "radau", seed)


def short(error: float) -> str:
    """One digit."""
    return f"{error:.0e}".replace("e-0", "e-")


def by_precision() -> None:
    """Print the first table: the worst of the seeds."""
    print("| points | largest weight | random features, quadruple | random features, double | Chebyshev polynomials |")
    print("|---:|---:|---:|---:|---:|")
    name = "2 exp(2x)"
    for points in (8, 12, 16, 24, 32, 40):
        quadruple = max(in_quadruple(random_space(points, None, seed), name) for seed in SEEDS)
        double = max(in_double(points, seed) for seed in SEEDS)
        polynomials = in_quadruple(chebyshev_collocation.polynomial_space(points, points + 8, "radau"), name)
        print(
            f"| {points} | {largest_weight(points):.2g} | {short(quadruple)} | {short(double)} | {short(polynomials)} |"
        )


def by_weight(points: int = 24) -> None:
    """Print the second table: the median of the seeds."""
    print(f"| largest weight | {' | '.join(FUNCTIONS)} |\n|---:|---:|---:|---:|")
    for scale in (0.1, 0.3, 0.75, 1.5, 3.0, 6.0):
        try:
            spaces = [random_space(points, scale, seed) for seed in SEEDS]
        except SolverFailed:
            print(f"| {scale} | refused: singular even in quadruple precision | | |")
            continue
        cells = [float(np.median([in_quadruple(space, name) for space in spaces])) for name in FUNCTIONS]
        print(f"| {scale} | {' | '.join(map(short, cells))} |")
    polynomials = chebyshev_collocation.polynomial_space(points, points + 8, "radau")
    print(f"| Chebyshev polynomials | {' | '.join(short(in_quadruple(polynomials, n)) for n in FUNCTIONS)} |")


if __name__ == "__main__":
    by_precision()
    print()
    by_weight()
