"""The tables read back to the very same numbers, by whoever reads them."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.commands import read_csv
from helpers.optional import lazy, needs
from helpers.runs import make_once

from odebench import measurement, results, tables
from odebench.analysis import aggregate
from odebench.errors import BadRun
from odebench.journal import Run

pd = lazy("pandas")
pl = lazy("polars")
AWKWARD = [0.1, 1 / 3, 1e-300, 5e-324, 1.7976931348623157e308, 2.0**-52, np.nextafter(1, 2), 123456789.123456789, 3.0]


@pytest.fixture
def run(tmp_path, row, shared):
    """A finished run of awkward numbers with its tables."""
    made = make_once(shared, "awkward", lambda directory: make_run(directory / "run", row))
    return Run.open(Path(shutil.copytree(made / "run", tmp_path / "run")))


def make_run(directory, row):
    run = Run.create(directory, {"metrics": ["drift"]})
    for k, number in enumerate(AWKWARD):
        run.append(
            row(
                f"s{k}",
                seconds=number,
                error=number,
                seed=k,
                loops=k + 1,
                problem_params={"b": number, "a": [1, "x,y"]},
                rhs_calls=12,
                metrics={"drift": number},
            )
        )
    run.append(row("broken", None, None, status="failed", reason='it said: "no",\nand stopped'))
    tables.write_tables(run)
    run.finish("complete")


@pytest.mark.parametrize("table", [tables.MEASUREMENTS, tables.COMPARISON])
@pytest.mark.parametrize(
    "read",
    [
        pytest.param(lambda path: pd.read_csv(path).to_dict("records"), id="pandas"),
        pytest.param(
            lambda path: pl.read_csv(path, infer_schema_length=None).to_dicts(), id="polars", marks=needs("polars")
        ),
        pytest.param(read_csv, id="csv"),
    ],
)
def test_numbers_survive(run, read, table):
    back = read(run.directory / table)
    wall = "wall_s" if table == tables.MEASUREMENTS else "wall_s_median"
    *sound, broken = back
    assert [float(row[wall]) for row in sound] == AWKWARD
    if table == tables.MEASUREMENTS:
        assert [float(row["drift"]) for row in sound] == AWKWARD
        assert [json.loads(row["problem_params"])["b"] for row in sound] == AWKWARD
    assert broken["reason"] == 'it said: "no",\nand stopped'


def test_columns_are_those_of_the_dictionary_and_metrics_come_after(run):
    assert list(pd.read_csv(run.directory / tables.MEASUREMENTS)) == [*measurement.COLUMNS, "drift"]
    assert list(pd.read_csv(run.directory / tables.COMPARISON)) == list(aggregate.COLUMNS)


def test_whole_numbers_stay_whole_and_missing_ones_empty(run):
    first, *_, broken = read_csv(run.directory / tables.MEASUREMENTS)
    assert (first["seed"], first["loops"], first["rhs_calls"], first["repeat"]) == ("0", "1", "12", "0")
    assert (broken["wall_s"], broken["rhs_calls"], broken["seed"], broken["drift"]) == ("", "", "", "")
    assert json.loads(first["problem_params"]) == {"a": [1, "x,y"], "b": 0.1}
    assert list(json.loads(first["problem_params"])) == ["a", "b"]


def test_truth_values_are_true_and_false(run):
    rows = read_csv(run.directory / tables.COMPARISON)
    assert {row["on_front"] for row in rows} == {"true", "false"}


def test_the_tables_of_an_empty_run_have_their_headers(tmp_path):
    run = Run.create(tmp_path / "run", {})
    tables.write_tables(run)
    assert read_csv(run.directory / tables.MEASUREMENTS) == []
    header = (run.directory / tables.COMPARISON).read_text()
    assert header.strip().split(",") == list(aggregate.COLUMNS)


def test_a_run_is_found_by_directory_by_id_and_the_newest_by_default(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(BadRun, match="no runs below 'results'"):
        results.find(None)
    first = Run.create(None, {})
    second = Run.create(None, {})
    assert results.find(str(first.directory)).id == first.id
    assert results.find(first.id).id == first.id
    assert results.find(None).id == second.id
    with pytest.raises(BadRun, match="'nowhere' is not a directory"):
        results.find("nowhere")


def test_many_problems_are_compared_a_few_at_a_time_with_the_same_outcome(tmp_path, row, monkeypatch):
    run = Run.create(tmp_path / "run", {})
    for k in range(3):  # the samples of a problem need not stand together
        for rate in range(7):
            for solver in ("one", "two"):
                parameters = {"problem_params": {"rate": float(rate)}, "case_id": f"decay/{solver}/{rate}"}
                run.append(row(solver, 1.0 + k * rate, 10.0 ** -len(solver), repeat=k, **parameters))
    (at_once,) = tables.comparisons(run)
    monkeypatch.setattr(tables, "ROWS_AT_ONCE", 12)
    chunks = list(tables.comparisons(run))
    assert [len(chunk) for chunk in chunks] == [4, 4, 4, 2]
    pd.testing.assert_frame_equal(pd.concat(chunks, ignore_index=True), at_once, check_dtype=False)
    pd.testing.assert_frame_equal(at_once, aggregate.by_case(tables.samples(run)), check_like=True)


@pytest.mark.absence
def test_without_pyarrow_nothing_is_measured_and_what_to_install_is_said(odebench, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    done = odebench("run", "-s", "euler", "--format", "parquet", "-o", "new")
    assert (done.returncode, "pip install 'odebench[parquet]'" in done.stderr) == (2, True)
    assert not (tmp_path / "new").exists()
