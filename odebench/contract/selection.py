"""Which solvers are to be checked: names with parameters, and files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..cases import label, one_variant
from ..errors import BadSelection, UnknownName
from ..host import Host


@dataclass(frozen=True)
class ToCheck:
    """A solver with its parameters, and where it is found."""

    name: str
    parameters: Mapping[str, Any]
    files: tuple[Path, ...]
    title: str
    """As it would be typed."""


def to_check(selections: Sequence[str], plugins: Sequence[str], host: Callable[[Sequence[str]], Host]) -> list[ToCheck]:
    """The solvers of these names, or in these files, with `plugins` loaded as well.

    Raises `BadSelection` where one is no solver, brings none, or cannot run here; `PluginError` for a bad file.
    """
    named = [s for s in selections if not _is_file(s)]
    found = [solver for s in selections if _is_file(s) for solver in _in_file(s, host([*plugins, s]))]
    if named:
        everything = host(plugins)
        found += [_named(selection, everything) for selection in named]
    return found


def _is_file(selection: str) -> bool:
    return selection.endswith(".py") or Path(selection).is_file()


def _in_file(path: str, host: Host) -> Iterator[ToCheck]:
    resolved = Path(path).expanduser().resolve()
    plugin = next(p for p in host.plugins if p.origin.source == "file" and p.origin.location == str(resolved))
    solvers = [function.name for function in plugin.brings if function.kind == "solver"]
    if not solvers:
        brings = ", ".join(f"the {function.kind} {function.name!r}" for function in plugin.brings) or "nothing"
        raise BadSelection(
            f"expected a file with a solver, received {path!r}, which brings {brings}; return solvers from "
            "odebench_solvers()."
        )
    for name in solvers:
        yield _available(host, name, {}, name)


def _named(selection: str, host: Host) -> ToCheck:
    try:
        variant = one_variant(selection, host.solver)
    except UnknownName as error:
        name = selection.partition("[")[0]
        if name in host.problems:
            raise BadSelection(
                f"expected a solver, received {name!r}, which is a problem; 'odebench show {name}' looks at one."
            ) from None
        raise error
    defaults = host.solver(variant.name).resolve({})
    given = {name: value for name, value in variant.params.items() if value != defaults[name]}
    return _available(host, variant.name, given, label(variant.name, variant.params, defaults))


def _available(host: Host, name: str, parameters: Mapping[str, Any], title: str) -> ToCheck:
    if reason := host.missing(host.solver(name)):
        raise BadSelection(f"solver {name!r} cannot be checked here: it {reason}.")
    return ToCheck(name, parameters, host.files, title)
