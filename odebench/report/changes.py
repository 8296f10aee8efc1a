"""What has changed between two runs, in words: in the terminal, as Markdown for a pull request, as JSON."""

from __future__ import annotations

import html
import json
import math
import sys
from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .. import measurement, text
from ..analysis import changes
from ..analysis.changes import FASTER, GONE, NEW, NOT_JUDGED, SAME, SLOWER, Overall
from ..analysis.significance import FEWEST, MARGIN

if TYPE_CHECKING:
    import pandas as pd

HEADINGS = ("problem", "solver", "before", "after", "time", "remarks")
LEGEND = (
    "before, after: median times. not significant: no shift beyond "
    f"{100 * MARGIN:.0f} % was seen, at 5 % for all cases together. not judged: fewer than {FEWEST} samples in a run. "
    "accuracy changed: the largest error, beyond rounding, the reference's own error and what seeds do."
)
_MOST_CASES = 500
_WIDTH_IN_A_FILE = 140


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
    said = [f"{_cases(len(table))}: " + ", ".join(f"{n} {what}" for n, what in counted if n) + "."]
    if not overall.cases:
        return [*said, "No case is ok in both runs: there are no times to compare."]
    mean = f"Geometric mean of {_cases(overall.cases)}: {speed(overall.ratio)}"
    few = f"fewer than {changes.FEWEST_CASES} cases are not judged together"
    return [*said, f"{mean}, {few}." if overall.time == NOT_JUDGED else f"{mean}{_doubt(overall.time)}."]


def speed(ratio: float) -> str:
    """'1.09x faster', '1.12x slower', or 'as fast'; `ratio` is the time after by the time before."""
    if math.isnan(ratio):
        return ""
    factor, word = (ratio, "slower") if ratio >= 1 else (1 / ratio if ratio else math.inf, "faster")
    return "as fast" if factor < 1.005 else f"{text.ratio(factor)} {word}"


def rows(table: pd.DataFrame) -> tuple[list[list[str]], list[list[str]]]:
    """The cells of the cases that have changed, other statuses and slowdowns first, and of those that have not."""
    solvers = text.labels(zip(table["solver"], table["solver_params"], strict=True))
    problems = text.labels(zip(table["problem"], table["problem_params"], strict=True))
    first = (~_status_changed(table)).astype(int) + (table["presence"] != "")  # another status, a time, new or gone
    labelled = table.assign(solver=solvers, problem=problems, first=first)
    labelled = labelled.sort_values(["first", "ratio"], ascending=[True, False], kind="stable")
    found: tuple[list[list[str]], list[list[str]]] = ([], [])
    for row in labelled.to_dict("records"):
        found[0 if _changed(row) else 1].append(_cells(row))
    return found


def print_changes(table: pd.DataFrame, overall: Overall) -> None:
    """The summary, and a table of all cases, the changed ones first; of very many, the first few hundred."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    console = Console(
        width=None if sys.stdout.isatty() else _WIDTH_IN_A_FILE, highlight=False, markup=False, emoji=False
    )
    changed, unchanged = rows(table)
    shown = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for heading in HEADINGS:
        times = heading in ("before", "after")
        shown.add_column(heading, justify="right" if times else "left", no_wrap=times, overflow="fold")
    for k, cells in enumerate([*changed, *unchanged][:_MOST_CASES]):
        shown.add_row(*cells, style="bold" if k < len(changed) else "dim")
    for sentence in summary(table, overall):
        console.print(sentence, style="bold")
    if len(table):
        console.print(shown)
        if len(table) > _MOST_CASES:
            console.print(f"... and {len(table) - _MOST_CASES} more cases: see --format csv", style="bold")
        console.print(LEGEND, style="dim")


def markdown(table: pd.DataFrame, overall: Overall, before: str, after: str, notes: Sequence[str] = ()) -> str:
    """For a pull request: the summary, the changed cases, the others folded away."""
    changed, unchanged = rows(table)
    parts = [f"**{' '.join(summary(table, overall))}**", f"`{before}` against `{after}`.", *map(_escaped, notes)]
    if changed:
        parts.append(_table(changed))
    if unchanged:
        parts.append(f"<details><summary>{_cases(len(unchanged))} without a change</summary>")
        parts += [_table(unchanged), "</details>"]
    return "\n\n".join([*parts, LEGEND])


def as_json(table: pd.DataFrame, overall: Overall, before: str, after: str, notes: Sequence[str] = ()) -> str:
    """Everything, for programs; null for what is missing."""
    values = table.astype(object)
    cases = values.where(values.notna(), None).to_dict("records")
    said = {"cases": overall.cases, "ratio": _number(overall.ratio), "p": _number(overall.p), "time": overall.time}
    data = {"before": before, "after": after, "differences": list(notes), "overall": said, "cases": cases}
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False, default=lambda number: number.item())


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _cases(n: int) -> str:
    return f"{n} case{'' if n == 1 else 's'}"


def _doubt(time: str) -> str:
    return f", {time}" if time in (SAME, NOT_JUDGED) else ""


def _both(table: pd.DataFrame) -> pd.Series[bool]:
    return table["presence"] == ""


def _status_changed(table: pd.DataFrame) -> pd.Series[bool]:
    return _both(table) & (table["status_before"] != table["status_after"])


def _changed(row: Mapping[Hashable, Any]) -> bool:
    status = row["status_before"] != row["status_after"]
    other_error = row["accuracy"] in (changes.LARGER, changes.SMALLER)
    return bool(status or row["time"] in (SLOWER, FASTER) or other_error or row["presence"])


def _cells(row: Mapping[Hashable, Any]) -> list[str]:
    times = [text.seconds(row[f"wall_s_{run}"]) for run in ("before", "after")]
    return [row["problem"], row["solver"], *times, speed(row["ratio"]) + _doubt(row["time"]), ", ".join(_remarks(row))]


def _remarks(row: Mapping[Hashable, Any]) -> list[str]:
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


def _table(cells: Sequence[Sequence[str]]) -> str:
    rule = ["---:" if heading in ("before", "after") else "---" for heading in HEADINGS]
    lines = [HEADINGS, rule, *([_escaped(cell).replace("|", "\\|") for cell in row] for row in cells)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _escaped(said: str) -> str:
    return html.escape(" ".join(said.split()), quote=False)
