"""A right-hand side recorded: called once with numbers that write down what is done to them.

What they leave behind is a straight-line program, from which come Python code for step-by-step integrators, its
Jacobian, and by other numbers expressions and patterns.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, TypeAlias

from .errors import Untraceable as Untraceable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[np.float64]
    IndexArray: TypeAlias = NDArray[np.intp]
else:  # plugins annotate with Array; numpy need not be imported for that
    Array: TypeAlias = Any
    IndexArray: TypeAlias = Any

RightHandSide: TypeAlias = Callable[[Any, Any, Any], Any]

# An operation's name (numpy's, for a function) -> its Python, and its derivative by each operand. The
# derivatives are given the operands and then the value: functions of (a, v) or of (a, b, v).
RULES: dict[str, tuple[Any, ...]] = {
    "add": ("{} + {}", lambda a, b, v: 1.0, lambda a, b, v: 1.0),
    "sub": ("{} - {}", lambda a, b, v: 1.0, lambda a, b, v: -1.0),
    "mul": ("{} * {}", lambda a, b, v: b, lambda a, b, v: a),
    "truediv": ("{} / {}", lambda a, b, v: 1.0 / b, lambda a, b, v: -v / b),
    "pow": ("{} ** {}", lambda a, b, v: _power_slope(a, b), lambda a, b, v: v * _log(a)),
    "neg": ("-{}", lambda a, v: -1.0),
    "exp": ("exp({})", lambda a, v: v),
    "expm1": ("expm1({})", lambda a, v: v + 1.0),
    "log": ("log({})", lambda a, v: 1.0 / a),
    "log1p": ("log1p({})", lambda a, v: 1.0 / (a + 1.0)),
    "sqrt": ("sqrt({})", lambda a, v: 0.5 / v),
    "sin": ("sin({})", lambda a, v: a.cos()),
    "cos": ("cos({})", lambda a, v: -a.sin()),
    "tan": ("tan({})", lambda a, v: 1.0 + v * v),
    "sinh": ("sinh({})", lambda a, v: a.cosh()),
    "cosh": ("cosh({})", lambda a, v: a.sinh()),
    "tanh": ("tanh({})", lambda a, v: 1.0 - v * v),
    "arcsin": ("asin({})", lambda a, v: 1.0 / (1.0 - a * a).sqrt()),
    "arccos": ("acos({})", lambda a, v: -1.0 / (1.0 - a * a).sqrt()),
    "arctan": ("atan({})", lambda a, v: 1.0 / (1.0 + a * a)),
}
_MATH = {
    name: getattr(math, name) for python, *_ in RULES.values() if (name := python.partition("(")[0]).isidentifier()
}


class Program:
    """The straight-line program of a right-hand side, to be run on numbers of any kind, such as sympy's."""

    def __init__(self, rhs: RightHandSide, n_states: int) -> None:
        """Raise `Untraceable` where it cannot be recorded."""
        self._tape = Tape(n_states, differentiate=False)
        try:
            self._outputs = self._tape.record(rhs)
        except Exception as error:  # a trace may fail in any way a right-hand side can
            why = str(error) if isinstance(error, Untraceable) else f"{type(error).__name__}: {error}"
            raise Untraceable(f"the right-hand side cannot be traced: {why}") from error

    def __repr__(self) -> str:
        """The program and its constants, every digit of them."""
        tape = self._tape
        lines = [f"{name} = {expression}" for name, expression, _ in tape.lines]
        constants = [f"{name} = {value!r}" for name, value in tape.constants.items()]
        outputs = ", ".join(v.name if isinstance(v, Scalar) else repr(v) for v in self._outputs)
        return "\n".join([*constants, *lines, f"return {outputs}"])

    @property
    def written_out(self) -> int:
        """How many operations there are with every intermediate value written out wherever it is used."""
        sizes: dict[str, int] = {}
        for name, _, reads in self._tape.lines:
            sizes[name] = 1 + sum(sizes.get(read, 0) for read in reads)
        return sum(sizes.get(v.name, 0) for v in self._outputs if isinstance(v, Scalar))

    def run(
        self,
        t: Any,
        y: Sequence[Any],
        functions: Mapping[str, Any],
        number: Callable[[float], Any] = float,
        first: int | None = None,
    ) -> list[Any]:
        """The slopes at (t, y), all or the `first` ones.

        `functions` are known by the names of `math`; `number` makes a constant.
        """
        outputs = self._outputs[:first]
        needed = self._tape.needed(outputs)
        values: dict[str, Any] = {"t": t, **{f"y{j}": v for j, v in enumerate(y)}}
        values |= {name: number(value) for name, value in self._tape.constants.items()}
        for name, expression, _ in self._tape.lines:
            if name in needed:
                values[name] = eval(expression, {"__builtins__": {}, **functions}, values)
        return [values[v.name] if isinstance(v, Scalar) else number(v) for v in outputs]


@lru_cache(maxsize=256)
def _compiled(source: str) -> CodeType:
    """The code of the one function in `source`, compiled once for all parameters: those are its globals."""
    module = compile(source, "<right-hand side>", "exec")
    return next(constant for constant in module.co_consts if isinstance(constant, CodeType))


_BRANCH = "it branches on the time or the state"


