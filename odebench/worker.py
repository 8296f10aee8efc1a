"""One sample of one case, in this process: prepare, time, check, compare. Everything that can go wrong is a row."""

from __future__ import annotations

import enum
import inspect
import math
import warnings
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from . import (
    accuracy,
    certificate,
    checks,
    environment,
    measurement,
    outcomes,
    over_time,
    provenance,
    references,
    timing,
)
from .backends import Array
from .cases import Case, Task, Variant
from .errors import BadProblem, BadSolution, Diverged, SolverFailed, one_line
from .host import Host
from .measurement import Checkpoint, DiagnosisRow, Measurement
from .memory import PeakMemory
from .model import IVP, Monitor, Solution, Solver
from .outcomes import described
from .provenance import Conditions
from .references import Reference
from .solving import Calls, enter_counts
from .watching import at_lowest_loss

Value = TypeVar("Value")

_MEMORY_FROM_S = 0.001  # a shorter solve has no time to need memory, and looking takes as long as the solve


class Stage(enum.Enum):
    """What a worker is at, in the words of a reason."""

    IDLE = "waiting for a task"
    START = "the start of the worker"
    PROBLEM = "making the problem and its reference"
    SOLVE = "the solve"
    QUERY = "dense(t_eval)"
    CHECK = "checking the solution"
    CERTIFY = "finding a bound on its error"
    EXAMINE = "the doctor's look at the solution"
    COUNT = "counting what one more solve evaluates"
    DESCRIBE = "writing down the problem's solution"
    CLEAN_UP = "cleaning up after the solver"


