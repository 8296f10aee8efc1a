"""What plugins are made of: an initial value problem, a solution, and the named functions that make them.

A problem and a solver are the same kind of thing: a function whose keyword-only arguments are its
parameters. The signature is the schema; nothing is declared twice.
"""

from __future__ import annotations

import inspect
import math
import operator
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from . import backends, sparsity
from .backends import Array, IndexArray, RightHandSide
from .errors import BadProblem, PluginError
from .parameters import NamedFunction, check_options
from .program import Program

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

DEFAULT_POINTS = 101


@dataclass(frozen=True, init=False, eq=False)
class IVP:
    """An initial value problem y' = rhs(t, y), y(t0) = y0, for t0 <= t <= t1."""

    rhs: RightHandSide
    """`rhs(t, y, xp)`: t of shape (...), y of shape (..., d), returns (..., d). Only arithmetic and functions of `xp`
    (`xp.exp`, `xp.stack([...], -1)`, ...), so that the one equation serves numpy, torch and the tracer. With numpy the
    state may be complex (Jacobians of large systems) or, with the time, in quadruple precision (references)."""

    t_span: tuple[float, float]
    """(t0, t1) with t0 < t1, in the problem's own unit of time."""

    y0: Array
    """The state at t0, float64 of shape (d,), read-only."""

    exact: Callable[[Array], Array] | None
    """`exact(t)`, the solution at times of shape (n,), as (n, d); None where no formula is known."""

    t_eval: Array
    """Times of shape (n,), rising from t0 to t1, at which solutions are asked for and compared; read-only."""

    invariants: Mapping[str, Callable[[Array], Array]]
    """What the exact flow conserves, by name: functions of the state, (..., d) -> (...)."""

    breaks: tuple[float, ...]
    """Times within the span at which `rhs` is not smooth. References stop there; a solver may."""

    weights: Array | None
    """What each component's error is multiplied by, (d,): 0 leaves one out. None: all alike."""

    def __init__(
        self,
        rhs: RightHandSide,
        t_span: Sequence[float],
        y0: ArrayLike,
        exact: Callable[[Array], Array] | None = None,
        t_eval: ArrayLike | None = None,
        invariants: Mapping[str, Callable[[Array], Array]] | None = None,
        breaks: Sequence[float] = (),
        weights: ArrayLike | None = None,
    ) -> None:
        """Raise `BadProblem` where the parts contradict each other. By default `t_eval` is 101 equally spaced times."""
        import numpy as np

        try:
            t0, t1 = (float(t) for t in t_span)
        except (TypeError, ValueError):
            raise BadProblem(f"expected t_span as two numbers (t0, t1), received {t_span!r}.") from None
        if not (math.isfinite(t0) and math.isfinite(t1) and t0 < t1):
            hint = "; to go back in time, write the equation in s = -t, with -rhs" if t1 < t0 else ""
            raise BadProblem(f"expected a finite t_span with t0 < t1, received ({t0}, {t1}){hint}.")
        state = _readonly(y0, "y0")
        if state.ndim != 1 or state.size == 0 or not np.isfinite(state).all():
            raise BadProblem(f"expected y0 as a list of d >= 1 finite numbers, received {y0!r}.")
        if t_eval is None:
            times = np.linspace(t0, t1, DEFAULT_POINTS)
            times.flags.writeable = False
        else:
            times = _readonly(t_eval, "t_eval")
            if times.ndim != 1 or times.size < 2 or times[0] != t0 or times[-1] != t1 or not (np.diff(times) > 0).all():
                raise BadProblem(f"expected t_eval rising from t0 = {t0} to t1 = {t1}, received {t_eval!r}.")
        parts = {"rhs": rhs, "t_span": (t0, t1), "y0": state, "exact": exact, "t_eval": times}
        parts["weights"] = None if weights is None else _weights(weights, state)
        within = tuple(sorted(float(t) for t in breaks if t0 < t < t1))
        for name, value in (parts | {"invariants": dict(invariants or {}), "breaks": within}).items():
            object.__setattr__(self, name, value)
        self._check_rhs()
        self._check_invariants()

    def _check_rhs(self) -> None:
        """Refuse a right-hand side that is not real, finite and of the right shape, for one state and for a batch."""
        import numpy as np

        t0, shape = self.t_span[0], self.y0.shape
        copies = 3 if self.y0.size == 2 else 2  # unlike the number of states, so that no axis is taken for the other
        try:
            slope = np.asarray(self.rhs(t0, self.y0, np))
            batch = np.asarray(self.rhs(np.full(copies, t0), self.y0[None].repeat(copies, axis=0), np))
        except Exception as error:
            raise BadProblem(f"rhs(t, y, numpy) raised {type(error).__name__}: {error}.") from error
        if slope.dtype.kind == "f" and slope.dtype.itemsize < 8:
            raise BadProblem(f"expected rhs to keep float64, received {slope.dtype}: no solver could be accurate.")
        if slope.shape != shape or slope.dtype.kind not in "fiu":
            raise BadProblem(
                f"expected rhs to return real numbers of shape {shape}, as y0 is, "
                f"received shape {slope.shape}, dtype {slope.dtype}; join components with xp.stack([...], -1)."
            )
        if not np.isfinite(slope).all():
            raise BadProblem(f"rhs is not finite at the initial condition: rhs({t0}, {self.y0}) = {slope}.")
        if batch.shape != (copies, *shape) or not np.abs(batch - slope).max() <= 1e-9 * np.abs(slope).max():
            raise BadProblem(
                "expected rhs to treat each state of a batch by itself, t of shape (n,) and y of shape (n, d) giving "
                f"(n, d), received shape {batch.shape} for n = {copies}; take components as y[..., 0] and join them "
                "with xp.stack([...], -1)."
            )

    def _check_invariants(self) -> None:
        import numpy as np

        for name, invariant in self.invariants.items():
            try:
                value = np.asarray(invariant(self.y0[None]))
            except Exception as error:
                raise BadProblem(f"the invariant {name!r} raised {type(error).__name__}: {error}.") from error
            if value.shape != (1,) or value.dtype.kind not in "fiu" or not np.isfinite(value).all():
                raise BadProblem(
                    f"expected the invariant {name!r} to turn states (n, d) into n finite numbers, "
                    f"received {value!r} for y0."
                )

    @property
    def n_states(self) -> int:
        """d, the number of components of the state."""
        return int(self.y0.size)

    @cached_property
    def f(self) -> Callable[[float, Array], Array]:
        """`f(t, y)` for one time and one state (d,), in the fastest form there is; what step-by-step methods call."""
        return backends.fast_rhs(self.rhs, self.t_span[0], self.y0)

    @cached_property
    def jac(self) -> Callable[[float, Array], Any] | None:
        """`jac(t, y)`, the analytic Jacobian df_i/dy_j (d, d); None where the right-hand side cannot be traced.

        Of a large system it is a `scipy.sparse` array, unless more than a quarter of its entries may differ from zero.
        """
        if self.n_states <= backends.SCALAR_STATES:
            return backends.fast_jac(self.rhs, self.n_states)
        entries = self.sparsity
        return None if entries is None else sparsity.large_jac(self.rhs, entries, self.t_span[0], self.y0)

    def trace(
        self,
        t: Any,
        y: Sequence[Any],
        functions: Mapping[str, Any],
        number: Callable[[float], Any] = float,
    ) -> list[Any]:
        """The right-hand side in the terms of another package, such as one that compiles expressions: one a state.

        t, y: its symbols, one a state; they need Python's arithmetic alone. functions: its `exp`, `sin`, `asin`, ...,
        by the names of `math`. number: what makes its number of a float. Raises `Untraceable`, in a solver's row
        `unsupported`, where the right-hand side branches on the time or the state, or does what only numpy can.
        """
        return Program(self.rhs, self.n_states).run(t, y, functions, number)

    @cached_property
    def sparsity(self) -> tuple[IndexArray, IndexArray] | None:
        """The rows i and columns j of all entries df_i/dy_j that may differ from zero; None where that is unknown."""
        return sparsity.pattern(self.rhs, self.n_states)


