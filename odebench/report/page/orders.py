"""The observed order of each solver, and how its error follows its tolerance, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...results import Results

if TYPE_CHECKING:
    import pandas as pd


def sentences(results: Results) -> dict[str, list[str]]:
    """What is found of each curve that has a ladder of steps or of tolerances."""
    if results.cases.empty:
        return {}
    found: dict[str, list[str]] = {}
    for curve, rows in results.orders().groupby("curve", sort=False):
        found.setdefault(str(curve), []).append(order(rows))
    for curve, rows in results.tolerance_proportionality().groupby("curve", sort=False):
        found.setdefault(str(curve), []).append(proportionality(rows))
    return found


def order(rows: pd.DataFrame) -> str:
    """'Its observed order is 3.98 (median of 2 problems, 3.97 to 3.98); it claims 4. ...'"""
    known, declared = rows["order"].dropna(), rows["declared"].dropna()
    claim = f"; it claims {declared.iloc[0]:g}" if len(declared) else ""
    if known.empty:
        return f"No problem shows its order: too few rungs above the reference's floor, or no even slope{claim}."
    return f"Its observed order is {known.median():.2f} ({_over(known)}){claim}.{_left_out(rows, len(known))}"


def proportionality(rows: pd.DataFrame) -> str:
    """'Its error goes as the tolerance to the power 1.05 (...)': the median slope."""
    known = rows["slope"].dropna()
    if known.empty:
        return "How its error follows its tolerance cannot be told: too few rungs above the reference's floor."
    slope = known.median()
    scatter = rows.loc[known.index, "scatter"].median()
    return (
        f"Its error goes as the tolerance to the power {slope:.2f} ({_over(known)}; 1 is proportional), and scatters "
        f"by a factor of {10**scatter:.1f} about that.{_left_out(rows, len(known))}"
    )


def _over(values: pd.Series[float]) -> str:
    if len(values) == 1:
        return "one problem"
    return f"median of {len(values)} problems, {values.min():.2f} to {values.max():.2f}"


def _left_out(rows: pd.DataFrame, known: int) -> str:
    more = len(rows) - known
    return f" Of {more} more it cannot be told." if more else ""