class Worker:
    """Measures tasks. Keeps the last few problems with their references, and which cases have been called before.

    `on_stage` hears what it is at; `on_checkpoint`, of a solver that reports it, which call for a case has come how
    far; `on_certifying`, of which problem the reference is being certified, and which part of that, 0 to 1, is done.
    What `let_through` names is raised in spite of all, as Ctrl-C is; whatever else a plugin raises becomes a row.
    """

    def __init__(
        self,
        host: Host,
        conditions: Conditions,
        *,
        on_stage: Callable[[Stage], None] = lambda stage: None,
        on_checkpoint: Callable[[Case, int, Checkpoint], None] = lambda case, call, checkpoint: None,
        on_certifying: Callable[[str, float], None] = lambda problem, done: None,
        let_through: type[BaseException] | tuple[()] = KeyboardInterrupt,
    ) -> None:
        self.host, self.conditions = host, conditions
        self.on_stage, self.on_checkpoint, self.on_certifying = on_stage, on_checkpoint, on_certifying
        self.let_through = let_through
        self._problems: _Recent[_Prepared | BadProblem] = _Recent(8)
        # seconds a call took, by id, of the last problem's cases; one that is not in it has yet to make its first
        self._call_s: dict[str, float] = {}
        self._problem = ""
        self._certified: tuple[tuple[str, bytes], tuple[float | None, str]] = ("", b""), (None, "")
        environment.limit_threads(conditions.threads)

    def measure(self, task: Task) -> Measurement:
        """The row of this task; never raises for what a plugin does wrong."""
        row = blank(self.host, task, self.conditions)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            try:
                self._fill(row, task)
            except self.let_through:
                raise
            except BaseException as error:  # also SystemExit, and what else is no Exception: it is one solver's affair
                row.status, row.reason = outcomes.outcome(error)
                row.traceback = outcomes.abridged_traceback(error)
        if caught and row.status not in (measurement.UNAVAILABLE, measurement.UNSUPPORTED):
            warned = f"warned: {one_line(caught[0].message)}"
            row.reason = f"{row.reason} ({warned})" if row.reason else warned
        if task.describe:
            self._describe(row, task.case.problem)
        return row

    def _fill(self, row: Measurement, task: Task) -> None:
        import numpy as np

        solver = self.host.solver(task.case.solver.name)
        if reason := self.host.missing(solver):
            row.status, row.reason = measurement.UNAVAILABLE, reason
            return
        if task.case.problem.key != self._problem:
            self._call_s, self._problem = {}, task.case.problem.key
        self.on_stage(Stage.PROBLEM)
        prepared = self._prepared(task.case.problem)
        ivp, reference = prepared.ivp, prepared.reference
        enter_reference(row, solver, reference)
        arguments = call_arguments(solver, task)
        calls = Calls(
            solver,
            ivp,
            reference,
            arguments,
            self.conditions.stopping,
            partial(self.on_checkpoint, task.case),
            doctor=self.conditions.doctor,
        )
        try:
            with np.errstate(all="ignore"):  # a solution that overflows becomes a row, not a warning
                sample = self._sample(row, task, calls)
        except self.let_through:
            raise
        except BaseException as error:
            row.trace = calls.trace
            self._expect_unchanged(task.case.problem, prepared)
            if isinstance(error, (Diverged, SolverFailed)):
                row.diagnoses = self._examine(calls, None, task, str(error))
            raise
        row.trace = calls.trace
        self._expect_unchanged(task.case.problem, prepared)
        row.wall_s, row.cpu_s, row.loops = sample.wall_s, sample.cpu_s, sample.loops
        self.on_stage(Stage.CHECK)
        y = enter_solution(row, sample.result, ivp)
        between: dict[str, float | None] = {}
        if sample.result.dense is not None:
            self.on_stage(Stage.QUERY)
            row.query_s = _query_s(sample.result.dense, ivp)
            between = _between(sample.result.dense, ivp, reference)
            if self.conditions.certificate:
                self.on_stage(Stage.CERTIFY)
                said = task.case.id, y.tobytes()
                if said != self._certified[0]:  # samples of one solve have one solution
                    self._certified = said, _certificate(y, sample.result.dense, ivp)
                row.error_bound, row.error_bound_kind = self._certified[1]
            self.on_stage(Stage.CHECK)
        enter_errors(row, y, ivp, reference)
        row.error_over_time = over_time.errors(ivp, y, reference.y)
        for name, value in between.items():
            setattr(row, name, value)
        row.diagnoses = self._examine(calls, sample.result, task, None)
        notes = [reference.note]
        if self.conditions.count and row.first_s is not None:  # once a case
            self.on_stage(Stage.COUNT)
            notes.append(enter_counts(row, calls, y))
        self.on_stage(Stage.CHECK)
        if solver.reports and (lowest := at_lowest_loss(row.trace, row.final_loss, row.max_abs_error)):
            row.best_loss, row.best_max_abs_error = lowest
        row.reason = "; ".join([*filter(None, notes), *self._record_metrics(row, y, ivp, reference)]) or None
        if calls.stopped is not None:
            row.stopped_by = calls.stopped.stopped_by
            row.reason = "; ".join(filter(None, [calls.stopped.reason, row.reason]))

    def _prepared(self, variant: Variant) -> _Prepared:
        """The problem with its reference, made before any clock runs; one that fails is not tried for each solver."""
        prepared = self._problems.get(variant.key)
        if prepared is None:
            try:
                ivp = self.host.problem(variant.name)(**variant.params)
                prepared = _Prepared(ivp, partial(self.on_certifying, variant.name))
            except (Exception, SystemExit) as error:
                why = one_line(error) if isinstance(error, BadProblem) else described(error)
                prepared = BadProblem(f"the problem, not the solver: {why}")
            self._problems[variant.key] = prepared
        if isinstance(prepared, BadProblem):
            raise prepared.with_traceback(None)
        return prepared

    def _describe(self, row: Measurement, variant: Variant) -> None:
        """Enter the problem's solution, where it was made; after the solve, and so off its clock."""
        prepared = self._problems.get(variant.key)
        if isinstance(prepared, _Prepared):
            self.on_stage(Stage.DESCRIBE)
            origin = self.host.origin(self.host.problem(variant.name))
            row.reference_solution = over_time.to_json(
                prepared.ivp, prepared.reference.y, equations=origin.source != "built-in"
            )

    def _expect_unchanged(self, variant: Variant, prepared: _Prepared) -> None:
        if prepared.is_changed():
            del self._problems[variant.key]  # the next solver gets the problem anew
            raise BadSolution(f"it changed its input; {outcomes.READ_ONLY}")

    def _sample(self, row: Measurement, task: Task, calls: Calls) -> timing.Sample[Solution]:
        """The first call apart, then a sample as long as the protocol wants it."""
        call_s = self._call_s.get(task.case.id)
        self.on_stage(Stage.SOLVE)
        if call_s is None:
            row.first_s = timing.time_calls(calls, pauses=calls.pauses).wall_s
            self.on_stage(Stage.SOLVE)
        memory = PeakMemory() if (row.first_s or call_s or 0) >= _MEMORY_FROM_S else None
        sample = timing.take_sample(calls, call_s=call_s, first_s=row.first_s, pauses=calls.pauses)
        row.peak_rss_mb = memory.rise() if memory else None
        self._call_s[task.case.id] = sample.wall_s
        return sample

    def _examine(self, calls: Calls, solution: Solution | None, task: Task, ended: str | None) -> list[DiagnosisRow]:
        """What the doctor found; a solution that it cannot look at is the solver's fault."""
        import numpy as np

        if not calls.doctor:
            return []
        self.on_stage(Stage.EXAMINE)
        try:
            with np.errstate(all="ignore"):
                return calls.diagnoses(solution, task.case.solver.params, ended)
        except Exception as error:
            raise BadSolution(f"dense(t) under the doctor's eyes: {described(error)}") from error

    def _record_metrics(self, row: Measurement, y: Array, ivp: IVP, reference: Reference) -> list[str]:
        """Metrics of plugins; one that fails leaves its cell empty and the row ok: it is not the solver's fault.

        Returns what went wrong.
        """
        said = []
        for name, metric in self.host.metrics.items():
            row.metrics[name] = None
            try:
                row.metrics[name] = checks.finite_or_none(metric(y, reference.y, **_wanted(metric, ivp)))
            except (Exception, SystemExit) as error:
                said.append(f"the metric {name!r}: {described(error)}")
        return said