def logarithmic_times(t0: float, t1: float, first: float) -> Array:
    """t0, then 100 times whose distances from t0 grow geometrically from `first` to t1 - t0: for stiff spans.

    The same to the last place on every machine, as they are part of what a reference is found by: numpy's powers
    depend on the processor's instructions.
    """
    from decimal import Decimal, localcontext

    import numpy as np

    if not t0 < t1:
        raise BadProblem(f"expected a time span with t0 < t1, received ({t0}, {t1}).")
    if not 0 < first < t1 - t0:
        raise BadProblem(f"expected 0 < first < t1 - t0 = {t1 - t0:g}, received first = {first}.")
    with localcontext(prec=40):
        gap = Decimal(first)
        ratio = ((Decimal(t1 - t0) / gap).ln() / (DEFAULT_POINTS - 2)).exp()
        gaps = [float(gap * ratio**k) for k in range(DEFAULT_POINTS - 1)]
    times = t0 + np.array([0.0, *gaps])
    times[-1] = t1
    return times


def _weights(values: Any, state: Array) -> Array:
    weights = _readonly(values, "weights")
    if weights.shape != state.shape or not (weights >= 0).all() or not 0 < weights.max() < math.inf:
        raise BadProblem(f"expected weights as {state.size} numbers >= 0, one a component, received {values!r}.")
    return weights


