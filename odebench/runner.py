"""Cases -> tasks -> executor -> journal -> tables."""

from __future__ import annotations

import itertools
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import redirect_stdout, suppress
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from . import environment, measurement, provenance, tables, timing
from .cases import Case, Task, Variant, Variants, seed_for
from .errors import BadRun, ClusterError, OutputError, one_line
from .executors import Executor
from .host import Host
from .journal import Archive, Run
from .measurement import Measurement
from .provenance import Conditions


@dataclass(frozen=True)
class Sampling:
    """How many samples are taken, and how."""

    repeats: int = 5
    """Samples of a solver that does not use chance; a solve of over two seconds is sampled once."""
    seeds: int = 3
    """Samples of a solver that does, each with a seed of its own."""
    base_seed: int = 0
    """What the seeds are derived from."""
    threads: int = 1


_PROBLEMS_AT_ONCE = 8  # whose samples may come in turn

FOUNDING_SOLVERS = ("analytic", "scipy-ivp", "pinn-autograd", "pinn-finite-difference")
FOUNDING_PROBLEMS = ("decay",)

PROTOCOLS = {"quick": Sampling(repeats=1, seeds=1), "normal": Sampling(), "rigorous": Sampling(repeats=20, seeds=10)}


class Plan:
    """The tasks of a run, made as they are asked for, so that a long run needs no more memory than a short one.

    Problem by problem, the samples of all solvers are taken in rounds, so that a drift of the machine's speed
    falls on all of them alike.
    """

    def __init__(
        self,
        host: Host,
        sampling: Sampling,
        *,
        problems: Iterable[str],
        solvers: Iterable[str],
        ladder: bool = False,
        done: Iterable[Measurement] = (),
    ) -> None:
        """Every selected solver on every selected problem; with `ladder`, at every rung of its ladder.

        Samples that are `done`, and those they make needless, are left out. Raises `BadSelection`, `BadParameter`,
        `UnknownName` or `DuplicateName`.
        """
        self.sampling = sampling
        self.problems = Variants(problems, host.problem)
        self.solvers = Variants(solvers, host.solver, ladder=ladder)
        self._seeded = {name: host.solver(name).uses_chance for name in self.solvers.names}
        self._issued: dict[str, int] = {}  # cases of the current problem -> samples handed out
        self._settled: set[str] = set()  # those of them that need no further samples
        self._described = ""  # the last problem whose solution is in a row
        self._done: set[tuple[str, int]] = set()
        self._done_with: dict[str, str] = {}  # cases that needed no further samples before -> solver
        for row in done:
            self._done.add((row.case_id, row.repeat))
            if self._settles(row):
                self._done_with[row.case_id] = row.solver
        self.total = len(self.problems) * sum(n * self._samples(name) for name, n in self.solvers.names.items())
        """How many samples are left to take or were taken; falls as cases turn out to need fewer."""
        self.total -= len(self._done) + sum(self._missing(*case, after=0) for case in self._done_with.items())
        self.total = max(0, self.total)  # the run may hold cases that are no longer asked for

    def _samples(self, solver: str) -> int:
        return self.sampling.seeds if self._seeded[solver] else self.sampling.repeats

    def _missing(self, case_id: str, solver: str, after: int) -> int:
        """How many samples of a case, from the given one on, were not taken before."""
        return sum((case_id, k) not in self._done for k in range(after, self._samples(solver)))

    def __iter__(self) -> Iterator[Task]:
        rounds = max(map(self._samples, self.solvers.names), default=0)
        for problem in self.problems:
            self._issued, self._settled = {}, set()
            for k in range(rounds):
                for solver in self.solvers:
                    case = Case(problem, solver)
                    if k >= self._samples(solver.name) or (case.id, k) in self._done:
                        continue
                    if case.id not in self._settled and case.id not in self._done_with:
                        self._issued[case.id] = k + 1
                        seeded = self._seeded[solver.name]
                        seed = seed_for(self.sampling.base_seed, case.id, k) if seeded else None
                        yield Task(case, k, seed, describe=problem.key != self._described)

    def learn(self, row: Measurement) -> None:
        """Take no further samples where they would say nothing new, or cost too much.

        An executor that has drawn tasks ahead is not held to it: what was handed out is still counted.
        """
        if row.reference_solution is not None:
            self._described = Variant(row.problem, row.problem_params).key
        if self._settles(row) and row.case_id in self._issued and row.case_id not in self._settled:
            self._settled.add(row.case_id)
            self.total -= self._missing(row.case_id, row.solver, after=self._issued[row.case_id])

    def _settles(self, row: Measurement) -> bool:
        if row.status in (measurement.UNAVAILABLE, measurement.UNSUPPORTED):
            return True
        return not self._seeded[row.solver] and (row.status != measurement.OK or (row.wall_s or 0) > timing.LONG_S)


