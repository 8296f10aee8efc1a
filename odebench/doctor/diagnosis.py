"""A pathology, what it is recognised by, and what is said and prescribed where it is found."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..errors import BadParameter
from ..model import Solver
from .examination import Examination

Kind: TypeAlias = Literal["code", "network", "method", "rest"]
"""Where a fault lies. In the code: the loss or its gradient is not what it is meant to be, and of the rest only what
has become of the network is worth telling. In the network. In the method's settings. The rest: said where nothing else
is found."""


@dataclass(frozen=True)
class Evidence:
    """What a pathology saw: the signal's value, and what it means here."""

    value: float
    finding: str
    """What is wrong, in plain words, a sentence or two."""
    remedies: tuple[Mapping[str, Any], ...] = ()
    """Sets of parameters that would mend it, the best first; those that the solver has not are passed over."""


@dataclass(frozen=True)
class Diagnosis:
    """One pathology found."""

    pathology: str
    signal: str
    """What was measured."""
    value: float
    threshold: float
    """The value is above it."""
    finding: str
    remedy: str
    """In words."""
    parameters: Mapping[str, Any] | None = None
    """The remedy as parameters of the solver; None where it has none for it."""
    seeds: str = ""
    """'2 of 3 seeds', where several were tried."""

    def data(self) -> dict[str, Any]:
        """As JSON holds it: a value that is not finite is None."""
        return {
            "pathology": self.pathology,
            "signal": self.signal,
            "value": self.value if math.isfinite(self.value) else None,
            "threshold": self.threshold,
            "finding": self.finding,
            "remedy": self.remedy,
            "parameters": None if self.parameters is None else dict(self.parameters),
            "seeds": self.seeds or None,
        }


@dataclass(frozen=True)
class Pathology:
    """One way in which a solve goes wrong."""

    name: str
    description: str
    kind: Kind
    signal: str
    threshold: float
    remedy: str
    look: Callable[[Examination], Evidence | None]
    """Returns the evidence, or None where the signal cannot be measured or does not apply."""

    def diagnose(self, examination: Examination, solver: Solver | None = None) -> Diagnosis | None:
        """The diagnosis, where the signal is above the threshold. solver: the one whose parameters may mend it."""
        evidence = self.look(examination)
        if evidence is None or not evidence.value > self.threshold:
            return None
        return Diagnosis(
            self.name,
            self.signal,
            evidence.value,
            self.threshold,
            evidence.finding,
            self.remedy,
            applicable(evidence.remedies, solver, examination.parameters),
        )


def pathology(
    *, kind: Kind, signal: str, threshold: float, remedy: str
) -> Callable[[Callable[[Examination], Evidence | None]], Pathology]:
    """Make a `Pathology` of a function that looks for it; its name is the function's, its docstring says what it is."""

    def made(look: Callable[[Examination], Evidence | None]) -> Pathology:
        name = look.__name__.replace("_", "-")
        description = (look.__doc__ or "").partition("\n")[0].rstrip(".")
        return Pathology(name, description, kind, signal, threshold, remedy, look)

    return made


def applicable(
    remedies: Iterable[Mapping[str, Any]], solver: Solver | None, now: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """The first set of parameters that the solver has, in values it takes and has not already."""
    if solver is None:
        return None
    for wanted in remedies:
        if any(isinstance(v, str) and not _is_choice(solver, name, v) for name, v in wanted.items()):
            continue
        try:
            resolved = solver.resolve(wanted)
        except BadParameter:
            continue
        changed = {name: resolved[name] for name in wanted if resolved[name] != now.get(name)}
        if changed:
            return changed
    return None


def _is_choice(solver: Solver, name: str, word: str) -> bool:
    """Whether it is one of the words that the solver lists; where it takes any, what they mean is unknown."""
    return name in solver.parameters and word in solver.parameters[name].choices


def multiplied(now: Mapping[str, Any], name: str, factor: float) -> tuple[Mapping[str, Any], ...]:
    """A remedy that multiplies a numeric parameter; none where there is no such parameter, or it is no number."""
    value = now.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ()
    # three digits: what is printed reads back as the same
    return ({name: round(value * factor) if isinstance(value, int) else float(f"{value * factor:.3g}")},)


def more_windows(now: Mapping[str, Any], least: int) -> Mapping[str, Any]:
    """A remedy of so many time windows, or twice as many as there are."""
    has = now.get("windows")
    return {"windows": max(least, 2 * has) if isinstance(has, int) and has > 1 else least}
