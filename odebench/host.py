"""Finds plugins, keeps the broken ones listed, and looks names up.

Three sources, one registrar: the built-ins (the public modules of `odebench_plugins.problems` and
`odebench_plugins.solvers`), the entry-point group `odebench`, and files named by `--plugin` or `ODEBENCH_PLUGINS`. Each
plugin is loaded on its own. A file that was asked for by name must load; a broken built-in or installed plugin is
listed with its error while the others work.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import os
import pkgutil
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext, redirect_stdout
from dataclasses import dataclass, field
from functools import partial
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias, TypeVar

import pluggy

from . import hookspecs, importing, measurement
from .errors import DuplicateName, OdebenchError, PluginError, UnknownName, did_you_mean, in_a_newer_one, one_line
from .model import Problem, Solver
from .parameters import NamedFunction

GROUP = "odebench"
BUILT_IN_PACKAGE = "odebench_plugins"
_BUILT_IN_PLUGINS = ("odebench_plugins.problems", "odebench_plugins.solvers")
FILES_VARIABLE = "ODEBENCH_PLUGINS"

Function = TypeVar("Function", bound=NamedFunction[Any])
Metric: TypeAlias = Callable[..., float]


@dataclass(frozen=True)
class Origin:
    """Where a plugin comes from."""

    source: str
    """built-in, entry point, file or module."""
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

    def __init__(
        self, files: Iterable[str | Path] = (), *, from_environment: bool = True, remember: bool = True
    ) -> None:
        """With the plugin files named, and, unless told otherwise, those of `ODEBENCH_PLUGINS`.

        An installed plugin that ends the process is remembered, unless told otherwise, and then left out.
        """
        self.plugins: list[Plugin] = []
        self.solvers: dict[str, Solver] = {}
        self.problems: dict[str, Problem] = {}
        self.metrics: dict[str, Metric] = {}
        self._origins: dict[tuple[str, str], Origin] = {}
        self._contested: dict[tuple[str, str], DuplicateName] = {}
        self._unmet: dict[str, str | None] = {}
        self._manager = pluggy.PluginManager(GROUP)
        self._manager.add_hookspecs(hookspecs)
        variable = os.environ.get(FILES_VARIABLE, "") if from_environment else ""
        self._load_built_ins()
        self._load_entry_points(remember=remember and from_environment)
        named = (*filter(None, variable.split(os.pathsep)), *files)
        self.files = tuple(dict.fromkeys(Path(f).expanduser().resolve() for f in named))
        """The plugin files it was given: what another process needs to find the same plugins."""
        for path in self.files:
            self._load_file(path, announce=from_environment)

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

    def origin_of_metric(self, name: str) -> Origin:
        """Where a registered metric comes from."""
        return self._origins["metric", name]

    def missing(self, solver: Solver) -> str | None:
        """Why the solver cannot run here, with the line that would mend it; None where all it needs is installed."""
        for requirement in solver.requires:
            if requirement not in self._unmet:
                self._unmet[requirement] = _unmet(requirement)
        unmet = {r: what for r in solver.requires if (what := self._unmet[r]) is not None}
        if not unmet:
            return None
        return f"needs {', '.join(unmet.values())}: pip install {' '.join(map(repr, unmet))}"

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
        version = metadata.version("odebench")
        for name in _built_in_modules():
            self._load(Origin("built-in", "odebench", version, name), partial(importlib.import_module, name))

    def _load_entry_points(self, *, remember: bool) -> None:
        this = metadata.version("odebench")
        for entry in metadata.entry_points(group=GROUP):
            name, version, requirements = importing.distribution(entry)

            def load(entry: metadata.EntryPoint = entry, name: str = name, needs: list[str] = requirements) -> Any:
                importing.check_made_for(this, name, needs)
                return importing.imported(entry)

            watch = importing.watched(entry, name, version, remember=remember)
            self._load(Origin("entry point", name, version, entry.value), load, watch)

    def _load_file(self, path: Path, *, announce: bool) -> None:
        if not path.is_file():
            raise PluginError(
                f"plugin file '{path}' {'is a directory' if path.is_dir() else 'does not exist'}. Name a Python file."
            )
        digest = hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        load = partial(_module_from_file, path, digest)
        watch = importing.announced(f"the plugin file {path}") if announce else None
        plugin = self._load(Origin("file", path.name, digest, str(path)), load, watch)
        if plugin.error is not None:
            raise PluginError(f"plugin file '{path}': {plugin.error}")

    def register(self, module: Any, name: str) -> Plugin:
        """Take over a module, or anything with hooks, of this process; where it is refused, `error` says why."""
        return self._load(Origin("module", name, "", name), lambda: module)

    # -- one registrar ----------------------------------------------------------------------------------------

    def _load(
        self, origin: Origin, load: Callable[[], Any], watch: AbstractContextManager[None] | None = None
    ) -> Plugin:
        plugin = Plugin(origin)
        self.plugins.append(plugin)
        try:
            with watch or nullcontext():
                self._register(plugin, _imported(load))
        except (OdebenchError, pluggy.PluginValidationError) as error:
            plugin.error = str(error)
        return plugin

    def _register(self, plugin: Plugin, module: Any) -> None:
        """Take over everything a module brings, or, where anything about it is wrong, nothing."""
        hooks = self._hooks(module)
        problems = _functions(hooks, Problem)
        solvers = _functions(hooks, Solver)
        metrics = _metrics(hooks)
        for solver in solvers:
            for requirement in solver.requires:
                _check_requirement(solver, requirement)
        functions: list[NamedFunction[Any]] = [*problems, *solvers]
        claims = [*((function.kind, function.name) for function in functions), *(("metric", name) for name in metrics)]
        self._refuse_duplicates(claims, plugin.origin)
        if self._manager.is_registered(module):
            raise PluginError("this module is a plugin already, under another entry point.")
        self._manager.register(module, name=str(plugin.origin))
        self._origins.update(dict.fromkeys(claims, plugin.origin))
        self.problems.update({problem.name: problem for problem in problems})
        self.solvers.update({solver.name: solver for solver in solvers})
        self.metrics.update(metrics)
        plugin.brings, plugin.metrics = functions, list(metrics)

    def _refuse_duplicates(self, claims: list[tuple[str, str]], origin: Origin) -> None:
        """A name that another plugin brought belongs to neither from now on."""
        for kind, name in claims:
            if claims.count((kind, name)) > 1:
                raise DuplicateName(f"brings the {kind} {name!r} twice. Rename one of them.")
        errors = []
        for kind, name in claims:
            if other := self._origins.get((kind, name)):
                errors.append(
                    DuplicateName(
                        f"two plugins register the {kind} {name!r}: {other} and {origin}. Rename one of them."
                    )
                )
                self._contested[kind, name] = errors[-1]
                self._table(kind).pop(name, None)
        if errors:
            raise errors[0]

    def _table(self, kind: str) -> dict[str, Any]:
        tables: dict[str, dict[str, Any]] = {"solver": self.solvers, "problem": self.problems, "metric": self.metrics}
        return tables[kind]

    def _hooks(self, module: Any) -> dict[str, Callable[[], Any]]:
        """The module's hooks by name; refuses a misspelt one, and a module without any."""
        known = [name for name in vars(hookspecs) if name.startswith("odebench_")]
        hooks: dict[str, Callable[[], Any]] = {}
        for name in dir(module):
            options = self._manager.parse_hookimpl_opts(module, name)
            if options and (name in known or not options["optionalhook"]):  # one for a newer odebench is passed over
                hooks[name] = getattr(module, name)
        for name in hooks:
            if name not in known:
                raise PluginError(f"unknown hook {name!r}. {did_you_mean(name, known)} {in_a_newer_one()}")
            offered = inspect.signature(getattr(hookspecs, name)).parameters
            if unknown := [
                argument for argument in inspect.signature(hooks[name]).parameters if argument not in offered
            ]:
                allowed = ", ".join(offered) or "nothing"
                raise PluginError(
                    f"{name}() asks for {', '.join(unknown)}; it may ask for {allowed}. {in_a_newer_one()}"
                )
        if not hooks:
            unmarked = [name for name in dir(module) if name.startswith("odebench_")]
            if unmarked:
                raise PluginError(f"registers nothing: mark {unmarked[0]}() with @odebench.hookimpl.")
            raise PluginError(
                "registers nothing: expected a function such as odebench_solvers(), marked with @odebench.hookimpl."
            )
        return hooks


