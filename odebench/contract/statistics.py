"""The rule about what a method says that it did."""

from __future__ import annotations

from collections.abc import Iterator

from .. import checks
from ..counting import counted
from ..errors import OdebenchError, one_line
from ..measurement import STATS
from .problems import PROBLEMS
from .rule import DoesNotApply, Finding, rule
from .subject import Subject

_FEW = 2  # evaluations that a method may leave out, such as one to see whether it can do the problem at all


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
    claimed = stats.get("rhs_calls")
    if claimed is None:
        return
    ivp, counts = counted(PROBLEMS[problem].ivp())
    said = subject.solve_ivp(ivp).stats["rhs_calls"]
    if counts.uncounted:
        return
    jacobians = counts.rhs_calls - said if stats.get("jac_calls") else 0  # a Jacobian may be made of evaluations
    if not -_FEW <= counts.rhs_calls - said - max(jacobians, 0) <= max(_FEW, 0.01 * said):
        yield Finding(
            f"it claims {said} evaluations of the right-hand side, and the host counted {counts.rhs_calls}.",
            "\n".join(
                [
                    "from odebench.counting import counted",
                    subject.call(problem).replace(".ivp()\n", ".ivp()\nivp, counts = counted(ivp)\n", 1),
                    "print(solution.stats['rhs_calls'], counts.rhs_calls)",
                ]
            ),
        )
