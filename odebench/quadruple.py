"""Integrators in quadruple precision, 33 decimal digits, for reference solutions.

An explicit method for smooth problems and two implicit ones for all: extrapolation of the midpoint rule (Gragg 1965;
Hairer, Norsett & Wanner, Solving ODEs I, section II.9), and the fully implicit Runge-Kutta methods of Radau IIA and
Lobatto IIIC (Hairer & Wanner, Solving ODEs II, section IV.5), of high order. Each equation is evaluated in quadruple
precision by the very function the problem is made of; only the implicit methods' Newton corrections, whose errors the
next iteration mends, are computed in double precision. Nothing is interpolated: a step ends at every time asked for.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from .backends import Array
from .model import IVP
from .tableaux import QuadArray, Scheme, basis, quad

Progress: TypeAlias = Callable[[float], None]

_NEGLIGIBLE = 1e-26  # a component this far below the largest is not resolved for its own sake
_SMALL = 1e-10  # a component is resolved from this part of its largest value on, if it starts from less
_NUDGE = 2.0**-52  # relative distance from a break at which the right-hand side is evaluated
_LEAST_STEP = 1e-25  # of the span


class TooCostly(Exception):
    """The method has spent its budget."""


class Stuck(Exception):
    """The method finds no step it can take: the solution may end here."""


def extrapolation(
    ivp: IVP,
    times: Array,
    *,
    tolerance: float = 1e-24,
    columns: int = 12,
    largest: Array | None = None,
    most_evaluations: float = math.inf,
    progress: Progress = lambda done: None,
) -> QuadArray:
    """The states at `times`, (n, d), by extrapolating the explicit midpoint rule to order 2 * `columns`.

    `tolerance` is a step's error, relative to the largest value so far of each component; of one that starts from zero
    it helps to know about how large it will become: `largest`, (d,). Raises `TooCostly` after
    `most_evaluations`, as on stiff problems, and `Stuck`.
    """
    import numpy as np

    numbers = [2 * (j + 1) for j in range(columns)]
    march = _March(ivp, times, tolerance, largest, progress)
    evaluations = 0
    for f, t, y, h in march:
        start = f(t, y)
        rows: list[QuadArray] = []
        for j, n in enumerate(numbers):
            step = h / n
            before, now = y, y + step * start
            for i in range(1, n):
                before, now = now, before + 2 * step * f(t + i * step, now)
            row = [now]
            for m in range(j):
                ratio = quad(n) / numbers[j - m - 1]
                row.append(row[m] + (row[m] - rows[m]) / (ratio * ratio - 1))
            rows = row
        evaluations += sum(numbers)
        if evaluations > most_evaluations:
            raise TooCostly
        march.attempt(rows[-1], (rows[-1] - rows[-2]).astype(np.float64), order=2 * columns - 1)
    return march.states


def implicit_runge_kutta(
    ivp: IVP,
    times: Array,
    scheme: Scheme,
    *,
    tolerance: float = 1e-21,
    largest: Array | None = None,
    most_steps: float = math.inf,
    progress: Progress = lambda done: None,
) -> QuadArray:
    """The states at `times`, (n, d), by a method such as `radau(11)` or `lobatto(10)`.

    `tolerance` is the last term of a step's expansion in Legendre polynomials, relative to the largest value so far of
    each component (see `extrapolation` for `largest`); the states are more accurate. Raises `TooCostly` after
    `most_steps`, and `Stuck`.
    """
    import numpy as np
    from scipy.linalg import lu_factor, lu_solve

    s, d = scheme.stages, ivp.n_states
    nodes, matrix = scheme.nodes.astype(np.float64), scheme.matrix
    eigenvalues, vectors = np.linalg.eig(matrix.astype(np.float64))
    inverse = np.linalg.inv(vectors)
    upper = [k for k, value in enumerate(eigenvalues) if value.imag >= 0]  # the others are their conjugates
    last_term = _last_term(scheme.nodes)
    jacobian = _jacobian(ivp)
    slopes: QuadArray = None  # of the step before, at its stages
    before_h = 0.0
    march = _March(ivp, times, tolerance, largest, progress)
    for steps, (f, t, y, h) in enumerate(march):
        if steps >= most_steps:
            raise TooCostly
        h_double = float(h)
        by_state = jacobian(float(t), y.astype(np.float64))
        factors = {k: lu_factor(np.eye(d) - h_double * eigenvalues[k] * by_state, check_finite=False) for k in upper}
        stage_times = t + scheme.nodes * h
        if slopes is not None and h_double < 4 * before_h:
            ahead = np.stack([basis(nodes, j, 1 + nodes * (h_double / before_h)) for j in range(s)], -1)
            k_stages = (ahead @ slopes.astype(np.float64)).astype(slopes.dtype)
        else:
            k_stages = np.repeat(f(t, y)[None], s, axis=0)
        previous = math.inf
        for iteration in range(60):
            stages = y + h * _product(matrix, k_stages)
            residual = (f(stage_times, stages) - k_stages).astype(np.float64)
            if not np.isfinite(residual).all():
                break
            transformed = inverse @ residual
            correction = np.zeros((s, d))
            for k in upper:
                solved = lu_solve(factors[k], transformed[k], check_finite=False)
                weight = 1.0 if eigenvalues[k].imag == 0 else 2.0
                correction += weight * np.outer(vectors[:, k], solved).real
            k_stages = k_stages + correction.astype(k_stages.dtype)
            size = march.relative(h_double * matrix.astype(np.float64) @ correction, stages)
            if size < max(1e-9 * tolerance, 1e-31) or (size < 1e-28 and size > 0.5 * previous):
                end = (y + h * _product(matrix[-1:], k_stages))[0]
                error = (h * (last_term[:, None] * k_stages).sum(axis=0)).astype(np.float64)
                if march.attempt(end, error, order=s):
                    slopes, before_h = k_stages, h_double
                break
            if size > 2 * previous or (iteration > 8 and size > 0.5 * previous):
                march.retry(0.4)
                break
            previous = size
        else:
            march.retry(0.4)
        if march.undecided:
            march.retry(0.2)
    return march.states


class _March:
    """Steps from time to time: yields what a step starts from, and hears by `attempt` or `retry` how it went."""

    def __init__(self, ivp: IVP, times: Array, tolerance: float, largest: Array | None, progress: Progress) -> None:
        import numpy as np

        self.ivp, self.times, self.tolerance, self.progress = ivp, times, tolerance, progress
        self.y = quad(ivp.y0)
        self.scale = np.maximum(np.abs(ivp.y0), 0.0 if largest is None else _SMALL * largest)
        self.h = 1e-6 * float(times[-1] - times[0])
        """The step's length that the errors so far ask for."""
        self.undecided = False
        """Whether the step under way has neither been attempted nor given up."""
        self._h = self.h
        """The length of the step under way: shorter than `h` where a time is met."""
        self._taken = False
        """Whether the step under way was attempted and is accurate enough."""
        self._recorded: list[QuadArray] = []

    @property
    def states(self) -> QuadArray:
        """At all times, (n, d)."""
        import numpy as np

        return np.stack(self._recorded)

    def __iter__(self) -> Iterator[tuple[Callable[[Any, QuadArray], QuadArray], Any, QuadArray, Any]]:
        t = quad(self.times[0])[()]
        self._recorded.append(self.y)
        for target, wanted, f in self._legs():
            while (left := float(target - t)) > 0:
                last = self.h >= left
                if not last and self.h > left / 2:
                    self._h = left / 2  # two equal steps rather than a long and a tiny one
                else:
                    self._h = left if last else self.h
                if self._h < _LEAST_STEP * float(self.times[-1] - self.times[0]):
                    raise Stuck(f"no step can be taken at t = {float(t):g}")
                h = target - t if last else quad(self._h)[()]
                self._taken, self.undecided = False, True
                yield f, t, self.y, h
                if self._taken:
                    t = target if last else t + h
                    self.progress(float((t - self.times[0]) / (self.times[-1] - self.times[0])))
            if wanted:
                self._recorded.append(self.y)

    def _legs(self) -> Iterator[tuple[Any, bool, Callable[[Any, QuadArray], QuadArray]]]:
        """The times to stop at, whether the state there is wanted, and the right-hand side up to there."""
        wanted = set(self.times[1:].tolist())
        breaks = [*self.ivp.breaks, math.inf]
        after, before = -math.inf, breaks.pop(0)
        for target in sorted(wanted.union(self.ivp.breaks)):
            yield quad(target)[()], target in wanted, self._rhs(after, before)
            if target == before:
                after, before = before, breaks.pop(0)

    def _rhs(self, after: float, before: float) -> Callable[[Any, QuadArray], QuadArray]:
        """The right-hand side between two breaks, at each of which it is what it is on this side."""
        import numpy as np

        rhs, dtype = self.ivp.rhs, self.y.dtype
        low = quad(after + _NUDGE * abs(after))[()] if after > -math.inf else None
        high = quad(before - _NUDGE * abs(before))[()] if before < math.inf else None

        def f(t: Any, y: QuadArray) -> QuadArray:
            if low is not None:
                t = np.maximum(t, low)
            if high is not None:
                t = np.minimum(t, high)
            value = np.asarray(rhs(t, y, np))
            if value.dtype != dtype:
                raise TypeError(f"the right-hand side returns {value.dtype} where it is given quadruple precision")
            return value

        return f

    def relative(self, change: Array, states: QuadArray) -> float:
        """The largest change of a component, of its largest value so far."""
        import numpy as np

        scale = np.maximum(self.scale, np.abs(states.astype(np.float64)).max(axis=0))
        scale = np.maximum(scale, max(_NEGLIGIBLE * float(scale.max()), 1e-300))
        return float((np.abs(change) / scale).max())

    def attempt(self, end: QuadArray, error: Array, order: int) -> bool:
        """Take the step to `end` if its error is small enough; either way, choose the next one's length."""
        import numpy as np

        size = self.relative(error, end[None]) if np.isfinite(end.astype(np.float64)).all() else math.inf
        if not math.isfinite(size):
            self.retry(0.1)
            return False
        factor = 0.85 * (self.tolerance / max(size, 1e-60)) ** (1 / order)
        if size > self.tolerance:
            self.retry(min(0.7, max(0.1, factor)))
            return False
        self.undecided, self._taken = False, True
        self.y = end
        self.scale = np.maximum(self.scale, np.abs(end.astype(np.float64)))
        # a step cut short says little of how long the next may be
        self.h = max(self._h * min(4.0, max(0.2, factor)), self.h if self._h < self.h else 0.0)
        return True

    def retry(self, factor: float) -> None:
        """Go back, and try a step so many times as long."""
        self.undecided = False
        self.h = self._h * factor


