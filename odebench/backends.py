"""One right-hand side on several backends.

A problem writes `rhs(t, y, xp)` once. Called with numpy or torch as `xp` it is the batched function of the
field. Called once with recording scalars it leaves behind its own straight-line program, from which come a
version for step-by-step integrators, several times faster than numpy on a few states, and its Jacobian.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .program import Array as Array
from .program import IndexArray as IndexArray
from .program import RightHandSide as RightHandSide
from .program import Scalar, Tape

SCALAR_STATES = 32
"""Up to here straight-line Python is faster than numpy, however the right-hand side is written."""
MOST_RECORDED_STATES = 500
"""Beyond, a recording would take too long; up to here the faster form is chosen by what a call has to do."""
_OPERATIONS_A_CALL = 15  # of straight-line Python, in the time of one call into numpy


def numpy_rhs(rhs: RightHandSide) -> Callable[[float, Array], Array]:
    """`f(t, y)` that evaluates `rhs` with numpy: works for every problem, at numpy's price a call."""
    import numpy as np

    def f(t: float, y: Array) -> Array:
        return np.array(rhs(t, y, np), dtype=np.float64)  # a copy: the caller may write to it

    return f


def fast_rhs(rhs: RightHandSide, t0: float, y0: Array) -> Callable[[float, Array], Array]:
    """`f(t, y)` in its fastest form: straight-line Python where `rhs` can be recorded, else numpy.

    A recording that does not give at (t0, y0) what numpy gives there is not used. Nor is one of many operations that
    are few calls to numpy, which goes by whole arrays.
    """
    slow, n_states = numpy_rhs(rhs), y0.size
    many = n_states > SCALAR_STATES
    calls = _numpy_calls(rhs, t0, y0) if many and n_states <= MOST_RECORDED_STATES else 0
    if many and n_states > _OPERATIONS_A_CALL * calls:
        return slow
    try:
        tape = Tape(n_states, differentiate=False)
        outputs = tape.record(rhs)
    except Exception:
        return slow  # a trace may fail in any way a right-hand side can; numpy is the definition of what it means
    if many and len(tape.needed(outputs)) + n_states > _OPERATIONS_A_CALL * calls:
        return slow
    outcome = f"array(({', '.join(tape.operand(v) for v in outputs)},), float64)"
    f = tape.compile(outcome, outputs, slow)
    expected = slow(t0, y0).tolist()
    near = 1e-9 * max(map(abs, expected))
    return f if all(abs(a - b) <= near for a, b in zip(f(t0, y0).tolist(), expected, strict=True)) else slow


def _numpy_calls(rhs: RightHandSide, t0: float, y0: Array) -> int:
    """How many calls into numpy one evaluation makes: counted rather than timed, so that it is the same every time."""
    import numpy as np

    calls = 0

    class Counting(np.ndarray[Any, Any]):
        def __getitem__(self, key: Any) -> Any:
            nonlocal calls
            calls += 1
            taken = super().__getitem__(key)
            return taken if isinstance(taken, Counting) else np.asarray(taken).view(Counting)

        def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
            return self._counted(getattr(ufunc, method), inputs, options)

        def __array_function__(self, function: Any, types: Any, inputs: Any, options: Any) -> Any:
            return self._counted(function, inputs, options)

        def _counted(self, function: Any, inputs: Any, options: Any) -> Any:
            nonlocal calls
            calls += 1
            value = function(*_plain(inputs), **options)
            return np.asarray(value).view(Counting)

    def _plain(values: Any) -> Any:
        if isinstance(values, (list, tuple)):
            return type(values)(map(_plain, values))
        return np.asarray(values) if isinstance(values, Counting) else values

    try:
        rhs(t0, y0.view(Counting), np)
    except Exception:  # one that minds what kind of array it is given: say nothing of it
        return 0
    return calls


def fast_jac(rhs: RightHandSide, n_states: int) -> Callable[[float, Array], Array] | None:
    """`jac(t, y)`, the matrix df_i/dy_j (d, d), differentiated from the recorded program; None where there is none."""
    if n_states > SCALAR_STATES:
        return None
    try:
        tape = Tape(n_states, differentiate=True)
        outputs = tape.record(rhs)
    except Exception:
        return None
    entries = [[v.partials.get(j, 0.0) if isinstance(v, Scalar) else 0.0 for j in range(n_states)] for v in outputs]
    rows = ["(" + ", ".join(tape.operand(v) for v in row) + ",)" for row in entries]
    wanted = [v for row in entries for v in row]
    return tape.compile(f"array(({', '.join(rows)},), float64)", wanted, _forward_differences(rhs))


def is_linear(rhs: RightHandSide, n_states: int) -> bool:
    """Whether no entry of the recorded program's Jacobian depends on a state; False also where it cannot be recorded.

    What is multiplied by zero, as in t + 0 * y for the shape, is not depended on.
    """
    tape = Tape(n_states, differentiate=True)
    try:
        outputs = tape.record(rhs)
    except Exception:
        return False
    depends = {f"y{j}" for j in range(n_states)}
    zeros = {name for name, value in tape.constants.items() if value == 0}
    for name, expression, reads in tape.lines:
        if not zeros.isdisjoint(expression.split(" * ")):
            zeros.add(name)
        elif not depends.isdisjoint(reads):
            depends.add(name)
    slopes = [slope for v in outputs if isinstance(v, Scalar) for slope in v.partials.values()]
    return not any(isinstance(slope, Scalar) and slope.name in depends for slope in slopes)


def _forward_differences(rhs: RightHandSide) -> Callable[[float, Array], Array]:
    """The Jacobian where its formula cannot be evaluated, such as that of sqrt(y) at 0."""
    import numpy as np

    f = numpy_rhs(rhs)

    def jac(t: float, y: Array) -> Array:
        steps = np.sqrt(np.finfo(float).eps) * np.maximum(1.0, np.abs(y))
        return np.stack([(f(t, y + h * e) - f(t, y)) / h for h, e in zip(steps, np.eye(y.size), strict=True)], axis=-1)

    return jac
