"""The rule about what a method cannot do."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import BadSolution, Diverged, SolverFailed, Unsupported, one_line
from .rule import Finding, rule
from .subject import Subject

_PROBLEMS = {
    "branch": "whose right-hand side branches on the state",
    "only-numpy": "whose right-hand side is taken from a table, which only numpy can do",
    "no-formula": "for which no formula is known",
}


@rule(needs=["states", "systems-and-scalars"])
def refusal(subject: Subject) -> Iterator[Finding]:
    """What it cannot do it refuses with `Unsupported`; what it does is right, or failed and said so."""
    for problem, what in _PROBLEMS.items():
        call = subject.call(problem)
        try:
            error = subject.attempt(problem).error
        except (Unsupported, SolverFailed, Diverged):
            continue
        except BadSolution as wrong:
            yield Finding(f"on {problem!r}, {what}: {one_line(wrong)}.", call)
            continue
        except Exception as wrong:
            yield Finding(
                f"on {problem!r}, {what}, it raised {type(wrong).__name__}: {one_line(wrong)}; expected "
                "raise Unsupported('why'), which becomes a row with its reason.",
                call,
            )
            continue
        if error > subject.accuracy:
            yield Finding(
                f"on {problem!r}, {what}, it is off by {error:.2g} of the solution's size and does not say so; "
                "expected Unsupported or a solution.",
                call,
            )
