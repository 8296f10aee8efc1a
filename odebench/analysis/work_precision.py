"""Who is on the work-precision front of a problem, and how much slower the others are."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


def rank(table: pd.DataFrame, ranked: pd.Series[bool]) -> None:
    """Set on_front and slowdown_vs_best_at_this_error, problem by problem, among the ranked cases.

    A case's rival is the fastest whose error is no greater than its own; it is on the front where it is its own rival.
    """
    error, seconds, problem = "max_abs_error_median", "wall_s_median", "problem"
    rows = table.loc[ranked, [error, seconds]]
    rows[problem] = table.groupby([problem, "problem_params"], sort=False).ngroup()
    rows = rows.sort_values([problem, error, seconds], kind="stable")
    best = rows.groupby(problem)[seconds].cummin()  # the fastest at this error or less
    before = best.groupby(rows[problem]).shift(fill_value=float("inf"))
    stricter = before.groupby([rows[problem], rows[error]]).transform("first")  # at less error only
    table["on_front"] = ((rows[seconds] == best) & (rows[seconds] < stricter)).reindex(table.index, fill_value=False)
    table["slowdown_vs_best_at_this_error"] = (rows[seconds] / best).reindex(table.index)
