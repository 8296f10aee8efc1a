"""What runs have measured, to be asked: `odebench.load`."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import display, over_time, stored, tables
from .analysis import (
    against,
    aggregate,
    at_target,
    baselines,
    break_even,
    changes,
    costs,
    error_split,
    expected_time,
    history,
    ladders,
    orders,
    profiles,
    selection,
    speedups,
    work_precision,
)
from .errors import BadRun
from .journal import Run
from .over_time import ReferenceSolution

if TYPE_CHECKING:
    import pandas as pd


class Results(display.Displayed):
    """The samples of one or more runs, and what they say. Made by `odebench.load`.

    Raises `BadRun` where two runs that are not the same have the same id.
    """

    def __init__(self, runs: Iterable[Run]) -> None:
        self.runs = _each_once(runs)
        """The runs, each once."""
        self.whole = self
        """What this was selected from: all samples of the runs."""
        self.ranked_anew = False
        """Whether it is a selection whose cases are ranked among themselves."""

    @cached_property
    def samples(self) -> pd.DataFrame:
        """One row a sample: the columns of measurements.csv and each plugin's metric."""
        if self.whole is not self:
            samples = self.whole.samples
            return samples[samples["case_id"].isin(self.cases["case_id"])].reset_index(drop=True)
        return stored.samples(self.runs)

    @cached_property
    def traces(self) -> pd.DataFrame:
        """One row a checkpoint of the samples whose solvers report their progress: the columns of traces.csv."""
        if self.whole is not self:
            traces = self.whole.traces
            return traces[traces["case_id"].isin(self.cases["case_id"])].reset_index(drop=True)
        return stored.traces(self.runs)

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
        """The solvers that are networks: those tagged `neural`; of those without tags, such as report a loss."""
        report = set(self.samples.loc[self.samples["final_loss"].notna(), "solver"])
        return frozenset(n for n, tags in self.solver_tags.items() if "neural" in tags or (not tags and n in report))

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
    def solutions(self) -> dict[tuple[str, str], ReferenceSolution]:
        """What solutions were compared with, by problem and its `problem_params`, as far as the journals have it."""
        found: dict[tuple[str, str], ReferenceSolution] = {}
        for run in self.runs:
            for _, row in run.lines("reference_solution"):
                key = row["problem"], tables.params_text(row["problem_params"])
                if key not in found:
                    found[key] = over_time.from_json(row["reference_solution"])
        return found

    @cached_property
    def errors_over_time(self) -> pd.DataFrame:
        """The error of each case's first sample over time: `case_id`, `t`, `abs_error`, at most 100 rows a case.

        `abs_error` is the largest of a stretch of time, at that moment.
        """
        import pandas as pd

        found: dict[str, dict[str, list[float]]] = {}
        for run in self.runs:
            for _, row in run.lines("error_over_time"):
                found.setdefault(row["case_id"], row["error_over_time"])
        return pd.DataFrame(
            {
                "case_id": [case_id for case_id, errors in found.items() for _ in errors["t"]],
                "t": pd.Series([t for errors in found.values() for t in errors["t"]], dtype="float64"),
                "abs_error": pd.Series([e for errors in found.values() for e in errors["abs_error"]], dtype="float64"),
            }
        )

    @cached_property
    def cases(self) -> pd.DataFrame:
        """One row a case, the samples of all runs taken together: the columns of comparison.csv."""
        return aggregate.by_case(self.samples)

    def _shown(self) -> display.Shown:
        ranked = "themselves" if self.ranked_anew else "all"
        return display.shown(self.cases, [run.id for run in self.runs], len(self.whole.cases), ranked)

    def select(
        self,
        problem: selection.Words = (),
        solver: selection.Words = (),
        tag: selection.Words = (),
        status: selection.Words = (),
        *,
        rank_anew: bool = False,
    ) -> Results:
        """The cases of some problems, solvers, tags and statuses, with all their samples.

        What is left out is not asked for. Of several values of one, any will do. The values of a case stay what they
        are, its rank too: on_front and slowdown_vs_best_at_this_error are still among all that was measured, whether
        or not it is selected, and whatever this was itself selected from. With `rank_anew` they are among the selected.

        Parameters
        ----------
        problem, solver : str or several
            As `odebench run` takes them: `"scipy-ivp[method=[RK45,DOP853]]"` are the cases with one of these methods,
            whatever their other parameters. `*` and `?` in a name stand for letters: `"pinn-*"`.
        tag, status : str or several
            A tag of the problem or of the solver; how the whole case ended: one that failed in any sample is not `ok`.
        rank_anew : bool
            Rank the selected among themselves.

        Raises
        ------
        BadSelection, BadParameter
            Where something asked for is not there, or nothing is all that is asked.
        """
        mask = selection.chosen(
            self.cases,
            problem=problem,
            solver=solver,
            tag=tag,
            status=status,
            problem_tags=self.problem_tags,
            solver_tags=self.solver_tags,
        )
        part = Results(self.runs)
        part.whole = self.whole
        part.ranked_anew = rank_anew
        if rank_anew:
            part.cases = selection.ranked_anew(self.cases[mask].reset_index(drop=True))
        else:  # also of what was ranked anew
            every = self.whole.cases
            part.cases = every[every["case_id"].isin(self.cases.loc[mask, "case_id"])].reset_index(drop=True)
        return part

    def curves(self) -> pd.DataFrame:
        """`cases` with `curve` and `rung`: which cases are rungs of one ladder of effort, in its order from 0.

        A curve is a solver with those of its parameters that differ between the cases and are not of its ladder. Of a
        selection the curves are called as in the whole, and have the rungs that are selected.
        """
        labels = ladders.assign(self.whole.cases, self.ladder_parameters).set_index("case_id")[["curve", "rung"]]
        return self.cases.join(labels, on="case_id")

    def costs(self, error: float, cost: str = "wall_s_median") -> pd.DataFrame:
        """What each curve needs to come to this error: a row a problem, a column a curve; NaN where it does not.

        `cost` is any column of `cases` that rises with effort; it is read off the ladders as `at_error` does. Without
        oracles, and without what does not count the cost. Raises `odebench.errors.BadQuestion`.
        """
        return costs.to_error(self.curves(), error, cost, self.oracles)

    def performance_profile(self, error: float, cost: str = "wall_s_median") -> pd.DataFrame:
        """On what part of the problems each curve comes to this error within `tau` times the least cost of all.

        Columns solver (a curve), tau, fraction, solved, problems: the steps of Dolan and Moré's profile. What fails, or
        was not tried, counts as not solved. With more than two curves the order of two of them depends on the others:
        for their order `select` these two.
        """
        return profiles.performance(self.costs(error, cost))

    def data_profile(self, error: float, cost: str = "rhs_calls") -> pd.DataFrame:
        """On what part of the problems each curve comes to this error for at most `budget`.

        Columns solver (a curve), budget, fraction, solved, problems, unit: the steps of Moré and Wild's profile. A
        budget is in the unit of `cost`; one of right-hand sides is divided by n + 1, n the number of states.
        """
        sizes = {problem: known.n_states for problem, known in self.solutions.items()}
        return profiles.data_of(self.costs(error, cost), cost, sizes)

    def speedups(self, error: float, cost: str = "wall_s_median", confidence: float = 0.95) -> pd.DataFrame:
        """How many times as fast each curve comes to this error as each other: geometric mean, and interval of it.

        One row a pair: `speedup` of `solver` over `baseline`, on the problems that `both` solve; how many one alone
        solves stands beside it.
        """
        return speedups.between(self.costs(error, cost), confidence)

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
        `remark` says why. Of a selection, the baselines are still among all that was measured.
        """
        return break_even.counts(self._ranked_among().curves(), self.neural, self.oracles, self.cases["case_id"])

    def error_split(self, effort: str = "epochs", limit: float | None = None) -> pd.DataFrame:
        """What of a network's error its discretisation leaves, and what longer training would take away.

        One row a case of which there are others that differ in the parameter `effort` alone: the longest training shows
        the discretisation, or `limit` is its error. Raises `odebench.errors.BadQuestion`.
        """
        return error_split.split(self.cases, effort, limit)

    def against(self, x: str, y: str) -> pd.DataFrame:
        """Two statistics a case, along each curve, such as `against("rhs_calls", "max_abs_error_median")`.

        A statistic is a column of comparison.csv, one of measurements.csv (the median over the samples that are ok), a
        metric, or a parameter: `against("problem.n", "peak_rss_mb")`. Raises `odebench.errors.UnknownName`.
        """
        return against.against(self.curves(), self.samples, x, y)

    def front(self, x: str = "wall_s_median", y: str = "max_abs_error_median") -> pd.DataFrame:
        """Those of `against` that are on their problem's Pareto front: nobody has less of one and no more of the other.

        In order of `x`. Of `significant_digits` more is better.
        """
        return work_precision.front(self.against(x, y), x)

    def at_error(self, error: float) -> pd.DataFrame:
        """The time in which each curve comes to this error: one row a problem and curve, the fastest first.

        `wall_s_median` is read off between two neighbouring rungs of a measured ladder, where logarithms of time and
        error lie on a straight line, and never beyond its ends: `how` says from where it comes, or why it is missing,
        and `at_most` whether it is a bound. `slowdown_vs_best` and `slowdown_vs_classical` are its ratios to the
        fastest and to the strongest classical baseline. Of a selection it is still said among all that was measured,
        along whole ladders, and the baselines stand beside what is selected. Raises `odebench.errors.BadQuestion`.
        """
        return self._chosen(at_target.at_error(self._ranked_among().curves(), error, self.neural))

    def at_time(self, seconds: float) -> pd.DataFrame:
        """The error to which each curve comes in this time, the most accurate first; otherwise as `at_error`.

        The ratios are `error_ratio_vs_best` and `error_ratio_vs_classical`.
        """
        return self._chosen(at_target.at_time(self._ranked_among().curves(), seconds, self.neural))

    def _ranked_among(self) -> Results:
        """The results among which the cases of these are ranked: all, or these alone."""
        return self if self.ranked_anew else self.whole

    def _chosen(self, found: pd.DataFrame) -> pd.DataFrame:
        """The rows of curves that have cases here, and the baselines of their problems."""
        if self._ranked_among() is self:
            return found
        identity = ["problem", "problem_params", "curve"]
        here = {tuple(one) for one in self.curves()[identity].itertuples(index=False)}
        problems = {one[:2] for one in here}
        rows = zip(found[identity].itertuples(index=False), found["strongest_classical"], strict=True)
        return found.loc[[tuple(one) in here or (baseline and one[:2] in problems) for one, baseline in rows]]

    def expected_time(self, error: float) -> pd.DataFrame:
        """The expected running time of each case to this error: the seconds of all its samples over its successes.

        It counts what failed, timed out or stayed above the error: `expected_s` is infinite where nothing came to it,
        and `at_least` true where it is not known how long a failure took. Of a selection it is as
        in `at_error`. Raises `odebench.errors.BadQuestion`.
        """
        timeouts_s = {run.id: run.meta.get("protocol", {}).get("timeout_s") or float("nan") for run in self.runs}
        among = self._ranked_among()
        found = expected_time.expected_time(among.curves(), among.samples, error, timeouts_s, self.neural)
        return self._chosen(found)

    def strongest(self) -> pd.DataFrame:
        """For each case of a network: the fastest classical curve that comes to its error, and the network's slowdown.

        A classical solver is neither a network nor told the solution.
        """
        found = baselines.strongest(self._ranked_among().curves(), self.neural)
        return found[found["case_id"].isin(self.cases["case_id"])]

    def marks(self) -> dict[str, str]:
        """What has to be said of each case, by its id: `oracle`, `at reference floor`, `unstable`, `incomplete`."""
        return dict(zip(self.cases["case_id"], self.cases["marks"], strict=True))

    def since(self, before: Results, cases: Iterable[str] | None = None) -> pd.DataFrame:
        """What has changed since other results: one row a case of either, with the verdicts of `odebench compare`.

        cases: the ids of those that are compared, and corrected for; all of them where it is None.

        >>> odebench.load("results/tuesday").since(odebench.load("results/monday"))  # doctest: +SKIP
        """
        both = [before.samples, self.samples]
        if cases is not None:
            both = [samples[samples["case_id"].isin(list(cases))] for samples in both]
        return changes.between(*both)

    def history(self) -> pd.DataFrame:
        """How the times of each case went over the runs: one row a case and run, with changes of level.

        >>> odebench.load("monday", "tuesday", "wednesday").history()  # doctest: +SKIP
        """
        return history.over_runs(self.samples, [(run.id, str(run.meta["started_at"])) for run in self.runs])


def load(*runs: str | PathLike[str]) -> Results:
    """Read runs: directories, or ids below results/; the newest there where none is named.

    Raises `BadRun` where one is none, or cannot be read.

    >>> odebench.load("results/baseline").cases  # doctest: +SKIP
    """
    return Results(find(str(run)) for run in runs) if runs else Results([find(None)])


def _each_once(runs: Iterable[Run]) -> list[Run]:
    """Of copies of a run the one that holds most."""
    found: dict[str, Run] = {}
    for run in runs:
        other = found.setdefault(run.id, run)
        if run.directory.resolve() == other.directory.resolve():
            continue
        if not run.is_same(other):
            raise BadRun(
                f"'{other.directory}' and '{run.directory}' are different runs with the same id, {run.id}: copies of "
                "one that were changed, or resumed apart. Load each by itself."
            )
        if run.journal_bytes > other.journal_bytes:
            found[run.id] = run
    return list(found.values())


def find(name: str | None, root: Path = Path("results")) -> Run:
    """The run in the directory `name`, or of that id below results/; the newest there where `name` is None."""
    if name is not None:
        below = root / name
        return Run.open(below if not Path(name).exists() and below.exists() else Path(name))
    runs, unread = [], []
    for path in sorted(root.glob("*/run.json")):
        try:
            runs.append(Run.open(path.parent))
        except BadRun as error:  # another version's, or a broken one's: not what is asked for
            unread.append(str(error))
    if not runs:
        why = f" It holds none that can be read: {unread[0]}" if unread else ""
        raise BadRun(f"no runs below '{root}'. Make one with 'odebench run', or name a run directory.{why}")
    return max(runs, key=lambda run: str(run.meta["started_at"]))
