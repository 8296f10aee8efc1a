"""Cases -> tasks -> executor -> journal -> tables."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

from . import environment, measurement, results, timing
from .cases import Case, Task, Variants, seed_for
from .errors import one_line
from .executors import Executor
from .host import Host
from .journal import Run
from .measurement import Measurement


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


class Plan:
    """The tasks of a run, made as they are asked for, so that a long run needs no more memory than a short one.

    Problem by problem, the samples of all solvers are taken in rounds, so that a drift of the machine's speed
    falls on all of them alike.
    """

    def __init__(
        self, host: Host, sampling: Sampling, *, problems: Iterable[str], solvers: Iterable[str], ladder: bool = False
    ) -> None:
        """Every selected solver on every selected problem; with `ladder`, at every rung of its ladder.

        Raises `BadSelection`, `BadParameter`, `UnknownName` or `DuplicateName`.
        """
        self.sampling = sampling
        self.problems = Variants(problems, host.problem)
        self.solvers = Variants(solvers, host.solver, ladder=ladder)
        self._seeded = {name: host.solver(name).uses_chance for name in self.solvers.names}
        self._issued: dict[str, int] = {}  # cases of the current problem -> samples handed out
        self._settled: set[str] = set()  # those of them that need no further samples
        self.total = len(self.problems) * sum(n * self._samples(name) for name, n in self.solvers.names.items())
        """How many samples are left to take or were taken; falls as cases turn out to need fewer."""

    def _samples(self, solver: str) -> int:
        return self.sampling.seeds if self._seeded[solver] else self.sampling.repeats

    def __iter__(self) -> Iterator[Task]:
        rounds = max(map(self._samples, self.solvers.names), default=0)
        for problem in self.problems:
            self._issued, self._settled = {}, set()
            for k in range(rounds):
                for solver in self.solvers:
                    case = Case(problem, solver)
                    if k < self._samples(solver.name) and case.id not in self._settled:
                        self._issued[case.id] = k + 1
                        seeded = self._seeded[solver.name]
                        yield Task(case, k, seed_for(self.sampling.base_seed, case.id, k) if seeded else None)

    def learn(self, row: Measurement) -> None:
        """Take no further samples where they would say nothing new, or cost too much.

        An executor that has drawn tasks ahead is not held to it: what was handed out is still counted.
        """
        settled = row.status in (measurement.UNAVAILABLE, measurement.UNSUPPORTED)
        if not self._seeded[row.solver]:
            settled |= row.status != measurement.OK or (row.wall_s or 0) > timing.LONG_S
        if settled and row.case_id in self._issued and row.case_id not in self._settled:
            self._settled.add(row.case_id)
            self.total -= self._samples(row.solver) - self._issued[row.case_id]


def describe(host: Host, sampling: Sampling, asked: dict[str, Any]) -> dict[str, Any]:
    """What run.json says beside the run's id and times."""
    timed = {"short_s": timing.SHORT_S, "long_s": timing.LONG_S, "sample_s": timing.SAMPLE_S}
    plugins = [
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
    return {
        "asked": asked,
        "metrics": sorted(host.metrics),
        "protocol": asdict(sampling) | timed,
        "environment": environment.describe(),
        "plugins": plugins,
    }


def run(
    record: Run, plan: Plan, executor: Executor, host: Host, observe: Callable[[Measurement], None] = lambda row: None
) -> None:
    """Carry out the plan and write the tables; every row is in the journal before anybody hears of it.

    Ctrl-C ends the run early, with status `interrupted`: what was measured by then is kept, and stands in the tables.
    """
    _notify(host.hook.odebench_run_started, run=record)
    status = "complete"
    try:
        for row in executor.run(plan):
            record.append(row)
            plan.learn(row)
            _notify(host.hook.odebench_measured, measurement=row)
            observe(row)
    except KeyboardInterrupt:
        status = "interrupted"
    except BaseException:
        with suppress(OSError):  # the disk may be what failed
            record.finish("failed")
            results.write_tables(record)
        raise
    record.finish(status)
    results.write_tables(record)
    _notify(host.hook.odebench_run_finished, run=record)


def _notify(hook: Any, **arguments: Any) -> None:
    """Call a hook of each observer; one that fails is named, and takes neither the others nor the run with it."""
    for impl in hook.get_hookimpls():
        try:
            impl.function(*(arguments[name] for name in impl.argnames))
        except (Exception, SystemExit) as error:
            what = f"{type(error).__name__}: {one_line(error)}"
            warnings.warn(f"{hook.name} of the plugin {impl.plugin_name} raised {what}", stacklevel=2)
