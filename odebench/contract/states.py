"""The rule about what is returned."""

from __future__ import annotations

from collections.abc import Iterator

from .rule import Finding, rule
from .subject import Subject

_UNEVEN = [0.0, 0.013, 0.5, 0.51, 1.37, 1.9, 2.0]
_ENDS = [0.0, 2.0]
_COARSE, _LARGER = 1e-6, 10.0


@rule()
def states(subject: Subject) -> Iterator[Finding]:
    """It returns finite float64 states (n, d) at exactly t_eval, whatever times these are.

    Times are taken to be wrong where it is ten times as far off at uneven ones as at even ones: it may step by them.
    """
    import numpy as np

    problem = subject.first_supported("decay", "spiral")
    solved = subject.solve(problem)
    allowed = {"float64", str(subject.parameters.get("dtype", "float64"))}
    if (dtype := np.asarray(solved.solution.y).dtype.name) not in allowed:
        yield Finding(
            f"expected y as float64, received {dtype}; return np.asarray(y, dtype=np.float64).",
            subject.call(problem, "print(solution.y.dtype)"),
        )
    for times in (_UNEVEN, _ENDS):
        few = subject.solve(problem, t_eval=times)
        if few.error > _COARSE + _LARGER * solved.error:
            yield Finding(
                f"asked for the times {times} it is off by {few.error:.2g} of the solution's size, and by "
                f"{solved.error:.2g} when asked for 101 equally spaced ones: expected the states at exactly t_eval, "
                "not at times of its own.",
                subject.call(problem, "print(solution.y)", t_eval=times),
            )
            return
