"""Finds plugins, keeps the broken ones listed, and looks names up.

Three sources, one registrar: the built-ins (every module of `odebench_plugins`), the entry-point group
`odebench`, and files named by `--plugin` or `ODEBENCH_PLUGINS`. Each plugin is loaded on its own. A file that
was asked for by name must load; a broken built-in or installed plugin is listed with its error while the
others work.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import pkgutil
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias, TypeVar

import pluggy

from . import hookspecs, measurement
from .backends import Array
from .errors import DuplicateName, OdebenchError, PluginError, UnknownName, did_you_mean, one_line
from .model import Problem, Solver
from .parameters import NamedFunction

GROUP = "odebench"
BUILT_IN_PACKAGE = "odebench_plugins"
FILES_VARIABLE = "ODEBENCH_PLUGINS"

Function = TypeVar("Function", bound=NamedFunction[Any])
Metric: TypeAlias = Callable[[Array, Array], float]


@dataclass(frozen=True)
class Origin:
    """Where a plugin comes from."""

    source: str
    """built-in, entry point or file."""
    name: str
    """The distribution's name, or the file's."""
    version: str
    """The distribution's version; for a file, the first digits of its SHA-256."""
    location: str
    """The module, the entry point's value, or the path."""

    def __str__(self) -> str:
        return f"{self.source} {self.location}"


@dataclass
class Plugin:
    """A module that was found, with what it brought or why it could not be used."""

    origin: Origin
    brings: list[NamedFunction[Any]] = field(default_factory=list)
    metrics: list[str] = field(default_factory=list)
    error: str | None = None


class Host:
    """Every plugin there is. Broken ones carry their error; a name that two plugins claim belongs to neither."""

    def __init__(self, files: Iterable[str | Path] = ()) -> None:
        self.plugins: list[Plugin] = []
        self.solvers: dict[str, Solver] = {}
        self.problems: dict[str, Problem] = {}
        self.metrics: dict[str, Metric] = {}
        self._origins: dict[tuple[str, str], Origin] = {}
        self._contested: dict[tuple[str, str], DuplicateName] = {}
        self._installed: dict[str, bool] = {}
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(hookspecs)
        from_environment = filter(None, os.environ.get(FILES_VARIABLE, "").split(os.pathsep))
        self._load_built_ins()
        self._load_entry_points()
        for path in dict.fromkeys(Path(file).expanduser().resolve() for file in (*from_environment, *files)):
            self._load_file(path)

    @property
    def hook(self) -> Any:
        """Call a hook of every plugin: `host.hook.odebench_run_started(run=run)`."""
        return self._manager.hook

    def solver(self, name: str) -> Solver:
        """The solver of that name; `UnknownName` or `DuplicateName` where there is not exactly one."""
        return self._look_up(self.solvers, "solver", name)

    def problem(self, name: str) -> Problem:
        """The problem of that name; `UnknownName` or `DuplicateName` where there is not exactly one."""
        return self._look_up(self.problems, "problem", name)

    def origin(self, thing: NamedFunction[Any]) -> Origin:
        """Where a registered solver or problem comes from."""
        return self._origins[thing.kind, thing.name]

    def missing(self, solver: Solver) -> str | None:
        """Why the solver cannot run here, with the line that would mend it; None where all it needs is installed."""
        for requirement in solver.requires:
            if requirement not in self._installed:
                self._installed[requirement] = _is_installed(requirement)
        unmet = [requirement for requirement in solver.requires if not self._installed[requirement]]
        if not unmet:
            return None
        return f"needs {', '.join(unmet)}: pip install {' '.join(map(repr, unmet))}"

    @property
    def broken(self) -> list[Plugin]:
        """The plugins that could not be used."""
        return [p for p in self.plugins if p.error is not None]

    def _look_up(self, table: Mapping[str, Function], kind: str, name: str) -> Function:
        if (kind, name) in self._contested:
            raise self._contested[kind, name]
        if name not in table:
            remedy = f"'odebench list {kind}s' shows all."
            if self.broken:
                remedy = (
                    f"Not loaded: {', '.join(p.origin.location for p in self.broken)}; see 'odebench list plugins'."
                )
            raise UnknownName(kind, name, table, remedy)
        return table[name]

    # -- the three sources ------------------------------------------------------------------------------------

    def _load_built_ins(self) -> None:
        package = importlib.import_module(BUILT_IN_PACKAGE)
        version = metadata.version("odebench")
        for module in pkgutil.walk_packages(package.__path__, f"{BUILT_IN_PACKAGE}."):
            if not module.ispkg and not module.name.rpartition(".")[2].startswith("_"):
                origin = Origin("built-in", "odebench", version, module.name)
                self._load(origin, partial(importlib.import_module, module.name))

    def _load_entry_points(self) -> None:
        for entry in metadata.entry_points(group=GROUP):
            name = (entry.dist and entry.dist.name) or entry.name
            version = (entry.dist and entry.dist.version) or ""
            self._load(Origin("entry point", name, version, entry.value), entry.load)

    def _load_file(self, path: Path) -> None:
        if not path.is_file():
            raise PluginError(
                f"plugin file '{path}' {'is a directory' if path.is_dir() else 'does not exist'}. Name a Python file."
            )
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        plugin = self._load(Origin("file", path.name, digest, str(path)), partial(_module_from_file, path, digest))
        if plugin.error is not None:
            raise PluginError(f"plugin file '{path}': {plugin.error}")

    # -- one registrar ----------------------------------------------------------------------------------------

    def _load(self, origin: Origin, load: Callable[[], Any]) -> Plugin:
        plugin = Plugin(origin)
        self.plugins.append(plugin)
        try:
            module = load()
        except (Exception, SystemExit) as error:
            plugin.error = _raised_on_import(error)
            return plugin
        try:
            self._register(plugin, module)
        except (OdebenchError, pluggy.PluginValidationError) as error:
            plugin.error = str(error)
            if self._manager.is_registered(module):
                self._manager.unregister(module)
        return plugin

    def _register(self, plugin: Plugin, module: Any) -> None:
        manager = self._manager
        manager.register(module, name=f"{plugin.origin.source}:{plugin.origin.location}")
        self._check_hooks(module)
        problems = _returned_functions(manager, module, Problem)
        solvers = _returned_functions(manager, module, Solver)
        things: list[NamedFunction[Any]] = [*problems, *solvers]
        metrics = _returned_metrics(manager, module)
        claims = [(thing.kind, thing.name) for thing in things] + [("metric", name) for name in metrics]
        for k, claim in enumerate(claims):
            if claim in self._origins or claim in claims[:k]:
                other = self._origins.get(claim, plugin.origin)
                kind, name = claim
                error = DuplicateName(
                    f"two plugins register the {kind} {name!r}: {other} and {plugin.origin}. Rename one of them."
                )
                self._contested[claim] = error
                self._table(kind).pop(name, None)
                raise error
        self._origins.update(dict.fromkeys(claims, plugin.origin))
        self.problems.update({problem.name: problem for problem in problems})
        self.solvers.update({solver.name: solver for solver in solvers})
        self.metrics.update(metrics)
        plugin.brings, plugin.metrics = things, list(metrics)

    def _table(self, kind: str) -> dict[str, Any]:
        tables: dict[str, dict[str, Any]] = {"solver": self.solvers, "problem": self.problems, "metric": self.metrics}
        return tables[kind]

    def _check_hooks(self, module: Any) -> None:
        """Refuse a misspelt hook, and a module without any."""
        known = [name for name in vars(hookspecs) if name.startswith("odebench_")]
        callers = self._manager.get_hookcallers(module) or []
        for caller in callers:
            if not caller.has_spec():
                raise PluginError(f"unknown hook {caller.name!r}. {did_you_mean(caller.name, known)}")
        if not callers:
            unmarked = [name for name in vars(module) if name.startswith("odebench_")]
            if unmarked:
                raise PluginError(f"registers nothing: mark {unmarked[0]}() with @odebench.hookimpl.")
            raise PluginError(
                "registers nothing: expected a function such as odebench_solvers(), marked with @odebench.hookimpl."
            )


