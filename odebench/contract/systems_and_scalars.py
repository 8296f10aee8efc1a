"""The rule about being right."""

from __future__ import annotations

from collections.abc import Iterator

from .rule import DoesNotApply, Finding, rule
from .subject import Subject

_PROBLEMS = ("decay", "logistic", "forced", "spiral", "chain")


@rule(needs=["states"])
def systems_and_scalars(subject: Subject) -> Iterator[Finding]:
    """It solves small smooth problems of one, two and three states within its accuracy, or says `Unsupported`."""
    refused = []
    for problem in _PROBLEMS:
        try:
            solved = subject.solve(problem)
        except DoesNotApply as error:
            refused.append(str(error))
            continue
        if solved.error > subject.accuracy:
            yield Finding(
                f"on {problem!r}, of {solved.ivp.n_states} states, its error is {solved.error:.2g} of the solution's "
                f"size, and {subject.accuracy:g} is taken for a solution.",
                subject.call(problem, "print(abs(solution.y - ivp.exact(ivp.t_eval)).max())"),
            )
    if len(refused) == len(_PROBLEMS):
        raise DoesNotApply(f"it does none of {', '.join(_PROBLEMS)}: {refused[0]}")
