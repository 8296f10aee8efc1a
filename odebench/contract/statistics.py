"""The rule about what a method says that it did."""

from __future__ import annotations

from collections.abc import Iterator

from .. import checks
from ..counting import counted
from ..errors import OdebenchError, Untraceable, one_line
from ..measurement import STATS
from .problems import PROBLEMS
from .rule import DoesNotApply, Finding, rule
from .subject import Subject

_COUNTED = {"rhs_calls": "evaluations of the right-hand side", "jac_calls": "evaluations of the Jacobian"}


@rule(needs=["states", "input-untouched"])
def statistics(subject: Subject) -> Iterator[Finding]:
    """What it counts can be true: whole numbers of 0 or more, and the evaluations that the host sees."""
    problem = subject.first_supported("spiral", "decay")
    solution = subject.solve(problem).solution
    show = subject.call(problem, "print(solution.stats)")
    try:
        stats = checks.stats(solution)
    except OdebenchError as error:
        yield Finding(f"{one_line(error)}.", show)
        return
    if not stats:
        raise DoesNotApply("it counts nothing: its solution has no stats")
    for name, value in stats.items():
        if name in STATS and name != "final_loss" and (value is None or value < 0 or value != int(value)):
            yield Finding(f"expected stats[{name!r}] as a whole number of 0 or more, received {value}.", show)
            return
    claimed = {name: int(stats[name] or 0) for name in _COUNTED if name in stats}
    if not claimed:
        return
    ivp, counts = counted(PROBLEMS[problem].ivp())
    try:
        subject.solve_ivp(ivp)
    except Untraceable:  # it can only do what it has traced, out of the host's sight
        return
    if counts.uncounted:
        return
    for name, number in claimed.items():
        if number != (seen := getattr(counts, name)):
            yield Finding(
                f"it claims {number} {_COUNTED[name]}, and the host counted {seen}.",
                "\n".join(
                    [
                        "from odebench.counting import counted",
                        subject.call(problem).replace(".ivp()\n", ".ivp()\nivp, counts = counted(ivp)\n", 1),
                        f"print(solution.stats[{name!r}], counts.{name})",
                    ]
                ),
            )
