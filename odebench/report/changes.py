"""What has changed between two runs, in words: in the terminal, as Markdown for a pull request, as JSON."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import IO, TYPE_CHECKING

from .. import measurement, text
from ..analysis import changes, circumstances
from ..analysis.changes import FASTER, GONE, NEW, NOT_JUDGED, SAME, SLOWER, Overall
from ..analysis.significance import FEWEST, MARGIN
from . import json_, markdown, tables
from .columns import Column, Row
from .tables import Table

if TYPE_CHECKING:
    import pandas as pd

    from ..journal import Run

LEGEND = (
    "before, after: median times. not significant: no shift beyond "
    f"{100 * MARGIN:.0f} % was seen, at 5 % for all cases together. not judged: fewer than {FEWEST} samples in a run. "
    "accuracy changed: the largest error, beyond rounding, the reference's own error and what seeds do."
)
MOST_CASES_SHOWN = 500


def summary(table: pd.DataFrame, overall: Overall) -> list[str]:
    """What was found, in a sentence or two each."""
    of = table["time"].value_counts()
    counted = [(int(of.get(name, 0)), name) for name in (SLOWER, FASTER, SAME, NOT_JUDGED)]
    counted += [
        (int(table["accuracy"].isin([changes.LARGER, changes.SMALLER]).sum()), "accuracy changed"),
        (int(_status_changed(table).sum()), "status changed"),
        (int((_both(table) & ~_status_changed(table) & (table["time"] == "")).sum()), "not ok in either"),
        (int((table["presence"] == NEW).sum()), NEW),
        (int((table["presence"] == GONE).sum()), GONE),
    ]
    said = [f"{text.count(len(table), 'case')}: " + ", ".join(f"{n} {what}" for n, what in counted if n) + "."]
    if not overall.cases:
        return [*said, "No case is ok in both runs: there are no times to compare."]
    mean = f"Geometric mean of {text.count(overall.cases, 'case')}: {speed(overall.ratio)}"
    few = f"fewer than {changes.FEWEST_CASES} cases are not judged together"
    return [*said, f"{mean}, {few}." if overall.time == NOT_JUDGED else f"{mean}{_doubt(overall.time)}."]


def speed(ratio: float) -> str:
    """'1.09x faster', '1.12x slower', or 'as fast'; `ratio` is the time after by the time before."""
    if math.isnan(ratio):
        return ""
    factor, word = (ratio, "slower") if ratio >= 1 else (1 / ratio if ratio else math.inf, "faster")
    return "as fast" if factor < 1.005 else f"{text.ratio(factor)} {word}"


def tables_of(table: pd.DataFrame) -> list[Table]:
    """The cases that have changed, other statuses and slowdowns first, and those that have not, where there are any."""
    first = (~_status_changed(table)).astype(int) + (table["presence"] != "")  # another status, a time, new or gone
    labelled = text.labelled(table).assign(first=first, changed=[_changed(row) for row in table.to_dict("records")])
    labelled = labelled.sort_values(["first", "ratio"], ascending=[True, False], kind="stable")
    return [
        Table(rows, _columns(), f"{text.count(len(rows), 'case')} {'that changed' if changed else 'without a change'}")
        for changed, rows in sorted(labelled.groupby("changed"), reverse=True)
    ]


def write(
    table: pd.DataFrame,
    overall: Overall,
    style: str,
    runs: Sequence[Run],
    notes: Sequence[str] = (),
    file: IO[str] | None = None,
) -> None:
    """Write what has changed from one run to another.

    Parameters
    ----------
    style : str
        "rich" for a terminal, of very many cases the first few hundred; "markdown" for a pull request, with the cases
        that have not changed folded away; "csv"; or "json": everything, with null for what is missing.
    runs : sequence of Run
        Both; of these no more than what they are called and in what circumstances they were made.
    notes : sequence of str
        Sentences above everything: for people.
    file : text file
        Standard output by default.
    """
    file = file or sys.stdout
    if style == "csv":
        table.to_csv(file, index=False, lineterminator="\n")
    elif style == "json":
        data = {"before": runs[0].id, "after": runs[1].id, "differences": circumstances.differences(runs)}
        together = {name: getattr(overall, name) for name in ("cases", "ratio", "p", "time")}
        json_.write({**data, "overall": together, "cases": json_.rows(table)}, file)
    elif style == "markdown":
        file.write("\n\n".join(_markdown(table, overall, runs, notes)) + "\n")
    else:
        console = tables.terminal(file)
        for note in notes:
            console.print(text.plain(note))
        for sentence in summary(table, overall):
            console.print(sentence, style="bold")
        tables.write(_first(tables_of(table), MOST_CASES_SHOWN), "rich", file, notes=_closing(len(table)))


def _markdown(table: pd.DataFrame, overall: Overall, runs: Sequence[Run], notes: Iterable[str]) -> Iterator[str]:
    yield f"**{' '.join(summary(table, overall))}**"
    yield f"{' against '.join(text.markdown(run.id) for run in runs)}."
    yield from map(text.markdown, notes)
    for part in tables_of(table):
        written = "\n".join(markdown.lines(replace(part, title=""), {}))
        if part.frame["changed"].all():
            yield written
        else:
            yield from (f"<details><summary>{part.title}</summary>", written, "</details>")
    yield LEGEND


def _first(parts: Iterable[Table], most: int) -> Iterator[Table]:
    """So many rows of all tables together."""
    for part in parts:
        if most > 0:
            yield replace(part, frame=part.frame[:most])
        most -= len(part.frame)


def _closing(cases: int) -> Iterator[str]:
    if cases > MOST_CASES_SHOWN:
        yield f"... and {text.count(cases - MOST_CASES_SHOWN, 'more case')}: see --format csv."
    if cases:
        yield LEGEND


def _columns() -> list[Column]:
    return [
        Column("problem", "problem", lambda row: str(row["problem"]), numeric=False),
        Column("solver", "solver", lambda row: str(row["solver"]), numeric=False),
        Column("wall_s_before", "before", lambda row: text.seconds(row["wall_s_before"])),
        Column("wall_s_after", "after", lambda row: text.seconds(row["wall_s_after"])),
        Column("ratio", "time", lambda row: speed(row["ratio"]) + _doubt(row["time"]), numeric=False),
        Column("remarks", "remarks", lambda row: ", ".join(_remarks(row)), numeric=False),
    ]


def _doubt(time: str) -> str:
    return f", {time}" if time in (SAME, NOT_JUDGED) else ""


def _both(table: pd.DataFrame) -> pd.Series[bool]:
    return table["presence"] == ""


def _status_changed(table: pd.DataFrame) -> pd.Series[bool]:
    return _both(table) & (table["status_before"] != table["status_after"])


def _changed(row: Row) -> bool:
    status = row["status_before"] != row["status_after"]
    other_error = row["accuracy"] in (changes.LARGER, changes.SMALLER)
    return bool(status or row["time"] in (SLOWER, FASTER) or other_error or row["presence"])


def _remarks(row: Row) -> list[str]:
    said = [str(row["presence"])] if row["presence"] else []
    before, after = row["status_before"], row["status_after"]
    reasons = [row[f"reason_{run}"] for run in ("after", "before") if row[f"status_{run}"] != measurement.OK]
    reason = next((f" ({reason})" for reason in reasons if isinstance(reason, str)), "")
    if row["presence"]:
        status = after if row["presence"] == NEW else before
        said += [f"{status}{reason}"] if status != measurement.OK else []
    elif before != after:
        said.append(f"status changed: {before} -> {after}{reason}")
    elif before != measurement.OK:
        said.append(f"{before} in both{reason}")
    if row["accuracy"]:
        errors = " -> ".join(text.error(row[f"error_{run}"]) for run in ("before", "after"))
        judged = row["accuracy"] != NOT_JUDGED
        said.append(f"accuracy changed: error {errors}, {row['accuracy']}" if judged else f"error {errors}, not judged")
    marks = [mark for run in ("before", "after") for mark in str(row[f"marks_{run}"] or "").split(", ") if mark]
    said += [mark for mark in dict.fromkeys(marks) if mark != "nan"]
    return said
