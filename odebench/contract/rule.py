"""What a rule is, and what comes of it: a function that looks at a solver and yields findings."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .subject import Subject

KEPT, BROKEN, NOT_APPLICABLE, NOT_TRIED = "kept", "broken", "does not apply", "not tried"


@dataclass(frozen=True)
class Finding:
    """What is wrong, in plain words, and how to see it."""

    text: str
    """A sentence or two: what was expected, what came, what to try."""
    call: str = ""
    """Python to paste that shows it."""

    def __str__(self) -> str:
        indented = "\n".join(f"    {line}" for line in self.call.splitlines())
        return f"{self.text}\n{indented}" if self.call else self.text


class DoesNotApply(Exception):
    """Raised by a rule that says nothing of this solver; its message says why."""


class Broken(Exception):
    """Raised where a call that a rule needs goes wrong in a way that breaks it."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.text)
        self.finding = finding


@dataclass(frozen=True)
class Rule:
    """One rule of the contract; made by `@rule`."""

    name: str
    title: str
    """What a solver that keeps it does, in one line."""
    function: Callable[[Subject], Iterator[Finding]]
    needs: tuple[str, ...]
    """The rules without which it cannot be judged."""


@dataclass(frozen=True)
class Outcome:
    """What came of a rule."""

    rule: Rule
    status: str
    """kept, broken, does not apply, or not tried."""
    why: str = ""
    """Why it does not apply or was not tried."""
    findings: tuple[Finding, ...] = ()
    seconds: float = 0.0

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "rule": self.rule.name,
            "status": self.status,
            "why": self.why,
            "findings": [{"text": finding.text, "call": finding.call} for finding in self.findings],
            "seconds": round(self.seconds, 3),
        }


def rule(*, needs: Sequence[str] = ()) -> Callable[[Callable[[Subject], Iterator[Finding]]], Rule]:
    """Make a `Rule` of a function; its name is the function's, with hyphens, its title the docstring's first line."""

    def make(function: Callable[[Subject], Iterator[Finding]]) -> Rule:
        title = (inspect.getdoc(function) or "").partition("\n")[0].rstrip(".")
        return Rule(function.__name__.replace("_", "-"), title, function, tuple(needs))

    return make
