"""Collocation window by window: how long a window is, and what becomes of one that fails."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from odebench import IVP, Array, Diverged, Solution, SolverFailed

from ._iterations import Equations, Window, newton, picard, spectral_bound
from ._trial_space import LEAST_POINTS, MOST_POINTS, TrialSpace

Spaces: TypeAlias = Callable[[int, int], TrialSpace]
"""From the number of collocation points and of knots."""

LEAST_RTOL = 100 * sys.float_info.epsilon
_MORE_KNOTS = 8
_LARGE = 160  # unknowns of a window; Newton's iteration takes fewer points where there would be more
_CONTRACTS = 6.0  # times the spectral radius: a window of this length is solved by Picard's iteration soon enough
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
    """March through the span; raises `ValueError`, `SolverFailed` and `Diverged`."""
    if not rtol >= LEAST_RTOL:
        raise ValueError(f"expected rtol of {LEAST_RTOL:.2g} or more, received {rtol}: float64 does not resolve it")
    if not atol > 0:
        raise ValueError(f"expected atol > 0, received {atol}: a component may pass through zero")
    if points is None:
        points = min(32, max(12, 8 + round(-2 * math.log10(rtol))))
    elif not LEAST_POINTS <= points <= MOST_POINTS:
        raise ValueError(f"expected points from {LEAST_POINTS} to {MOST_POINTS}, received {points}")
    with np.errstate(all="ignore"):
        march = _March(ivp, spaces, rtol, atol, points, iteration)
        y, first = ivp.y0, True
        for start, end in zip([ivp.t_span[0], *ivp.breaks], [*ivp.breaks, ivp.t_span[1]], strict=True):
            y = march.through(start, end, y)
        dense = march.dense()
        return Solution(dense(t_eval), dense, march.stats())


class _March:
    """The windows so far."""

    def __init__(self, ivp: IVP, spaces: Spaces, rtol: float, atol: float, points: int, iteration: str) -> None:
        knots = points + _MORE_KNOTS
        fewer = max(min(points, 6), min(points, _LARGE // ivp.n_states))
        self.gentle, self.stiff = spaces(points, knots), spaces(fewer, knots)
        self.eq, self.rtol, self.atol, self.iteration = Equations(ivp), rtol, atol, iteration
        self.by_newton = iteration == "newton"
        self.starts: list[float] = []
        self.lengths: list[float] = []
        self.paths: list[Array] = []
        self.last = ivp.t_span[1]
        self.weights = 0

    def tolerance(self, y: Array, states: Array) -> Array:
        largest = np.maximum(np.abs(states).max(axis=1), np.abs(y))
        return (1 / (self.atol + self.rtol * largest))[:, None]

    def through(self, t: float, end: float, y: Array) -> Array:
        """March from t to `end`, through which f is smooth; returns y there."""
        slope = self.eq.slopes(np.array([t]), y[:, None])[:, 0]
        bound = spectral_bound(self.eq.jacobians(np.array([t]), y[:, None]))
        h = min(end - t, self.gentle.points / 10 / bound) if 0 < bound < math.inf else end - t
        expected, rejected = 4, False
        while t < end:
            left = end - t
            if left < 3 * h:
                h = left / math.ceil(left / h * (1 - 1e-9))
            if not h > 16 * sys.float_info.epsilon * max(abs(t), abs(end)):
                self._give_up(t, y)
            stop = end if h >= left else t + h
            window, space = self._attempt(t, stop, y, slope, expected, end)
            if window is None:
                if self.by_newton or self.iteration == "picard":
                    h *= 0.25
                else:
                    self.by_newton = True
                rejected = True
                continue
            expected = max(3, window.iterations - 2)
            factor = _AIM * max(window.error, 1e-30) ** (-1 / space.points)
            if window.path is None:
                h *= max(_SHORTEST, min(factor, _AIM))
                rejected = True
            else:
                self.starts.append(t)
                self.lengths.append(stop - t)
                self.paths.append(window.path)
                self.weights += space.width * len(y)
                t, y, slope = stop, window.end, window.slope
                h *= min(factor, 1.0 if rejected else _LONGEST)
                rejected = False
            if self.by_newton and self.iteration == "auto" and h * window.lipschitz < _CONTRACTS:
                self.by_newton = False
        return y

    def _attempt(
        self, t: float, stop: float, y: Array, slope: Array, expected: int, end: float
    ) -> tuple[Window | None, TrialSpace]:
        space = self.stiff if self.by_newton else self.gentle
        h = stop - t
        times = t + h * space.places
        # at a break f may jump: the window that ends there sees what is before it
        times[space.points - 1] = stop if stop < end or end == self.last else math.nextafter(stop, t)
        if self.by_newton:
            window = newton(space, self.eq, times, h, y, self.tolerance)
        else:
            window = picard(space, self.eq, times, h, y, slope, self.tolerance, expected)
        if window is not None:
            self.eq.iterations += window.iterations
            if not np.isfinite(window.end).all():
                window = None
        return window, space

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
        knots, barycentric = self.gentle.knots, self.gentle.barycentric

        def at(times: Array) -> Array:
            times = np.asarray(times, dtype=np.float64)
            which = np.maximum(np.searchsorted(starts, times, side="right") - 1, 0)
            apart = ((times - starts[which]) / lengths[which])[:, None] - knots
            row, knot = np.nonzero(apart == 0)
            apart[row, knot] = 1.0
            weights = barycentric / apart
            weights[row] = 0.0
            weights[row, knot] = 1.0
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
