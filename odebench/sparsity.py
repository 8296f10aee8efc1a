"""Jacobians of large systems: which entries differ from zero, and their values by complex steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .backends import Array, IndexArray, RightHandSide
from .program import RULES, Untraceable


def pattern(rhs: RightHandSide, n_states: int) -> tuple[IndexArray, IndexArray] | None:
    """The rows i and columns j of the Jacobian's entries df_i/dy_j that may differ from zero; None where unknown."""
    import numpy as np

    states = np.empty(n_states, dtype=object)
    states[:] = [_Dependence(frozenset([j])) for j in range(n_states)]
    try:
        result = np.asarray(rhs(_Dependence(frozenset()), states, np), dtype=object)
    except Exception:  # a trace may fail in any way a right-hand side can
        return None
    if result.shape != (n_states,):
        return None
    pairs = [(i, j) for i, v in enumerate(result) if isinstance(v, _Dependence) for j in sorted(v.on)]
    rows, columns = np.array(pairs, dtype=np.intp).reshape(-1, 2).T
    return rows, columns


def large_jac(
    rhs: RightHandSide, entries: tuple[IndexArray, IndexArray], t0: float, y0: Array
) -> Callable[[float, Array], Any] | None:
    """`jac(t, y)` with these entries by complex steps along groups of states that share no row; None where it fails.

    A sparse matrix, unless more than a quarter of its entries may differ from zero. The derivative along a complex step
    of 1e-100 is exact to rounding (Squire & Trapp, SIAM Review 40 (1998) 110-112).
    """
    import numpy as np
    from scipy.sparse import csc_array

    n = y0.size
    rows, columns = entries
    dense = len(rows) > n * n / 4
    group = _groups(rows, columns, n)
    seeds = np.zeros((group.max() + 1, n))
    seeds[group, np.arange(n)] = 1.0

    def jac(t: float, y: Array) -> Any:
        times = np.full(len(seeds), t)
        slopes = np.asarray(rhs(times, y + 1j * _COMPLEX_STEP * seeds, np)).imag / _COMPLEX_STEP
        matrix = csc_array((slopes[group[columns], rows], (rows, columns)), shape=(n, n))
        return matrix.toarray() if dense else matrix

    try:
        with np.errstate(all="ignore"):
            return jac if np.isfinite(jac(t0, y0).sum()) else None
    except (TypeError, ValueError):  # an operation that knows no complex numbers
        return None


_COMPLEX_STEP = 1e-100


def _groups(rows: IndexArray, columns: IndexArray, n: int) -> IndexArray:
    """A number for each state, so that no two states of one number stand in one row (Curtis, Powell & Reid 1974)."""
    import numpy as np

    by_column: list[list[int]] = [[] for _ in range(n)]
    for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
        by_column[j].append(i)
    taken: list[set[int]] = [set() for _ in range(n)]  # by row
    group = np.zeros(n, dtype=np.intp)
    for j, meets in enumerate(by_column):
        used = set().union(*(taken[i] for i in meets)) if meets else set()
        group[j] = next(k for k in range(n) if k not in used)
        for i in meets:
            taken[i].add(int(group[j]))
    return group


class _Dependence:
    """A number of which only is known which states it depends on."""

    __slots__ = ("on",)

    def __init__(self, on: frozenset[int]) -> None:
        self.on = on

    def _with(self, other: Any) -> Any:
        import numpy as np

        if isinstance(other, _Dependence):
            return self if other.on <= self.on else _Dependence(self.on | other.on)
        return self if isinstance(other, (int, float, np.integer, np.floating)) else NotImplemented

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _with
    __truediv__ = __rtruediv__ = __pow__ = __rpow__ = _with

    def __neg__(self) -> _Dependence:
        return self

    def __pos__(self) -> _Dependence:
        return self

    def __getattr__(self, name: str) -> Callable[[], _Dependence]:
        if name in RULES:
            return lambda: self
        raise AttributeError(name)

    def __bool__(self) -> bool:
        raise Untraceable("a branch that depends on the state")

    def __eq__(self, other: object) -> bool:
        raise Untraceable("a comparison")

    __hash__ = None  # type: ignore[assignment]  # as a number that is not known yet
