"""The rule about effort."""

from __future__ import annotations

import time
from collections.abc import Iterator

from .rule import DoesNotApply, Finding, rule
from .subject import Subject

FLOOR = 1e-11
"""An error, of the solution's size, that need not fall any further."""
_SECONDS = 15.0
_STEP_BACK = 30.0  # how much larger an error may be than on some lower rung; sign changes make one small by chance
_LEAST_FALL = 2.0


@rule(needs=["states", "systems-and-scalars"])
def ladder(subject: Subject) -> Iterator[Finding]:
    """Its error falls along its ladder, as far up as some seconds allow.

    A method that uses chance may be unlucky on one rung: of such a one only the first and the best are compared.
    """
    solver = subject.solver
    if len(solver.ladder) < 2:
        raise DoesNotApply("it has no ladder of two rungs or more")
    problem = subject.first_supported("forced", "forced-pair", "decay", "spiral")
    began = time.perf_counter()
    errors: list[float] = []
    for k, rung in enumerate(solver.ladder):
        solved = subject.solve(problem, parameters=subject.rung(rung))
        errors.append(solved.error)
        # what a rung costs grows by some factor: 4 is that of the fixed-step solvers
        if time.perf_counter() - began + 4 * solved.seconds > _SECONDS and k:
            break
        if solved.error < FLOOR and k:
            break
    shown = ", ".join(f"{error:.2g}" for error in errors)
    if max(errors[0], errors[-1]) < FLOOR:
        return
    last = len(errors) - 1
    call = subject.call(
        problem,
        "print(abs(solution.y - ivp.exact(ivp.t_eval)).max())",
        parameters=subject.rung(solver.ladder[last]),
    )
    if not min(errors[1:]) < max(errors[0] / _LEAST_FALL, FLOOR):
        yield Finding(
            f"its error does not fall along its ladder: from rung to rung on {problem!r}, as parts of the solution's "
            f"size, {shown}.",
            call,
        )
        return
    if not solver.uses_chance:
        for k in range(1, len(errors)):
            if errors[k] > max(_STEP_BACK * min(errors[:k]), FLOOR):
                yield Finding(
                    f"its error rises on rung {k + 1} of its ladder: from rung to rung on {problem!r}, as parts of the "
                    f"solution's size, {shown}.",
                    subject.call(
                        problem,
                        "print(abs(solution.y - ivp.exact(ivp.t_eval)).max())",
                        parameters=subject.rung(solver.ladder[k]),
                    ),
                )
                return
