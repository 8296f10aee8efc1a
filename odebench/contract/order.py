"""The rule about the order of convergence."""

from __future__ import annotations

from collections.abc import Iterator

from .rule import DoesNotApply, Finding, rule
from .subject import Subject

_STEPS = (10, 14, 20, 28, 40, 56, 80, 113, 160, 226, 320, 453, 640)
_LARGEST, _LEAST = 1e-2, 1e-11  # errors between which they fall as h^p and are not rounding
_ALLOWED = 0.3


@rule(needs=["states", "systems-and-scalars"])
def order(subject: Subject) -> Iterator[Finding]:
    """The slope of its error over its step is the order it declares, where its ladder sets the number of steps.

    Fitted by least squares to the logarithms of step count and error, on a problem whose slope depends on the time.
    """
    import numpy as np

    solver = subject.solver
    if solver.order is None:
        raise DoesNotApply("it declares no order")
    steps = _step_parameter(subject)
    problem = subject.first_supported("forced", "forced-pair", "decay", "spiral")
    counts, errors = [], []
    for count in _STEPS:
        error = subject.solve(problem, parameters={steps: count}).error
        if _LEAST < error < _LARGEST:
            counts.append(count)
            errors.append(error)
    if len(counts) < 4:
        raise DoesNotApply(f"of {_STEPS[0]} to {_STEPS[-1]} steps too few give an error from {_LEAST} to {_LARGEST}")
    slope = -float(np.polyfit(np.log(counts), np.log(errors), 1)[0])
    if abs(slope - solver.order) > _ALLOWED:
        lines = [
            f"for steps in {counts[0], counts[-1]}:",
            f"    y = solver(ivp, ivp.t_eval, **{{{steps!r}: steps}}).y",
            "    print(steps, abs(y - ivp.exact(ivp.t_eval)).max())",
        ]
        yield Finding(
            f"it declares order {solver.order}, and on {problem!r} its error falls as the step to the power of "
            f"{slope:.2f}, fitted from {counts[0]} to {counts[-1]} steps.",
            "\n".join([subject.call(problem), *lines]),
        )


def _step_parameter(subject: Subject) -> str:
    """The one parameter, a rising whole number, that the ladder changes and that the method calls its steps."""
    ladder = subject.solver.ladder
    changing = [name for name in subject.parameters if len({repr(rung[name]) for rung in ladder}) > 1]
    if len(changing) != 1 or not all(type(rung[changing[0]]) is int for rung in ladder):
        raise DoesNotApply("its ladder does not set a number of steps")
    problem = subject.first_supported("forced", "forced-pair", "decay", "spiral")
    first, second = (subject.solve(problem, parameters=subject.rung(rung)).solution.stats for rung in ladder[:2])
    grows = ladder[1][changing[0]] / ladder[0][changing[0]]
    if "steps" in first and "steps" in second and abs(second["steps"] / first["steps"] / grows - 1) > 0.1:
        raise DoesNotApply("the number of its steps does not grow with its ladder")
    return changing[0]
