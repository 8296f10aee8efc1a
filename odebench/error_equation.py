"""Radau collocation on many panels at once: the error equation of a solution, and what its correction leaves over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeAlias

from .backends import Array, IndexArray
from .model import IVP

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Chosen: TypeAlias = NDArray[np.bool_]

STAGES = 8
MOST_PANELS = 4000
_NEAR = 1e-5  # relative; how far a complex step's derivative may be from a difference quotient, which is this rough
_COMPLEX_STEP = 1e-100
_SHAPE = 1e-3  # of a component's size: how far a polynomial may be from the solution to begin with
_FIRST_LEVELS = 30
_NUMBERS_AT_ONCE = 4_000_000
_MANY_STATES = 6
_DIGITS = 12  # to which lengths of panels are alike
_ROUNDINGS = 8.0  # units in the last place that a residual may be off, the sum of a few terms
_ROUNDINGS_OF_A_PANEL = 2.0  # that a state may be off for each panel; no problem of the library takes a third of one

Jacobians: TypeAlias = Callable[[Array, Array], Array]
"""`(times (n,), states (n, d))` -> df_i/dy_j (n, d, d)."""


@dataclass(frozen=True, eq=False)
class Scheme:
    """The Radau IIA method of s stages on [0, 1], its collocation polynomial, and where that is looked at."""

    nodes: Array
    """(s + 1,): 0, then the stages, the last of them 1."""
    matrix: Array
    """(s, s): integrals of the stages' Lagrange polynomials from 0 to each stage."""
    samples: Array
    """(s,): in the middle between each two nodes, where the collocation polynomial's residual is largest."""
    to_samples: Array
    """(s, s + 1): the polynomial through the nodes, evaluated there."""
    slopes: Array
    """(s, s + 1): its derivative there."""
    to_halves: Array
    """(2, s + 1, s + 1): the polynomial at the nodes of the two halves."""


@cache
def radau(stages: int = STAGES) -> Scheme:
    """Nodes: the zeros of P_{s-1} - P_s, Legendre's polynomials (Hairer & Wanner, Solving ODEs II, section IV.5)."""
    import numpy as np
    from numpy.polynomial import legendre

    stage_nodes = (legendre.legroots([0.0] * (stages - 1) + [1.0, -1.0]) + 1) / 2
    stage_nodes[-1] = 1.0
    nodes = np.concatenate([[0.0], stage_nodes])
    samples = (nodes[1:] + nodes[:-1]) / 2

    def basis(at: Any, degree: int) -> Any:
        return legendre.legvander(2 * at - 1, degree)

    values = np.eye(stages)
    integrals = np.stack([legendre.legval(2 * stage_nodes - 1, legendre.legint(v, lbnd=-1)) / 2 for v in values], -1)
    derivatives = np.stack(
        [legendre.legval(2 * samples - 1, 2 * legendre.legder(v)) for v in np.eye(stages + 1)], axis=-1
    )
    to_coefficients = np.linalg.inv(basis(nodes, stages))
    return Scheme(
        nodes=nodes,
        matrix=integrals @ np.linalg.inv(basis(stage_nodes, stages - 1)),
        samples=samples,
        to_samples=basis(samples, stages) @ to_coefficients,
        slopes=derivatives @ to_coefficients,
        to_halves=np.stack([basis(nodes / 2, stages), basis((1 + nodes) / 2, stages)]) @ to_coefficients,
    )


@dataclass(frozen=True, eq=False)
class Correction:
    """One solution of the linearised error equation e' = J e + r on all panels."""

    size: float
    """The largest component of e, each over the size that the solution takes in it."""
    jacobians: Array
    """(k, s, d, d) at the stages."""
    propagators: Array
    """(k, d, d): what an error at a panel's start comes to at its end."""


