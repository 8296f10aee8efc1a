"""The rule about where the solution begins."""

from __future__ import annotations

from collections.abc import Iterator

from .rule import Finding, rule
from .subject import Subject

SOFT = "soft-initial-condition"
"""The tag of a method that only trains towards y0."""


@rule(needs=["states"])
def initial_condition(subject: Subject) -> Iterator[Finding]:
    """The solution begins at y0, or within the accuracy where a method says that it only trains towards it."""
    import numpy as np

    soft = SOFT in subject.solver.tags or subject.parameters.get("initial_condition") == "soft"
    allowed = subject.accuracy if soft else subject.rounding
    for problem in ("decay", "spiral"):
        problem = subject.first_supported(problem, "decay", "spiral")
        solved = subject.solve(problem)
        off = float(np.abs(solved.y[0] - solved.ivp.y0).max()) / solved.size
        if off > allowed:
            remedy = f" A method that only trains towards it says so: tags=[{SOFT!r}]." if not soft else ""
            yield Finding(
                f"on {problem!r} y begins at {solved.y[0]}, not at y0 = {solved.ivp.y0}: off by {off:.2g} of the "
                f"solution's size, and {allowed:g} is allowed.{remedy}",
                subject.call(problem, "print(solution.y[0] - ivp.y0)"),
            )
            return
