"""What runs have measured, to be asked: `odebench.load`."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import tables
from .analysis import aggregate, break_even, error_split, ladders, orders
from .errors import BadRun
from .journal import Run

if TYPE_CHECKING:
    import pandas as pd

_NOT_COMPARED = ("versions", "thread_variables", "memory_mb", "clock_resolution_s")
_PROTOCOL = ("threads", "executor", "jobs", "target_error", "time_budget_s", "patience")
_MOST = 12


class Results:
    """The samples of one or more runs, and what they say. Made by `odebench.load`."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self.runs = list({run.id: run for run in runs}.values())
        """The runs, each once."""

    @cached_property
    def samples(self) -> pd.DataFrame:
        """One row a sample: the columns of measurements.csv and each plugin's metric."""
        return tables.samples(self.runs)

    @cached_property
    def problem_tags(self) -> dict[str, frozenset[str]]:
        """The tags of each problem; none of one that only runs of schema version 1 are of, which did not write them."""
        return {name: frozenset(said.get("tags", ())) for name, said in self._described("problem").items()}

    @cached_property
    def solver_tags(self) -> dict[str, frozenset[str]]:
        """The tags of each solver, likewise."""
        return {name: frozenset(said.get("tags", ())) for name, said in self._described("solver").items()}

    @cached_property
    def ladder_parameters(self) -> dict[str, tuple[str, ...]]:
        """The parameters in which the rungs of each solver's ladder differ, likewise."""
        return {name: tuple(said.get("ladder", ())) for name, said in self._described("solver").items()}

    @property
    def neural(self) -> frozenset[str]:
        """The solvers that are networks: those tagged `neural`."""
        return frozenset(name for name, tags in self.solver_tags.items() if "neural" in tags)

    @property
    def oracles(self) -> frozenset[str]:
        """The solvers that are told the solution, and so not ranked."""
        return frozenset(self.samples.loc[self.samples["oracle"], "solver"]) | {
            name for name, said in self._described("solver").items() if said.get("oracle", False)
        }

    def _described(self, what: str) -> dict[str, dict[str, Any]]:
        """What the runs say of each problem or solver in them; where they disagree, as the last to begin has it."""
        described: dict[str, dict[str, Any]] = {name: {} for name in self.samples[what].unique()}
        for run in sorted(self.runs, key=lambda run: str(run.meta["started_at"])):
            described |= run.meta[f"{what}s"]
        return described

    @cached_property
    def cases(self) -> pd.DataFrame:
        """One row a case, the samples of all runs taken together: the columns of comparison.csv."""
        return aggregate.by_case(self.samples)

    def curves(self) -> pd.DataFrame:
        """`cases` with `curve` and `rung`: which cases are rungs of one ladder of effort, in its order from 0.

        A curve is a solver with those of its parameters that differ between the cases and are not of its ladder.
        """
        return ladders.assign(self.cases, self.ladder_parameters)

    def orders(self) -> pd.DataFrame:
        """The observed order of each curve whose ladder sets a number of steps or points, beside the one it declares.

        One row a curve and problem: `order` is the slope of log error against log steps over the longest stretch of the
        ladder along which it is even, `residual` how far its points scatter around that line, in decades.
        """
        declared = {name: said.get("order") for name, said in self._described("solver").items()}
        return orders.observed(self.curves(), declared)

    def tolerance_proportionality(self) -> pd.DataFrame:
        """How the achieved error follows the tolerance, along each ladder of tolerances.

        One row a curve and problem: `slope` 1 is proportional, `scatter` is around that line, in decades, and `ratio`
        is achieved over requested error.
        """
        return orders.proportionality(self.curves())

    def break_even(self) -> pd.DataFrame:
        """How many queries until each network has paid for its training: against solving anew, against dense output.

        One row a case of a network. The baselines are the classical solvers that are as accurate; infinite: never, NaN:
        `remark` says why.
        """
        return break_even.counts(self.curves(), self.neural, self.oracles)

    def error_split(self, effort: str = "epochs", limit: float | None = None) -> pd.DataFrame:
        """What of a network's error its discretisation leaves, and what longer training would take away.

        One row a case of which there are others that differ in the parameter `effort` alone: the longest training shows
        the discretisation, or `limit` is its error. Raises `odebench.errors.BadQuestion`.
        """
        return error_split.split(self.cases, effort, limit)


def load(*runs: str | PathLike[str]) -> Results:
    """Read runs: directories, or ids below results/; the newest there where none is named.

    Raises `BadRun` where one is none, or cannot be read.

    >>> odebench.load("results/baseline").cases  # doctest: +SKIP
    """
    return Results(find(str(run)) for run in runs) if runs else Results([find(None)])


def find(name: str | None, root: Path = Path("results")) -> Run:
    """The run in the directory `name`, or of that id below results/; the newest there where `name` is None."""
    if name is not None:
        below = root / name
        return Run.open(below if not Path(name).exists() and below.exists() else Path(name))
    runs = []
    for path in root.glob("*/run.json"):
        with suppress(BadRun):  # another version's, or a broken one's: not what is asked for
            runs.append(Run.open(path.parent))
    if not runs:
        raise BadRun(f"no runs below '{root}'. Make one with 'odebench run', or name a run directory.")
    return max(runs, key=lambda run: str(run.meta["started_at"]))


def differences(runs: Iterable[Run]) -> list[str]:
    """In what circumstances runs differ, where that bears on comparing them, such as 'numpy (2.4.6, 2.5.0)'.

    Not what only some of them have installed: that is what separate environments are for.
    """
    values: dict[str, list[str]] = {}
    for run in runs:
        resumed = run.meta.get("resumed", ())
        for environment in [run.meta.get("environment", {}), *(again.get("environment", {}) for again in resumed)]:
            said = {key: value for key, value in environment.items() if key not in _NOT_COMPARED}
            said |= environment.get("versions", {})
            said |= {p["name"]: p["version"] for p in run.meta.get("plugins", ()) if p["source"] != "built-in"}
            said["machine"] = ", ".join(run.meta.get("machines", {})) or None
            if protocol := run.meta.get("protocol"):
                said |= {key: protocol.get(key, "none") for key in _PROTOCOL}
            for key, value in said.items():
                if value is not None and str(value) not in values.setdefault(key, []):
                    values[key].append(str(value))
    different = [f"{key} ({', '.join(found)})" for key, found in values.items() if len(found) > 1]
    return different if len(different) <= _MOST else [*different[:_MOST], f"{len(different) - _MOST} more"]
