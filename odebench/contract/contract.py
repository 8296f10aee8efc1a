"""All rules together, and one solver held to them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator

from ..errors import BadSelection, did_you_mean, one_line
from .dense_output import dense_output
from .documentation import documentation
from .global_state import global_state
from .imports import imports
from .initial_condition import initial_condition
from .input_untouched import input_untouched
from .invariances import linear_scaling, time_shift
from .ladder import ladder
from .order import order
from .refusal import refusal
from .repetition import another_process, run_twice, same_seed
from .rule import BROKEN, KEPT, NOT_APPLICABLE, NOT_TRIED, Broken, DoesNotApply, Finding, Outcome, Rule
from .states import states
from .statistics import statistics
from .subject import Subject
from .systems_and_scalars import systems_and_scalars

RULES = {
    rule.name: rule
    for rule in (
        states,
        input_untouched,
        initial_condition,
        systems_and_scalars,
        ladder,
        order,
        dense_output,
        time_shift,
        linear_scaling,
        same_seed,
        run_twice,
        another_process,
        global_state,
        refusal,
        statistics,
        imports,
        documentation,
    )
}
"""The rules by name, in the order in which they are looked at."""

SECONDS = 120.0
"""What all rules together may take, before those that are left are not tried."""


class Contract:
    """A solver and what is known of how it keeps the rules."""

    def __init__(
        self,
        subject: Subject,
        *,
        seconds: float = SECONDS,
        known: Iterable[Outcome] = (),
        on_begin: Callable[[Rule], None] = lambda rule: None,
    ) -> None:
        """`seconds`: after so many, no further rule is begun. `known`: what has come of some; `on_begin` hears which
        is looked at."""
        self.subject, self.seconds, self.on_begin = subject, seconds, on_begin
        self.outcomes = {outcome.rule.name: outcome for outcome in known}
        self._spent = sum(outcome.seconds for outcome in self.outcomes.values())

    def outcome(self, name: str) -> Outcome:
        """What comes of a rule; found out once, after the rules that it needs."""
        if name not in self.outcomes:
            self.outcomes[name] = self._look(RULES[name])
        return self.outcomes[name]

    def _look(self, rule: Rule) -> Outcome:
        for needed in rule.needs:
            first = self.outcome(needed)
            if first.status in (BROKEN, NOT_TRIED):
                return Outcome(rule, NOT_TRIED, f"{needed} is {first.status}" if first.status == BROKEN else first.why)
        if self._spent > self.seconds:
            why = f"the rules before it took {self._spent:.0f} s, and after {self.seconds:g} s none is begun"
            return Outcome(rule, NOT_TRIED, why)
        self.on_begin(rule)
        began = time.perf_counter()
        status, why = KEPT, ""
        findings: list[Finding] = []
        try:
            for finding in rule.function(self.subject):
                findings.append(finding)  # noqa: PERF402  # so that what was found before an error is not lost
        except DoesNotApply as error:
            status, why = NOT_APPLICABLE, str(error)
        except Broken as broken:
            findings.append(broken.finding)
        except Exception as error:  # in what the rule does with the solver beside solving
            text = f"looking at it raised {type(error).__name__}: {one_line(error)}."
            findings.append(Finding(text, self.subject.call("decay")))
        seconds = time.perf_counter() - began
        self._spent += seconds
        return Outcome(rule, BROKEN if findings else status, why, tuple(findings), seconds)


def chosen(names: Iterable[str]) -> list[str]:
    """The rules of these names, in their order, or all where there are none; `BadSelection` for an unknown one."""
    wanted = list(names)
    for name in wanted:
        if name not in RULES:
            raise BadSelection(f"unknown rule {name!r}. {did_you_mean(name, RULES)}")
    return [name for name in RULES if not wanted or name in wanted]


def hold(subject: Subject, names: Iterable[str] = (), *, seconds: float = SECONDS) -> Iterator[Outcome]:
    """What comes of each rule, or of those named, one after another."""
    contract = Contract(subject, seconds=seconds)
    for name in chosen(names):
        yield contract.outcome(name)
