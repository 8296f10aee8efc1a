"""The equation of a problem as mathematics: sympy expressions, from which come text and LaTeX.

What cannot be traced raises `Untraceable`, which says why.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .program import Program, Untraceable

if TYPE_CHECKING:
    import sympy

    from .model import IVP

_LONGEST = 100_000  # operations
_SAME_IN_SYMPY = ("sin", "cos", "tan", "sinh", "cosh", "tanh", "asin", "acos", "atan")


@dataclass(frozen=True)
class Equations:
    """y_i' = expressions[i], in the symbols `t` and `y`."""

    t: sympy.Symbol
    y: tuple[sympy.Symbol, ...]
    """One symbol a state: y, or y1, y2, ... of a system."""
    expressions: tuple[sympy.Expr, ...]
    """As many as were asked for."""

    def lines(self) -> list[str]:
        """One equation a line as text, such as "y1' = -0.04 y1 + 10000 y2 y3"."""
        written = [f"{s}' = {_plain(e)}" for s, e in zip(self.y, self.expressions, strict=False)]
        more = len(self.y) - len(written)
        return [*written, f"... and {more} more"] if more else written

    def latex(self) -> str:
        """The equations as a LaTeX `aligned` environment."""
        import sympy

        names = {s: _subscripted(s.name) for s in self.y}
        rows = [
            rf"{names[s]}' &= {sympy.latex(e, order='none', symbol_names=names)}"
            for s, e in zip(self.y, self.expressions, strict=False)
        ]
        if len(rows) < len(self.y):
            rows.append(r"&\;\;\vdots")
        return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def equations(ivp: IVP, first: int | None = None, *, longest: int = _LONGEST) -> Equations:
    """The right-hand side of a problem in sympy's terms, with its parameters as numbers; of all states or the `first`.

    Raises `Untraceable` where it branches on the state or the time, does what only numpy can, or is too long to write:
    of more than `longest` operations.
    """
    import sympy

    names = ["y"] if ivp.n_states == 1 else [f"y{i + 1}" for i in range(ivp.n_states)]
    t, y = sympy.Symbol("t"), tuple(sympy.Symbol(name) for name in names)
    program = Program(ivp.rhs, ivp.n_states)
    if program.written_out > longest:
        raise Untraceable("the equations would fill pages")
    functions: dict[str, Any] = {
        "exp": sympy.exp,
        "log": sympy.log,
        "expm1": lambda x: sympy.exp(x) - 1,
        "log1p": lambda x: sympy.log(1 + x),
        "sqrt": sympy.sqrt,
        **{name: getattr(sympy, name) for name in _SAME_IN_SYMPY},
    }
    return Equations(t, y, tuple(sympy.sympify(v) for v in program.run(t, y, functions, _number, first)))


def _number(value: float) -> Any:
    """A whole number as such; any other keeps every digit of its double."""
    import sympy

    return sympy.Integer(int(value)) if value == int(value) and abs(value) < 1e6 else sympy.Float(value)


def _plain(expression: Any) -> str:
    """As one writes it in a terminal: numbers no longer than they are, ^ for powers, no stars."""
    from sympy.printing.str import StrPrinter

    class Printer(StrPrinter):  # type: ignore[misc]  # sympy has no types
        def _print_Float(self, number: sympy.Float) -> str:  # noqa: N802 - sympy's name
            return re.sub(r"\.0$|\.0(?=e)|(?<=e)\+|(?<=e-)0", "", repr(float(number)))

    return str(Printer({"order": "none"}).doprint(expression)).replace("**", "^").replace("*", " ")


def _subscripted(name: str) -> str:
    return f"y_{{{name[1:]}}}" if len(name) > 1 else name
