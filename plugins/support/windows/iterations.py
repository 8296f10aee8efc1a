"""How the collocation equations of one window are solved: by Picard's iteration, or by Newton's.

Both look for nodal derivatives g with g = f(t, y0 + h A g), A the integral of the trial functions. Picard's takes that
as it stands: each iteration is one evaluation of f at all points at once, and a small matrix product. Newton's solves
for what is left by the Jacobian: for stiff problems.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from scipy import sparse
from scipy.linalg.lapack import dgetrf, dgetrs
from scipy.sparse.linalg import splu

from odebench import IVP, Array

from .trial_space import TrialSpace

Tolerance: TypeAlias = Callable[[Array, Array], Array]
"""From y (d,) and states (d, p): by what an error in each component is to be multiplied, to be in tolerances (d, 1)."""

_COMPLEX_STEP = 1e-100  # nothing is rounded away beside it (Squire & Trapp, SIAM Review 40 (1998) 110-112)
_SMALL = 32  # states; of more, there is one Jacobian a window, and it may be sparse
_SHARE = 4.0  # the error of y, over the length of the window times the residual at a check point over the points
_CONVERGED = 0.02  # what is left of the iteration, in tolerances
_NOTHING = 1e-3  # a change of so little, in tolerances, is the last whatever came before
_STUCK = 0.3  # a change of so little that no longer shrinks is rounding
_HOPELESS = 100.0  # tolerances; a window so far off is given up before the iteration ends
_MOST_PICARD, _MOST_NEWTON = 50, 12
_LOOK = 6  # iterations from one look at a window that is not expected to have converged to the next


class Window(NamedTuple):
    """The solution of the equations on one window."""

    end: Array
    """y at its end, (d,)."""
    ahead: Array
    """Taylor coefficients of y there in the length of the window, but for the constant one, (q, d)."""
    path: Array
    """y at the knots, (n, d)."""
    error: float
    """Its estimate, in tolerances."""
    iterations: int
    spectral_bound: float
    """A bound on the spectral radius of the Jacobian in it; NaN where unknown."""


class Equations:
    """A right-hand side at many points at once, and its Jacobians; counts what is evaluated."""

    def __init__(self, ivp: IVP) -> None:
        self.rhs, self.jac = ivp.rhs, ivp.jac
        self.rhs_calls = self.jac_calls = self.iterations = 0

    def slopes(self, times: Array, states: Array) -> Array:
        """f at times (p,) and states (d, p), as (d, p): each component's values lie side by side."""
        self.rhs_calls += len(times)
        slopes: Array = self.rhs(times, states.T, _REAL).T
        return slopes

    def jacobians(self, times: Array, states: Array) -> Any:
        """df/dy at times (p,) and states (d, p), as (p, d, d); of large systems a sparse matrix, at the first alone."""
        if self.jac is None:
            return self._differences(times, states)
        if len(states) > _SMALL:
            self.jac_calls += 1
            return self.jac(times[0], states[:, 0])
        self.rhs_calls += len(times) * len(states)
        # the problem is made of functions that know complex numbers, or it would have no Jacobian
        moved = np.repeat(states[:, None], len(states), axis=1).astype(complex)
        each = np.arange(len(states))
        moved[each, each] += 1j * _COMPLEX_STEP
        slopes = self.rhs(np.tile(times, len(states)), moved.reshape(len(states), -1).T, _COMPLEX).T
        return np.moveaxis(slopes.reshape(moved.shape).imag / _COMPLEX_STEP, 2, 0)

    def _differences(self, times: Array, states: Array) -> Array:
        """Forward differences, all of them in one evaluation."""
        d, p = states.shape
        steps = 1.5e-8 * np.maximum(np.abs(states), 1e-3 * (float(np.abs(states).max()) or 1.0))
        shifted = np.repeat(states[:, None], d + 1, axis=1)  # (d, d + 1, p): the last copy is not shifted
        shifted[np.arange(d), np.arange(d)] += steps
        steps = shifted[np.arange(d), np.arange(d)] - states  # as they really are
        slopes = self.slopes(np.tile(times, d + 1), shifted.reshape(d, -1)).reshape(d, d + 1, p)
        return np.moveaxis((slopes[:, :d] - slopes[:, d:]) / steps, 2, 0)


def picard(
    space: TrialSpace,
    eq: Equations,
    times: Array,
    h: float,
    y: Array,
    states: Array,
    tolerance: Tolerance,
    expected: int,
) -> Window | None:
    """Substitute until nothing changes; None where that does not converge.

    `times` are those of the window's places, h its length, y (d,) is the state at its start, and `states` (d, m + c) a
    guess. `expected` is after how many iterations it is worth looking whether it has converged.
    """
    m = space.points
    start = y[:, None]
    weights = h * space.integral.T
    scale: Any = None
    before, looked = math.inf, 0
    for k in range(1, _MOST_PICARD + 1):
        slopes = eq.slopes(times, states)
        new = slopes[:, :m] @ weights
        new += start
        if k >= expected or k % _LOOK == 0:
            if scale is None:
                scale = tolerance(y, new)
            change = float(np.abs((new - states) * scale).max())
            rate = (change / before) ** (1 / (k - looked)) if looked and before else math.inf
            if not change < math.inf or (k >= 2 * _LOOK and rate > 1.5 and change > 1):
                return None
            done = _converged(change, rate)
            if done or rate < 1:
                residual = slopes[:, :m] @ space.derivative.T
                residual -= slopes[:, m:]
                scale = tolerance(y, new)
                error = _SHARE / m * h * float(np.abs(residual * scale).max())
                if done or error > _HOPELESS:
                    path = (h * space.path) @ slopes[:, :m].T
                    path += y
                    ahead = (h * space.ahead) @ slopes[:, :m].T
                    return Window(new[:, m - 1], ahead, path, error, k, math.nan)
            before, looked = change, k
        states = new
    return None