def _readonly(values: Any, name: str) -> Array:
    """A read-only float64 copy."""
    import numpy as np

    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise BadProblem(f"expected {name} as real numbers, received {values!r}: {error}.") from None
    array.flags.writeable = False
    return array


@dataclass(frozen=True, eq=False)
class Solution:
    """What a solver returns."""

    y: Array
    """The states at exactly `t_eval`, real, of shape (n, d)."""

    dense: Callable[[Array], Array] | None = None
    """`dense(t)`, the solution at any times of shape (n,), as (n, d), where the method has one."""

    stats: Mapping[str, float] = field(default_factory=dict)
    """What the method counted: rhs_calls, jac_calls, steps, epochs, n_parameters, final_loss, or its own."""


class Monitor:
    """What a method that trains or iterates reports to, step by step; this one takes no notice.

    A solver with an argument `monitor` is given one by the host, whose clock stands still while it looks at a report.
    """

    def __call__(
        self,
        step: int,
        loss: float | None,
        dense: Callable[[Array], Array],
        *,
        network: Any = None,
        points: Array | None = None,
    ) -> None:
        """After `step` steps the loss is this, and the solution `dense(t)`: times (n,) -> states (n, d).

        network: the `torch.nn.Module` in training, its weights those of `dense` and `loss`, and their gradients in
        `grad` where the method has them. points: the times (m,) at which the loss takes the residual. Both are for the
        doctor, who without them looks at the dense output alone.
        """


class Problem(NamedFunction[IVP]):
    """A function that makes an `IVP` from parameters; made by `@problem`."""

    kind = "problem"

    def __init__(self, function: Callable[..., IVP], *, tags: Sequence[str] = (), source: str = "") -> None:
        super().__init__(function, tags=tags, source=source, ladder=())
        self.expect_positional(0, "no positional arguments, only keyword-only parameters: def decay(*, rate=1.0)")

    def __call__(self, **parameters: Any) -> IVP:
        resolved = self.resolve(parameters)
        try:
            ivp = self.function(**resolved)
        except (ValueError, ArithmeticError) as error:  # a parameter out of its range
            what = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
            raise BadProblem(f"{self.name}: {what.rstrip('.')}.") from error
        if not isinstance(ivp, IVP):
            raise BadProblem(
                f"problem {self.name!r}: expected an IVP, received {type(ivp).__name__}; end it with return IVP(...)."
            )
        return ivp


