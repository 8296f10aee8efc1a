"""What the page's script works on: the cases in columns, as JSON that cannot end its element."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ... import measurement, text
from ...results import Results
from .columns import COLUMNS, Column

if TYPE_CHECKING:
    import pandas as pd

MORE = ("cpu_s", "peak_rss_mb")
"""Medians that comparison.csv does not have."""
MARKS = ("front", "at reference floor", "oracle", "unstable", "incomplete")
"""What a row may be marked as; bit by bit in `cases.marks`."""
_DIGITS = 5


def cases(results: Results) -> pd.DataFrame:
    """The cases with `problem_label`, `label`, `curve`, `oracle`, plugins' metrics and medians of `MORE`."""
    samples, table = results.samples, results.curves()
    ok = samples[samples["status"] == measurement.OK].groupby("case_id")
    for name in [*MORE, *metrics(results)]:
        table[f"{name}_median"] = table["case_id"].map(ok[name].median()).astype("float64")
    table["oracle"] = table["case_id"].map(samples.groupby("case_id")["oracle"].any()).astype(bool)
    table["problem_label"] = text.labels(zip(table["problem"], table["problem_params"], strict=True))
    table["label"] = text.labels(zip(table["solver"], table["solver_params"], strict=True))
    table["tolerance"] = [_tolerance(json.loads(params)) for params in table["solver_params"]]
    table["tolerance"] = table["tolerance"].astype("float64")
    return table


def _tolerance(params: Mapping[str, Any]) -> float | None:
    """What a case was asked for, where a parameter says so."""
    asked = (params.get(name) for name in ("rtol", "tol", "tolerance", "atol"))
    return next((float(v) for v in asked if isinstance(v, int | float) and not isinstance(v, bool)), None)


def metrics(results: Results) -> list[str]:
    """The names of the metrics that plugins brought."""
    return list(dict.fromkeys(name for run in results.runs for name in run.meta.get("metrics", ())))


def tags(results: Results, table: pd.DataFrame) -> dict[str, dict[str, list[str]]]:
    """The tags of each problem and of each curve that has any, by the names that the page gives them."""
    of = {"problem_label": ("problem", results.problem_tags), "curve": ("solver", results.solver_tags)}
    return {
        column: {
            str(label): sorted(known[name])
            for label, name in table[[column, kind]].drop_duplicates(column).itertuples(index=False)
            if known.get(name)
        }
        for column, (kind, known) in of.items()
    }


def marks(table: pd.DataFrame) -> list[int]:
    """Which of `MARKS` each row bears, as bits."""
    said = [str(text).split(", ") for text in table["marks"].fillna("")]
    front = table["on_front"] == True  # noqa: E712  (pandas' own true)
    return [
        sum(1 << k for k, mark in enumerate(MARKS) if mark in of or (mark == "front" and on))
        for of, on in zip(said, front, strict=True)
    ]


def columns(table: pd.DataFrame, more: Iterable[str] = ()) -> list[Column]:
    """Those statistics of which there is anything to show; `more` are plugins' metrics."""
    known = [*COLUMNS, *(Column(f"{name}_median", name, "e") for name in more)]
    return [c for c in known if c.key in table and table[c.key].notna().any()]


def in_columns(table: pd.DataFrame, shown: Iterable[Column]) -> dict[str, Any]:
    """The cases as lists, a column each; names and reasons as numbers of `strings`."""
    strings: dict[str, int] = {}

    def numbered(name: str) -> list[int | None]:
        said = [None if not isinstance(v, str) else v for v in table[name]]
        return [None if v is None else strings.setdefault(v, len(strings)) for v in said]

    words = {name: numbered(name) for name in ("problem_label", "curve", "label", "status", "reason")}
    numbers = {c.key: [number(v) for v in table[c.key].astype("float64")] for c in shown}
    return {
        "words": words,
        "numbers": numbers,
        "marks": marks(table),
        "rung": [int(n) for n in table["rung"]],
        "samples": [int(n) for n in table["samples"]],
        "strings": list(strings),
    }


def number(value: float | None) -> float | int | str | None:
    """With five digits; None where there is none, and 'inf' or '-inf', which JSON does not know."""
    if value is None or math.isnan(value):
        return None
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    rounded = float(f"{value:.{_DIGITS - 1}e}")
    return int(rounded) if rounded == int(rounded) and abs(rounded) < 1e15 else rounded


def script_json(data: Mapping[str, Any]) -> str:
    """JSON for a <script> element: nothing in it ends the element or begins a comment."""
    written = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for sign in "<>&\u2028\u2029":
        written = written.replace(sign, f"\\u{ord(sign):04x}")
    return written
