"""Which cases of a run are asked for: by problem, solver, tag and status."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from .. import measurement
from ..cases import parse_selection, value_text
from ..errors import BadParameter, BadSelection, did_you_mean
from ..measurement import SLOWDOWN
from ..text import count
from . import work_precision

if TYPE_CHECKING:
    import pandas as pd

Words = str | Iterable[str]
Tags = Mapping[str, frozenset[str]]
_MOST_VALUES = 12


def chosen(
    cases: pd.DataFrame,
    *,
    problem: Words = (),
    solver: Words = (),
    tag: Words = (),
    status: Words = (),
    problem_tags: Tags,
    solver_tags: Tags,
) -> pd.Series[bool]:
    """Which of the cases are of one of the problems, of one of the solvers, have one of the tags and of the statuses.

    What is empty asks for nothing. Raises `BadSelection` or `BadParameter` where something asked for is not there.
    """
    filters: dict[str, tuple[Words, Callable[[str], pd.Series[bool]]]] = {
        "problem": (problem, lambda text: _named(cases, "problem", text)),
        "solver": (solver, lambda text: _named(cases, "solver", text)),
        "tag": (tag, lambda text: _tagged(cases, text, problem_tags, solver_tags)),
        "status": (status, lambda text: _ended(cases, text)),
    }
    import pandas as pd

    kept = pd.Series(data=True, index=cases.index)
    said = []
    for kind, (words, mask) in filters.items():
        if words := [words] if isinstance(words, str) else list(words):
            if cases.empty:
                raise BadSelection(f"no {kind} {words[0]!r} in these runs: they have no samples.")
            of_any = pd.concat([mask(text) for text in words], axis=1).any(axis=1)
            said.append(f"{kind} {' or '.join(words)} ({count(int(of_any.sum()), 'case')})")
            kept &= of_any
    if said and not kept.any():
        raise BadSelection(f"no case is all of this: {'; '.join(said)}. Leave one out.")
    return kept


def ranked_anew(cases: pd.DataFrame) -> pd.DataFrame:
    """The cases with on_front and slowdown_vs_best_at_this_error among themselves."""
    anew = cases.copy()
    work_precision.rank(anew, ranked=cases[SLOWDOWN].notna())
    return anew


def _named(cases: pd.DataFrame, kind: str, text: str) -> pd.Series[bool]:
    """The cases of a selection such as 'scipy-ivp[method=RK45]'; '*' and '?' in its name stand for letters."""
    known = list(cases[kind].unique())
    name, wanted = (text, {}) if text in known else parse_selection(text)
    pattern = re.compile(re.escape(name).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
    names = {name} if name in known else {k for k in known if pattern.fullmatch(k)}
    if not names:
        raise BadSelection(f"no {kind} {name!r} in these runs. {did_you_mean(name, known)}")
    mask = cases[kind].isin(names)
    parameters = {params: json.loads(params) for params in cases.loc[mask, f"{kind}_params"].unique()}
    for parameter, values in wanted.items():
        measured = [p[parameter] for p in parameters.values() if parameter in p]
        if not measured:
            there = sorted({key for p in parameters.values() for key in p})
            raise BadParameter(f"{kind} {name!r} has no parameter {parameter!r}. {did_you_mean(parameter, there)}")
        for value in values:
            if not any(_same(value, other) for other in measured):
                raise BadSelection(
                    f"no {kind} {name!r} with {parameter}={value_text(value)} in these runs. "
                    f"There are {', '.join(_few(measured))}."
                )
    fitting = [text for text, p in parameters.items() if _fits(p, wanted)]
    if not fitting:
        raise BadSelection(f"no {kind} {text!r} in these runs: each value is there, but not all in one case.")
    return mask & cases[f"{kind}_params"].isin(fitting)


def _fits(parameters: Mapping[str, Any], wanted: Mapping[str, list[Any]]) -> bool:
    return all(
        name in parameters and any(_same(value, parameters[name]) for value in values)
        for name, values in wanted.items()
    )


def _same(typed: Any, measured: Any) -> bool:
    """Whether a value as typed is one as JSON has it: 1 is 1.0, but not true, and a tuple is a list."""
    if isinstance(typed, (tuple, list)) and isinstance(measured, (tuple, list)):
        return len(typed) == len(measured) and all(map(_same, typed, measured))
    return isinstance(typed, bool) == isinstance(measured, bool) and bool(typed == measured)


def _few(values: Iterable[Any]) -> Iterator[str]:
    words = list(dict.fromkeys(map(value_text, values)))
    yield from words[:_MOST_VALUES]
    if len(words) > _MOST_VALUES:
        yield f"and {len(words) - _MOST_VALUES} more"


def _tagged(cases: pd.DataFrame, tag: str, problem_tags: Tags, solver_tags: Tags) -> pd.Series[bool]:
    """The cases of problems or of solvers with the tag."""
    none: frozenset[str] = frozenset()
    kinds = {"problem": problem_tags, "solver": solver_tags}
    with_it = {kind: [n for n in cases[kind].unique() if tag in tags.get(n, none)] for kind, tags in kinds.items()}
    if not any(with_it.values()):
        there = sorted(set().union(*(tags.get(n, none) for kind, tags in kinds.items() for n in cases[kind].unique())))
        hint = did_you_mean(tag, there) or "They say nothing of tags: an older odebench wrote them. Select by name."
        raise BadSelection(f"no problem or solver in these runs is tagged {tag!r}. {hint}")
    return cases["problem"].isin(with_it["problem"]) | cases["solver"].isin(with_it["solver"])


def _ended(cases: pd.DataFrame, status: str) -> pd.Series[bool]:
    if status not in measurement.STATUSES:
        raise BadSelection(f"no status {status!r}. {did_you_mean(status, measurement.STATUSES)}")
    mask = cases["status"] == status
    if not mask.any():
        there = ", ".join(f"{name} ({count})" for name, count in cases["status"].value_counts().items())
        raise BadSelection(f"no case is {status!r}. There are: {there}.")
    return mask