class Solver(NamedFunction[Solution]):
    """A function that makes a `Solution` from an `IVP` and times; made by `@solver`."""

    kind = "solver"
    reserved = frozenset({"seed", "monitor"})

    def __init__(
        self,
        function: Callable[..., Solution],
        *,
        requires: Sequence[str] = (),
        ladder: Sequence[Mapping[str, Any]] = (),
        tags: Sequence[str] = (),
        order: int | None = None,
        source: str = "",
    ) -> None:
        super().__init__(function, tags=tags, source=source, ladder=ladder)
        self.expect_positional(2, "two positional arguments: def euler(ivp, t_eval, *, steps=100)")
        self.requires = self.words("requires", requires)
        try:
            self.order = None if order is None else operator.index(order)
        except TypeError:
            raise PluginError(f"solver {self.name!r}: expected order as a whole number, received {order!r}.") from None
        self.uses_chance = "seed" in inspect.signature(function).parameters
        """Whether it takes a seed, so that its samples are taken with different ones."""
        self.reports = "monitor" in inspect.signature(function).parameters
        """Whether it takes a monitor, and says how far it is."""

    @property
    def is_oracle(self) -> bool:
        """Whether it is told the solution; oracles are shown, and stay out of rankings."""
        return "oracle" in self.tags


@typing.overload
def problem(function: Callable[..., IVP], /) -> Problem: ...
@typing.overload
def problem(*, tags: Sequence[str] = (), source: str = "") -> Callable[[Callable[..., IVP]], Problem]: ...
def problem(function: Callable[..., IVP] | None = None, /, **options: Any) -> Any:
    """Make a `Problem` of a function of keyword-only parameters that returns an `IVP`.

    The public name is the function's, with hyphens.

    Parameters
    ----------
    tags : sequence of str
        Words to select and group by (`stiff`, `linear`, `system`, ...).
    source : str
        Where the problem is from.

    Raises
    ------
    PluginError
        Where the signature is not that of a problem, or a default not what its annotation says.
    """
    check_options(Problem, options)
    return Problem(function) if function is not None else lambda f: Problem(f, **options)


@typing.overload
def solver(function: Callable[..., Solution], /) -> Solver: ...
@typing.overload
def solver(
    *,
    requires: Sequence[str] = (),
    ladder: Iterable[Mapping[str, Any]] = (),
    tags: Sequence[str] = (),
    order: int | None = None,
    source: str = "",
) -> Callable[[Callable[..., Solution]], Solver]: ...
def solver(function: Callable[..., Solution] | None = None, /, **options: Any) -> Any:
    """Make a `Solver` of a function `(ivp, t_eval, *, parameters...) -> Solution`.

    The public name is the function's, with hyphens. An argument `seed` is supplied by the host, new for each sample,
    and so is an argument `monitor`, a `Monitor` for methods that train or iterate.

    Parameters
    ----------
    requires : sequence of str
        Distributions it needs, as pip would be given them (`"scipy"`, `"torch>=2"`); imported inside the function, so
        that listing costs nothing.
    ladder : iterable of mappings
        Parameter sets of rising effort, for work-precision diagrams (`--ladder`).
    tags : sequence of str
        Words to select and group by; `oracle` for a method that is told the solution.
    order : int, optional
        The order of convergence, where the method has one.
    source : str
        Where the method is from.

    Raises
    ------
    PluginError
        Where the signature is not that of a solver, or a default not what its annotation says.
    """
    check_options(Solver, options)
    return Solver(function) if function is not None else lambda f: Solver(f, **options)