def describe(host: Host, plan: Plan, asked: dict[str, Any], carried_out: Mapping[str, Any]) -> dict[str, Any]:
    """What run.json says beside the run's id and times."""
    timed = {"short_s": timing.SHORT_S, "long_s": timing.LONG_S, "sample_s": timing.SAMPLE_S}
    timed["query_s"] = timing.QUERY_S
    return {
        "asked": asked,
        "metrics": sorted(host.metrics),
        "protocol": {**asdict(plan.sampling), **timed, **carried_out},
        "environment": environment.describe(),
        "plugins": describe_plugins(host),
        **describe_selected(host, plan),
    }


def describe_selected(host: Host, plan: Plan) -> dict[str, dict[str, Any]]:
    """The problems and solvers of a plan, by name: what tables and figures need of them."""
    problems = {name: host.problem(name) for name in plan.problems.names}
    solvers = {name: host.solver(name) for name in plan.solvers.names}
    return {
        "problems": {name: {"tags": [*map(str, p.tags)], "source": str(p.source)} for name, p in problems.items()},
        "solvers": {
            name: {
                "tags": [*map(str, s.tags)],
                "order": s.order,
                "oracle": s.is_oracle,
                "ladder": list(s.ladder_parameters),
            }
            for name, s in solvers.items()
        },
    }


def describe_plugins(host: Host) -> list[dict[str, Any]]:
    """Every plugin with its version, and why it was not loaded; a file is named without its folder."""
    return [
        {
            "source": o.source,
            "name": o.name,
            "version": o.version,
            "location": o.name if o.source == "file" else o.location,
            "error": p.error,
        }
        for p in host.plugins
        for o in [p.origin]
    ]


def resume(host: Host, directory: Path, carried_out: Mapping[str, Any]) -> tuple[Run, Plan]:
    """Open a run to finish it: the samples it asked for and has not got. Says what has changed since it began.

    Raises `BadRun` where it does not say what it asked for, and what `Plan` raises; run.json is then as it was.
    """
    record = Run.resume(directory)
    try:
        asked, protocol, there = record.meta["asked"], record.meta["protocol"], record.meta["environment"]
        sampling = Sampling(**{field.name: protocol[field.name] for field in fields(Sampling)})
        before = _versions(record.meta["plugins"])
        plan = Plan(host, sampling, **asked, done=record.measurements())
    except (KeyError, TypeError) as error:
        record.close()
        raise BadRun(f"'{directory / 'run.json'}' does not say what the run asked for: {error} is missing.") from error
    except BaseException:
        record.close()
        raise
    here = environment.describe()
    now = _versions(describe_plugins(host))
    changed = [
        f"{key[1]} ({old}, now {now.get(key, 'not loaded')})" for key, old in before.items() if now.get(key) != old
    ]
    changed += [f"{name} (new)" for source, name in now.keys() - before.keys() if source != "built-in"]
    changed += [key for key in here if key not in ("commit", "thread_variables") and here[key] != there.get(key)]
    changed += [
        f"{key} ({protocol.get(key)}, now {new})" for key, new in carried_out.items() if protocol.get(key) != new
    ]
    if changed:
        warnings.warn(f"changed since the run began: {', '.join(changed)}.", stacklevel=2)
    resumed = {"at": environment.now(), "environment": here, "protocol": dict(carried_out)}
    described = {what: record.meta[what] | named for what, named in describe_selected(host, plan).items()}
    resumed_before = record.meta.get("resumed", ())
    record.describe(status="running", finished_at=None, resumed=[*resumed_before, resumed], **described)
    return record, plan


