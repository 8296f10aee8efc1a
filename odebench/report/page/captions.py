"""What was found, in sentences made from the numbers."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from ... import measurement, text
from ...measurement import ERROR, SLOWDOWN, TIME

if TYPE_CHECKING:
    import pandas as pd

LEVELS = (1e-3, 1e-6, 1e-9)
"""Errors at which the fastest are named."""
_UNSTABLE = " (its times scatter)"


def of_problem(rows: pd.DataFrame, networks: Collection[str] = ()) -> list[str]:
    """What the cases of one problem say: how many were solved, who is the most accurate, who the fastest at what error.

    `rows` as `data.cases` has them; `networks` are names of solvers. Times are of measured cases that are as accurate
    as that or more, nothing in between.
    """
    said = [solved(rows)]
    ok = ranked(rows)
    if ok.empty:
        return said
    said.append(most_accurate(ok))
    found = {level: sentence for level in LEVELS if (sentence := fastest(ok, level, networks))}
    strictest = {sentence: level for level, sentence in found.items()}  # said once, of the smallest error it holds for
    said += [f"At an error of {power(level)} or less {sentence}" for sentence, level in strictest.items()]
    return said


def power(level: float) -> str:
    """'1e-6'."""
    return f"{level:.0e}".replace("e-0", "e-").replace("e+0", "e+")


def ranked(rows: pd.DataFrame) -> pd.DataFrame:
    """Those that are ranked: solved, by themselves, with an error, a reference's error and a time that are known."""
    known = rows[ERROR].map(math.isfinite) & rows[TIME].map(math.isfinite)
    return rows[known & rows[SLOWDOWN].notna()]


def solved(rows: pd.DataFrame) -> str:
    """'12 of 14 cases were solved; 1 timeout, 1 diverged.'"""
    ok = int((rows["status"] == measurement.OK).sum())
    others = rows.loc[rows["status"] != measurement.OK, "status"].value_counts()
    if len(rows) == 1:
        return "The one case was solved." if ok else f"The one case was not solved: {others.index[0]}."
    words = ", ".join(f"{n} {status}" for status, n in others.items())
    count = f"{'None' if ok == 0 else 'All' if ok == len(rows) else ok} of {len(rows)} cases"
    return f"{count} {'was' if ok == 1 else 'were'} solved{f'; {words}' if words else ''}."


def most_accurate(ok: pd.DataFrame) -> str:
    """Who came closest, and in what time; where several are at the reference's floor, the fastest of these."""
    best = ok[ok[ERROR] == ok[ERROR].min()].sort_values(TIME, kind="stable").iloc[0]
    error = text.error(best[ERROR], at_floor=bool(best["at_reference_floor"]))
    floor = ", as accurate as the reference itself" if best["at_reference_floor"] else ""
    return f"The most accurate is {best['label']}: an error of {error} in {text.seconds(best[TIME])}{floor}."


def fastest(ok: pd.DataFrame, level: float, networks: Collection[str] = ()) -> str | None:
    """Who is the fastest at an error of `level` or less, and how far the next and the networks are behind.

    It follows "At an error of ... or less"; None where no more than one curve comes so far.
    """
    reached = ok[ok[ERROR] <= level].sort_values([TIME, ERROR], kind="stable").drop_duplicates("curve")
    if len(reached) < 2:
        return None
    first, second = reached.iloc[0], reached.iloc[1]
    sentence = f"{_named(first)} is the fastest, {_ahead(first, second)}"
    if set(ok["solver"]) & set(networks) and first["solver"] not in networks:
        near = reached[reached["solver"].isin(networks)]
        if near.empty:
            sentence += "; no network reaches it"
        elif near.iloc[0]["curve"] != second["curve"]:
            ratio = near.iloc[0][TIME] / first[TIME]
            sentence += f"; the fastest network, {_named(near.iloc[0])}, takes {text.ratio(ratio)} as long"
    return f"{sentence}."


def _named(row: Any) -> str:
    return f"{row['curve']}{_UNSTABLE if bool(row['unstable']) else ''}"


def _ahead(first: Any, second: Any) -> str:
    ratio = second[TIME] / first[TIME] if first[TIME] > 0 else math.inf
    if ratio < 1.005:
        return f"as fast as {_named(second)}"
    return f"{text.ratio(ratio)} faster than {_named(second)}"


def of_all(table: pd.DataFrame) -> list[str]:
    """What all cases say together: how many were solved, and who is on how many problems' fronts."""
    if table.empty:
        return ["There is no case in this run."]
    said = [solved(table)]
    on_front = table[table["on_front"] == True]  # noqa: E712  (pandas' own true)
    problems = table["problem_label"].nunique()
    if on_front.empty or problems < 2:
        return said
    count = on_front.groupby("curve", sort=False)["problem_label"].nunique().sort_values(ascending=False, kind="stable")
    most = [str(curve) for curve in count.index[count == count.iloc[0]]]
    who = " and ".join(most[:3]) + (f" and {len(most) - 3} more" if len(most) > 3 else "")
    verb = "stands" if len(most) == 1 else "each stand"
    said.append(f"{who} {verb} on the front of {count.iloc[0]} of {problems} problems, more than any other.")
    return said
