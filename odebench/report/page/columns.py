"""The statistics of a case that the page shows, and how each is written."""

from __future__ import annotations

from typing import NamedTuple

from ...measurement import ERROR, SLOWDOWN, TIME


class Column(NamedTuple):
    """One statistic of a case."""

    key: str
    """The column of `Results.cases`, or one of `data.MORE`."""
    title: str
    kind: str
    """How it is written: `s` seconds, `e` an error, `n` a count, `x` a ratio, `mb` MiB."""
    less_is_better: bool = True


COLUMNS = (
    Column(ERROR, "largest error", "e"),
    Column(TIME, "time", "s"),
    Column(SLOWDOWN, "slowdown", "x"),
    Column("first_s", "first call", "s"),
    Column("wall_s_min", "shortest time", "s"),
    Column("wall_s_ci_low", "time, 95 % from", "s"),
    Column("wall_s_ci_high", "time, 95 % to", "s"),
    Column("cpu_s_median", "processor time", "s"),
    Column("query_s_median", "time of a query", "s"),
    Column("peak_rss_mb_median", "memory", "mb"),
    Column("max_abs_error_worst", "largest error, worst sample", "e"),
    Column("rms_abs_error_median", "rms error", "e"),
    Column("final_abs_error_median", "error at the end", "e"),
    Column("significant_digits_median", "significant digits", "n", less_is_better=False),
    Column("invariant_drift_median", "drift of invariants", "e"),
    Column("max_between_error_median", "largest error between times", "e"),
    Column("max_residual_median", "largest residual", "e"),
    Column("error_bound_median", "bound on the error", "e"),
    Column("tolerance", "tolerance asked for", "e"),
    Column("rhs_calls", "right-hand sides", "n"),
    Column("jac_calls", "Jacobians", "n"),
    Column("counted_rhs_calls", "right-hand sides, counted", "n"),
    Column("counted_jac_calls", "Jacobians, counted", "n"),
    Column("steps", "steps", "n"),
    Column("epochs", "epochs", "n"),
    Column("n_parameters", "parameters trained", "n"),
    Column("final_loss", "final loss", "e"),
)
