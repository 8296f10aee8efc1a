"""One sample of one case, in this process: prepare, time, check, compare. Everything that can go wrong is a row."""

from __future__ import annotations

import math
import traceback
import warnings
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from . import accuracy, environment, measurement, references, timing
from .cases import Task, Variant
from .errors import BadProblem, BadSolution, SolverFailed, Unsupported
from .host import Host
from .measurement import Measurement
from .memory import PeakMemory
from .model import IVP, Solution, Solver
from .references import Reference

Value = TypeVar("Value")


class Diverged(Exception):
    """The solution is not finite."""


class Worker:
    """Measures tasks. Keeps the last few problems with their references, and which cases have been called before."""

    def __init__(self, host: Host, run_id: str, threads: int) -> None:
        self.host, self.run_id, self.threads = host, run_id, threads
        self._problems: _Recent[tuple[IVP, Reference]] = _Recent(8)
        self._call_s: _Recent[float] = _Recent(
            4096
        )  # case id -> seconds a call took, for cases that are past their first
        environment.limit_threads(threads)

    def measure(self, task: Task) -> Measurement:
        """The row of this task; never raises for what a plugin does wrong."""
        row = self._blank(task)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            try:
                self._fill(row, task)
            except (Exception, SystemExit) as error:
                row.status, row.reason = _outcome(error, row.solver)
                if not isinstance(error, (Diverged, BadProblem, BadSolution, SolverFailed, Unsupported)):
                    row.traceback = traceback.format_exc()
        if row.status not in (measurement.OK, measurement.UNAVAILABLE, measurement.UNSUPPORTED) and caught:
            row.reason = f"{row.reason} (warned: {_one_line(caught[0].message)})"
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
        ivp, reference = self._problem(task.case.problem)
        row.reference = references.ITSELF if solver.is_oracle and reference.kind == references.EXACT else reference.kind
        row.reference_error = reference.error

        with np.errstate(all="ignore"):  # a solution that overflows becomes a row, not a warning
            sample = self._sample(row, task, lambda: _solve(solver, ivp, task))
        row.wall_s, row.cpu_s, row.loops = sample.wall_s, sample.cpu_s, sample.loops
        solution = sample.result
        y = _checked(solution, ivp, row)
        self._record_stats(row, solution)
        for name, value in accuracy.errors(y, reference.y).items():
            setattr(row, name, value)
        for name, metric in self.host.metrics.items():
            try:
                row.metrics[name] = _finite(metric(y, reference.y))
            except Exception as error:  # the metric's fault, not the solver's: the row stays ok
                row.metrics[name] = None
                row.reason = f"the metric {name!r} raised {type(error).__name__}: {_one_line(error)}"
        if solution.dense is not None:
            row.query_s = self._query_s(solution.dense, ivp)

    def _problem(self, variant: Variant) -> tuple[IVP, Reference]:
        prepared = self._problems.get(variant.key)
        if prepared is None:
            try:
                ivp = self.host.problem(variant.name)(**variant.params)
                ivp.f, ivp.jac  # made before any clock runs  # noqa: B018 (cached properties)
                prepared = ivp, references.reference(ivp)
            except Exception as error:
                raise BadProblem(f"the problem, not the solver: {_one_line(error)}") from error
            self._problems[variant.key] = prepared
        return prepared

    def _sample(self, row: Measurement, task: Task, call: Callable[[], Solution]) -> timing.Sample[Solution]:
        """The first call apart, then a sample as long as the protocol wants it."""
        call_s = self._call_s.get(task.case.id)
        if call_s is None:
            row.first_s = timing.time_calls(call).wall_s
        memory = PeakMemory()
        memory.start()
        if call_s is None or call_s < timing.SHORT_S:
            sample = timing.time_calls(call)
            if (loops := timing.loops_for(sample.wall_s)) > 1:
                sample = timing.time_calls(call, loops)
        else:
            sample = timing.time_calls(call)
        row.peak_rss_mb = memory.rise()
        self._call_s[task.case.id] = sample.wall_s
        return sample

    def _record_stats(self, row: Measurement, solution: Solution) -> None:
        for name, value in solution.stats.items():
            if name in measurement.STATS:
                setattr(row, name, _finite(value))
            else:
                row.other_stats[name] = _finite(value)

    def _query_s(self, dense: Callable[[Any], Any], ivp: IVP) -> float:
        def query() -> Any:
            return dense(ivp.t_eval)

        query()
        return timing.time_calls(query, timing.loops_for(timing.time_calls(query).wall_s)).wall_s


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


def _solve(solver: Solver, ivp: IVP, task: Task) -> Solution:
    seed = {"seed": task.seed} if solver.uses_chance else {}
    return solver(ivp, ivp.t_eval, **task.case.solver.params, **seed)


def _checked(solution: Solution, ivp: IVP, row: Measurement) -> Any:
    """The states as finite float64 (n, d); `BadSolution` or `Diverged` where they are not."""
    import numpy as np

    if not isinstance(solution, Solution):
        raise BadSolution(
            f"expected a Solution, received {type(solution).__name__}; end the solver with return Solution(y)"
        )
    expected = (ivp.t_eval.size, ivp.n_states)
    try:
        y = np.asarray(solution.y)
    except Exception as error:
        raise BadSolution(f"expected y as an array of shape {expected}: {_one_line(error)}") from error
    if y.dtype.kind not in "fiu":
        hint = "; return its real part" if y.dtype.kind == "c" else ""
        raise BadSolution(f"expected y as real numbers, received dtype {y.dtype}{hint}")
    if y.shape != expected:
        hint = "; return y.T" if y.shape == expected[::-1] else ""
        raise BadSolution(f"expected y of shape {expected}, one row a time of t_eval, received {y.shape}{hint}")
    row.dtype = str(y.dtype)
    finite = np.isfinite(y).all(axis=1)
    if not finite.all():
        raise Diverged(
            f"y is not finite at t = {ivp.t_eval[np.argmin(finite)]:g} and {np.count_nonzero(~finite) - 1} later times"
        )
    return y.astype(np.float64, copy=False)


def _outcome(error: BaseException, solver: str) -> tuple[str, str]:
    """Status and reason of what was raised."""
    match error:
        case Unsupported():
            return measurement.UNSUPPORTED, _one_line(error)
        case Diverged():
            return measurement.DIVERGED, _one_line(error)
        case MemoryError():
            return measurement.OUT_OF_MEMORY, _one_line(error) or "MemoryError"
        case SolverFailed() | BadSolution() | BadProblem():
            return measurement.FAILED, _one_line(error)
        case ValueError() if "read-only" in str(error):
            return (
                measurement.FAILED,
                f"{solver} tried to change its input: y0 and t_eval are read-only; work on a copy",
            )
        case SystemExit():
            return measurement.FAILED, f"{solver} called sys.exit({error.code!r})"
    where = traceback.extract_tb(error.__traceback__)[-1]
    return measurement.FAILED, f"{type(error).__name__}: {_one_line(error)} ({where.name}, line {where.lineno})"


def _one_line(message: object) -> str:
    return " ".join(str(message).split())


def _finite(value: Any) -> float | None:
    """The number, or None for NaN and infinity, which JSON cannot hold; a whole number stays whole."""
    number = float(value)
    if not math.isfinite(number):
        return None
    return int(number) if number.is_integer() and isinstance(value, int) else number