class Trajectory:
    """A piecewise polynomial through a solution's values at the nodes of adjoining panels, and its correction.

    Only those values are used: no derivative of the solution is taken, and a kink or jump of it is a defect as any
    other. Between `t_eval` the polynomial need not be the solution; at the panels' ends it is.
    """

    def __init__(self, ivp: IVP, edges: Array, dense: Callable[[Array], Array]) -> None:
        """On panels with these edges (k + 1,), and on halves of them where the solution's shape asks for it."""
        import numpy as np

        self.ivp, self.edges, self.scheme = ivp, edges, radau()
        self._jacobians = jacobians(ivp)
        self.states = self._sampled(edges[:-1], edges[1:], dense)
        rough = np.ones(len(self.states), dtype=bool)
        for _ in range(_FIRST_LEVELS):
            times = (self.edges[:-1, None] + np.diff(self.edges)[:, None] * self.scheme.samples)[rough]
            off = np.abs(self.scheme.to_samples @ self.states[rough] - _evaluated(dense, times, ivp)).max(axis=1)
            rough[rough] = (off > _SHAPE * np.abs(self.states).max(axis=(0, 1))).any(axis=1)
            if not rough.any() or len(rough) + rough.sum() > MOST_PANELS:
                break
            rough = self._bisect(rough, lambda left, right: self._sampled(left, right, dense))

    def _sampled(self, left: Array, right: Array, dense: Callable[[Array], Array]) -> Array:
        """The solution at the nodes of panels from `left` to `right`, each (k,), as (k, s + 1, d)."""
        times = left[:, None] + (right - left)[:, None] * self.scheme.nodes
        times[:, -1] = right
        return _evaluated(dense, times, self.ivp)

    def at(self, times: Array) -> Array:
        """The states (n, d) at times that are edges."""
        import numpy as np

        ends = np.concatenate([self.states[:1, 0], self.states[:, -1]])
        return ends[np.searchsorted(self.edges, times)]

    def distance(self, y: Array) -> float:
        """How far the states `y` at `t_eval` are from its own, of the component's size."""
        import numpy as np

        return self._relative(np.abs(y - self.at(self.ivp.t_eval)).max(axis=0))

    def _relative(self, values: Array) -> float:
        import numpy as np

        scale = np.abs(self.states).max(axis=(0, 1))
        return float((values / np.where(scale > 0, scale, 1.0)).max())

    def correct(self) -> Correction:
        """Take the linearised error off the states.

        With the defect d(t) = y(t) - y(a) - integral of f(s, y(s)) from a to t, the error satisfies
        e(t) = e(a) + d(t) + integral of J e. Both integrals are taken by the collocation formula.
        """
        import numpy as np

        d, stages = self.ivp.n_states, len(self.scheme.matrix)
        k, size = len(self.states), stages * d
        matrix, h = self.scheme.matrix, np.diff(self.edges)[:, None, None]
        times, states = self._inside(self.scheme.nodes[1:]), self.states[:, 1:]
        slopes = np.asarray(self.ivp.rhs(times, states, np), dtype=np.float64)
        defect = (states - self.states[:, :1] - h * (matrix @ slopes)).reshape(k, size)
        jac = np.empty((k, stages, d, d))
        for part in self._parts():
            jac[part] = self._jacobians(times[part].ravel(), states[part].reshape(-1, d)).reshape(-1, stages, d, d)
        own, through = np.empty((k, stages, d)), np.empty((k, stages, d, d))
        start = np.tile(np.eye(d), (stages, 1))
        for alike in self._alike(jac):
            try:
                if isinstance(alike, slice):  # each has its own matrix
                    system = self._system(h[alike], jac[alike])
                    starts = np.broadcast_to(start, (len(system), size, d))
                    found = np.linalg.solve(system, np.concatenate([starts, defect[alike, :, None]], axis=-1))
                    found = found.reshape(-1, stages, d, d + 1)
                    through[alike], own[alike] = found[..., :d], found[..., d]
                else:
                    (system,) = self._system(h[alike[:1]], jac[alike[:1]])
                    found = np.linalg.solve(system, np.concatenate([start, defect[alike].T], axis=-1))
                    through[alike] = found[:, :d].reshape(stages, d, d)
                    own[alike] = found[:, d:].T.reshape(-1, stages, d)
            except np.linalg.LinAlgError:
                through[alike] = own[alike] = np.nan
        errors = np.empty_like(self.states)
        error = self.states[0, 0] - self.ivp.y0
        for j in range(k):
            errors[j, 0] = error
            error = own[j, -1] + through[j, -1] @ error
        errors[:, 1:] = own + (through @ errors[:, :1, :, None])[..., 0]
        errors[1:, 0] = errors[:-1, -1]
        self.states = self.states - errors
        return Correction(self._relative(np.abs(errors).max(axis=(0, 1))), jac, through[:, -1])

    def responses(self, correction: Correction) -> Array:
        """(k, s, d, d): what a unit of residual about each stage comes to at the panel's end."""
        import numpy as np

        d, stages = self.ivp.n_states, len(self.scheme.matrix)
        h = np.diff(self.edges)[:, None, None]
        last = np.zeros((stages * d, d))
        last[-d:] = np.eye(d)
        found = np.empty((len(h), stages, d, d))
        for part in self._parts():
            system = self._system(h[part], correction.jacobians[part]).swapaxes(-1, -2)
            adjoint = np.linalg.solve(system, np.broadcast_to(last, (len(system), *last.shape)))
            adjoint = h[part, ..., None] * adjoint.reshape(-1, stages, d, d)  # of stage, component; at the end
            found[part] = np.einsum("kiab,ij->kjba", adjoint, self.scheme.matrix)
        return found

    def _system(self, h: Array, jac: Array) -> Array:
        """The matrices I - h A x J of the collocation formula, (k, s d, s d)."""
        import numpy as np

        size = jac.shape[1] * jac.shape[2]
        system = -h[..., None, None] * self.scheme.matrix[:, None, :, None] * jac.swapaxes(1, 2)[:, None]
        system = system.reshape(-1, size, size)
        system[:, np.arange(size), np.arange(size)] += 1.0
        return system

    def _parts(self) -> list[slice]:
        """The panels, as many at a time as there is room for their matrices."""
        k, nodes, d = self.states.shape
        step = max(1, _NUMBERS_AT_ONCE // ((nodes - 1) * d) ** 2)
        return [slice(at, at + step) for at in range(0, k, step)]

    def _alike(self, jac: Array) -> Sequence[slice | IndexArray]:
        """The panels, those together that have one matrix: of many states, where the Jacobian is constant."""
        import numpy as np

        if jac.shape[-1] < _MANY_STATES or not (jac == jac[:1, :1]).all():
            return self._parts()
        h = np.diff(self.edges)
        digits = np.frexp(h)
        _, kind = np.unique(np.stack([np.round(digits[0], _DIGITS), digits[1]]), axis=1, return_inverse=True)
        return [np.flatnonzero(kind == n) for n in range(kind.max() + 1)]

    def _inside(self, fractions: Array) -> Array:
        """The times at these fractions of each panel, (k, m), none of them an edge: there the equation may jump."""
        import numpy as np

        left, right = self.edges[:-1, None], self.edges[1:, None]
        return np.clip(left + (right - left) * fractions, np.nextafter(left, right), np.nextafter(right, left))

    def residual(self, jac: Array) -> tuple[Array, Array]:
        """|y' - f(t, y)| beyond rounding, at the samples, (k, s, d), and a panel's rounding (k, d) of the state."""
        import numpy as np

        scheme, eps = self.scheme, float(np.finfo(np.float64).eps)
        h = np.diff(self.edges)[:, None, None]
        states, slopes = scheme.to_samples @ self.states, scheme.slopes @ self.states / h
        f = np.asarray(self.ivp.rhs(self._inside(scheme.samples), states, np), dtype=np.float64)
        size = np.abs(self.states).max(axis=1)
        through_f = (np.abs(jac).max(axis=1) @ size[..., None])[..., 0][:, None]
        noise = np.abs(scheme.slopes) @ np.abs(self.states) / h + np.abs(f) + through_f
        return np.maximum(np.abs(slopes - f) - _ROUNDINGS * eps * noise, 0.0), _ROUNDINGS_OF_A_PANEL * eps * size

    def bisect(self, chosen: Chosen) -> None:
        """Halve these panels (k,), a truth value each."""
        halves = self.scheme.to_halves @ self.states[chosen, None]
        self._bisect(chosen, lambda left, right: halves.reshape(len(left), *self.states.shape[1:]))

    def _bisect(self, chosen: Chosen, states: Callable[[Array, Array], Array]) -> Chosen:
        """Halve these panels; `states` gives what stands at the nodes of the halves. Returns which are halves now."""
        import numpy as np

        at = np.flatnonzero(chosen)
        repeats = np.where(chosen, 2, 1)
        self.edges = np.insert(self.edges, at + 1, (self.edges[at] + self.edges[at + 1]) / 2)
        ends = self.states[chosen][:, [0, -1]]
        self.states, new = np.repeat(self.states, repeats, axis=0), np.repeat(chosen, repeats)
        self.states[new] = states(self.edges[:-1][new], self.edges[1:][new])
        first = np.flatnonzero(new)[::2]
        self.states[first, 0], self.states[first + 1, -1] = ends[:, 0], ends[:, 1]
        self.states[1:, 0] = self.states[:-1, -1]
        return new


def _evaluated(dense: Callable[[Array], Array], times: Array, ivp: IVP) -> Array:
    import numpy as np

    return np.array(dense(times.ravel()), dtype=np.float64).reshape(*times.shape, ivp.n_states)


def jacobians(ivp: IVP) -> Jacobians:
    """The Jacobian at many states at once, by complex steps, which are exact to rounding.

    (Squire & Trapp, SIAM Review 40 (1998) 110-112.) By forward differences where those do not agree with them: where
    the right-hand side knows no complex numbers.
    """
    import numpy as np

    d = ivp.n_states

    def by_complex_steps(times: Array, states: Array) -> Array:
        steps = states[:, None] + 1j * _COMPLEX_STEP * np.eye(d)
        slopes = np.asarray(ivp.rhs(np.repeat(times[:, None], d, axis=1), steps, np))
        return np.asarray(slopes.imag / _COMPLEX_STEP).swapaxes(-1, -2)

    def by_differences(times: Array, states: Array) -> Array:
        h = np.sqrt(np.finfo(np.float64).eps) * np.maximum(1.0, np.abs(states))
        moved = states[:, None] + h[:, :, None] * np.eye(d)
        slopes = np.asarray(ivp.rhs(np.repeat(times[:, None], d, axis=1), moved, np))
        return np.asarray((slopes - np.asarray(ivp.rhs(times, states, np))[:, None]) / h[:, :, None]).swapaxes(-1, -2)

    at = np.array([ivp.t_span[0]]), ivp.y0[None]
    try:
        exact, rough = by_complex_steps(*at), by_differences(*at)
    except (TypeError, ValueError):
        return by_differences
    near = _NEAR * max(1.0, float(np.abs(rough).max()))
    return by_complex_steps if np.abs(exact - rough).max() <= near else by_differences
