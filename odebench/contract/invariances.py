"""The rules about what a change of the problem must not do to its solution."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .rule import Finding, rule
from .subject import Subject

_SHIFT = 3.0
_SCALE = -2.0
_LARGER = 10.0  # times the error that the solution has anyway


@rule(needs=["states", "systems-and-scalars"])
def time_shift(subject: Subject) -> Iterator[Finding]:
    """The same problem later gives the same values, within ten times their error.

    Shifted by 3, with a slope that depends on the time. Rounding the times differs, so that adaptive steps may.
    """
    yield from _compared(
        subject,
        subject.first_supported("forced", "forced-pair", "decay", "spiral"),
        {"shift": _SHIFT},
        1.0,
        f"the same problem from t = {_SHIFT:g} on instead of 0",
        "does it begin at t = 0 whatever ivp.t_span says?",
    )


@rule(needs=["states", "systems-and-scalars"])
def linear_scaling(subject: Subject) -> Iterator[Finding]:
    """On a linear problem, y0 times -2 gives the values times -2, within ten times their error.

    So little that an absolute tolerance beside a relative one matters as much as before, or half as much.
    """
    yield from _compared(
        subject,
        subject.first_supported("decay", "spiral"),
        {"scale": _SCALE},
        _SCALE,
        f"a linear problem from {_SCALE:g} y0 instead of y0",
        "does it take states to be positive, or of size 1?",
    )


def _compared(
    subject: Subject, problem: str, options: dict[str, Any], factor: float, what: str, hint: str
) -> Iterator[Finding]:
    import numpy as np

    plain = subject.solve(problem)
    changed = subject.solve(problem, **options)
    off = float(np.abs(changed.y / factor - plain.y).max()) / plain.size
    allowed = subject.rounding + _LARGER * plain.error
    if off > allowed:
        yield Finding(
            f"{what} gives values that are off by {off:.2g} of the solution's size, where {allowed:.2g} is allowed, "
            f"ten times its error: {hint}",
            "\n".join(
                [
                    subject.call(problem, name="plain"),
                    *subject.call_lines(problem, name="changed", **options),
                    f"print(abs(changed.y / {factor:g} - plain.y).max())",
                ]
            ),
        )
