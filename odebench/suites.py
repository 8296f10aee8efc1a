"""Suites: which problems, which solvers and how much effort, in a TOML file that can be named instead."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib import import_module
from pathlib import Path
from typing import Any

from .errors import BadSuite, UnknownName, did_you_mean
from .host import Host

BUILT_IN_PACKAGE = "odebench_plugins.suites"


@dataclass(frozen=True)
class Suite:
    """What a suite's file says. Selections are those of `-p` and `-s`."""

    description: str
    problems: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    """Every problem that has all of these tags is taken, too."""
    without_tags: tuple[str, ...] = ()
    """... unless it has one of these."""
    solvers: tuple[str, ...] = ()
    ladder: bool = False
    repeats: int | None = None
    seeds: int | None = None

    def selected_problems(self, host: Host) -> list[str]:
        """The selections of problems, those by tag after those by name. Raises `BadSuite` where there is none."""
        by_tag = [
            problem.name
            for problem in sorted(host.problems.values(), key=lambda problem: problem.name)
            if self.tags and {*self.tags} <= {*problem.tags} and not {*self.without_tags} & {*problem.tags}
        ]
        selected = list(dict.fromkeys([*self.problems, *by_tag]))
        if not selected:
            unless = f" and none of the tags {', '.join(self.without_tags)}" if self.without_tags else ""
            raise BadSuite(f"no problem has the tags {', '.join(self.tags)}{unless}.")
        return selected


def built_in() -> dict[str, Path]:
    """The files of the suites that come with odebench, by name."""
    folders = map(Path, import_module(BUILT_IN_PACKAGE).__path__)
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.toml"))}


def load(name: str) -> Suite:
    """A suite that comes with odebench, or a file `*.toml`. Raises `UnknownName` or `BadSuite`."""
    known = built_in()
    if name in known:
        path = known[name]
    elif name.endswith(".toml"):
        path = Path(name).expanduser()
    else:
        raise UnknownName("suite", name, known, "A suite of your own is a file: --suite mine.toml.")
    try:
        return _suite(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadSuite(f"cannot read the suite '{path}': {error.strerror}.") from error
    except (ValueError, BadSuite) as error:
        raise BadSuite(f"the suite '{path}': {str(error).rstrip('.')}.") from error


def _suite(said: Mapping[str, Any]) -> Suite:
    known = {field.name: str(field.type) for field in fields(Suite)}
    for key, value in said.items():
        if key not in known:
            raise BadSuite(f"unknown key {key!r}. {did_you_mean(key, known)}")
        if not _fits(value, known[key]):
            raise BadSuite(f"expected {_EXPECTED[known[key]]} for {key!r}, received {value!r}")
    if missing := {"description", "solvers"} - said.keys():
        raise BadSuite(f"it lacks {' and '.join(sorted(missing))}")
    if not (said.get("problems") or said.get("tags")):
        raise BadSuite("it lacks problems, or tags to choose them by")
    values: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in said.items()}
    return Suite(**values)


_EXPECTED = {
    "str": "a text",
    "tuple[str, ...]": "a list of texts",
    "bool": "true or false",
    "int | None": "a whole number of 1 or more",
}


def _fits(value: object, kind: str) -> bool:
    if kind == "tuple[str, ...]":
        return isinstance(value, list) and all(isinstance(v, str) for v in value)
    if kind == "int | None":
        return isinstance(value, int) and not isinstance(value, bool) and value >= 1
    return isinstance(value, bool if kind == "bool" else str)


def described() -> list[dict[str, str]]:
    """Name and description of the suites that come with odebench, for a listing."""
    return [{"name": name, "description": load(name).description} for name in built_in()]
