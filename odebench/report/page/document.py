"""The page as one text: template, style, scripts and data."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from ... import __version__
from ...errors import OutputError
from ...results import Results
from . import budget, captions, data, equations, orders, overview, solutions, suite, trainings

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


def render(results: Results, *, left_out: int = 0) -> str:
    """The page about these results: HTML with everything in it; `left_out` is how many cases were not asked for.

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
    table = data.cases(results)
    content = _content(results, table, (plotly, own))
    if left_out:
        content["left_out"].insert(
            0, f"Not asked for, and so not ranked here: {left_out:,} of the cases of these runs."
        )
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
    shown = data.columns(table, data.metrics(results))
    failures = overview.failures(table)
    cases, left_out = budget.thinned(table)
    payload: dict[str, Any] = {
        "columns": [c._asdict() for c in shown],
        "cases": data.in_columns(cases, shown),
        "markNames": data.MARKS,
        "problems": _problems(results, table),
        "profiles": suite.performance(results),
        "orders": orders.sentences(results),
    }
    solves = trainings.of(results, table)
    sizes = [partial(trainings.by_problem, solves, *size) for size in trainings.SIZES]
    payload["trainings"] = budget.largest(sizes, budget.room(scripts, payload))
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
        "captions": captions.of_all(table),
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


def _problems(results: Results, table: pd.DataFrame) -> list[dict[str, Any]]:
    first = table.drop_duplicates("problem_label").set_index("problem_label")[["problem", "problem_params"]]
    known = {str(label): results.solutions.get((name, params)) for label, name, params in first.itertuples()}
    latex = {label: said.latex for label, said in known.items() if said is not None and said.latex is not None}
    unwritten = {str(label): (name, params) for label, name, params in first.itertuples() if str(label) not in latex}
    latex |= equations.installed(unwritten) if unwritten else {}
    networks = results.neural
    return [
        {
            "label": label,
            "captions": captions.of_problem(rows, networks),
            "mathml": equations.mathml(latex[str(label)]) if label in latex else None,
            "solution": None if (said := known[str(label)]) is None else solutions.solution(said),
        }
        for label, rows in table.groupby("problem_label", sort=False)
    ]


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