def _built_in_modules() -> Iterator[str]:
    """Yield the public modules of the packages that hold built-in plugins."""
    for package in map(importlib.import_module, _BUILT_IN_PLUGINS):
        for module in pkgutil.iter_modules(package.__path__):
            if not module.name.startswith("_"):
                yield f"{package.__name__}.{module.name}"


def _imported(load: Callable[[], Any]) -> Any:
    """What `load` imports; whatever else it raises becomes a `PluginError`."""
    try:
        with redirect_stdout(sys.stderr):  # a table may be what odebench prints
            return load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a plugin raises is that plugin's affair
        raise PluginError(_raised_on_import(error)) from error


def _returned(hooks: Mapping[str, Callable[[], Any]], name: str) -> Any:
    """What a hook of this one module returns; nothing where it has none of that name."""
    try:
        with redirect_stdout(sys.stderr):
            returned = hooks[name]() if name in hooks else ()
            return list(returned) if isinstance(returned, Iterator) else returned
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a plugin raises is that plugin's affair
        raise PluginError(f"{name}() {_raised(error)}.") from error


def _functions(hooks: Mapping[str, Callable[[], Any]], kind: type[Function]) -> list[Function]:
    hook = f"odebench_{kind.kind}s"
    returned = _returned(hooks, hook)
    if not isinstance(returned, Iterable):
        raise PluginError(f"{hook}() must return a list, received {type(returned).__name__}.")
    functions: list[Function] = []
    for function in returned:
        if not isinstance(function, kind):
            raise PluginError(f"{hook}() must return functions decorated with @{kind.kind}, received {function!r}.")
        functions.append(function)
    return functions


