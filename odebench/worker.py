"""One sample of one case, in this process: prepare, time, check, compare. Everything that can go wrong is a row."""

from __future__ import annotations

import math
import traceback
import warnings
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from . import accuracy, checks, environment, measurement, references, timing
from .backends import Array
from .cases import Task, Variant
from .checks import Diverged
from .errors import BadProblem, BadSolution, SolverFailed, Unsupported, one_line
from .host import Host
from .measurement import Measurement
from .memory import PeakMemory
from .model import IVP, Solution
from .references import Reference

Value = TypeVar("Value")

_HERE = str(Path(__file__).parent)
_MEMORY_FROM_S = 0.001  # a shorter solve has no time to need memory, and looking takes as long as the solve
_READ_ONLY = "y0 and t_eval are read-only: work on a copy"


class Worker:
    """Measures tasks. Keeps the last few problems with their references, and which cases have been called before."""

    def __init__(self, host: Host, run_id: str, threads: int) -> None:
        self.host, self.run_id, self.threads = host, run_id, threads
        self._problems: _Recent[_Prepared] = _Recent(8)
        # seconds a call took, by id, of the last problem's cases; one that is not in it has yet to make its first
        self._call_s: dict[str, float] = {}
        self._problem = ""
        environment.limit_threads(threads)

    def measure(self, task: Task) -> Measurement:
        """The row of this task; never raises for what a plugin does wrong."""
        row = self._blank(task)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            try:
                self._fill(row, task)
            except KeyboardInterrupt:
                raise
            except BaseException as error:  # also SystemExit, and what else is no Exception: it is one solver's affair
                row.status, row.reason = _outcome(error)
                if not isinstance(error, (Diverged, BadProblem, BadSolution, SolverFailed, Unsupported)):
                    row.traceback = traceback.format_exc()
        if caught and row.status not in (measurement.UNAVAILABLE, measurement.UNSUPPORTED):
            warned = f"warned: {one_line(caught[0].message)}"
            row.reason = f"{row.reason} ({warned})" if row.reason else warned
        return row

    def _blank(self, task: Task) -> Measurement:
        origin = self.host.origin(self.host.solver(task.case.solver.name))
        return Measurement(
            run_id=self.run_id,
            case_id=task.case.id,
            problem=task.case.problem.name,
            problem_params=dict(task.case.problem.params),
            solver=task.case.solver.name,
            solver_params=dict(task.case.solver.params),
            plugin=origin.name,
            plugin_version=origin.version,
            seed=task.seed,
            repeat=task.repeat,
            threads=self.threads,
            started_at=datetime.now(UTC).isoformat(timespec="milliseconds"),
        )

    def _fill(self, row: Measurement, task: Task) -> None:
        import numpy as np

        solver = self.host.solver(task.case.solver.name)
        if reason := self.host.missing(solver):
            row.status, row.reason = measurement.UNAVAILABLE, reason
            return
        if task.case.problem.key != self._problem:
            self._call_s, self._problem = {}, task.case.problem.key
        prepared = self._prepared(task.case.problem)
        ivp, reference = prepared.ivp, prepared.reference
        row.oracle = solver.is_oracle
        row.reference = references.ITSELF if solver.is_oracle and reference.kind == references.EXACT else reference.kind
        row.reference_error = reference.error

        arguments = dict(task.case.solver.params) | ({"seed": task.seed} if solver.uses_chance else {})
        try:
            with np.errstate(all="ignore"):  # a solution that overflows becomes a row, not a warning
                sample = self._sample(row, task, lambda: solver.function(ivp, ivp.t_eval, **arguments))
        except KeyboardInterrupt:
            raise
        except BaseException:
            self._expect_unchanged(task.case.problem, prepared)
            raise
        self._expect_unchanged(task.case.problem, prepared)
        row.wall_s, row.cpu_s, row.loops = sample.wall_s, sample.cpu_s, sample.loops
        solution = sample.result
        y, row.dtype = checks.states(solution, ivp)
        for name, value in checks.stats(solution).items():
            if name in measurement.STATS:
                setattr(row, name, value)
            else:
                row.other_stats[name] = value
        if solution.dense is not None:
            row.query_s = _query_s(solution.dense, ivp)
        for name, error in accuracy.errors(y, reference.y).items():
            if not math.isfinite(error):
                raise Diverged(f"y is so far off that {name} overflows")
            setattr(row, name, error)
        self._record_metrics(row, y, reference.y)

    def _prepared(self, variant: Variant) -> _Prepared:
        """The problem with its reference, made before any clock runs."""
        prepared = self._problems.get(variant.key)
        if prepared is None:
            try:
                prepared = _Prepared(self.host.problem(variant.name)(**variant.params))
            except BadProblem as error:
                raise BadProblem(f"the problem, not the solver: {one_line(error)}") from error
            except (Exception, SystemExit) as error:
                raise BadProblem(f"the problem, not the solver: {_described(error)}") from error
            self._problems[variant.key] = prepared
        return prepared

    def _expect_unchanged(self, variant: Variant, prepared: _Prepared) -> None:
        if prepared.is_changed():
            del self._problems[variant.key]  # the next solver gets the problem anew
            raise BadSolution(f"it changed its input; {_READ_ONLY}")

    def _sample(self, row: Measurement, task: Task, call: Callable[[], Solution]) -> timing.Sample[Solution]:
        """The first call apart, then a sample as long as the protocol wants it."""
        call_s = self._call_s.get(task.case.id)
        expected_s = call_s
        if call_s is None:
            expected_s = row.first_s = timing.time_calls(call).wall_s
        memory = PeakMemory() if (expected_s or 0) >= _MEMORY_FROM_S else None
        sample = timing.take_sample(call, call_s)
        row.peak_rss_mb = memory.rise() if memory else None
        self._call_s[task.case.id] = sample.wall_s
        return sample

    def _record_metrics(self, row: Measurement, y: Array, y_ref: Array) -> None:
        """Metrics of plugins; one that fails leaves its cell empty and the row ok: it is not the solver's fault."""
        failures = []
        for name, metric in self.host.metrics.items():
            row.metrics[name] = None
            try:
                row.metrics[name] = checks.finite_or_none(metric(y, y_ref))
            except (Exception, SystemExit) as error:
                failures.append(f"the metric {name!r}: {_described(error)}")
        row.reason = "; ".join(failures) or None


