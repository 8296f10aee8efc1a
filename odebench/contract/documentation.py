"""The rule about the docstring."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from .rule import Finding, rule
from .subject import Subject


@rule()
def documentation(subject: Subject) -> Iterator[Finding]:
    """It has a docstring, and each of its parameters is named there."""
    text = inspect.getdoc(subject.solver.function) or ""
    help_ = f"{subject.located}\nhelp(solver.function)"
    if not text:
        yield Finding("it has no docstring: say what the method is, its order, its limits and its source.", help_)
        return
    missing = [name for name in subject.solver.parameters if not re.search(rf"\b{re.escape(name)}\b", text)]
    if missing:
        yield Finding(f"its docstring does not name {', '.join(missing)}.", help_)
