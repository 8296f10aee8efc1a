"""A bound on the error of a solution from its dense output and its equation alone; no exact solution is needed.

The computed y satisfies y' = f(t, y) + r, with some residual r, and starts off by y(t0) - y0. Where f is linear in the
state, its error e satisfies e' = J e + r exactly; where it is not, to first order. This is solved (`error_equation`),
and its solution taken off. What is left satisfies the equation up to a residual smaller by far, and of
what that can still do within a panel the logarithmic norm mu is the measure: from s to t an error grows by no more than
the exponential of the integral of mu (Dahlquist 1958; Hairer, Norsett & Wanner, Solving ODEs I, section I.10, Theorem
10.6; Söderlind, BIT 46 (2006) 631-652). From panel to panel it is carried by the propagators that the same formula
gives, each taken by its size. The bound is the sum of both. To bound e by mu alone over the whole span would be valid
and useless: where residuals alternate in sign, or turn with an oscillation, their sizes add up to far more than they.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from . import backends
from .backends import Array, IndexArray, RightHandSide
from .error_equation import MOST_PANELS, Correction, Trajectory
from .model import IVP

BOUND = "bound"
ESTIMATE = "estimate"
NONE = "none"

_SWEEPS = 12  # of Newton's method on the whole trajectory
_CONVERGED = 1e-3  # of the error: a correction that is so small changes no digit that anyone reads
_AS_GOOD_AS_NOTHING = 1e-11  # of the solution: more than rounding lets a correction fall to
_MOST_CALLS = 100_000
_LEVELS = 24  # halvings of a panel
_SMALL = 0.1  # of the error: how much of it may be left to the remainder
_NORMS_ABOVE = 32  # states, above which errors are propagated by their norm alone
_MOST_STATES = 128
_TIMES = 16


@dataclass(frozen=True)
class Certificate:
    """How far a solution may be from the true one, over all times of `t_eval` and all components."""

    value: float | None
    """In the unit of the state, each component times its weight; None where nothing can be said."""
    kind: str
    """BOUND, where the equation is known to be linear in the state: it holds up to rounding, and up to what the
    residual, which is looked at in eight places of each panel, does between them. ESTIMATE elsewhere: Newton's
    method has led from this solution, or from an integration, to one of the equation, and what is left is estimated to
    first order. NONE: it has not, or the system is too large to try."""


def certificate(ivp: IVP, y: Array, dense: Callable[[Array], Array]) -> Certificate:
    """Of the states `y` (n, d) at `ivp.t_eval`, with their dense output, which takes times (m,) to states (m, d).

    Holds for the states; the dense output is what the error equation is linearised about, and may be a bad one. Where
    nothing can be said, the kind is NONE, and no error but one of the dense output or the right-hand side is raised.
    """
    import numpy as np

    if ivp.n_states > _MOST_STATES:
        return Certificate(None, NONE)
    linear = is_linear(ivp)
    with np.errstate(all="ignore"):
        found = _value(ivp, y, dense, linear)
        if found is None and (elsewhere := _integrated(ivp)) is not None:
            found = _value(ivp, y, elsewhere, linear)
    return Certificate(None, NONE) if found is None else Certificate(found, BOUND if linear else ESTIMATE)


def _value(ivp: IVP, y: Array, start: Callable[[Array], Array], linear: bool) -> float | None:
    """The certificate's value, Newton's method begun from `start`; None where that leads to no solution."""
    import numpy as np

    weights = np.ones(ivp.n_states) if ivp.weights is None else ivp.weights
    edges = np.union1d(ivp.t_eval, np.asarray(ivp.breaks, dtype=np.float64))
    trajectory = Trajectory(ivp, edges, start)
    for _ in range(_LEVELS):
        correction = _converge(trajectory, y, linear)
        if correction is None:
            return None
        error = np.abs(y - trajectory.at(ivp.t_eval)) * weights
        residual, rounding = trajectory.residual(correction.jacobians)
        if linear:
            local = local_bounds(residual, correction.jacobians, np.diff(trajectory.edges))
        else:
            local = _estimated(residual, trajectory.responses(correction))
        at = np.searchsorted(trajectory.edges, ivp.t_eval)
        left, parts = propagated_bounds(np.stack([local, rounding], axis=-1), correction.propagators, at, weights)
        total = float((error + left.sum(axis=-1)).max())
        enough = _SMALL * max(float(error.max()), float(left[..., 1].max()))
        coarse = ~(parts <= enough / len(parts))
        if left[..., 0].max() <= enough or not coarse.any() or len(parts) + coarse.sum() > MOST_PANELS:
            break
        trajectory.bisect(coarse)
    return total if np.isfinite(total) else None


def _integrated(ivp: IVP) -> Callable[[Array], Array] | None:
    """Another start for Newton's method, where the solution itself is none: where it leads to is the same.

    Takes times (m,) to states (m, d). None where the integration fails, or calls the right-hand side too often.
    """
    import warnings

    from scipy.integrate import solve_ivp

    calls = itertools.count()

    def f(t: float, y: Array) -> Array:
        if next(calls) > _MOST_CALLS:
            raise OverflowError  # the way to end solve_ivp from within; caught below, with what overflows by itself
        return ivp.f(t, y)

    with warnings.catch_warnings(action="ignore"):
        try:
            found = solve_ivp(f, ivp.t_span, ivp.y0, "LSODA", rtol=1e-10, atol=1e-12, dense_output=True)
        except (ArithmeticError, ValueError):
            return None
    sol: Any = found.sol
    return (lambda t: sol(t).T) if found.success else None


def is_linear(ivp: IVP) -> bool:
    """Whether the right-hand side is known to be linear in the state: its recorded Jacobian reads no state.

    One that branches on the time is recorded at some times, between each two breaks at least.
    """
    import numpy as np

    if backends.is_linear(ivp.rhs, ivp.n_states):
        return True
    t0, t1 = ivp.t_span
    edges = np.union1d(ivp.breaks, np.linspace(t0, t1, _TIMES + 1))
    middles = ((edges[1:] + edges[:-1]) / 2).tolist()
    return all(backends.is_linear(partial(_at, ivp.rhs, t), ivp.n_states) for t in middles)


def _at(rhs: RightHandSide, t: float, _: Any, y: Any, xp: Any) -> Any:
    return rhs(t, y, xp)


def _converge(trajectory: Trajectory, y: Array, linear: bool) -> Correction | None:
    """Correct until a further correction changes nothing that matters; None where that does not come about."""
    import numpy as np

    for _ in range(2 if linear else _SWEEPS):
        correction = trajectory.correct()
        if not np.isfinite(correction.size):
            return None
        if correction.size <= _CONVERGED * trajectory.distance(y):
            return correction
    return correction if linear or correction.size <= _AS_GOOD_AS_NOTHING else None


def local_bounds(residual: Array, jac: Array, h: Array) -> Array:
    """Return a bound on the effect of a residual (k, s, d) at the end of its panel, (k, d), by the logarithmic norm.

    It is the smaller of two: in the Euclidean norm, where mu is the largest eigenvalue of (J + J^T) / 2, and in the
    Euclidean norm of the coordinates in which the Jacobian in the middle of the panel is diagonal.
    """
    import numpy as np

    if (jac == jac[:1, :1]).all():
        jac = jac[:1, :1]

    def grown(mu: Any, size: Any) -> Any:
        x = mu.max(axis=1) * h
        return size.max(axis=1) * h * np.where(np.abs(x) > 1e-8, np.expm1(x) / np.where(x == 0, 1.0, x), 1.0)

    mu = np.linalg.eigvalsh((jac + jac.swapaxes(-1, -2)) / 2)[..., -1]
    plain = grown(mu, np.linalg.norm(residual, axis=-1))[:, None]
    basis = np.linalg.eig(jac[:, jac.shape[1] // 2])[1]
    try:
        inverse = np.linalg.inv(basis)
    except np.linalg.LinAlgError:  # no basis of eigenvectors
        return np.asarray(np.broadcast_to(plain, residual[:, 0].shape))
    turned = inverse[:, None] @ jac @ basis[:, None]
    mu = np.linalg.eigvalsh((turned + turned.conj().swapaxes(-1, -2)) / 2)[..., -1]
    size = np.linalg.norm((np.abs(inverse)[:, None] @ residual[..., None])[..., 0], axis=-1)
    diagonal = np.linalg.norm(basis, axis=-1) * grown(mu, size)[:, None]
    return np.asarray(np.fmin(plain, diagonal))


def _estimated(residual: Array, responses: Array) -> Array:
    """The same to first order, by the responses of the collocation formula."""
    import numpy as np

    after = np.concatenate([residual[:, 1:], residual[:, -1:]], axis=1)
    largest = np.maximum(residual, after)  # on both sides of each stage
    return np.asarray((np.abs(responses) @ largest[..., None])[..., 0].sum(axis=1))


def propagated_bounds(local: Array, propagators: Array, at: IndexArray, weights: Array) -> tuple[Array, Array]:
    """Return the accumulated effect of the errors of each panel, `local` (k, d, m) of m kinds, at the edges `at` (n,).

    The first array has shape (n, d, m), each component times its weight. The second, (k,), holds the largest effect
    that the errors of the first kind of each panel have at those edges.
    """
    import numpy as np

    k, d, kinds = local.shape
    total = np.zeros((k + 1, d, kinds))
    parts = np.zeros(k)
    asked = np.isin(np.arange(k + 1), at)
    if d > _NORMS_ABOVE:  # only norms, of which one number a panel is kept
        squares = np.linalg.eigvalsh(propagators.swapaxes(1, 2) @ propagators)[:, -1]  # a third of an SVD's time
        growth = np.sqrt(np.maximum(squares, 0.0))
        own = np.linalg.norm(local, axis=1)
        for j in range(k):
            total[j + 1] = growth[j] * total[j] + own[j]
        reach = np.ones(k)
        for j in range(k - 2, -1, -1):
            reach[j] = max(1.0, growth[j + 1] * reach[j + 1])
        return total[at] * weights[:, None], own[:, 0] * reach * weights.max()
    through, unchanged = np.empty((k, d, d)), np.eye(d)
    for j in range(k):
        through[:j] = propagators[j] @ through[:j]
        through[j] = unchanged
        if asked[j + 1]:
            grown = np.abs(through[: j + 1]) @ local[: j + 1]
            total[j + 1] = grown.sum(axis=0)
            np.maximum(parts[: j + 1], (grown[..., 0] * weights).max(axis=1), out=parts[: j + 1])
    return total[at] * weights[:, None], parts