class _Prepared:
    """A problem with its reference, and what it looked like before any solver saw it."""

    def __init__(self, ivp: IVP) -> None:
        self.ivp = ivp
        _ = ivp.f  # compiled before any clock runs
        self.reference: Reference = references.reference(ivp)
        self._bytes = self._look()

    def is_changed(self) -> bool:
        """Whether a solver wrote to its input all the same: by torch or C, past numpy's flag."""
        return self._look() != self._bytes

    def _look(self) -> tuple[bytes, bytes]:
        return self.ivp.y0.tobytes(), self.ivp.t_eval.tobytes()


class _Recent(OrderedDict[str, Value]):
    """A mapping that forgets its oldest entry beyond a size, so that memory does not grow with the number of cases."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def __setitem__(self, key: str, value: Value) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        if len(self) > self.size:
            self.popitem(last=False)


def _query_s(dense: Callable[[Array], Array], ivp: IVP) -> float:
    """The time of one evaluation of the dense output at `t_eval`, after one that is checked."""
    try:
        first = timing.time_calls(lambda: dense(ivp.t_eval))
    except Exception as error:
        raise BadSolution(f"dense(t_eval): {_described(error)}") from error
    checks.dense_states(first.result, ivp)
    return timing.time_calls(lambda: dense(ivp.t_eval), timing.loops_for(first.wall_s, timing.QUERY_S)).wall_s


def _outcome(error: BaseException) -> tuple[str, str]:
    """Status and reason of what was raised."""
    match error:
        case Unsupported():
            return measurement.UNSUPPORTED, one_line(error)
        case Diverged():
            return measurement.DIVERGED, one_line(error)
        case SolverFailed() | BadSolution() | BadProblem():
            return measurement.FAILED, one_line(error)
        case MemoryError():
            return measurement.OUT_OF_MEMORY, _described(error)
        case ValueError() if "read-only" in str(error):
            return measurement.FAILED, f"{_described(error)}: it tried to change its input; {_READ_ONLY}"
    return measurement.FAILED, _described(error)


def _described(error: BaseException) -> str:
    """What was raised, and where in the plugin: the last line of the first file that is not odebench's."""
    what = f"called sys.exit({error.code!r})" if isinstance(error, SystemExit) else type(error).__name__
    message = "" if isinstance(error, SystemExit) else one_line(error)
    outside = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(_HERE)]
    where = ""
    if outside:
        frame = [f for f in outside if f.filename == outside[0].filename][-1]
        where = f" ({frame.name}, line {frame.lineno} of {Path(frame.filename).name})"
    return f"{what}{': ' if message else ''}{message}{where}"
