"""The rule about what is returned."""

from __future__ import annotations

from collections.abc import Iterator

from .rule import Finding, rule
from .subject import ROUNDING, Subject

_UNEVEN = [0.0, 0.013, 0.5, 0.51, 1.37, 1.9, 2.0]
_ENDS = [0.0, 2.0]


@rule()
def states(subject: Subject) -> Iterator[Finding]:
    """It returns finite float64 states (n, d) at exactly t_eval, whatever times these are.

    Times are taken to be wrong where the same solver is far off its own values at other times, and further than its
    `accuracy`: a network is trained anew and need not give the same digits.
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
        at = np.stack([np.interp(times, solved.ivp.t_eval, component) for component in solved.y.T], axis=-1)
        between = 1e-4  # what straight lines between 101 times are off on these problems, of the solution's size
        off = float(np.abs(few.y - at).max()) / few.size
        if off > between + ROUNDING + 2 * max(subject.accuracy, solved.error, few.error) * (few.error > 1e-3):
            yield Finding(
                f"asked for the times {times} it is off by {off:.2g} of the solution's size from what it says of them "
                "when asked for 101 equally spaced ones: expected the states at exactly t_eval, not at its own steps.",
                subject.call(problem, "print(solution.y)", t_eval=times),
            )
            return
