"""Collocation window by window: how long they are, how each is solved, and what becomes of one that fails.

The error of a window is estimated from its residual y' - f at points between the nodes. The length of the next is
what would have brought it to the limit, error being as the length to the power of the number of points. A window that
was too long is not lost: its solution is the guess for a shorter one, which then takes two or three iterations.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from odebench import IVP, Array, Diverged, Solution, SolverFailed

from .iterations import Equations, Window, newton, picard, spectral_bound
from .trial_space import LEAST_POINTS, MOST_POINTS, TrialSpace

Spaces: TypeAlias = Callable[[int, int], TrialSpace]
"""From the number of collocation points and of knots."""

LEAST_RTOL = 100 * sys.float_info.epsilon
_MORE_KNOTS = 8
STIFF_POINTS, _FEWEST = 16, 6  # of a stiff window; with more, random features are not A-stable for every seed
_LARGE = 160  # unknowns of a stiff window; where there would be more, it has fewer points
_CONTRACTS = 20.0  # over the spectral radius: a window of this length is solved by Picard's iteration soon enough
_CONTRACTS_ONE = 1.0  # the same of a single equation, for which Newton's costs little
_LEAST_PATIENCE, _MOST_PATIENCE = 2, 16  # troubles that are borne with until Newton's iteration takes over
_LEAST = 1e-25  # of what is left: a window that short is no window
_ROUNDING = 4 * sys.float_info.epsilon
_FALLS = 0.7  # the error of a window that is shortened falls to less than this, unless it is of rounding
_MOST_ROUNDING = 5.0  # tolerances: what is put down to rounding
_STEADY, _PROBE = 8, 1.5  # after so many windows of a length, a longer one is tried: their error may be rounding
_BLIND = 2.0  # how much longer the next window is where the error is lost in rounding
_LONGEST, _SHORTEST, _AIM = 4.0, 0.1, 0.9  # of the next window, to this one; and how near the limit it goes


def solve(
    ivp: IVP,
    t_eval: Array,
    spaces: Spaces,
    *,
    rtol: float,
    atol: float,
    points: int | None,
    iteration: str,
) -> Solution:
    """March through the span, window by window, and evaluate the solution at t_eval (n,): y is (n, d).

    spaces: the trial functions, from the number of collocation points and of knots. points: of a window; none for as
    many as rtol calls for. iteration: picard, newton or auto.

    Raises `ValueError` for an rtol below `LEAST_RTOL`, an atol that is not positive, or points out of range;
    `Diverged` where y is too large, or not finite, at the start of a window; `SolverFailed` where windows shrink to
    nothing, as where the solution ends or f is not smooth, and where the trial functions are too alike to tell apart.
    """
    if not rtol >= LEAST_RTOL:
        raise ValueError(f"expected rtol of {LEAST_RTOL:.2g} or more, received {rtol}: float64 does not resolve it")
    if not atol > 0:
        raise ValueError(f"expected atol > 0, received {atol}: a component may pass through zero")
    if points is None:
        points = min(40, max(12, 12 + round(-2.2 * math.log10(rtol))))
    elif not LEAST_POINTS <= points <= MOST_POINTS:
        raise ValueError(f"expected points from {LEAST_POINTS} to {MOST_POINTS}, received {points}")
    with np.errstate(all="ignore"):
        # a tenth of what is asked for, as errors of windows add up and grow; it costs little at such high orders
        march = _March(ivp, spaces, max(rtol / 10, 5 * _ROUNDING), atol / 10, points, iteration)
        y = ivp.y0
        for start, end in zip([ivp.t_span[0], *ivp.breaks], [*ivp.breaks, ivp.t_span[1]], strict=True):
            y = march.through(start, end, y)
        dense = march.dense()
        return Solution(dense(t_eval), dense, march.stats())


class _Tried(NamedTuple):
    """A window that was too long: what is known of the solution all the same."""

    length: float
    path: Array
    error: float


class _March:
    """The windows so far."""

    def __init__(self, ivp: IVP, spaces: Spaces, rtol: float, atol: float, points: int, iteration: str) -> None:
        knots = points + _MORE_KNOTS
        fewer = min(points, max(_FEWEST, min(STIFF_POINTS, _LARGE // ivp.n_states)))
        self.gentle, self.stiff = spaces(points, knots), spaces(fewer, knots)
        self.eq, self.rtol, self.atol, self.iteration = Equations(ivp), rtol, atol, iteration
        self.contracts = _CONTRACTS if ivp.n_states > 1 else _CONTRACTS_ONE
        self.by_newton = iteration == "newton"
        self.starts: list[float] = []
        self.lengths: list[float] = []
        self.paths: list[Array] = []
        self.weights, self.expected = 0, 4
        self.bound = math.nan  # on the spectral radius of df/dy, as it was last known
        self.limit = 1.0  # of a window's error, in tolerances
        self.troubles, self.patience = 0, _LEAST_PATIENCE
        self.rounding = 8 * _ROUNDING / rtol  # in tolerances: an error of less has nothing to say

    def tolerance(self, y: Array, states: Array) -> Array:
        """What turns errors into tolerances: 1 / (atol + rtol |y|), |y| the largest in the window, (d, 1).

        No component is asked for more than the rounding of the largest one leaves of it.
        """
        largest = np.maximum(np.abs(states).max(axis=1), np.abs(y))
        least = self.atol + _ROUNDING * float(largest.max())
        factors: Array = (1 / (least + self.rtol * largest))[:, None]
        return factors

    def through(self, t: float, end: float, y: Array) -> Array:
        """March from t to `end`, through which f is smooth; returns y there."""
        ahead, unit = self.eq.slopes(np.array([t]), y[:, None]).T, 1.0  # the Taylor coefficients known, in this unit
        self.bound = self._spectral_bound(t, y)
        h = min(end - t, self.gentle.points / 10 / self.bound) if 0 < self.bound < math.inf else end - t
        if self.iteration == "auto":
            self.by_newton = h * self.bound > self.contracts
        expected, steady = 4, 0
        tried: _Tried | None = None
        too_long = math.inf  # a length for which Picard's iteration did not converge
        while t < end:
            left = end - t
            if left < 3 * h:
                h = left / math.ceil(left / h * (1 - 1e-9))
            if not h > max(_ROUNDING * abs(t), _LEAST * left):
                self._give_up(t, y)
            stop = end if h >= left else t + h
            window, space = self._attempt(t, stop, y, ahead, unit, tried, expected, end)
            accepted = window is not None and self._is_accurate(window, tried)
            if not accepted and self._is_stiff(t, y, stop - t):
                self.by_newton, tried = True, None
                continue
            if window is None:
                h, too_long, tried = 0.5 * h, stop - t, None
                continue
            factor = self._factor(window.error, space.points)
            if not accepted:
                tried = _Tried(stop - t, window.path, window.error)
                h *= max(_SHORTEST, min(factor, _AIM))
                expected = 2
                continue
            self.starts.append(t)
            self.lengths.append(stop - t)
            self.paths.append(window.path)
            self.weights += space.width * len(y)
            # the guess of one that was too long spares iterations, which the next will need again
            self.expected = max(3 if tried is None else self.expected, window.iterations - 2)
            steady = steady + 1 if factor < 1.1 else 0
            if steady == _STEADY:
                factor, steady = _PROBE, 0
            h = min(h * min(factor, 1.0 if tried else _LONGEST), 0.8 * too_long)
            ahead, unit = window.ahead, stop - t
            t, y, expected, tried, too_long = stop, window.end, self.expected, None, math.inf
            if self.by_newton:
                self.bound = window.spectral_bound
                if self.iteration == "auto" and h * self.bound < self.contracts:
                    self.by_newton = False
                    self.patience = min(2 * self.patience, _MOST_PATIENCE)
        return y

    def _is_accurate(self, window: Window, tried: _Tried | None) -> bool:
        """Whether the error is within the limit, or does not fall with the length and is therefore of rounding."""
        if tried and window.error > _FALLS * tried.error and window.error < _MOST_ROUNDING:
            self.limit = max(self.limit, min(2 * window.error, _MOST_ROUNDING))
        else:
            self.limit = max(1.0, 0.95 * self.limit)
        return window.error <= self.limit

    def _factor(self, error: float, points: int) -> float:
        """How much longer the next window may be."""
        factor: float = _AIM * max(error / self.limit, 1e-30) ** (-1 / points)
        if error > self.limit:
            return factor
        # not shorter, as an error that is rounding would call for again and again
        return max(factor, _BLIND if error < self.rounding else 1.0)

    def _attempt(
        self,
        t: float,
        stop: float,
        y: Array,
        ahead: Array,
        unit: float,
        tried: _Tried | None,
        expected: int,
        end: float,
    ) -> tuple[Window | None, TrialSpace]:
        """Solve the equations from t to `stop`; `tried` is a window that was too long."""
        h = stop - t
        gentle = not self.by_newton or (len(y) == 1 and h * self.bound < _CONTRACTS)
        space = self.gentle if gentle else self.stiff
        times = t + h * space.places
        # at a break f may jump: the window that ends there sees what is before it
        times[space.points - 1] = stop if stop < end else math.nextafter(stop, t)
        guess = None
        if tried:
            guess = self._within(tried.path, h / tried.length * space.places).T
        if self.by_newton:
            inner = None if guess is None else np.ascontiguousarray(guess[:, : space.points])
            window = newton(space, self.eq, times, h, y, inner, self.tolerance)
        else:
            if guess is None:
                known = ahead * ((h / unit) ** np.arange(1, len(ahead) + 1))[:, None]
                guess = known.T @ space.powers[: len(ahead)]
                guess += y[:, None]
            window = picard(space, self.eq, times, h, y, guess, self.tolerance, expected)
        if window is not None:
            self.eq.iterations += window.iterations
            if not np.isfinite(window.end).all():
                window = None
        return window, space

    def _is_stiff(self, t: float, y: Array, h: float) -> bool:
        """Whether trouble with a window of length h is again Picard's, and to be left to Newton's iteration."""
        if self.by_newton or self.iteration != "auto":
            return False
        self.bound = self._spectral_bound(t, y)
        if h * self.bound < self.contracts / 2:
            return False
        self.troubles += 1
        if self.troubles < self.patience:
            return False
        self.troubles = 0
        return True

    def _spectral_bound(self, t: float, y: Array) -> float:
        """Of df/dy at one point."""
        return float(spectral_bound(self.eq.jacobians(np.array([t]), y[:, None])))

    def _within(self, path: Array, places: Array) -> Array:
        """A window's polynomial at `places` of it, (p,) -> (p, d)."""
        weights = interpolation_weights(self.gentle, places)
        states: Array = (weights @ path) / weights.sum(axis=1)[:, None]
        return states

    def _give_up(self, t: float, y: Array) -> None:
        if not np.isfinite(y).all() or np.abs(y).max() > 1e100:
            raise Diverged(f"y is too large to go on from t = {t:g}")
        raise SolverFailed(
            f"the windows have shrunk to nothing at t = {t:.9g}: the solution may end there, or f not be smooth; "
            "tell the problem's breaks, or take a larger rtol"
        )

    def dense(self) -> Callable[[Array], Array]:
        """The solution as a function of times (n,): in each window the polynomial through its knots."""
        starts, lengths, paths = np.array(self.starts), np.array(self.lengths), np.array(self.paths)
        space = self.gentle

        def at(times: Array) -> Array:
            times = np.asarray(times, dtype=np.float64)
            which = np.maximum(np.searchsorted(starts, times, side="right") - 1, 0)
            weights = interpolation_weights(space, (times - starts[which]) / lengths[which])
            states: Array = np.einsum("nk,nkd->nd", weights, paths[which]) / weights.sum(axis=1)[:, None]
            return states

        return at

    def stats(self) -> dict[str, Any]:
        return {
            "rhs_calls": self.eq.rhs_calls,
            "jac_calls": self.eq.jac_calls,
            "steps": len(self.starts),
            "n_parameters": self.weights,
            "iterations": self.eq.iterations,
        }


def interpolation_weights(space: TrialSpace, places: Array) -> Array:
    """The weights of the values at the knots, (p, n), for those at `places` of the window, up to a factor a row.

    The barycentric formula: Berrut & Trefethen, SIAM Review 46 (2004) 501-517.
    """
    apart = places[:, None] - space.knots
    row, knot = np.nonzero(apart == 0)
    apart[row, knot] = 1.0
    weights = space.barycentric / apart
    weights[row] = 0.0
    weights[row, knot] = 1.0
    return weights
