"""What figures need of the cases: which can be drawn, what each is called, and what is said of the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ... import measurement, text
from ...errors import NothingToDraw
from .style import said

if TYPE_CHECKING:
    import pandas as pd

    from ...results import Results

MOST_PANELS = 12
_FAR = 1e3


def named(results: Results) -> pd.DataFrame:
    """The cases with `curve` and `rung`, `kind` of solver, and the problem's name with its parameters as `panel`."""
    cases = results.curves()
    if cases.empty:
        raise NothingToDraw("nothing to draw: the run has no samples. 'odebench run --resume RUN' finishes one.")
    kinds = dict.fromkeys(results.neural, "network") | dict.fromkeys(results.oracles, "oracle")
    cases["kind"] = [kinds.get(solver, "integrator") for solver in cases["solver"]]
    cases["curve"] = cases["curve"].map(said)
    cases["panel"] = [said(p) for p in text.labels(zip(cases["problem"], cases["problem_params"], strict=True))]
    return cases


def positive(cases: pd.DataFrame, *columns: str) -> pd.DataFrame:
    """The cases that are ok and have these values, finite and above zero, as a logarithmic axis asks for.

    Raises `NothingToDraw` where there is none.
    """
    good = cases["status"] == measurement.OK
    for column in columns:
        values = cases[column].astype("float64")
        good &= (values > 0) & (values < float("inf"))
    if not good.any():
        what = " and ".join(column.removesuffix("_median") for column in columns)
        why = failed(cases) or f"none has {what} above zero."
        raise NothingToDraw(f"nothing to draw: of {text.count(len(cases), 'case')} none is ok with {what}. {why}")
    return cases[good]


def near(cases: pd.DataFrame, column: str = measurement.ERROR) -> tuple[pd.DataFrame, str]:
    """Those whose error is below a thousand, unless none is, and what is said of the others.

    What lies above has nothing to do with the problem any more, and would leave no room for the rest.
    """
    kept = cases[cases[column] <= _FAR]
    far = len(cases) - len(kept)
    if not far or kept.empty:
        return cases, ""
    which = "case with an error above 1000 lies" if far == 1 else "cases with errors above 1000 lie"
    return kept, f"{far} {which} outside."


def closest(cases: pd.DataFrame) -> pd.DataFrame:
    """Of each curve on each problem the rung with the least error."""
    by_error = cases.sort_values(measurement.ERROR, kind="stable")
    return by_error.drop_duplicates(["panel", "curve"]).sort_index()


def failed(cases: pd.DataFrame) -> str:
    """'3 of 40 cases failed: 2 diverged, 1 timeout.', or nothing."""
    bad = cases.loc[cases["status"] != measurement.OK, "status"].value_counts()
    if bad.empty:
        return ""
    which = ", ".join(f"{count} {status}" for status, count in bad.items())
    return f"{bad.sum()} of {text.count(len(cases), 'case')} {'is' if bad.sum() == 1 else 'are'} not ok: {which}."


def not_drawn(cases: pd.DataFrame, drawn: pd.DataFrame, what: str = "value above zero") -> str:
    """The same, and how many more have no values to be drawn by."""
    bad = int((cases["status"] != measurement.OK).sum())
    more = len(cases) - bad - len(drawn)
    rest = f"{more} {'has' if more == 1 else 'have'} no {what}." if more else ""
    return sentences(failed(cases), rest)


def problems(cases: pd.DataFrame) -> tuple[list[str], str]:
    """The panels, at most twelve, and what is said where there are more."""
    names = list(cases["panel"].drop_duplicates())
    left_out = len(names) - MOST_PANELS
    return names[:MOST_PANELS], f"{left_out} more problems are not drawn; choose by -p." if left_out > 0 else ""


def scattering(cases: pd.DataFrame) -> str:
    """'The times of 3 of 40 cases scatter.', or nothing: of a figure of times that does not mark which."""
    timed = cases[cases["status"] == measurement.OK]
    unstable = int(timed["unstable"].astype(bool).sum())
    return f"The times of {unstable} of {text.count(len(timed), 'case')} scatter." if unstable else ""


def sentences(*parts: str | Iterable[str]) -> str:
    """What there is of them, one after the other."""
    flat = [p for part in parts for p in ([part] if isinstance(part, str) else part)]
    return " ".join(filter(None, flat))
