"""The solution of each problem, and how far some of its cases are off over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ... import measurement, text
from ...measurement import ERROR
from ...over_time import APART, ReferenceSolution
from ...results import Results
from . import data

if TYPE_CHECKING:
    import pandas as pd

SIZES = ((24, 100), (12, 60), (6, 40), (3, 25), (0, 0))
"""Cases of a problem, and times of each: the next where the page would be too large."""


def solution(found: ReferenceSolution) -> dict[str, Any]:
    """What is drawn of a problem's solution: a name, a scale and values for each component."""
    import numpy as np

    sizes = np.nan_to_num(np.abs(found.y)).max(axis=0)
    positive = sizes[sizes > 0]
    own = positive.size > 0 and positive.max() > APART * positive.min()
    components = []
    for name, size, values in zip(found.names, sizes, found.y.T, strict=True):
        scale = float(f"{size:.2g}") if own and size > 0 else 1.0
        shown = name if scale == 1.0 else f"{name} / {scale:g}"
        components.append({"name": shown, "y": [data.number(float(v) / scale) for v in values]})
    return {
        "t": [data.number(float(t)) for t in found.t],
        "log": found.logarithmic and bool((found.t[1:] > 0).all()),
        "components": components,
        "captions": [_about(found, bool(own))],
    }


def _about(found: ReferenceSolution, own: bool) -> str:
    many = f"{found.n_states} components" if found.n_states > 1 else "One component"
    drawn = f"; {len(found.names)} of them are drawn" if found.n_states > len(found.names) else ""
    scaled = "; their sizes differ much, so each is drawn over its own" if own else ""
    span = f"from t = {found.t[0]:g} to t = {found.t[-1]:g}"
    return f"{many} {span}{drawn}{scaled}. This is what the cases are compared with."


def missing(results: Results, rows: pd.DataFrame) -> dict[str, str]:
    """What is said in the place of a problem's solution, and of the errors over time of its cases, where there is none.

    `rows` are its cases as `data.cases` has them.
    """
    journals = [run for run in results.runs if run.journal_path.exists()]
    why = ""
    if not journals:
        why = "is in a run's journal, measurements.jsonl, which is not here."
    elif not any(run.meta["problems"] for run in journals):  # as migrated from version 1
        why = "is not recorded in this run: runs of odebench record it since schema version 2."
    solved = rows[rows["status"] == measurement.OK]
    if solved.empty:
        errors = "There is no error over time: no case was solved."
    elif solved["oracle"].all():
        errors = "There is no error over time: what was solved is told the solution."
    else:
        errors = f"The error over time {why or 'is not recorded: what was solved had nothing to be compared with.'}"
    return {
        "noSolution": f"The solution {why or 'is not recorded: no case came so far that it was needed.'}",
        "noErrors": errors,
    }


def errors(results: Results, table: pd.DataFrame, cases: int, times: int) -> dict[str, dict[str, Any]]:
    """By problem, the error over time of so many cases at so many times: the most accurate of each curve come first.

    Oracles are left out: they have none.
    """
    found = {str(case_id): rows for case_id, rows in results.errors_over_time.groupby("case_id", sort=False)}
    have = table[table["case_id"].isin(found) & (table["status"] == measurement.OK) & ~table["oracle"]]
    have = have.sort_values(ERROR, kind="stable", na_position="last")
    turn = have.groupby(["problem_label", "curve"]).cumcount()
    have = have.assign(turn=turn).sort_values("turn", kind="stable")
    drawn: dict[str, dict[str, Any]] = {}
    for label, rows in have.groupby("problem_label", sort=False):
        chosen = rows.head(cases)
        series = []
        for row in chosen.itertuples():
            course = _every(found[str(row.case_id)], times)
            series.append(
                {
                    "name": row.label,
                    "curve": row.curve,
                    "t": [data.number(float(t)) for t in course["t"]],
                    "error": [data.number(float(e)) for e in course["abs_error"]],
                }
            )
        drawn[str(label)] = {"series": series, "captions": caption(rows, found, len(chosen))}
    return drawn


def _every(course: pd.DataFrame, most: int) -> pd.DataFrame:
    """At most so many times, evenly chosen, the first and the last among them."""
    if len(course) <= most or most < 2:
        return course.head(max(most, 0)) if most < 2 else course
    return course.iloc[[round(k * (len(course) - 1) / (most - 1)) for k in range(most)]]


def caption(rows: pd.DataFrame, found: dict[str, pd.DataFrame], drawn: int) -> list[str]:
    """When the most accurate case is the furthest off, and what it is in the end; the first of `rows` is that case."""
    best = rows.iloc[0]
    course = found[str(best["case_id"])].dropna().reset_index(drop=True)
    said = []
    if len(course):
        worst, last = course.iloc[int(course["abs_error"].argmax())], course.iloc[-1]
        said.append(
            f"{best['label']}, the most accurate, is the furthest off at t = {worst['t']:.4g}, by "
            f"{text.error(worst['abs_error'])}, and by {text.error(last['abs_error'])} in the end."
        )
    if not drawn:
        return [f"The errors over time of {text.count(len(rows), 'case')} are left out: the page would be too large."]
    if drawn < len(rows):
        said.append(f"{drawn} of {len(rows)} cases are drawn: the most accurate of each curve first.")
    return said