def _metrics(hooks: Mapping[str, Callable[[], Any]]) -> dict[str, Metric]:
    returned = _returned(hooks, "odebench_metrics") or {}
    if not isinstance(returned, Mapping) or not all(isinstance(k, str) and callable(v) for k, v in returned.items()):
        raise PluginError(
            f"odebench_metrics() must return a dict of name -> function(y, y_ref), received {returned!r}."
        )
    if taken := sorted(returned.keys() & set(measurement.COLUMNS)):
        raise PluginError(f"the metric {taken[0]!r} has the name of a column of measurements.csv. Rename it.")
    return dict(returned)


def _check_requirement(solver: Solver, requirement: str) -> None:
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        Requirement(requirement)
    except InvalidRequirement as error:
        raise PluginError(
            f"solver {solver.name!r}: expected requirements as pip takes them, such as 'torch>=2', "
            f"received {requirement!r}: {one_line(error)}."
        ) from None


def _unmet(requirement: str) -> str | None:
    """What is asked for and not there, with the version that is there instead; None where it is met."""
    from packaging.requirements import Requirement

    wanted = Requirement(requirement)
    try:
        version = metadata.version(wanted.name)
    except metadata.PackageNotFoundError:
        return requirement
    return None if wanted.specifier.contains(version, prereleases=True) else f"{requirement} (found {version})"


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
    missing = isinstance(error, ImportError) and (error.name or "").partition(".")[0] == "odebench"
    return f"{_raised(error, ' on import')}.{' ' + in_a_newer_one() if missing else ''}"


def _raised(error: BaseException, when: str = "") -> str:
    """What was raised and on which line, to stand after the name of what raised it."""
    frames = traceback.extract_tb(error.__traceback__)
    outside = [f for f in frames if "importlib" not in f.filename and f.filename not in (__file__, importing.__file__)]
    where = f" (line {outside[-1].lineno} of {Path(outside[-1].filename).name})" if outside else ""
    if isinstance(error, SystemExit):
        return f"called sys.exit({error.code!r}){when}{where}"
    return f"raised {type(error).__name__}{when}: {one_line(error)}{where}"