def _returned(manager: pluggy.PluginManager, module: Any, hook: str) -> list[Any]:
    """What this one module returns from a hook."""
    callers = [caller for caller in manager.get_hookcallers(module) or [] if caller.name == hook]
    try:
        return [impl.function() for caller in callers for impl in caller.get_hookimpls() if impl.plugin is module]
    except (Exception, SystemExit) as error:
        raise PluginError(f"{hook}() {_raised(error)}.") from error


def _returned_functions(manager: pluggy.PluginManager, module: Any, kind: type[Function]) -> list[Function]:
    hook = f"odebench_{kind.kind}s"
    things: list[Function] = []
    for returned in _returned(manager, module, hook):
        if not isinstance(returned, Iterable):
            raise PluginError(f"{hook}() must return a list, received {type(returned).__name__}.")
        for thing in returned:
            if not isinstance(thing, kind):
                raise PluginError(f"{hook}() must return functions decorated with @{kind.kind}, received {thing!r}.")
            things.append(thing)
    return things


def _returned_metrics(manager: pluggy.PluginManager, module: Any) -> dict[str, Metric]:
    metrics: dict[str, Metric] = {}
    for returned in _returned(manager, module, "odebench_metrics"):
        if not isinstance(returned, Mapping) or not all(
            isinstance(k, str) and callable(v) for k, v in returned.items()
        ):
            raise PluginError(
                f"odebench_metrics() must return a dict of name -> function(y, y_ref), received {returned!r}."
            )
        metrics.update(returned)
    if taken := sorted(metrics.keys() & set(measurement.COLUMNS)):
        raise PluginError(f"the metric {taken[0]!r} has the name of a column of measurements.csv. Rename it.")
    return metrics


def _is_installed(requirement: str) -> bool:
    from packaging.requirements import Requirement

    wanted = Requirement(requirement)
    try:
        return wanted.specifier.contains(metadata.version(wanted.name), prereleases=True)
    except metadata.PackageNotFoundError:
        return False


def _module_from_file(path: Path, digest: str) -> ModuleType:
    """Import a file under a private name, so that it shadows nothing and nothing shadows it."""
    name = f"_odebench_plugin_{path.stem}_{digest}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError("expected a Python file, *.py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _raised_on_import(error: BaseException) -> str:
    """One sentence: what was raised, and where in the plugin."""
    if isinstance(error, OdebenchError):
        return str(error)
    if isinstance(error, SyntaxError):
        return f"does not parse: {error.msg}, line {error.lineno}."
    return f"{_raised(error, ' on import')}."


def _raised(error: BaseException, when: str = "") -> str:
    """What was raised and on which line, to stand after the name of what raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    outside = [f for f in frames if "importlib" not in f.filename and f.filename != __file__]
    where = f" (line {outside[-1].lineno} of {Path(outside[-1].filename).name})" if outside else ""
    if isinstance(error, SystemExit):
        return f"called sys.exit({error.code!r}){when}{where}"
    return f"raised {type(error).__name__}{when}: {one_line(error)}{where}"
