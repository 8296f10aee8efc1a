"""Every hook a plugin may implement. Mark yours with `@odebench.hookimpl`; take only the arguments you need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from .journal import Run
    from .measurement import Measurement
    from .model import Problem, Solver

hookspec = pluggy.HookspecMarker("odebench")
hookimpl = pluggy.HookimplMarker("odebench")


@hookspec
def odebench_problems() -> Iterable[Problem]:  # type: ignore[empty-body]  # a specification has no body
    """The problems this plugin brings."""


@hookspec
def odebench_solvers() -> Iterable[Solver]:  # type: ignore[empty-body]  # a specification has no body
    """The solvers this plugin brings."""


@hookspec
def odebench_metrics() -> Mapping[str, Callable[..., float]]:  # type: ignore[empty-body]  # a specification has no body
    """Further error norms: name -> function of (y, y_ref), both (n, d), to a float; each becomes a column.

    One that has an argument `ivp` is handed the problem by that name.
    """


@hookspec
def odebench_run_started(run: Run) -> None:
    """A run begins; its directory and run.json exist."""


@hookspec
def odebench_measured(measurement: Measurement) -> None:
    """A sample was measured and stands in the journal."""


@hookspec
def odebench_run_finished(run: Run) -> None:
    """A run ended, and `run.meta["status"]` says how: complete or interrupted, its tables written, or failed."""
