"""What was found, in sentences made from the numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ... import measurement, text
from ...analysis import spread
from ...measurement import ERROR, SLOWDOWN, TIME
from .. import comparison

if TYPE_CHECKING:
    import pandas as pd

    from .rivals import Rivals

LEVELS = (1e-3, 1e-6, 1e-9)
"""Errors at which the fastest are named."""
NAMED = 3
"""Of curves that tie, so many are named."""
_UNSTABLE = " (its times scatter)"
_USED = ["problem", "problem_params", "solver", "curve", "label", "samples", ERROR, TIME, SLOWDOWN, "on_front"]
_USED += ["wall_s_ci_low", "wall_s_ci_high", "unstable", "max_abs_error_worst", "at_reference_floor"]


def of_problem(rows: pd.DataFrame, rivals: Rivals) -> list[str]:
    """What the cases of one problem say: how many were solved, who is the most accurate, who the fastest at what error.

    `rows` as `data.cases` has them. Times are of measured cases that are as accurate
    as that or more, nothing in between.
    """
    said = [solved(rows)]
    ok = ranked(rows)
    if ok.empty:
        return said
    said.append(most_accurate(ok))
    if closest(ok)["solver"] in rivals.networks:
        said.append(rivals.most_accurate())
    found = {level: sentence for level in LEVELS if (sentence := fastest(ok, level, rivals))}
    strictest = {sentence: level for level, sentence in found.items()}  # said once, of the smallest error it holds for
    said += [f"At an error of {power(level)} or less {sentence}" for sentence, level in strictest.items()]
    return said


def power(level: float) -> str:
    """'1e-6'."""
    return f"{level:.0e}".replace("e-0", "e-").replace("e+0", "e+")


def ranked(rows: pd.DataFrame) -> pd.DataFrame:
    """Those that are ranked: solved, by themselves, with an error, a reference's error and a time that are known."""
    known = rows[ERROR].map(math.isfinite) & rows[TIME].map(math.isfinite)
    return rows.loc[known & rows[SLOWDOWN].notna(), _USED]


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
    best = closest(ok)
    floor = ", as accurate as the reference itself" if best["at_reference_floor"] else ""
    return f"The most accurate is {accurate(best)}{floor}."


def closest(ok: pd.DataFrame) -> Any:
    """The case with the least error, and of several the fastest."""
    (best,) = ok[ok[ERROR] == ok[ERROR].min()].sort_values(TIME, kind="stable").head(1).to_dict("records")
    return best


def accurate(row: Any) -> str:
    """'rk4[steps=10]: an error of 1.0e-06 in 1.0 ms'."""
    return f"{row['label']}: an error of {comparison.error(row)} in {comparison.seconds(row)}"


def fastest(ok: pd.DataFrame, level: float, rivals: Rivals) -> str | None:
    """Who is the fastest at an error of `level` or less, and how far the next is behind.

    It follows "At an error of ... or less"; None where no more than one curve comes so far. Where networks are among
    them, the strongest classical solver is named too, and how far the fastest network is from it.
    """
    import pandas as pd

    reached = ok[ok[ERROR] <= level]
    if compared := bool(ok["solver"].isin(list(rivals.networks)).any()):
        classical = rivals.strongest(level)
        reached = pd.concat([reached, classical]) if len(classical) else reached  # it may be left out of the page
    reached = in_time(reached)
    if len(reached) < 2:
        return None
    first, second = reached.iloc[0], reached.iloc[1]
    sentence = f"{_named(first)} is the fastest, {_ahead(first, second)}"
    if compared and first["solver"] not in rivals.networks:
        near = reached[reached["solver"].isin(rivals.networks)]
        if near.empty:
            sentence += "; no network reaches it"
        elif near.iloc[0]["curve"] != second["curve"]:
            sentence += f"; the fastest network, {_named(near.iloc[0])}, takes {_times(first, near.iloc[0])} as long"
    elif compared:
        if classical.empty:
            sentence += f"; {rivals.nobody()}"
        elif classical.iloc[0]["curve"] == second["curve"]:
            sentence += "; that is the strongest classical solver"
        else:
            other = classical.iloc[0]
            sentence += f"; the strongest classical solver, {_named(other)}, takes {_times(first, other)} as long"
    return f"{sentence}."


