"""Checkpoints are read back from the journal and from the tables alike, each sample's once, and drawn alike."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.optional import is_installed, lazy, needs, optional
from helpers.plot_runs import sample
from helpers.runs import make_once

import odebench as package
from odebench import exporting, tables
from odebench.cli.plot import FIGURES
from odebench.errors import BadRun, NothingToDraw
from odebench.journal import Run
from odebench.report import plots, training
from odebench.report.page import data, document, trainings

optional("matplotlib", "draws")
pd = lazy("pandas")
AT = "2026-11-28T10:00:00.00{}+00:00"
SOLVERS = {"network": {"tags": ["neural"], "order": None, "oracle": False, "ladder": []}}


def trained(k, **more):
    trace = [[n, 0.01 * n, None if n == 3 else 0.5**n, 0.7**n / (k + 1), 0.1, 0.8**n] for n in range(1, 5 + k)]
    return sample(
        "network",
        1.0 + k,
        1e-3 / (k + 1),
        repeat=k,
        seed=None if k == 2 else k,
        trace=trace,
        started_at=AT.format(k),
        **more,
    )


def written(directory, rows):
    run = Run.create(directory, {"solvers": SOLVERS, "problems": {"decay": {"tags": [], "source": ""}}})
    for row in rows:
        run.append(row)
    tables.write_tables(run)
    run.finish("complete")
    return Run.open(directory)


@pytest.fixture
def run(tmp_path, shared):
    """A finished run of three trainings and an integration, with its tables."""
    rows = [*map(trained, range(3)), sample("euler", 1.0, 1e-2, started_at=AT.format(9))]
    made = make_once(shared, "traced", lambda directory: written(directory / "run", rows))
    return Run.open(Path(shutil.copytree(made / "run", tmp_path / "run")))


def drawn(results):
    """All lines of both figures of convergence, and what the page draws."""
    figures = [plots.convergence(results), *(training.draw(*of) for of in training.curves(results).items())]
    lines = [line.get_xydata().tolist() for figure in figures for axes in figure.axes for line in axes.lines]
    return lines, trainings.by_problem(trainings.of(results, data.cases(results)))


def test_a_run_of_tables_alone_is_drawn_and_reported_as_the_run_it_was(run, tmp_path):
    original = package.load(run.directory)
    assert len(original.traces) == 4 + 5 + 6
    lines, page = drawn(original)
    assert len(lines) == 3 * 3 + 2 * 3 * 3
    assert len(page[0]["solves"]) == 3
    for form in ("csv", "parquet") if is_installed("pyarrow") else ("csv",):
        copy = package.load(exporting.export(run, [form], tmp_path / form))
        assert drawn(copy) == (lines, page)
    assert document.render(copy).count("network") == document.render(original).count("network")


@pytest.mark.parametrize(
    "form",
    ["csv", pytest.param("parquet", marks=needs("pyarrow")), pytest.param("csv by pandas", marks=pytest.mark.absence)],
)
def test_traces_are_read_from_tables_alone_and_written_into_a_journal_again(run, tmp_path, form, monkeypatch):
    if form == "csv by pandas":
        monkeypatch.setitem(sys.modules, "pyarrow.csv", None)
    original = package.load(run.directory)
    copy = package.load(exporting.export(run, [form.split()[0]], tmp_path / "copy"))
    assert not copy.runs[0].journal_path.exists()
    pd.testing.assert_frame_equal(copy.traces, original.traces, check_exact=True)
    again = exporting.export(copy.runs[0], ["jsonl"], tmp_path / "again")
    assert [m.trace for m in Run.open(again).measurements()] == [m.trace for m in run.measurements()]


@pytest.mark.parametrize("name", FIGURES)
def test_each_figure_of_tables_alone_is_drawn_or_has_nothing_to_draw(run, name):
    run.journal_path.unlink()
    try:
        getattr(plots, name.replace("-", "_"))(package.load(run.directory))
    except NothingToDraw:
        assert name not in ("work-precision", "times", "convergence")


def test_samples_that_a_run_took_over_are_drawn_once(run, tmp_path):
    other = written(tmp_path / "other", [*map(trained, range(3)), trained(3, run_id="other")])
    both = package.load(run.directory, other.directory)
    lines, page = drawn(both)
    assert len(lines) == 3 * 4 + 2 * 3 * 4
    assert len(page[0]["solves"]) == 4
    other.journal_path.unlink()
    assert drawn(package.load(run.directory, other.directory)) == (lines, page)


def test_a_selection_has_its_own_traces_alone(run):
    assert package.load(run.directory).select(solver="euler").traces.empty
    np.testing.assert_array_equal(
        package.load(run.directory).select(solver="network").traces["repeat"].unique(), [0, 1, 2]
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (",1,0.01,", ",,0.01,", r"traces.csv', row 1: step is empty"),
        (",1,0.01,", ",one,0.01,", r"traces.csv', line 2: expected step as a number, received 'one'"),
        ("step,", "steps,", r"traces.csv', row 1: step is empty"),
    ],
)
def test_what_is_wrong_with_the_table_is_said(run, old, new, says):
    run.journal_path.unlink()
    path = run.directory / tables.TRACES
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(BadRun, match=says):
        package.load(run.directory).traces  # noqa: B018  # it is read when it is asked for
