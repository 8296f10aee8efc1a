"""How many problems of a suite a solver has solved, within what cost."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ... import measurement, text
from ...errors import BadQuestion, NothingToDraw
from . import cases as of_cases
from . import foot, style
from .looks import MOST, looks

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from ...results import Results


def performance_profile(results: Results, *, error: float = 1e-6, size: str = "page") -> Figure:
    """On what part of the problems each curve comes to this error within a factor of the fastest (Dolan and Moré).

    Raises `NothingToDraw` where there are no curves on problems to compare.
    """
    cases = of_cases.named(results)
    return _draw(results, cases, lambda: results.performance_profile(error), "tau", error, size)


def data_profile(results: Results, *, error: float = 1e-6, cost: str = "wall_s_median", size: str = "page") -> Figure:
    """On what part of the problems each curve comes to this error for at most a budget (Moré and Wild).

    Raises `NothingToDraw` as `performance_profile` does.
    """
    cases = of_cases.named(results)
    return _draw(results, cases, lambda: results.data_profile(error, cost), "budget", error, size)


def _draw(
    results: Results, cases: pd.DataFrame, ask: Callable[[], pd.DataFrame], x: str, error: float, size: str
) -> Figure:
    chosen = style.size_of(size)
    try:
        steps = ask()
    except BadQuestion as why:
        raise NothingToDraw(f"nothing to draw: {why}") from None
    kinds = dict(zip(results.curves()["curve"], cases["kind"], strict=True))
    best = steps.groupby("solver")["fraction"].max().sort_values(ascending=False, kind="stable")
    shown = [name for name in steps["solver"].drop_duplicates() if name in set(best.index[:MOST])]
    if not (steps["fraction"] > 0).any():
        raise NothingToDraw(f"nothing to draw: nobody comes to an error of {error:g}. Ask for a larger one.")
    with style.styled(chosen):
        all_looks = looks((name, kinds.get(name, "integrator")) for name in shown)
        figure = style.figure(chosen.width, 1.15 * chosen.panel)
        axes = figure.add_subplot()
        last = float(steps[x].max())
        for name in shown:
            rows = steps[(steps["solver"] == name) & (steps[x] > 0)].sort_values(x)
            at, fraction = rows[x].to_numpy(float), rows["fraction"].to_numpy(float)
            if len(at):
                axes.step([*at, last * 1.3], [*fraction, fraction[-1]], where="post", label=name, gid=f"curve {name}",
                          markevery=max(1, len(at) // 6), **all_looks[name].drawn)  # fmt: skip
        style.plain(axes)
        style.logarithmic(axes.xaxis)
        axes.set_ylim(-0.03, 1.03)
        axes.set_ylabel("part of the problems")
        unit = str(steps["unit"].iloc[0]) if "unit" in steps else ""
        axes.set_xlabel("times as long as the fastest" if x == "tau" else f"budget ({unit.replace('_median', '')})")
        count = int(steps["problems"].iloc[0])
        more = f"{len(best) - MOST} more curves are not drawn." if len(best) > MOST else ""
        words = f"Solved: an error of at most {error:g}; of {text.count(count, 'problem')}."
        scattering = of_cases.scattering(cases) if x == "tau" or unit == measurement.TIME else ""
        words = of_cases.sentences(words, more, scattering, of_cases.failed(cases))
        foot.put(figure, foot.groups(all_looks), words, chosen.font)
    return figure
