"""Numbers in quadruple precision, and implicit Runge-Kutta methods of high order in them.

Definitions after Hairer & Wanner, Solving ODEs II, section IV.5. C(q) there says that the stages integrate polynomials
of degree below q exactly: sum over j of a_ij p(c_j) is the integral of p from 0 to c_i.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from .backends import Array

QuadArray: TypeAlias = Any
"""A numpy array of numpy-quaddtype's `QuadPrecDType`."""


def quad(values: Any) -> QuadArray:
    """In quadruple precision, exactly."""
    import numpy as np
    from numpy_quaddtype import QuadPrecDType

    return np.asarray(values, dtype=np.float64).astype(QuadPrecDType())


@dataclass(frozen=True, eq=False)
class Scheme:
    """An implicit Runge-Kutta method whose last stage is the end of the step."""

    nodes: QuadArray
    """The stages' times c_i in a step, (s,), from 0 to 1."""
    matrix: QuadArray
    """Runge-Kutta coefficients a_ij, (s, s); the last row is the weights b_j (stiffly accurate)."""

    @property
    def stages(self) -> int:
        """s."""
        return len(self.nodes)


@cache
def radau(stages: int) -> Scheme:
    """Radau IIA (Ehle 1969; Hairer & Wanner II, IV.5): order 2 * stages - 1, L-stable; collocation, that is C(s)."""
    return _collocation(_radau_nodes(stages))


@cache
def lobatto(stages: int) -> Scheme:
    """Lobatto IIIC (Chipman 1971; Hairer & Wanner II, IV.5): order 2 * stages - 2, L-stable.

    Defined by a_i1 = b_1 and C(s - 1). Of all nodes but the first, let p be 1 at c_j and 0 at the others: its degree is
    s - 2, and C(s - 1) reads a_i1 p(0) + a_ij = integral of p from 0 to c_i.
    """
    import numpy as np

    nodes = _lobatto_nodes(stages)
    weights = np.stack([_integral(nodes, j, nodes[-1:])[0] for j in range(stages)])
    rest = nodes[1:]
    columns = [np.repeat(weights[:1], stages)]
    for j in range(stages - 1):
        at_zero = basis(rest, j, quad([0.0]))[0]
        columns.append(_integral(rest, j, nodes) - weights[0] * at_zero)
    return Scheme(nodes, np.stack(columns, axis=-1))


def _collocation(nodes: QuadArray) -> Scheme:
    """The method whose stages integrate the nodes' polynomials exactly."""
    import numpy as np

    return Scheme(nodes, np.stack([_integral(nodes, j, nodes) for j in range(len(nodes))], axis=-1))


def _legendre(n: int, x: QuadArray) -> tuple[QuadArray, QuadArray]:
    """The Legendre polynomial of degree n, and its derivative, by recurrence (DLMF, section 18.9)."""
    values, slopes = [x * 0 + 1, x], [x * 0, x * 0 + 1]
    for m in range(2, n + 1):
        values.append(((2 * m - 1) * x * values[-1] - (m - 1) * values[-2]) / m)
        slopes.append(slopes[-2] + (2 * m - 1) * values[-2])
    return values[n], slopes[n]


def _polished(guess: Array, function: Callable[[QuadArray], tuple[QuadArray, QuadArray]]) -> QuadArray:
    """Roots by Newton's method, from those in double precision."""
    x = quad(guess)
    for _ in range(4):
        value, slope = function(x)
        x = x - value / slope
    return x


def _radau_nodes(s: int) -> QuadArray:
    """The roots of P_s - P_(s-1), Legendre polynomials on [0, 1]; 1 is the last."""
    import numpy as np

    def function(x: QuadArray) -> tuple[QuadArray, QuadArray]:
        (p, dp), (q, dq) = _legendre(s, x), _legendre(s - 1, x)
        return p - q, dp - dq

    guess = np.sort(np.polynomial.legendre.legroots([*[0] * (s - 1), -1, 1]).real)
    roots = _polished(guess[:-1], function)
    return np.concatenate([(roots + 1) / 2, quad([1.0])])


def _lobatto_nodes(s: int) -> QuadArray:
    """0, the roots of the derivative of P_(s-1) on [0, 1], and 1."""
    import numpy as np

    def function(x: QuadArray) -> tuple[QuadArray, QuadArray]:
        value, slope = _legendre(s - 1, x)
        return slope, (2 * x * slope - s * (s - 1) * value) / (1 - x * x)

    guess = np.sort(np.polynomial.legendre.Legendre.basis(s - 1).deriv().roots().real)
    return np.concatenate([quad([0.0]), (_polished(guess, function) + 1) / 2, quad([1.0])])


@cache
def _gauss(n: int) -> tuple[QuadArray, QuadArray]:
    """Nodes and weights of Gauss's quadrature from 0 to 1 (Abramowitz & Stegun, 25.4.29 and 25.4.30)."""
    import numpy as np

    x = _polished(np.polynomial.legendre.leggauss(n)[0], lambda x: _legendre(n, x))
    slope = _legendre(n, x)[1]
    return (x + 1) / 2, 1 / ((1 - x * x) * slope * slope)


def basis(nodes: QuadArray, j: int, x: QuadArray) -> QuadArray:
    """The polynomial that is 1 at the node j and 0 at the others."""
    value = x * 0 + 1
    for m in range(len(nodes)):
        if m != j:
            value = value * ((x - nodes[m]) / (nodes[j] - nodes[m]))
    return value


def _integral(nodes: QuadArray, j: int, ends: QuadArray) -> QuadArray:
    """The integrals of that polynomial from 0 to each of `ends`."""
    points, weights = _gauss(len(nodes) // 2 + 1)
    return (basis(nodes, j, ends[:, None] * points) * weights).sum(axis=-1) * ends