def in_time(ok: pd.DataFrame) -> pd.DataFrame:
    """The fastest case of each curve, the fastest first."""
    return ok.sort_values([TIME, ERROR], kind="stable").drop_duplicates("curve")


def _named(row: Any) -> str:
    return f"{row['curve']}{_UNSTABLE if bool(row['unstable']) else ''}"


def _ahead(first: Any, second: Any) -> str:
    if first["wall_s_ci_high"] >= second["wall_s_ci_low"]:
        return f"too close to tell from {_named(second)}"
    ratio = _times(first, second)
    if float(ratio.strip("x∞") or "inf") == 1:
        return f"as fast as {_named(second)}{_few(first, second)}"
    return f"{ratio} faster than {_named(second)}{_few(first, second)}"


def _times(first: Any, second: Any) -> str:
    """How many times as long the second takes, to the digits that both support."""
    ratio = second[TIME] / first[TIME] if first[TIME] > 0 else math.inf
    return text.ratio(ratio, min(comparison.time_digits(first), comparison.time_digits(second)))


def _few(first: Any, second: Any) -> str:
    """', of one sample each': where an interval is not known."""
    one, other = int(first["samples"]), int(second["samples"])
    if min(one, other) >= spread.FEWEST:
        return ""
    if one == other:
        return f", of {'one sample' if one == 1 else f'{one} samples'} each"
    return f", of {text.count(one, 'sample')} against {other}"


def scatter(cases: pd.DataFrame) -> list[str]:
    """What is to be said of the times of these cases where no point is marked."""
    ok = cases[cases["status"] == measurement.OK]
    few = int((ok["samples"] < spread.FEWEST).sum())
    said = [f"Fewer than {spread.FEWEST} samples: {few} of {text.count(len(ok), 'case')}."] if few else []
    return [*scattering(ok), *said]


def scattering(ok: pd.DataFrame) -> list[str]:
    """Of how many cases the times scatter, where any do."""
    unstable = int((ok["unstable"] == True).sum())  # noqa: E712  (pandas' own true)
    return [f"The times of {unstable} of {text.count(len(ok), 'case')} scatter."] if unstable else []


def of_all(table: pd.DataFrame, rivals: Rivals) -> list[str]:
    """What all cases say together: how many were solved, and who is on how many problems' fronts."""
    if table.empty:
        return ["There is no case in this run."]
    said = [solved(table)]
    problems = table["problem_label"].nunique()
    count = _fronts(table)
    if count.empty or problems < 2:
        return said
    most = [str(curve) for curve in count.index[count == count.iloc[0]]]
    verb = "stands" if len(most) == 1 else "each stand"
    sentence = f"{who(most)} {verb} on the front of {count.iloc[0]} of {problems} problems, more than any other"
    if set(table.loc[table["curve"].isin(most[:NAMED]), "solver"]) <= set(rivals.networks):
        classical = _fronts(rivals.cases)
        if classical.empty:
            sentence += f"; {'no classical solver on any' if rivals.tried else rivals.nobody()}"
        else:
            sentence += f"; of the classical solvers {classical.index[0]}, on {classical.iloc[0]}"
    return [*said, f"{sentence}."]


def _fronts(table: pd.DataFrame) -> pd.Series[int]:
    """On the fronts of how many problems each curve is, the most first."""
    on_front = table[table["on_front"] == True]  # noqa: E712  (pandas' own true)
    count = on_front.drop_duplicates(["problem", "problem_params", "curve"])["curve"].value_counts(sort=False)
    return count.sort_values(ascending=False, kind="stable")


def who(curves: Sequence[str]) -> str:
    """'a', 'a and b', 'a and b and c and 3 more'."""
    return " and ".join(curves[:NAMED]) + (f" and {len(curves) - NAMED} more" if len(curves) > NAMED else "")