class Tape:
    """The program being recorded: one assignment a line, in the order of evaluation."""

    def __init__(self, n_states: int, *, differentiate: bool) -> None:
        self.lines: list[tuple[str, str, tuple[str, ...]]] = []  # variable, expression, variables it reads
        self.constants: dict[str, float] = {}  # by variable: the text of the program holds no value
        self.n_states = n_states
        self.differentiate = differentiate

    def record(self, rhs: RightHandSide) -> list[Scalar | float]:
        """Call `rhs` with recording scalars; one output a state."""
        import numpy as np

        states = np.empty(self.n_states, dtype=object)
        for j in range(self.n_states):
            states[j] = Scalar(self, f"y{j}", {j: 1.0} if self.differentiate else {})
        # numpy applies its functions to objects by calling the method of that name, so numpy itself is `xp` here
        result = np.asarray(rhs(Scalar(self, "t", {}), states, np), dtype=object)
        if result.shape != (self.n_states,):
            raise Untraceable(f"shape {result.shape}")
        return [v if isinstance(v, Scalar) else float(v) for v in result]

    def emit(self, expression: str, reads: tuple[str, ...]) -> str:
        name = f"v{len(self.lines)}"
        self.lines.append((name, expression, reads))
        return name

    def needed(self, wanted: Iterable[Any]) -> set[str]:
        """The variables that these values depend on."""
        needed = {v.name for v in wanted if isinstance(v, Scalar)}
        for name, _, reads in reversed(self.lines):
            if name in needed:
                needed.update(reads)
        return needed

    def operand(self, value: Any) -> str:
        """A value as it stands in the program's text."""
        if isinstance(value, Scalar):
            return value.name
        name = f"c{len(self.constants)}"
        self.constants[name] = float(value)
        return name

    def compile(
        self, result: str, wanted: list[Any], otherwise: Callable[..., Array]
    ) -> Callable[[float, Array], Array]:
        """The function that returns `result`; where Python's arithmetic raises and numpy's would not, `otherwise`."""
        import numpy as np

        needed = self.needed(wanted)
        body = [f"        return {result}"]  # written from its last line up
        body += [f"        {name} = {expression}" for name, expression, _ in reversed(self.lines) if name in needed]
        if "t" in needed:
            body.append("        t = float(t)")  # a numpy scalar would make every operation slow
        body.append(f"        {', '.join(f'y{j}' for j in range(self.n_states))}, = y.tolist()")
        source = "\n".join(
            ["def f(t, y):", "    try:", *reversed(body), "    except failures:", "        return otherwise(t, y)"]
        )
        # overflow, division by zero, log of a negative number, a complex power: inf or NaN to numpy, an error to Python
        failures = (ArithmeticError, ValueError, TypeError, AttributeError)
        namespace: dict[str, Any] = {
            "array": np.array,
            "float64": np.float64,
            "otherwise": otherwise,
            "failures": failures,
        }
        namespace |= _MATH | self.constants
        return FunctionType(_compiled(source), namespace)


class Scalar:
    """A number of the program: the variable that holds it, and its derivatives by the states it depends on."""

    __slots__ = ("name", "partials", "tape")

    def __init__(self, tape: Tape, name: str, partials: dict[int, Any]) -> None:
        self.tape, self.name, self.partials = tape, name, partials

    def __add__(self, other: Any) -> Any:
        return _apply("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _apply("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return _apply("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _apply("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        return _apply("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _apply("mul", other, self)

    def __truediv__(self, other: Any) -> Any:
        return _apply("truediv", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _apply("truediv", other, self)

    def __pow__(self, other: Any) -> Any:
        if isinstance(other, (int, float)) and other == 2:
            return self * self  # as numpy squares, and three times as fast as Python's power
        return _apply("pow", self, other)

    def __rpow__(self, other: Any) -> Any:
        return _apply("pow", other, self)

    def __neg__(self) -> Any:
        return _apply("neg", self)

    def __pos__(self) -> Any:
        return self

    def __getattr__(self, name: str) -> Callable[[], Any]:
        # numpy applies a function to an object by calling the object's method of that name
        if name in RULES:
            return lambda: _apply(name, self)
        raise AttributeError(name)

    def __bool__(self) -> bool:
        raise Untraceable(_BRANCH)

    def __eq__(self, other: object) -> bool:
        raise Untraceable(_BRANCH)

    __lt__ = __le__ = __gt__ = __ge__ = __ne__ = __eq__

    __hash__ = None  # type: ignore[assignment]  # a number that is not known yet has no hash


def _apply(rule: str, *operands: Any) -> Any:
    """Record one operation, and by the chain rule the derivatives of its value by the states."""
    import numpy as np

    if not all(isinstance(x, (Scalar, int, float, np.integer, np.floating)) for x in operands):
        return NotImplemented  # an array: numpy takes over, element by element
    python, *slopes = RULES[rule]
    (tape, *_) = (x.tape for x in operands if isinstance(x, Scalar))
    reads = tuple(x.name for x in operands if isinstance(x, Scalar))
    name = tape.emit(python.format(*map(tape.operand, operands)), reads)
    # derivatives are themselves recorded, but not differentiated again
    plain = [Scalar(tape, x.name, {}) if isinstance(x, Scalar) else float(x) for x in operands]
    value = Scalar(tape, name, {})
    partials: dict[int, Any] = {}
    for x, slope in zip(operands, slopes, strict=True):
        if isinstance(x, Scalar) and x.partials:
            by_x = slope(*plain, value)
            for j, partial in x.partials.items():
                term = _product(by_x, partial)
                partials[j] = partials[j] + term if j in partials else term
    return Scalar(tape, name, partials)


def _product(a: Any, b: Any) -> Any:
    if isinstance(a, float) and a == 1.0:
        return b
    if isinstance(b, float) and b == 1.0:
        return a
    return a * b


def _power_slope(a: Any, b: Any) -> Any:
    return 0.0 if isinstance(b, float) and b == 0 else b * a ** (b - 1.0)


def _log(a: Any) -> Any:
    return a.log() if isinstance(a, Scalar) else math.log(a)
