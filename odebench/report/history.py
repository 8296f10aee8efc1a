"""How cases went over many runs, a line each, with the runs at which their time changed."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from typing import IO, TYPE_CHECKING

from .. import text
from ..analysis.history import ENOUGH_RUNS, FEWEST_RUNS
from . import json_, tables
from .changes import speed

if TYPE_CHECKING:
    import pandas as pd

LEGEND = (
    "over the runs: median times in their order, a bar each from the fastest to the slowest; x where a run's case is "
    "not ok or has none. changes: at which run the times come to another level and stay there, at 5 % for all cases."
)
_BARS = "▁▂▃▄▅▆▇█"


def lines(table: pd.DataFrame) -> pd.DataFrame:
    """One row a case of `Results.history`, those that changed first: its times as bars, first and last, in words."""
    import pandas as pd

    named = ["problem", "problem_params", "solver", "solver_params"]
    runs = list(dict.fromkeys(table.sort_values("started_at", kind="stable")["run_id"]))
    rows = []
    for _, case in table.groupby("case_id", sort=False):
        case = case.set_index("run_id")
        times = case["wall_s_median"].reindex(runs)
        known = times.dropna()
        changed = case["change"].dropna()
        rows.append(
            {
                **{name: case[name].iloc[0] for name in named},
                "over the runs": "".join(bars(list(times))),
                "first_s": known.iloc[0] if len(known) else math.nan,
                "last_s": known.iloc[-1] if len(known) else math.nan,
                "changes": ", ".join(f"{speed(ratio)} since {run}" for run, ratio in changed.items()),
            }
        )
    shown = pd.DataFrame(rows, columns=[*named, "over the runs", "first_s", "last_s", "changes"])
    shown = text.labelled(shown).drop(columns=["problem_params", "solver_params"])
    return shown.sort_values("changes", key=lambda said: said == "", kind="stable", ignore_index=True)


def write(table: pd.DataFrame, style: str, notes: Iterable[str] = (), file: IO[str] | None = None) -> None:
    """Write a history: as lines, below them `notes`, in a style of `odebench.report.tables.write`, or all as JSON."""
    if style == "json":
        json_.write(json_.rows(table), file or sys.stdout)
    elif style == "csv":
        table.to_csv(file or sys.stdout, index=False, lineterminator="\n")
    else:
        tables.write(lines(table), style, file, notes=[*notes, *said(table)])


def bars(times: list[float]) -> list[str]:
    """A sign a time, on a logarithmic scale; of times that differ by less than a tenth the lowest."""
    logs = [math.log(t) if t > 0 and math.isfinite(t) else math.nan for t in times]
    known = [value for value in logs if not math.isnan(value)]
    least, span = (min(known), max(max(known) - min(known), math.log(1.1))) if known else (0.0, 1.0)
    return ["x" if math.isnan(v) else _BARS[min(7, int(8 * (v - least) / span))] for v in logs]


def said(table: pd.DataFrame) -> list[str]:
    """What was found, and what the signs mean."""
    runs, cases = table["run_id"].nunique(), table["case_id"].nunique()
    changed = table.loc[table["change"].notna(), "case_id"].nunique()
    found = f"{text.count(cases, 'case')} in {text.count(runs, 'run')}: the times of {changed} changed."
    if runs < FEWEST_RUNS:
        found += f" In fewer than {FEWEST_RUNS} runs no change can be told from noise."
    elif runs < ENOUGH_RUNS:
        found += f" Fewer than {ENOUGH_RUNS} runs often cannot tell even a doubling from noise."
    return [found, LEGEND]
