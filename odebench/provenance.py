"""Under what circumstances a sample is measured: which code, versions and protocol, on what machine."""

from __future__ import annotations

import hashlib
import inspect
import json
import platform
from dataclasses import astuple, dataclass, field
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from . import environment, timing
from .host import BUILT_IN_PACKAGE, Host, Origin
from .parameters import NamedFunction
from .watching import Stopping

_ALWAYS = ("odebench", "numpy", "scipy", "threadpoolctl")


@dataclass(frozen=True)
class Conditions:
    """What is the same for all cases of a run."""

    run_id: str
    threads: int = 1
    executor: str = "inline"
    jobs: int = 1
    """Cases at a time."""
    stopping: Stopping = field(default_factory=Stopping)
    """When a solve that reports its progress has come far enough."""
    certificate: bool = False
    """Whether a bound on the error is found where there is a dense output."""
    doctor: bool = False
    """Whether the doctor watches each solve."""
    count: bool = False
    """Whether the host counts what a solver evaluates."""


@cache
def context(host: Host, solver: str, problem: str, conditions: Conditions) -> str:
    """A few digits that are the same where a sample of these would have to come out the same but for noise.

    They stand for the source of odebench, of both plugins and of the metrics, the versions of Python, numpy, scipy and
    of what the solver requires, the timing protocol, the number of threads, the executor, whether cases are carried out
    side by side, and the machine. Not for what a plugin imports unsaid, and not for the run.
    """
    from packaging.requirements import Requirement

    required = [Requirement(requirement).name for requirement in host.solver(solver).requires]
    circumstances = {
        "source": [_digest_of_odebench(), _source(host, host.solver(solver)), _source(host, host.problem(problem))],
        "metrics": {name: _source_of(host.origin_of_metric(name), metric) for name, metric in host.metrics.items()},
        "versions": {name: _version(name) for name in sorted({*_ALWAYS, *required})},
        "python": [platform.python_implementation(), platform.python_version()],
        "protocol": [timing.SHORT_S, timing.LONG_S, timing.SAMPLE_S, timing.QUERY_S, *astuple(conditions.stopping)],
        "certificate": conditions.certificate,
        "doctor": conditions.doctor,
        "count": conditions.count,
        "threads": conditions.threads,
        "where": [conditions.executor, conditions.jobs > 1],
        "machine": environment.machine_id(),
    }
    return hashlib.sha256(json.dumps(circumstances, sort_keys=True).encode()).hexdigest()[:12]


def _source(host: Host, thing: NamedFunction[Any]) -> list[str]:
    """Version and source of the plugin that brought a solver or problem; a built-in's source is odebench's."""
    return _source_of(host.origin(thing), thing.function)


def _source_of(origin: Origin, function: Any) -> list[str]:
    if origin.source in ("built-in", "file"):  # a file's version is its digest
        return [origin.name, origin.version]
    try:
        file = inspect.getsourcefile(function)
    except TypeError:  # compiled, or an object that can be called
        file = None
    return [origin.name, origin.version, _digest([Path(file)]) if file else ""]


@cache
def _digest_of_odebench() -> str:
    packages = [Path(__file__).parent, *map(Path, import_module(BUILT_IN_PACKAGE).__path__)]
    return _digest([file for package in packages for file in sorted(package.rglob("*.py"))])


def _digest(files: list[Path]) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
