"""What there is to run, listed and explained."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from .. import certification, suites
from ..backends import Array
from ..cases import one_variant, parse_selection, selection_text, value_text
from ..errors import BadSelection, UnknownName
from ..host import Host
from ..model import IVP, Problem, Solver
from ..parameters import NamedFunction
from ..program import Untraceable

_EQUATIONS, _WIDEST, _NUMBERS = 20, 240, 10  # equations, letters of one, and numbers in a row that one reads


def listing(host: Host) -> dict[str, list[dict[str, Any]]]:
    """Everything there is, as plain data."""
    return {
        "solvers": [
            _entry(host, s) | {"requires": list(s.requires), "order": s.order, "missing": host.missing(s)}
            for _, s in sorted(host.solvers.items())
        ],
        "problems": [_entry(host, p) for _, p in sorted(host.problems.items())],
        "suites": suites.described(),
        "metrics": [{"name": name} for name in sorted(host.metrics)],
        "plugins": [
            {
                "name": p.origin.name,
                "version": p.origin.version,
                "source": p.origin.source,
                "location": p.origin.location,
                "brings": [t.name for t in p.brings] + p.metrics,
                "error": p.error,
            }
            for p in host.plugins
        ],
    }


def _entry(host: Host, thing: NamedFunction[Any]) -> dict[str, Any]:
    return {
        "name": thing.name,
        "description": thing.description,
        "tags": list(thing.tags),
        "parameters": {name: p.default for name, p in thing.parameters.items()},
        "plugin": host.origin(thing).name,
    }


def text(listing: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """The listing as aligned lines under headings."""
    blocks = []
    for what, entries in listing.items():
        if not entries and len(listing) > 1:
            continue
        rows = [_plugin_row(e) if what == "plugins" else _row(e) for e in entries]
        width = max((len(name) for name, _ in rows), default=0)
        blocks.append(
            "\n".join(
                [what, *(f"  {name:{width}}  {about}".rstrip() for name, about in rows)] if rows else [f"no {what}"]
            )
        )
    return "\n\n".join(blocks)


def _row(entry: Mapping[str, Any]) -> tuple[str, str]:
    about = entry.get("description", "")
    return entry["name"], f"{about} [{entry['missing']}]" if entry.get("missing") else about


def _plugin_row(entry: Mapping[str, Any]) -> tuple[str, str]:
    about = f"NOT LOADED: {entry['error']}" if entry["error"] else ", ".join(entry["brings"])
    return f"{entry['location']} ({entry['source']}, {entry['name']} {entry['version']})", about


def show(host: Host, selection: str) -> str:
    """A solver or problem in full, with its default parameters or those selected; both, where one of each has the name.

    Raises `BadSelection`, `UnknownName` or `BadParameter`.
    """
    shown = []
    look_ups: tuple[Callable[[str], NamedFunction[Any]], ...] = host.problem, host.solver
    for look_up in look_ups:
        with suppress(UnknownName):
            variant = one_variant(selection, look_up)
            shown.append(_shown(host, look_up(variant.name), variant.params))
    if not shown:
        name, _ = parse_selection(selection)
        raise UnknownName("solver or problem", name, [*host.problems, *host.solvers], "'odebench list' shows all.")
    return "\n\n".join(shown)


def selected_ivp(host: Host, selection: str) -> IVP:
    """The one problem selected. Raises what `show` does."""
    variant = one_variant(selection, host.problem)
    return host.problem(variant.name)(**variant.params)


def latex(host: Host, selection: str) -> str:
    """A problem's equations as LaTeX. Raises what `show` does, and `BadSelection` where they cannot be had."""
    from .. import symbols

    try:
        return symbols.equations(selected_ivp(host, selection)).latex()
    except Untraceable as error:
        raise BadSelection(f"the equations of {selection!r} cannot be written out: {error}.") from error


def _shown(host: Host, thing: NamedFunction[Any], parameters: Mapping[str, Any]) -> str:
    """The thing with all its parameters."""
    origin = host.origin(thing)
    lines = [f"{thing.name} ({thing.kind})", "", inspect.getdoc(thing.function) or "(no docstring)", ""]
    if thing.parameters:
        lines += [
            "parameters",
            *(f"  {p.name} = {value_text(parameters[p.name])}    {p.expected}" for p in thing.parameters.values()),
            "",
        ]
    if isinstance(thing, Problem):
        ivp = thing(**parameters)
        lines += ["equations", *(f"  {line}" for line in _equations(ivp)), ""]
        lines += [f"states       {ivp.n_states}", f"time span    [{ivp.t_span[0]:g}, {ivp.t_span[1]:g}]"]
        lines += [f"compared at  {_grid(ivp.t_eval)}"]
        lines += [f"weights      {_few(ivp.weights)}"] if ivp.weights is not None else []
        lines += [f"initial      {_few(ivp.y0)}", f"reference    {_reference(ivp)}"]
        lines += [f"invariants   {', '.join(ivp.invariants)}"] if ivp.invariants else []
        lines += [f"breaks       at t = {_few(ivp.breaks)}"] if ivp.breaks else []
    if isinstance(thing, Solver):
        lines += [f"order        {thing.order}"] if thing.order else []
        lines += ["chance       takes a seed"] if thing.uses_chance else []
        if thing.requires:
            lines.append(f"requires     {host.missing(thing) or ', '.join(thing.requires) + ' (installed)'}")
    if thing.ladder:
        varied = [k for k in thing.ladder[0] if len({repr(rung[k]) for rung in thing.ladder}) > 1]
        lines += ["ladder", *(f"  {selection_text(thing.name, {k: rung[k] for k in varied})}" for rung in thing.ladder)]
    lines += [f"tags         {', '.join(thing.tags)}"] if thing.tags else []
    lines += [f"source       {thing.source}"] if thing.source else []
    lines += [
        f"plugin       {origin.name} {origin.version} ({origin.source})",
        f"file         {inspect.getsourcefile(thing.function)}",
    ]
    return "\n".join(lines)


def _reference(ivp: IVP) -> str:
    """What its solutions are compared with, as far as that is known yet."""
    if ivp.exact:
        return "exact solution"
    if (found := certification.find(ivp)) is not None:
        return f"certified: {certification.summary(found)}"
    if ivp.n_states > certification.MOST_STATES:
        return f"in double precision, error unknown: no formula, and more than {certification.MOST_STATES} states"
    return "no formula known; certified when it is first used"


def _grid(times: Array) -> str:
    """How the times lie at which solutions are compared."""
    import numpy as np

    gaps, since = np.diff(times), times[1:] - times[0]
    how = "chosen one by one"
    if np.allclose(gaps, gaps[0], rtol=1e-6):
        how = "equally spaced"
    elif np.allclose(np.diff(np.log(since)), np.log(since[1] / since[0]), rtol=1e-6):
        how = f"logarithmically spaced from {since[0]:g} after the start"
    return f"{times.size} times, {how}"


def _equations(ivp: IVP) -> list[str]:
    """As many of its equations as one reads, or why there are none."""
    from .. import symbols

    try:
        lines = symbols.equations(ivp, _EQUATIONS).lines()
    except Untraceable as error:
        return [f"not written out: {error}; see the file"]
    return [line if len(line) <= _WIDEST else f"{line[:_WIDEST]} ..." for line in lines]


def _few(values: Sequence[float] | Array) -> str:
    """The first of some numbers, and how many more there are."""
    shown = ", ".join(f"{v:.6g}" for v in values[:_NUMBERS])
    return f"{shown}, ... and {len(values) - _NUMBERS} more" if len(values) > _NUMBERS else shown