def newton(
    space: TrialSpace, eq: Equations, times: Array, h: float, y: Array, states: Array | None, tolerance: Tolerance
) -> Window | None:
    """Newton's iteration on the nodal values; None where it does not converge.

    It starts from a guess `states` (d, m), and the Jacobian at each node; or from the constant y and the Jacobian
    there. The Jacobian is kept as long as the iteration converges fast.
    """
    m, start = space.points, y[:, None]
    matrix = h * space.integral[:m]
    if states is None:
        states = np.repeat(start, m, axis=1)
        jacobian = eq.jacobians(times[:1], start)
    else:
        jacobian = eq.jacobians(times[:m], states)
    solve = _factored(matrix, jacobian)
    before, refreshed = math.inf, 1
    for k in range(1, _MOST_NEWTON + 1):
        off = eq.slopes(times[:m], states) @ matrix.T
        off += start
        off -= states
        step = solve(off)
        states = states + step
        scale = tolerance(y, states)
        change = float((np.abs(step) * scale).max())
        if not change < math.inf:
            return None
        rate = change / before if k > 1 and before else math.inf
        if _converged(change, rate):
            break
        if k - refreshed >= 2 and rate > 2:
            return None
        if rate > 0.1:
            jacobian, refreshed = eq.jacobians(times[:m], states), k
            solve = _factored(matrix, jacobian)
        before = change
    else:
        return None
    return _finished(space, eq, times, h, y, states, jacobian, scale, k)


def _converged(change: float, rate: float) -> bool:
    """Whether what is still to come is small, or the change is and rounding keeps it from becoming smaller.

    change: of the last iteration, in tolerances. rate: by which it shrinks an iteration; infinite where unknown.
    """
    return change < _NOTHING or change * rate < _CONVERGED * (1 - rate) or (0.5 < rate < math.inf and change < _STUCK)


def _finished(
    space: TrialSpace,
    eq: Equations,
    times: Array,
    h: float,
    y: Array,
    states: Array,
    jacobian: Any,
    scale: Array,
    iterations: int,
) -> Window:
    """The window with these nodal values, its error estimated from the residual at the check points."""
    m, d = space.points, len(y)
    grown = states - y[:, None]
    everywhere = np.concatenate([states, y[:, None] + grown @ space.between.T], axis=1)
    slopes = eq.slopes(times, everywhere)
    bound = spectral_bound(jacobian)
    # of a stiff problem f magnifies what the nodal values are off by; of another the inverse would
    nodal = slopes[:, :m] if h * bound < m else (grown @ space.inverse.T) / h
    share = _SHARE / m * h
    residual = share * (nodal @ space.derivative.T - slopes[:, m:])
    if _is_sparse(jacobian):
        filtered = splu(sparse.csc_array(sparse.eye_array(d) - share * jacobian)).solve(residual)
    else:
        filtered = np.linalg.solve(np.eye(d) - share * jacobian.reshape(-1, d, d)[-1], residual)
    error = float((np.abs(filtered) * scale).max())
    path = space.path_of_values @ grown.T + y
    ahead = (h * space.ahead) @ nodal.T
    return Window(states[:, -1], ahead, path, error, iterations, bound)


def _factored(matrix: Array, jacobian: Any) -> Callable[[Array], Array]:
    """Solves x - matrix (J x) = off for x, both (d, m): J takes the columns, `matrix` (m, m) the rows."""
    m = len(matrix)
    if _is_sparse(jacobian):
        d = jacobian.shape[0]
        whole = splu(sparse.csc_array(sparse.eye_array(d * m) - sparse.kron(jacobian, sparse.csc_array(matrix))))
        return lambda off: whole.solve(off.ravel()).reshape(d, m)
    d = jacobian.shape[-1]
    jacobian = jacobian.reshape(-1, d, d)
    system = (-matrix[:, None, :]) * np.moveaxis(jacobian, 0, 2)[:, None]
    system = system.reshape(d * m, d * m)
    system.flat[:: d * m + 1] += 1.0
    # LAPACK stores columns: to it this is the transposed matrix, which it need not copy
    lu, pivots, _ = dgetrf(system.T, overwrite_a=1)
    return lambda off: dgetrs(lu, pivots, off.ravel(), trans=1)[0].reshape(d, m)


def _is_sparse(jacobian: Any) -> bool:
    return bool(sparse.issparse(jacobian))


def spectral_bound(jacobian: Any) -> float:
    """A bound on the spectral radii of Jacobians (p, d, d), or of a sparse one: the lesser of two norms."""
    size = abs(jacobian)
    rows, columns = size.sum(axis=-1), size.sum(axis=-2)
    return float(min(rows.max(), columns.max()))


def _stacking(dtype: type) -> SimpleNamespace:
    """numpy with a faster `stack` for what right-hand sides do with it: components side by side in memory."""

    def stack(parts: Any, axis: int = 0) -> Any:
        if axis != -1 or np.ndim(parts[0]) != 1:
            return np.stack(parts, axis)
        rows: Any = np.empty((len(parts), len(parts[0])), dtype)
        for k in range(len(parts)):
            rows[k] = parts[k]
        return rows.T

    return SimpleNamespace(**vars(np) | {"stack": stack})


_REAL, _COMPLEX = _stacking(float), _stacking(complex)
