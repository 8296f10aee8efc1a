"""One row: everything that was recorded of one sample. Its fields are the columns of measurements.csv."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

OK = "ok"
UNSUPPORTED = "unsupported"
UNAVAILABLE = "unavailable"
FAILED = "failed"
DIVERGED = "diverged"
OUT_OF_MEMORY = "out-of-memory"
STATUSES = (OK, UNSUPPORTED, UNAVAILABLE, FAILED, DIVERGED, "timeout", OUT_OF_MEMORY, "crashed")


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
    invariant_drift: float | None = None
    reference: str | None = None
    reference_error: float | None = None
    rhs_calls: float | None = None
    jac_calls: float | None = None
    steps: float | None = None
    epochs: float | None = None
    n_parameters: float | None = None
    final_loss: float | None = None
    threads: int | None = None
    dtype: str | None = None
    started_at: str | None = None
    metrics: dict[str, float | None] = field(default_factory=dict)
    """Error norms from plugins; in the tables each is a column of its own, after the others."""
    other_stats: dict[str, float | None] = field(default_factory=dict)
    """What the solver counted beyond the columns; in the journal only."""
    oracle: bool = False
    """Whether the solver is told the solution, and so not ranked; in the journal only."""
    traceback: str | None = None
    """Where the solver raised; in the journal only."""


STATS = ("rhs_calls", "jac_calls", "steps", "epochs", "n_parameters", "final_loss")
COLUMNS = tuple(f.name for f in fields(Measurement) if f.name not in ("metrics", "other_stats", "oracle", "traceback"))