def _last_term(nodes: QuadArray) -> QuadArray:
    """What turns values at the nodes into the last coefficient of their expansion in Legendre polynomials, (s,)."""
    import numpy as np

    leading = []
    for j in range(len(nodes)):
        product = quad(1.0)[()]
        for m in range(len(nodes)):
            if m != j:
                product = product * (nodes[j] - nodes[m])
        leading.append(1 / product)
    return np.stack(leading) / math.comb(2 * (len(nodes) - 1), len(nodes) - 1)


def _product(matrix: QuadArray, slopes: QuadArray) -> QuadArray:
    """Their matrix product; a sum over few rows is faster than a quadruple matmul."""
    return (matrix[:, :, None] * slopes[None]).sum(axis=1)


def _jacobian(ivp: IVP) -> Callable[[float, Array], Array]:
    """df_i/dy_j in double precision, however it can be had: it only steers Newton's method."""
    import numpy as np

    if (known := ivp.jac) is not None:

        def dense(t: float, y: Array) -> Array:
            matrix: Any = known(t, y)
            return np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix)

        return dense
    rhs, d = ivp.rhs, ivp.n_states
    tiny = 1e-40

    def by_complex_step(t: float, y: Array) -> Array:
        states = y + 1j * tiny * np.eye(d)
        return np.asarray(np.asarray(rhs(np.full(d, t), states, np)).imag.T / tiny, dtype=np.float64)

    def by_differences(t: float, y: Array) -> Array:
        steps = 1e-8 * np.maximum(np.abs(y), 1e-8 * np.abs(y).max() + 1e-30)
        base = np.asarray(rhs(t, y, np), dtype=np.float64)
        moved = np.asarray(rhs(np.full(d, t), y + np.diag(steps), np), dtype=np.float64)
        return np.asarray(((moved - base) / steps[:, None]).T)

    try:
        with np.errstate(all="ignore"):
            if np.isfinite(by_complex_step(ivp.t_span[0], ivp.y0)).all():
                return by_complex_step
    except (TypeError, ValueError):
        pass
    return by_differences