def _versions(plugins: list[dict[str, Any]]) -> dict[tuple[str, str], str]:
    """By source and name; of files of one name in several folders, all."""
    found: dict[tuple[str, str], str] = {}
    for p in sorted(plugins, key=lambda p: str(p["version"])):
        key = p["source"], p["name"]
        found[key] = f"{found[key]} and {p['version']}" if key in found else p["version"]
    return found


class EarlierSamples:
    """What the runs beside this one have measured under the conditions that it measures under."""

    def __init__(self, record: Run, plan: Plan, host: Host, conditions: Conditions) -> None:
        names = itertools.product(plan.solvers.names, plan.problems.names)
        self._contexts = {pair: provenance.context(host, *pair, conditions) for pair in names}
        self._archive = Archive(record.directory.parent, {*self._contexts.values()}, without=record.directory)

    def find(self, task: Task) -> Measurement | None:
        """The latest such sample; None where there is none."""
        context = self._contexts[task.case.solver.name, task.case.problem.name]
        row = self._archive.find(task.case.id, task.repeat, task.seed, context)
        if row is not None and task.describe and row.reference_solution is None:
            row.reference_solution = self._archive.solution(row)
        return row


def run(
    record: Run,
    plan: Plan,
    executor: Executor,
    host: Host,
    observe: Callable[[Measurement], None] = lambda row: None,
    earlier: EarlierSamples | None = None,
) -> None:
    """Carry out the plan and write the tables; every row is in the journal before anybody hears of it.

    Samples that are among the `earlier` ones are taken over with the id of the run that took them. Ctrl-C ends the run
    early, with status `interrupted`: what was measured by then is kept, and stands in the tables.
    """
    status, once = "complete", _Once()

    def take(row: Measurement) -> None:
        if row.machine is not None and row.machine not in record.meta.setdefault("machines", {}):
            record.describe(machines=dict(executor.machines))
        once(row)
        record.append(row)
        plan.learn(row)
        _notify(host.hook.odebench_measured, measurement=row)
        observe(row)

    def taken_over(task: Task) -> bool:
        row = earlier.find(task) if earlier is not None else None
        if row is not None:
            take(row)
        return row is not None

    try:
        _notify(host.hook.odebench_run_started, run=record)
        for row in executor.run(plan if earlier is None else itertools.filterfalse(taken_over, plan)):
            take(row)
    except KeyboardInterrupt:
        status = "interrupted"
    except BaseException as error:
        with suppress(OSError, OutputError):  # the disk may be what failed
            record.finish("failed")
            tables.write_tables(record)
        _notify(host.hook.odebench_run_finished, run=record)
        if isinstance(error, ClusterError):
            go_on = f"'odebench run --resume {os.path.relpath(record.directory)}' goes on from there, on any --executor"
            raise ClusterError(f"{error} Everything measured before is kept; {go_on}.") from error
        raise
    try:
        tables.write_tables(record)  # while nobody else may write
    finally:
        record.finish(status)
    _notify(host.hook.odebench_run_finished, run=record)


class _Once:
    """Leaves what the journal says once of a problem, and once of a case, in the first row that says it."""

    def __init__(self) -> None:
        self._said: dict[str, set[str]] = {}  # by problem, of the last few

    def __call__(self, row: Measurement) -> None:
        problem = Variant(row.problem, row.problem_params).key
        said = self._said[problem] = self._said.pop(problem, set())
        if len(self._said) > _PROBLEMS_AT_ONCE:
            del self._said[next(iter(self._said))]
        for field, of in (("reference_solution", problem), ("error_over_time", row.case_id)):
            if getattr(row, field) is not None:
                if of in said:
                    setattr(row, field, None)
                said.add(of)


def _notify(hook: Any, **arguments: Any) -> None:
    """Call a hook of each observer; one that fails is named, and takes neither the others nor the run with it."""
    for impl in hook.get_hookimpls():
        try:
            with redirect_stdout(sys.stderr):  # the tables are what odebench prints
                impl.function(*(arguments[name] for name in impl.argnames))
        except (Exception, SystemExit) as error:
            what = f"{type(error).__name__}: {one_line(error)}"
            warnings.warn(f"{hook.name} of the plugin {impl.plugin_name} raised {what}", stacklevel=2)
