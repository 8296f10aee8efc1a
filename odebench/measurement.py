"""One row: everything that was recorded of one sample. Its fields are the columns of measurements.csv."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from typing import Any, NamedTuple

OK = "ok"
UNSUPPORTED = "unsupported"
UNAVAILABLE = "unavailable"
FAILED = "failed"
DIVERGED = "diverged"
OUT_OF_MEMORY = "out-of-memory"
TIMEOUT = "timeout"
CRASHED = "crashed"
STATUSES = (OK, UNSUPPORTED, UNAVAILABLE, FAILED, DIVERGED, TIMEOUT, OUT_OF_MEMORY, CRASHED)


class Checkpoint(NamedTuple):
    """How far a solve had come at some time."""

    step: int
    wall_s: float
    """Of the solver's own time, since its call."""
    loss: float | None
    max_abs_error: float | None
    """None where it is not finite."""
    rms_abs_error: float | None
    max_residual: float | None = None
    """Between the times of `t_eval`; None where it is not finite."""


class DiagnosisRow(NamedTuple):
    """What the doctor found in one solve: a `Diagnosis` as a row of a table."""

    pathology: str
    signal: str
    value: float | None
    """None where it is not finite."""
    threshold: float
    finding: str
    remedy: str
    parameters: dict[str, Any] | None
    """The remedy as parameters of the solver; None where it has none for it."""


@dataclass
class Measurement:
    """One sample of one case; None where there is nothing to say. The columns are described in results/README.md."""

    run_id: str
    case_id: str
    problem: str
    problem_params: dict[str, Any]
    solver: str
    solver_params: dict[str, Any]
    plugin: str
    plugin_version: str
    seed: int | None
    repeat: int
    status: str = OK
    reason: str | None = None
    loops: int | None = None
    wall_s: float | None = None
    cpu_s: float | None = None
    first_s: float | None = None
    query_s: float | None = None
    peak_rss_mb: float | None = None
    max_abs_error: float | None = None
    rms_abs_error: float | None = None
    final_abs_error: float | None = None
    max_rel_error: float | None = None
    rms_rel_error: float | None = None
    significant_digits: float | None = None
    invariant_drift: float | None = None
    max_between_error: float | None = None
    max_residual: float | None = None
    error_bound: float | None = None
    error_bound_kind: str | None = None
    reference: str | None = None
    reference_error: float | None = None
    rhs_calls: float | None = None
    jac_calls: float | None = None
    counted_rhs_calls: float | None = None
    counted_jac_calls: float | None = None
    steps: float | None = None
    epochs: float | None = None
    n_parameters: float | None = None
    final_loss: float | None = None
    best_loss: float | None = None
    best_max_abs_error: float | None = None
    stopped_by: str | None = None
    threads: int | None = None
    dtype: str | None = None
    started_at: str | None = None
    machine: str | None = None
    oracle: bool = False
    """Whether the solver is told the solution, and so not ranked."""
    metrics: dict[str, float | None] = field(default_factory=dict)
    """Error norms from plugins; in the tables each is a column of its own, after the others."""
    other_stats: dict[str, float | None] = field(default_factory=dict)
    """What the solver counted beyond the columns; in the journal only."""
    context: str | None = None
    """Stands for the code, versions, protocol and machine it was measured with; in the journal only."""
    trace: list[Checkpoint] = field(default_factory=list)
    """How a method that trains or iterates came to its solution; in traces.csv and the journal only."""
    diagnoses: list[DiagnosisRow] = field(default_factory=list)
    """What the doctor found, where it was asked; in diagnoses.csv and the journal only."""
    reference_solution: dict[str, Any] | None = None
    """Once a problem with its parameters: what `over_time.to_json` says of it; in the journal only."""
    error_over_time: dict[str, Any] | None = None
    """Once a case: `over_time.errors` of its first sample that is ok; in the journal only."""
    traceback: str | None = None
    """Where the solver raised; in the journal only."""


STATS = ("rhs_calls", "jac_calls", "steps", "epochs", "n_parameters", "final_loss")
COUNTED = ("counted_rhs_calls", "counted_jac_calls")
_JOURNAL_ONLY = (
    "metrics",
    "other_stats",
    "context",
    "trace",
    "diagnoses",
    "reference_solution",
    "error_over_time",
    "traceback",
)
FIELDS = frozenset(f.name for f in fields(Measurement))
_EMPTY: dict[str, Any] = {"metrics": {}, "other_stats": {}, "trace": [], "diagnoses": []}
BLANK = {f.name: f.default for f in fields(Measurement) if f.default is not MISSING} | _EMPTY
"""What a row says where nothing was written: a journal may be older than a column."""
COLUMNS = tuple(f.name for f in fields(Measurement) if f.name not in _JOURNAL_ONLY)
TEXT = tuple(f.name for f in fields(Measurement) if f.name in COLUMNS and str(f.type).startswith(("str", "dict")))
"""Columns of words, and of JSON."""
ORACLE = "oracle"
"""The one column of truth values."""
TIME, ERROR, SLOWDOWN = "wall_s_median", "max_abs_error_median", "slowdown_vs_best_at_this_error"
"""Of a case: by what it is compared with others. SLOWDOWN is known where it is ranked."""
WHOLE = ("seed", "repeat", "loops", *(name for name in STATS if name != "final_loss"), *COUNTED, "threads")
"""Columns of whole numbers, where the solver's own counts are."""
