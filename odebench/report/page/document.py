"""The page as one text: template, style, scripts and data."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...errors import OutputError
from ...results import Results
from .. import baselines
from . import budget, captions, data, equations, orders, overview, rivals, solutions, suite, trainings

if TYPE_CHECKING:
    import pandas as pd

GENERATOR = "odebench report"
_VIEWS = ("work_precision.js", "solution.js", "suite.js", "training.js", "table.js")
_SCRIPTS = ("format.js", "figure.js", *_VIEWS, "page.js")
_SECTIONS = {
    "problem": ("Problems", "Problem by problem"),
    "solvers": ("Solvers", "Solver by solver"),
    "training": ("Training", "How the networks trained"),
    "table": ("All cases", "All cases"),
}
_NO_TRACE = "No solve of this run has checkpoints: only methods that train or iterate have, as pinn-autograd."


def render(results: Results) -> str:
    """The page about these results: HTML with everything in it.

    Of a selection, the strongest classical solvers stand beside its networks, unless it is ranked among itself.

    Raises `OutputError` where a library is missing.
    """
    try:
        import latex2mathml  # noqa: F401  (said before anything is read)
    except ImportError:
        raise _lacks("latex2mathml") from None
    try:
        from jinja2 import Environment, PackageLoader, StrictUndefined
    except ImportError:
        raise _lacks("jinja2") from None
    plotly, own = _plotly(), "\n".join(_own(name) for name in _SCRIPTS)
    templates = Environment(loader=PackageLoader("odebench.report", "page"), autoescape=True, undefined=StrictUndefined)
    shown = baselines.beside(results)
    table = data.cases(shown)
    content = _content(shown, table, (plotly, own))
    content["left_out"] = [*_chosen(results, shown), *content["left_out"]]
    template = templates.get_template("page.html.jinja")
    parts = {"css": _own("page.css"), "plotly": plotly, "script": own, "hashes": [_hash(plotly), _hash(own)]}
    said = {"version": __version__, "generator": GENERATOR, "plotly_size": _mib(len(plotly))}
    size = len(template.render(content, **parts, **said, size=_mib(0)).encode())
    page: str = template.render(content, **parts, **said, size=_mib(size))
    return page


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"


def _content(results: Results, table: pd.DataFrame, scripts: Sequence[str]) -> dict[str, Any]:
    """What the template fills in."""
    everywhere, near = rivals.of(results, table)
    shown = data.columns(table, data.metrics(results))
    failures = overview.failures(table)
    cases, left_out = budget.thinned(table)
    payload: dict[str, Any] = {
        "columns": [c._asdict() for c in shown],
        "cases": data.in_columns(cases, shown),
        "markNames": data.MARKS,
        "part": results.whole is not results and not results.ranked_anew,
        "tags": data.tags(results, table),
        "problems": _problems(results, table, near),
        "profiles": suite.performance(results, everywhere.networks, everywhere.nobody()),
        "orders": orders.sentences(results),
    }
    solves = trainings.of(results, table)
    sizes = [partial(trainings.by_problem, solves, *size) for size in trainings.SIZES]
    payload["trainings"] = budget.largest(sizes, budget.room(scripts, payload))
    _beside_trainings(payload["trainings"], table[table["case_id"].isin(results.traces["case_id"])], near, solves)
    courses = [partial(solutions.errors, results, table, *size) for size in solutions.SIZES]
    for label, errors in budget.largest(courses, budget.room(scripts, payload)).items():
        next(p for p in payload["problems"] if p["label"] == label)["errors"] = errors
    traced = bool(solves)
    missing = {} if traced else {"training": _NO_TRACE}
    sections = [
        {"id": name, "title": title, "heading": heading, "missing": missing.get(name)}
        for name, (title, heading) in _SECTIONS.items()
    ]
    return {
        "title": _title(results),
        "runs": overview.runs(results),
        "warnings": overview.warnings(results, table),
        "captions": captions.of_all(table, everywhere),
        "failures": failures[: overview.MOST_GROUPS],
        "failures_left_out": len(failures) - overview.MOST_GROUPS,
        "n_cases": len(table),
        "counts": [
            (len(table), "case", "cases"),
            (len(results.samples), "sample", "samples"),
            (table["problem_label"].nunique(), "problem", "problems"),
            (table["solver"].nunique(), "solver", "solvers"),
        ],
        "sections": sections if len(table) else [],
        "exact": "comparison.csv" if len(results.runs) == 1 else "'odebench table --format csv'",
        "left_out": [left_out] if left_out else [],
        "data": data.script_json(payload),
    }


def _chosen(results: Results, shown: Results) -> Iterator[str]:
    """What was not asked for, and what stands there all the same."""
    if len(results.cases) == (every := len(results.whole.cases)):
        return
    ranked = "themselves" if results.ranked_anew else f"all {every:,}"
    yield f"Shown are {len(shown.cases):,} of {every:,} cases, ranked among {ranked}."
    if added := sorted(set(shown.cases["solver"]) - set(results.cases["solver"])):
        yield f"Beside the networks stand the strongest classical solvers at their errors: {', '.join(added)}."


def _problems(
    results: Results, table: pd.DataFrame, near: Mapping[tuple[str, str], rivals.Rivals]
) -> list[dict[str, Any]]:
    first = table.drop_duplicates("problem_label").set_index("problem_label")[["problem", "problem_params"]]
    known = {str(label): results.solutions.get((name, params)) for label, name, params in first.itertuples()}
    latex = {label: said.latex for label, said in known.items() if said is not None and said.latex is not None}
    unwritten = {str(label): (name, params) for label, name, params in first.itertuples() if str(label) not in latex}
    latex |= equations.installed(unwritten) if unwritten else {}
    return [
        {
            "label": label,
            "captions": captions.of_problem(rows, near[tuple(first.loc[label])]),
            "mathml": equations.mathml(latex[str(label)]) if label in latex else None,
            **solutions.missing(results, rows),
            "solution": None if (said := known[str(label)]) is None else solutions.solution(said),
        }
        for label, rows in table.groupby("problem_label", sort=False)
    ]


def _beside_trainings(
    drawn: list[dict[str, Any]],
    cases: pd.DataFrame,
    near: Mapping[tuple[str, str], rivals.Rivals],
    solves: Sequence[trainings.Training],
) -> None:
    """Say of each problem's trainings how their times scatter, and what a classical solver takes to their error."""
    least = {t.problem: t.best.max_abs_error for t in sorted(solves, key=trainings.closeness, reverse=True) if t.best}
    for of_problem in drawn:
        rows = cases[cases["problem_label"] == of_problem["label"]]
        beside = near[rows["problem"].iloc[0], rows["problem_params"].iloc[0]]
        of_problem["captions"] += [*captions.scattering(rows), beside.at(least.get(of_problem["label"]))]


def _title(results: Results) -> str:
    ids = [run.id for run in results.runs]
    return f"odebench: {', '.join(ids[:3])}{f' and {len(ids) - 3} more' if len(ids) > 3 else ''}"


def _lacks(library: str) -> OutputError:
    return OutputError(f"the page needs {library}: pip install 'odebench[report]'")


@cache
def _own(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


@cache
def _plotly() -> str:
    try:
        from plotly.offline import get_plotlyjs
    except ImportError:
        raise _lacks("plotly") from None
    script: str = get_plotlyjs()
    return script.replace("</script", "<\\/script")


def _hash(script: str) -> str:
    """As a content security policy names a script that may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
