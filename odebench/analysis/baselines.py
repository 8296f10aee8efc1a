"""What the strongest classical method would have needed, for every network."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

from .. import measurement
from ..measurement import ERROR, SLOWDOWN, TIME
from . import at_target

NO_BASELINE = "no classical solver on this problem"
COLUMNS = ("baseline", "baseline_wall_s", "baseline_at_most", "slowdown_vs_classical", "how")


def strongest(curves: pd.DataFrame, neural: Collection[str]) -> pd.DataFrame:
    """One row a case of a network that worked: the fastest classical curve at its error, and its time over that one's.

    A classical curve is of a solver that is neither a network nor told the solution. `how` says where its time comes
    from, as `at_target.at_error` does, or why there is none.
    """
    import pandas as pd

    rivals: dict[tuple[str, str], list[at_target.Ladder]] = {}
    for ladder in at_target.ladders(curves[~curves["solver"].isin(list(neural))]):
        if ladder.ranked:
            rivals.setdefault((ladder.problem, ladder.problem_params), []).append(ladder)
    identity = ["case_id", "problem", "problem_params", "solver", "curve", "rung", ERROR, TIME, "marks"]
    ranked = curves[SLOWDOWN].notna() & (curves["status"] == measurement.OK)
    networks = curves.loc[ranked & curves["solver"].isin(list(neural)), identity]
    rows = []
    for problem, params, error, seconds in networks[["problem", "problem_params", ERROR, TIME]].itertuples(index=False):
        here = [(ladder.curve, ladder.least(TIME, error)) for ladder in rivals.get((problem, params), ())]
        reached = [one for one in here if not math.isnan(one[1].value)]
        curve, found = min(reached, key=lambda one: one[1].value, default=("", at_target.UNKNOWN))
        how = found.how if reached else at_target.NOT_REACHED[TIME] if here else NO_BASELINE
        rows.append([curve, found.value, found.at_most, seconds / found.value, how])
    return networks.assign(**pd.DataFrame(rows, columns=list(COLUMNS), index=networks.index))
