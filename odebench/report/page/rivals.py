"""The strongest classical solvers: they stand beside networks, whatever else is left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...measurement import ERROR
from ...results import Results
from .. import comparison
from . import captions, data

if TYPE_CHECKING:
    import pandas as pd

NOWHERE = "in this run"
"""Where there is no classical solver, unless more is known."""


@dataclass(frozen=True, eq=False)
class Rivals:
    """What networks are compared with on a problem, or on several."""

    networks: Collection[str]
    """Names of solvers."""
    cases: pd.DataFrame
    """The ranked cases of classical solvers: neither networks nor told the solution."""
    tried: bool
    """Whether there are any, ranked or not."""
    where: str = NOWHERE

    @classmethod
    def among(cls, cases: pd.DataFrame, networks: Collection[str], where: str = NOWHERE) -> Rivals:
        """Those among cases, which are as `data.cases` has them."""
        classical = cases[~cases["solver"].isin(list(networks)) & ~cases["oracle"]]
        return cls(networks, captions.ranked(classical), not classical.empty, where)

    def strongest(self, error: float) -> pd.DataFrame:
        """The fastest case that comes to this error: one row, or none."""
        return captions.in_time(self.cases[self.cases[ERROR] <= error]).head(1)

    def nobody(self) -> str:
        """Why there is none that comes to an error."""
        return "no classical solver reaches it" if self.tried else f"no classical solver {self.where}"

    def most_accurate(self) -> str:
        """Who came closest."""
        if self.cases.empty:
            return f"There is {'no classical solver that was ranked' if self.tried else self.nobody()}."
        return f"The most accurate classical solver is {captions.accurate(captions.closest(self.cases))}."

    def at(self, error: float | None) -> str:
        """Who is the fastest at an error that was named."""
        if error is None:
            return self.most_accurate()
        found = self.strongest(error)
        if found.empty:
            nobody = "No classical solver comes to this error. " if len(self.cases) else ""
            return f"{nobody}{self.most_accurate()}"
        (row,) = found.to_dict("records")
        return f"The strongest classical solver, {row['curve']}, comes to this error in {comparison.seconds(row)}."


def of(results: Results, table: pd.DataFrame) -> tuple[Rivals, dict[tuple[str, str], Rivals]]:
    """Those on all problems of the results, and on each; `table` are their cases as `data.cases` has them.

    They are looked for among all that the cases are ranked among.
    """
    problem = ["problem", "problem_params"]
    alone = results.ranked_anew or results.whole is results
    everything = table if alone else data.cases(results.whole)
    here = everything[everything.set_index(problem).index.isin(table.set_index(problem).index)]
    networks = results.whole.neural
    where, there = NOWHERE, NOWHERE
    if results.ranked_anew:
        where = there = "among these cases"
    elif Rivals.among(everything, networks).tried:
        where, there = "on these problems", "on this problem"
    groups = here.groupby(problem, sort=False)
    each = {(str(name), str(params)): Rivals.among(rows, networks, there) for (name, params), rows in groups}
    return Rivals.among(here, networks, where), each
