"""The rules about solving again: with the same seed, in the same process, in another one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .rule import Broken, DoesNotApply, Finding, rule
from .subject import SEED, Solved, Subject


@rule(needs=["states"])
def same_seed(subject: Subject) -> Iterator[Finding]:
    """With the same seed it returns the same digits; it must not draw from anything else."""
    if not subject.solver.uses_chance:
        raise DoesNotApply("it takes no seed")
    problem = subject.first_supported("decay", "spiral")
    first, second = subject.solve(problem), subject.solve(problem, again=True)
    if _differ(first, second):
        yield Finding(
            f"two calls with seed={SEED} differ by {_difference(first, second):.2g}: draw from a generator of the "
            "solver's own, np.random.default_rng(seed) or torch.Generator().manual_seed(seed).",
            _twice(subject, problem),
        )


@rule(needs=["states", "same-seed"])
def run_twice(subject: Subject) -> Iterator[Finding]:
    """A second solve gives the same digits as the first, other problems in between or not."""
    problem = subject.first_supported("decay", "spiral")
    first = subject.solve(problem)
    between = subject.first_supported("logistic", "spiral", "decay")
    subject.solve(between)
    try:
        second = subject.solve(problem, again=True)
    except Broken as broken:
        yield Finding(f"the second time, {broken.finding.text}", _twice(subject, problem, between))
        return
    if _differ(first, second):
        yield Finding(
            f"solving {problem!r} again, and {between!r} in between, gave values that differ by "
            f"{_difference(first, second):.2g}: it remembers something from one call to the next.",
            _twice(subject, problem, between),
        )


@rule(needs=["states", "same-seed", "run-twice"])
def another_process(subject: Subject) -> Iterator[Finding]:
    """A new process gives the same digits as this one."""
    import numpy as np

    problem = subject.first_supported("decay", "spiral")
    here = subject.solve(problem)
    code = subject.call(problem, "print(solution.y.tobytes().hex())")
    there = subject.elsewhere(problem)
    if there.digits is None:
        yield Finding(f"solving {problem!r} in another process {there.failure}.", code)
        return
    y = np.frombuffer(there.digits, dtype=np.asarray(here.solution.y).dtype)
    if there.digits != np.ascontiguousarray(here.solution.y).tobytes():
        off = float(np.abs(y - here.y.ravel()).max()) if y.size == here.y.size else float("nan")
        yield Finding(
            f"another process gives values that differ by {off:.2g} from those of this one: what it computes must not "
            "depend on the process, such as on the hash of a string or the time.",
            code,
        )


def _differ(first: Solved, second: Solved) -> bool:
    return first.y.tobytes() != second.y.tobytes()


def _difference(first: Solved, second: Solved) -> Any:
    import numpy as np

    return np.abs(first.y - second.y).max()


def _twice(subject: Subject, problem: str, between: str | None = None) -> str:
    lines = [subject.call(problem, name="first")]
    if between is not None:
        lines += subject.call_lines(between, name="other")
    lines += [*subject.call_lines(problem, name="second"), "print(abs(first.y - second.y).max())"]
    return "\n".join(lines)
