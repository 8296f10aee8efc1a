"""Who is on the work-precision front of a problem, and how much slower the others are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..measurement import ERROR, SLOWDOWN, TIME

if TYPE_CHECKING:
    import pandas as pd


_MORE_IS_BETTER = ("significant_digits",)


def rank(table: pd.DataFrame, ranked: pd.Series[bool]) -> None:
    """Set on_front and slowdown_vs_best_at_this_error, problem by problem, among the ranked cases.

    A case's rival is the fastest whose error is no greater than its own; it is on the front where it is its own rival.
    """
    rows, best = _with_the_least(table, TIME, ERROR, ranked)
    table["on_front"] = on_front(table, TIME, ERROR, ranked)
    table[SLOWDOWN] = (rows[TIME] / best).reindex(table.index)


def on_front(table: pd.DataFrame, x: str, y: str, ranked: pd.Series[bool]) -> pd.Series[bool]:
    """Which of the ranked cases are on their problem's Pareto front: none has less `x` and no more `y`, or the reverse.

    Of significant digits more is better.
    """
    signs = {name: -1 if name.startswith(_MORE_IS_BETTER) else 1 for name in (x, y)}
    turned = table[["problem", "problem_params"]].assign(x=1.0 * signs[x] * table[x], y=1.0 * signs[y] * table[y])
    rows, best = _with_the_least(turned, "x", "y", ranked)
    before = best.groupby(rows["problem"]).shift(fill_value=float("inf"))
    stricter = before.groupby([rows["problem"], rows["y"]]).transform("first")  # at less of y only
    return ((rows["x"] == best) & (rows["x"] < stricter)).reindex(table.index, fill_value=False)


def front(table: pd.DataFrame, x: str) -> pd.DataFrame:
    """The rows that are on the front, problem by problem in order of `x`."""
    chosen = table[table["on_front"]].drop(columns="on_front")
    order = chosen.groupby(["problem", "problem_params"], sort=False).ngroup()
    return chosen.assign(_order=order).sort_values(["_order", x], kind="stable").drop(columns="_order")


def _with_the_least(
    table: pd.DataFrame, x: str, y: str, ranked: pd.Series[bool]
) -> tuple[pd.DataFrame, pd.Series[float]]:
    """The ranked rows, by problem and `y`, and the least `x` on the problem at this `y` or less."""
    rows = table.loc[ranked, [x, y]]
    rows["problem"] = table.groupby(["problem", "problem_params"], sort=False).ngroup()
    rows = rows.sort_values(["problem", y, x], kind="stable")
    return rows, rows.groupby("problem")[x].cummin()
