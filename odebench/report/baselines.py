"""The strongest classical solvers, which stand beside networks wherever these are shown."""

from __future__ import annotations

from ..measurement import ERROR, SLOWDOWN, TIME
from ..results import Results


def beside(results: Results) -> Results:
    """The results, and of each problem with networks the ladders of the strongest classical solvers at their errors.

    Where none comes to an error, it is that of the most accurate. To what is ranked among itself nothing is added.
    """
    if results.ranked_anew or results.whole is results:
        return results
    identity = ["problem", "problem_params", "curve"]
    found = results.strongest().rename(columns={"baseline": "curve", "curve": "network"})
    strongest = {tuple(one) for one in found[identity].itertuples(index=False)}
    curves = results.whole.curves()
    classical = curves[curves[SLOWDOWN].notna() & ~curves["solver"].isin(list(results.whole.neural))]
    closest = classical.sort_values([ERROR, TIME], kind="stable").drop_duplicates(identity[:2])
    unreached = {tuple(one)[:2] for one in found.loc[found["curve"] == "", identity].itertuples(index=False)}
    strongest |= {one for one in closest[identity].itertuples(index=False, name=None) if one[:2] in unreached}
    added = curves[identity].apply(tuple, axis=1).isin(strongest)
    if not added.any():
        return results
    part = Results(results.runs)
    part.whole = results.whole
    kept = curves["case_id"].isin(results.cases["case_id"]) | added
    part.cases = results.whole.cases[kept.to_numpy()].reset_index(drop=True)
    return part
