"""How methods that train or iterate come to their solutions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ... import tables, text
from ...errors import NothingToDraw
from . import cases as of_cases
from . import foot, style
from .looks import MOST, Look, looks

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...results import Results

QUANTITIES = {"max_abs_error": "largest error", "max_residual": "largest residual", "loss": "loss"}


def convergence(results: Results, *, size: str = "page") -> Figure:
    """Error, residual and loss of every sample against the solver's own time, both axes logarithmic.

    A column of panels a problem, a line a sample; samples of one case look alike, and of many cases all rungs of one
    ladder. Of more problems than stand side by side, the error alone.

    Raises `NothingToDraw` where no solver reported its progress, `BadParameter` for an unknown size, and `OutputError`
    where matplotlib is missing.
    """
    chosen = style.size_of(size)
    cases = of_cases.named(results)
    points = _traces(results, cases)
    if points.empty:
        raise NothingToDraw(
            "nothing to draw: the run holds no trace. Only solvers that take a monitor, such as pinn-autograd, record "
            "one."
        )
    labels = list(points["label"].drop_duplicates())
    if len(labels) > MOST:
        closest = points.groupby("label")["max_abs_error"].min().sort_values()
        kept = set(closest.index[:MOST])
        points = points[points["label"].isin(kept)]
    names, left_out = of_cases.problems(points)
    quantities = [q for q in QUANTITIES if (points[q] > 0).any()][: None if len(names) <= chosen.abreast else 1]
    with style.styled(chosen):
        kinds = looks(points[["label", "kind"]].itertuples(index=False, name=None))
        height = chosen.panel * (0.6 if len(quantities) > 1 else 1.0)
        if len(quantities) > 1:
            figure = style.figure(chosen.width, height * len(quantities))
            grid = figure.subplots(len(quantities), len(names), squeeze=False, sharex="col", sharey="row")
            placed = [(grid[k, j], name, q) for k, q in enumerate(quantities) for j, name in enumerate(names)]
        else:
            figure, flat = style.panels(chosen, len(names))
            placed = [(axes, name, quantities[0]) for axes, name in zip(flat, names, strict=True)]
        for axes, name, quantity in placed:
            _panel(axes, points[points["panel"] == name], quantity, kinds)
            style.plain(axes)
            style.logarithmic(axes.xaxis)
            style.logarithmic(axes.yaxis)
            if quantity == quantities[0]:
                axes.set_title(name)
        style.labelled([axes for axes, _, _ in placed], "the solver's own time (s)", None)
        for axes, _, quantity in placed:
            if axes.get_subplotspec().is_first_col():
                axes.set_ylabel(QUANTITIES[quantity])
        more = f"{len(labels) - MOST} more are not drawn: these came closest." if len(labels) > MOST else ""
        caption = of_cases.sentences("A line a sample.", more, left_out, of_cases.failed(cases))
        foot.put(figure, foot.groups(kinds), caption, chosen.font)
    return figure


def _traces(results: Results, cases: pd.DataFrame) -> pd.DataFrame:
    """A row a checkpoint: its sample, what it is drawn as, and its numbers."""
    traced = cases[cases["case_id"].isin(results.traces["case_id"])]
    full = text.labels(zip(traced["solver"], traced["solver_params"], strict=True))
    label = list(map(style.said, full)) if len(set(full)) <= MOST else traced["curve"]
    wanted = traced.assign(label=label)[["case_id", "label", "panel", "kind"]]
    return results.traces.merge(wanted, on="case_id")


def _panel(axes: Axes, points: pd.DataFrame, quantity: str, kinds: dict[str, Look]) -> None:
    good = points[(points[quantity] > 0) & (points[quantity] < float("inf")) & (points["wall_s"] > 0)]
    for (label, *_), trace in good.groupby(["label", *tables.SAMPLE], sort=False, dropna=False):
        x, y = trace["wall_s"].to_numpy(float), trace[quantity].to_numpy(float)
        marked = [len(x) // 2, len(x) - 1] if len(x) > 2 else None
        axes.plot(x, y, **kinds[str(label)].drawn, markevery=marked, alpha=0.85, label=label, gid=f"trace {label}")
