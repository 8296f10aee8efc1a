"""A right-hand side as Python code, for what compiles it or writes its slopes in place."""

import math
from collections.abc import Sequence
from typing import Self

from odebench import IVP, Unsupported

FUNCTIONS = [name for name in dir(math) if not name.startswith("_")]


MOST = 2000  # operations; of more, LLVM would take minutes


def for_numba(ivp: IVP, states: Sequence[str]) -> list[str]:
    """As `written_out`; raises `Unsupported` also where it is too long to be compiled."""
    lines = written_out(ivp, states)
    operations = len(lines) - ivp.n_states
    if operations > MOST:
        raise Unsupported(f"expected a right-hand side of {MOST} operations at most, this one has {operations}")
    return lines


def written_out(ivp: IVP, states: Sequence[str]) -> list[str]:
    """Its lines: an operation each, and then each entry of `slope`; they read `t` and the states by these names.

    Functions are those of `math`, by name. Raises `Untraceable`.
    """
    lines: list[str] = []
    functions = {name: _Term(name, lines).of for name in FUNCTIONS}
    y = [_Term(name, lines) for name in states]
    slopes = ivp.trace(_Term("t", lines), y, functions, lambda value: _Term(f"({value!r})", lines))
    return lines + [f"slope[{i}] = {value}" for i, value in enumerate(slopes)]


class _Term:
    """A value of the equation, by its name; what is done to it becomes a line of code."""

    def __init__(self, name: str, lines: list[str]) -> None:
        self.name, self.lines = name, lines

    def __str__(self) -> str:
        return self.name

    def _line(self, expression: str) -> Self:
        name = f"v{len(self.lines)}"
        self.lines.append(f"{name} = {expression}")
        return type(self)(name, self.lines)

    def of(self, other: Self) -> Self:
        """The function of this name, of another value."""
        return self._line(f"{self}({other})")

    def __add__(self, other: Self) -> Self:
        return self._line(f"{self} + {other}")

    def __sub__(self, other: Self) -> Self:
        return self._line(f"{self} - {other}")

    def __mul__(self, other: Self) -> Self:
        return self._line(f"{self} * {other}")

    def __truediv__(self, other: Self) -> Self:
        return self._line(f"{self} / {other}")

    def __pow__(self, other: Self) -> Self:
        return self._line(f"{self} ** {other}")

    def __neg__(self) -> Self:
        return self._line(f"-{self}")
