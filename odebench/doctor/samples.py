"""A dense output at some times, with its slope and the slope that the equation asks for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ..backends import Array
from ..model import IVP

_STENCIL = 7  # nodes: the slope is exact for polynomials of degree 6
_STEP = {"float64": 1e-3, "float32": 1e-2}  # of the span: rounding and truncation are both small for a network


@dataclass(frozen=True, eq=False)
class Sample:
    """What a dense output is at m times."""

    t: Array
    """(m,)."""
    y: Array
    """(m, d)."""
    slope: Array
    """dy/dt of the dense output, (m, d), by differences within the span."""
    slope_error: float
    """What the slopes may be off by, root mean square: by how much two stencils differ."""
    curvature: Array
    """d2y/dt2 of the dense output, (m, d)."""
    f: Array
    """f(t, y), (m, d): the slope that the equation asks for."""
    start: Array
    """The dense output at t0, (d,)."""

    @property
    def residual(self) -> Array:
        """dy/dt - f, (m, d)."""
        return self.slope - self.f

    def with_slope_of(self, other: Sample) -> Sample:
        """The same states with the slopes of another sample at the same times."""
        return replace(self, slope=other.slope, slope_error=other.slope_error)


def take(ivp: IVP, dense: Callable[[Array], Array], t: Array, precision: str = "float64") -> Sample:
    """Evaluate `dense` at the times t (m,) and near them, always within the span; precision: of its arithmetic."""
    import numpy as np

    t0, t1 = ivp.t_span
    h = _STEP.get(precision, 1e-3) * (t1 - t0)
    nodes, weights = zip(*(_stencil(t, step, t0, t1) for step in (h, h / 2)), strict=True)
    asked = np.concatenate([[t0], t, *(n.ravel() for n in nodes)])
    y = evaluate(dense, asked, ivp)
    m = t.size
    start, states, rest = y[0], y[1 : m + 1], y[m + 1 :].reshape(2, m, _STENCIL, ivp.n_states)
    wide, narrow = (np.einsum("kms,msd->kmd", w, r) for w, r in zip(weights, rest, strict=True))
    with np.errstate(all="ignore"):
        f = np.asarray(ivp.rhs(t, states, np), dtype=np.float64)
        rounding = float(np.finfo(precision).eps) * rms(wide[0])
        return Sample(t, states, wide[0], rms(wide[0] - narrow[0]) + 10 * rounding, wide[1], f, start)


def evaluate(dense: Callable[[Array], Array], t: Array, ivp: IVP) -> Array:
    """The states at times (n,) as float64 (n, d)."""
    import numpy as np

    return np.asarray(dense(t), dtype=np.float64).reshape(t.size, ivp.n_states)


def rms(values: Any) -> float:
    """The root mean square; 0 of nothing."""
    import numpy as np

    with np.errstate(all="ignore"):
        return float(np.sqrt(np.mean(np.square(values)))) if np.size(values) else 0.0


def _stencil(t: Array, h: float, t0: float, t1: float) -> tuple[Array, Array]:
    """Equidistant nodes (m, 7) around each time, moved inwards at the ends.

    And what makes their values a slope and a second derivative, (2, m, 7).
    """
    import numpy as np

    half = _STENCIL // 2
    centre = np.clip(t, t0 + half * h, t1 - half * h)
    offsets = np.arange(-half, half + 1)
    nodes = np.clip(centre[:, None] + h * offsets, t0, t1)
    # in units of half the stencil's width all powers are of size one
    powers = np.arange(_STENCIL)
    vandermonde = (offsets / half)[None, :] ** powers[:, None]
    at = (t - centre) / (half * h)
    slopes = powers * at[:, None] ** np.maximum(powers - 1, 0) / (half * h)
    curvatures = powers * (powers - 1) * at[:, None] ** np.maximum(powers - 2, 0) / (half * h) ** 2
    weights = np.stack([np.linalg.solve(vandermonde, wanted.T).T for wanted in (slopes, curvatures)])
    return nodes, np.asarray(weights, dtype=np.float64)
