"""A space of trial functions as collocation sees it: a few small matrices, made once, in quadruple precision.

The derivative of the solution is known at the nodes of a window. What in the space has that derivative there, and what
are its values? The answer is linear in the nodal derivatives, and the same for every window and every problem.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy_quaddtype import QuadPrecDType
from scipy.special import roots_jacobi

from odebench import Array, SolverFailed

QuadArray: TypeAlias = Any
"""A numpy array of numpy-quaddtype's `QuadPrecDType`: 33 decimal digits."""

Functions: TypeAlias = Callable[[QuadArray], tuple[QuadArray, QuadArray]]
"""At x in [-1, 1], (p,): the values of K functions and their derivatives, (p, K) each."""

LEAST_POINTS, MOST_POINTS = 4, 64
_TAYLOR = 5
_INDISTINCT = 1e-29  # of the largest: what is left of a function beside the others; below, quadruple precision is noise


@dataclass(frozen=True, eq=False)
class TrialSpace:
    """Matrices on a window of unit length: nodal derivatives g (m,) go in, values at points of the window come out."""

    width: int
    """K, the number of functions, so of output weights of a component in a window."""
    points: int
    """m, the number of nodes."""
    places: Array
    """(m + c,): the nodes in (0, 1], the last of them 1, then c check points between them."""
    integral: Array
    """(m + c, m): y(places) - y(0) = integral @ g."""
    derivative: Array
    """(c, m): y' at the check points."""
    inverse: Array
    """(m, m): g from the nodal values of y - y(0)."""
    between: Array
    """(c, m): y - y(0) at the check points, from that at the nodes."""
    ahead: Array
    """(q, m): Taylor coefficients of y at the end of the window, all but the constant one, from g."""
    powers: Array
    """(q, m + c): places to the powers 1, ..., q."""
    knots: Array
    """(n,): Chebyshev points from 0 to 1, whose interpolating polynomial is the trial function, to rounding."""
    path: Array
    """(n, m): y(knots) - y(0) = path @ g."""
    path_of_values: Array
    """(n, m): the same from the nodal values of y - y(0)."""
    barycentric: Array
    """(n,): weights of the interpolating polynomial through the knots."""


def radau(points: int) -> Array:
    """The Radau points in (-1, 1], with 1: those of the L-stable Runge-Kutta methods Radau IIA."""
    return np.append(roots_jacobi(points - 1, 1.0, 0.0)[0], 1.0)


def chebyshev(points: int) -> Array:
    """The extrema of the Chebyshev polynomial in (-1, 1], with 1 and without -1."""
    return -np.cos(np.pi * np.arange(1, points + 1) / points)


def trial_space(functions: Functions, nodes: Array, knots: int) -> TrialSpace:
    """The matrices of a space at `nodes` in (-1, 1].

    Of all combinations of the functions with the given nodal derivatives, the one with the smallest weights is taken.
    It is found by a QR factorisation. Functions that are nearly alike make that ill-conditioned: in quadruple precision
    it may be so up to 1e29, and what is returned is still right to double precision where it is 1e18 or less. Raises
    `SolverFailed` beyond.
    """
    points = len(nodes)
    quad = QuadPrecDType()
    start = functions(np.array([-1.0]).astype(quad))[0]
    q, r = _orthonormal(np.ascontiguousarray(functions(nodes.astype(quad))[1].T))
    left = np.abs(np.diag(r).astype(np.float64))
    if not left.min() > _INDISTINCT * left.max():
        raise SolverFailed(
            f"the least-squares system of {q.shape[0]} functions at {points} points is singular: what distinguishes "
            f"them is {left.min() / left.max():.1g}, below quadruple precision; take fewer points, or functions that "
            "differ more (a larger scale, where there is one)"
        )

    def from_slopes(rows: QuadArray) -> Array:
        """Rows of values of the functions, (p, K) -> the matrix that takes nodal derivatives to those, (p, m)."""
        matrix: Array = _back_substituted(r, np.ascontiguousarray(_product(rows, q).T)).T.astype(np.float64)
        return np.ascontiguousarray(matrix)

    edges = np.append(-1.0, nodes)
    gaps = [points // 6, points // 2, points - 1]
    checks = np.array([(edges[k] + edges[k + 1]) / 2 for k in gaps])
    at = -np.cos(np.pi * np.arange(knots) / (knots - 1))
    at[0], at[-1] = -1.0, 1.0
    # windows have length 1, [-1, 1] has length 2
    integral = from_slopes(functions(np.append(nodes, checks).astype(quad))[0] - start) / 2
    path = from_slopes(functions(at.astype(quad))[0] - start) / 2
    path[0] = 0.0
    inverse: Array = np.linalg.inv(integral[:points]).astype(np.float64)
    signs = np.where(np.arange(knots) % 2, -1.0, 1.0)
    signs[[0, -1]] /= 2
    return TrialSpace(
        width=q.shape[0],
        points=points,
        places=(np.append(nodes, checks) + 1) / 2,
        integral=integral,
        derivative=from_slopes(functions(checks.astype(quad))[1]),
        inverse=inverse,
        between=integral[points:] @ inverse,
        ahead=_taylor(nodes),
        powers=((np.append(nodes, checks) + 1) / 2) ** np.arange(1, _TAYLOR + 1)[:, None],
        knots=(at + 1) / 2,
        path=path,
        path_of_values=path @ inverse,
        barycentric=signs,
    )


def _taylor(nodes: Array) -> Array:
    """The Taylor coefficients of y at the end of a window, by the polynomial through the derivatives at the nodes.

    That loses digits with each coefficient. What they are for, a guess at the next window, needs few.
    """
    degrees = np.arange(len(nodes))
    slope, rows = np.ones(len(nodes)), []
    for j in range(_TAYLOR):
        rows.append(slope * 2.0**j / math.factorial(j + 1))
        slope = slope * (degrees**2 - j**2) / (2 * j + 1)  # of the Chebyshev polynomials at 1
    taylor: Array = np.array(rows) @ np.linalg.inv(np.polynomial.chebyshev.chebvander(nodes, len(nodes) - 1))
    return taylor


def _orthonormal(matrix: QuadArray) -> tuple[QuadArray, QuadArray]:
    """matrix (K, m) = Q R, Q's columns orthonormal and R upper triangular: Gram-Schmidt, each projection done twice.

    Twice is enough (Giraud, Langou, Rozloznik & van den Eshof, Numer. Math. 101 (2005) 87-100).
    """
    q, m = matrix.copy(), matrix.shape[1]
    r = np.zeros((m, m)).astype(matrix.dtype)
    for j in range(m):
        column = q[:, j].copy()
        for _ in range(2 if j else 0):
            along = (q[:, :j] * column[:, None]).sum(axis=0)
            column = column - (q[:, :j] * along).sum(axis=1)
            r[:j, j] = r[:j, j] + along
        r[j, j] = np.sqrt((column * column).sum())
        q[:, j] = column / r[j, j]
    return q, r


def _back_substituted(r: QuadArray, right: QuadArray) -> QuadArray:
    """x of r x = right, r upper triangular."""
    x = right.copy()
    for j in range(len(r) - 1, -1, -1):
        x[j] = x[j] / r[j, j]
        x[:j] = x[:j] - r[:j, j][:, None] * x[j]
    return x


def _product(a: QuadArray, b: QuadArray) -> QuadArray:
    """a @ b, row by row: numpy-quaddtype's own product takes transposed views for what they are views of."""
    return np.stack([(row[:, None] * b).sum(axis=0) for row in a])
