"""What came of the contract's rules, as lines."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ..contract import BROKEN, KEPT, NOT_APPLICABLE, NOT_TRIED, RULES, Outcome

_WIDTH = max(map(len, RULES))


def line(outcome: Outcome) -> str:
    """One line a rule; under a broken one its findings, each with the call that shows it."""
    why = f"because {outcome.why}" if outcome.why else outcome.rule.title
    lines = [f"  {outcome.status:14}  {outcome.rule.name:{_WIDTH}}  {why}"]
    for finding in outcome.findings:
        lines.append(f"      {finding.text}")
        lines += [f"          {code}" for code in finding.call.splitlines()]
    return "\n".join(lines)


def summary(outcomes: Iterable[Outcome]) -> str:
    """How many rules are kept, and how many are not."""
    statuses = [outcome.status for outcome in outcomes]
    said = {KEPT: "kept", BROKEN: "broken", NOT_TRIED: "not tried", NOT_APPLICABLE: "not applicable"}
    return ", ".join(f"{statuses.count(status)} {word}" for status, word in said.items() if status in statuses)


def rules() -> str:
    """All rules, one a line."""
    return "\n".join(f"{rule.name:{_WIDTH}}  {rule.title}" for rule in RULES.values())


def rules_as_json() -> str:
    """All rules, for a program."""
    return json.dumps([{"rule": r.name, "title": r.title, "needs": list(r.needs)} for r in RULES.values()], indent=2)
