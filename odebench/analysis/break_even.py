"""How many queries until a trained network has paid for itself."""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import pandas as pd

from .. import measurement
from ..measurement import ERROR, SLOWDOWN, TIME

COLUMNS = (
    "problem",
    "problem_params",
    "curve",
    "solver_params",
    "max_abs_error",
    "train_s",
    "query_s",
    "solve_baseline",
    "solve_s",
    "queries_against_solving",
    "dense_baseline",
    "dense_solve_s",
    "dense_query_s",
    "queries_against_dense_output",
    "unstable",
    "remark",
)

_ROUNDING = 1 - 1e-12  # 120.00000000000001 is 120
_Case: TypeAlias = Mapping[Hashable, Any]
_BETWEEN, _QUERY = "max_between_error_median", "query_s_median"


def queries(once_s: float, query_s: float, rival_once_s: float, rival_query_s: float) -> float:
    """The least whole number k of queries for which once_s + k query_s <= rival_once_s + k rival_query_s.

    0 where there is nothing to make up for; infinite where a query costs as much as the rival's, or more.
    """
    behind = once_s - rival_once_s
    if behind <= 0:
        return 0.0
    return math.inf if query_s >= rival_query_s else float(math.ceil(behind / (rival_query_s - query_s) * _ROUNDING))


def counts(
    curves: pd.DataFrame, neural: Collection[str], oracles: Collection[str], of: Collection[str] | None = None
) -> pd.DataFrame:
    """For each network that was trained, how many queries it takes to have cost less than every classical solver.

    `curves` has one row a case, with `curve` (`ladders.assign`); `neural` and `oracles` name solvers; `of` asks for
    the networks of these cases alone, against all the others. A query is one evaluation at all of a problem's
    `t_eval`. The baselines are the classical cases of the same problem that are at least as accurate.
    `queries_against_solving`: each query answered by a solve anew, as if nothing were kept; `solve_baseline` is the
    fastest. That is the generous comparison: a network that was trained on one initial value problem knows this one
    only, and the dense output of an integrator answers the same questions after one solve. So
    `queries_against_dense_output` is against solving once, and evaluating that: `dense_baseline` is the one that
    holds out longest, of those that are as accurate between the times, too. NaN where there is no such baseline, or
    the network's queries were not timed: `remark` says so. Infinite: never. What is not ranked, as where the
    reference's error is unknown, is left out.
    """
    import pandas as pd

    known = curves[[ERROR, TIME, SLOWDOWN]].notna().all(axis=1)
    good = curves[(curves["status"] == measurement.OK) & known & ~curves["solver"].isin(oracles)]
    good = good.assign(anywhere=good[[ERROR, _BETWEEN]].max(axis=1), unstable=good["unstable"].eq(True))
    rows = []
    for names, cases in good.groupby(["problem", "problem_params"], sort=False):
        is_network = cases["solver"].isin(neural)
        classical = cases[~is_network].to_dict("records")
        asked = is_network if of is None else is_network & cases["case_id"].isin(list(of))
        rows += [[*names, *_against(network, classical)] for network in cases[asked].to_dict("records")]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _against(network: _Case, classical: Sequence[_Case]) -> list[Any]:
    train_s, query_s = network[TIME], network[_QUERY]
    timed = not math.isnan(query_s)
    remarks = [] if timed else ["its queries were not timed"]
    solving: list[Any] = ["", math.nan, math.nan]
    dense: list[Any] = ["", math.nan, math.nan, math.nan]
    met = [network]
    if rivals := [rival for rival in classical if rival[ERROR] <= network[ERROR]]:
        fastest = min(rivals, key=lambda rival: rival[TIME])
        met.append(fastest)
        needed = queries(train_s, query_s, 0.0, fastest[TIME]) if timed else math.nan
        solving = [fastest["curve"], fastest[TIME], needed]
        kept = [r for r in rivals if not math.isnan(r[_QUERY]) and r["anywhere"] <= network["anywhere"]]
        if not kept:
            remarks.append("no classical solver of the run has dense output that is as accurate")
        elif timed:
            counted = [(queries(train_s, query_s, r[TIME], r[_QUERY]), -r[TIME]) for r in kept]
            rival = kept[counted.index(max(counted))]
            met.append(rival)
            dense = [rival["curve"], rival[TIME], rival[_QUERY], max(counted)[0]]
    else:
        remarks.append("no classical solver of the run is as accurate")
    unstable = any(case["unstable"] for case in met)
    said = [network["curve"], network["solver_params"], network[ERROR], train_s, query_s]
    return [*said, *solving, *dense, unstable, "; ".join(remarks)]