def _wanted(metric: Callable[..., float], ivp: IVP) -> dict[str, IVP]:
    """The problem, for a metric that has an argument of this name."""
    try:
        return {"ivp": ivp} if "ivp" in inspect.signature(metric).parameters else {}
    except ValueError:  # a compiled function need not say what it takes
        return {}


def call_arguments(solver: Solver, task: Task) -> dict[str, Any]:
    """What a solver is called with beside the problem and the times."""
    arguments = dict(task.case.solver.params)
    if solver.uses_chance:
        arguments["seed"] = task.seed
    if solver.reports:
        arguments["monitor"] = Monitor()
    return arguments


def enter_reference(row: Measurement, solver: Solver, reference: Reference) -> None:
    """Enter what the solution is compared with."""
    row.oracle = solver.is_oracle
    row.reference = references.ITSELF if solver.is_oracle and reference.kind == references.EXACT else reference.kind
    row.reference_error = reference.error


def enter_solution(row: Measurement, solution: Solution, ivp: IVP) -> Array:
    """Enter what the solver says of its solution; returns the states.

    Raises `BadSolution` where it is no solution, `Diverged` where it is not finite.
    """
    y, row.dtype = checks.states(solution, ivp)
    for name, value in checks.stats(solution).items():
        if name in measurement.STATS:
            setattr(row, name, value)
        else:
            row.other_stats[name] = value
    return y


def enter_errors(row: Measurement, y: Array, ivp: IVP, reference: Reference) -> None:
    """Enter how far the states are from the reference; raises `Diverged` where that is not finite."""
    for name, error in accuracy.errors(y, reference.y, ivp.weights).items():
        if not math.isfinite(error):
            raise Diverged(f"y is so far off that {name} overflows")
        setattr(row, name, error)
    row.significant_digits = accuracy.significant_digits(y, reference.y, ivp.weights, reference.final_errors)
    if (drift := accuracy.invariant_drift(y, ivp.y0, ivp.invariants)) is not None:
        row.invariant_drift = checks.finite_or_none(drift)


def blank(host: Host, task: Task, conditions: Conditions) -> Measurement:
    """The row of a task of which nothing has been measured yet."""
    origin = host.origin(host.solver(task.case.solver.name))
    return Measurement(
        run_id=conditions.run_id,
        case_id=task.case.id,
        problem=task.case.problem.name,
        problem_params=dict(task.case.problem.params),
        solver=task.case.solver.name,
        solver_params=dict(task.case.solver.params),
        plugin=origin.name,
        plugin_version=origin.version,
        seed=task.seed,
        repeat=task.repeat,
        threads=conditions.threads,
        started_at=environment.now(),
        machine=environment.machine_id(),
        context=provenance.context(host, task.case.solver.name, task.case.problem.name, conditions),
    )


class _Prepared:
    """A problem with its reference, and what it looked like before any solver saw it."""

    def __init__(self, ivp: IVP, progress: Callable[[float], None]) -> None:
        self.ivp = ivp
        _ = ivp.f, ivp.jac  # compiled before any clock runs, the same for whoever comes first
        self.reference: Reference = references.reference(ivp, progress)
        self._bytes = self._look()

    def is_changed(self) -> bool:
        """Whether a solver wrote to its input all the same: by torch or C, past numpy's flag."""
        return self._look() != self._bytes

    def _look(self) -> tuple[object, ...]:
        ivp = self.ivp
        return ivp.y0.tobytes(), ivp.t_eval.tobytes(), ivp.t_span, ivp.rhs, ivp.exact, ivp.f


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
        raise BadSolution(f"dense(t_eval): {described(error)}") from error
    checks.dense_states(first.result, ivp)
    return timing.time_calls(lambda: dense(ivp.t_eval), timing.loops_for(first.wall_s, timing.QUERY_S)).wall_s


def _between(dense: Callable[[Array], Array], ivp: IVP, reference: Reference) -> dict[str, float | None]:
    """What the dense output is worth between the times asked for, by column."""
    try:
        found = accuracy.between(dense, ivp, reference.between)
    except Exception as error:
        raise BadSolution(f"dense(t) between the times of t_eval: {described(error)}") from error
    return {name: checks.finite_or_none(value) for name, value in found.items()}


def _certificate(y: Array, dense: Callable[[Array], Array], ivp: IVP) -> tuple[float | None, str]:
    """A bound on the error, and what kind of one."""
    try:
        found = certificate.certificate(ivp, y, dense)
    except Exception as error:
        raise BadSolution(f"dense(t) at times between those of t_eval: {described(error)}") from error
    return found.value, found.kind
