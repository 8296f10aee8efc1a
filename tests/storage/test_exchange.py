"""Others read the tables unchanged: DuckDB and polars, CSV and Parquet, to the same values as `odebench.load`."""

import errno
import json
import math
import os
import shutil
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from helpers.optional import lazy, optional
from helpers.runs import make_once

import odebench as package
from odebench import exporting, tables
from odebench.errors import BadRun, OutputError
from odebench.journal import SCHEMA_VERSION, Run

optional("pyarrow", "pip install 'odebench[parquet]' writes Parquet")
parquet = lazy("pyarrow.parquet")
duckdb = optional("duckdb", "reads the tables")
pl = optional("polars", "reads the tables")
pd = lazy("pandas")
NUMBERS = [0.1, 1 / 3, 1e-300, 5e-324, 1.7976931348623157e308, float(np.nextafter(1, 2)), 3.0, 0.0, 1e22]
REASON = 'it said: "no",\nand stopped; naïve é ∞ <b> \\frac $x_1$'
TABLES = ("measurements", "comparison", "traces")


@pytest.fixture
def run(tmp_path, row, shared):
    """A finished run with its tables in both formats."""
    made = make_once(shared, "exchanged", lambda directory: make_run(directory / "run", row))
    return Run.open(Path(shutil.copytree(made / "run", tmp_path / "run")))


def make_run(directory, row):
    run = Run.create(directory, {"metrics": ["drift"], "formats": ["csv", "parquet"]})
    for k, number in enumerate(NUMBERS):
        more = {
            "metrics": {"drift": number},
            "steps": 3 * k,
            "oracle": k == 3,
            "plugin_version": "0.1.0",
            "trace": [[k, number, None, number, 0.1, None]],
        }
        run.append(
            row(f"s,{k}", number or 1.0, number, seed=2**31 - 1, started_at=f"2026-11-28T10:00:00.00{k}+00:00", **more)
        )
    run.append(
        row(
            'bro"ken',
            None,
            None,
            status="failed",
            plugin_version="0.1.0",
            reason=REASON,
            problem_params={"a": ["x,y", "\n"]},
        )
    )
    tables.write_tables(run)
    run.finish("complete")


def by_duckdb(path):
    with closing(duckdb.connect()) as connection:
        found = connection.execute(f"SELECT * FROM '{path}'")
        names = [column[0] for column in found.description]
        return [dict(zip(names, values, strict=True)) for values in found.fetchall()]


def by_polars(path):
    table = pl.read_parquet(path) if path.suffix == ".parquet" else pl.read_csv(path, infer_schema_length=None)
    return table.to_dicts()


def plain(value):
    """A value as any of them may give it."""
    if value is None or value is pd.NA or value == "" or (isinstance(value, float) and math.isnan(value)):
        return None
    if hasattr(value, "isoformat"):
        return value.timestamp()
    if isinstance(value, str) and value.startswith("2026-11-28T"):
        return pd.Timestamp(value).timestamp()
    return value.item() if hasattr(value, "item") else value


@pytest.mark.parametrize("read", [by_duckdb, by_polars], ids=["duckdb", "polars"])
@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize("table", ["measurements", "comparison"])
def test_others_read_the_very_values_that_load_gives(run, read, form, table):
    loaded = package.load(run.directory)
    expected = (loaded.samples if table == "measurements" else loaded.cases).astype(object).to_dict("records")
    found = read(run.directory / f"{table}.{form}")
    assert [list(row) for row in found] == [list(row) for row in expected]
    for row, other in zip(found, expected, strict=True):
        assert {k: plain(v) for k, v in row.items()} == {k: plain(v) for k, v in other.items()}
    assert {row["reason"] for row in found} == {None, REASON}
    found[2]["wall_s" if table == "measurements" else "wall_s_median"] = math.nextafter(1e-300, 1)
    assert plain(list(found[2].values())) != plain(list(expected[2].values()))


def test_parquet_has_types_and_says_its_schema_version(run):
    schemas = {name: parquet.read_schema(run.directory / f"{name}.parquet") for name in TABLES}
    kinds = {name: str(schemas["measurements"].field(name).type) for name in schemas["measurements"].names}
    assert {kinds[name] for name in ("seed", "repeat", "loops", "steps", "rhs_calls", "threads")} == {"int64"}
    assert {kinds[name] for name in ("wall_s", "max_abs_error", "final_loss", "drift")} == {"double"}
    assert kinds["started_at"] == "timestamp[ms, tz=UTC]"
    assert (kinds["oracle"], kinds["problem_params"], kinds["reason"]) == ("bool", "string", "string")
    assert str(schemas["comparison"].field("unstable").type) == "bool"
    assert str(schemas["traces"].field("step").type) == "int64"
    for schema in schemas.values():
        assert schema.metadata[b"odebench.schema_version"] == str(SCHEMA_VERSION).encode()
        assert schema.metadata[b"odebench.run_id"] == run.id.encode()
    group = parquet.ParquetFile(run.directory / "measurements.parquet").metadata.row_group(0)
    assert group.column(0).compression == "ZSTD"


def test_a_count_that_is_not_whole_is_kept_as_it_is(tmp_path, row):
    run = Run.create(tmp_path / "run", {})
    run.append(row("one", steps=12.0))
    run.append(row("two", steps=12.5))
    tables.write_tables(run, ["parquet"])
    found = pl.read_parquet(tmp_path / "run" / "measurements.parquet")["steps"]
    assert found.to_list() == [12.0, 12.5]


def test_a_run_without_samples_is_exported(tmp_path):
    run = Run.create(tmp_path / "run", {})
    tables.write_tables(run, ["parquet"])
    assert pl.read_parquet(tmp_path / "run" / "measurements.parquet").shape == (
        0,
        len(package.load(run.directory).samples.columns),
    )


def test_what_was_loaded_from_parquet_alone_is_what_was_in_the_journal(run, tmp_path):
    exporting.export(run, ["parquet"], tmp_path / "typed")
    assert {path.name for path in (tmp_path / "typed").iterdir()} == {
        "run.json",
        *(f"{name}.parquet" for name in TABLES),
    }
    found, expected = package.load(tmp_path / "typed"), tables.samples(run)
    pd.testing.assert_frame_equal(found.samples, expected, check_dtype=False, check_exact=True)
    (tmp_path / "typed" / "measurements.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(BadRun, match="cannot be read as Parquet"):
        found = package.load(tmp_path / "typed").samples


def test_the_tables_of_a_journal_are_written_anew(run):
    before = {name: (run.directory / f"{name}.csv").read_bytes() for name in TABLES}
    for path in [*run.directory.glob("*.csv"), *run.directory.glob("*.parquet")]:
        path.unlink()
    exporting.export(run, ["csv"])
    assert {name: (run.directory / f"{name}.csv").read_bytes() for name in TABLES} == before
    assert not list(run.directory.glob("*.parquet"))


def test_the_journal_of_tables_is_written_anew_and_says_the_same(run, tmp_path):
    expected, cases = tables.samples(run), package.load(run.directory).cases
    before = {name: (run.directory / f"{name}.csv").read_bytes() for name in TABLES}
    run.journal_path.unlink()
    copy = Run.open(exporting.export(run, ["jsonl", "csv"], tmp_path / "copy"))
    assert {name: (copy.directory / f"{name}.csv").read_bytes() for name in TABLES} == before
    pd.testing.assert_frame_equal(tables.samples(copy), expected, check_dtype=False, check_exact=True)
    line = json.loads(copy.journal_path.read_text().splitlines()[-1])
    assert line["problem_params"] == {"a": ["x,y", "\n"]}
    exporting.export(run, ["csv"])  # where it is
    assert {name: (run.directory / f"{name}.csv").read_bytes() for name in TABLES} == before
    assert not run.journal_path.exists()
    pd.testing.assert_frame_equal(package.load(run.directory).cases, cases, check_dtype=False)


def test_a_directory_that_holds_something_is_refused(run, tmp_path):
    with pytest.raises(OutputError, match="is there already, and is no empty directory"):
        exporting.export(run, ["csv"], run.directory)


def test_an_export_that_fails_leaves_every_file_as_it_was_and_nothing_behind(run, tmp_path):
    lines = run.journal_path.read_bytes().splitlines(keepends=True)
    run.journal_path.write_bytes(b"".join([*lines[:5], b"no measurement\n", *lines[6:]]))
    before = {path.name: path.read_bytes() for path in run.directory.iterdir()}
    for formats in (["csv"], ["parquet"]):
        with pytest.raises(BadRun, match=r"run/measurements.jsonl', line 6, is not a measurement"):
            exporting.export(run, formats)
    with pytest.raises(BadRun, match=r"run/measurements.jsonl', line 6, is not a measurement"):
        exporting.export(run, ["csv", "jsonl"], tmp_path / "copy")
    assert {path.name: path.read_bytes() for path in run.directory.iterdir()} == before
    run.journal_path.write_bytes(b"".join(lines))
    exporting.export(run, ["csv"], tmp_path / "copy")  # the failed one is not in its way
    assert (tmp_path / "copy" / "measurements.csv").read_bytes() == before["measurements.csv"]
    run.journal_path.unlink()
    (run.directory / "measurements.csv").write_bytes(before["measurements.csv"].replace(b"1e-300", b"inf"))
    (run.directory / "measurements.parquet").unlink()
    changed = {path.name: path.read_bytes() for path in run.directory.iterdir()}
    for directory in (None, tmp_path / "other"):
        with pytest.raises(BadRun, match=r"run', row 3 of its samples: a journal holds no infinity, as in wall_s"):
            exporting.export(run, ["csv"], directory)
    assert {path.name: path.read_bytes() for path in run.directory.iterdir()} == changed
    assert list((tmp_path / "other").iterdir()) == []


def test_a_full_disk_leaves_the_tables_as_they_were(run, monkeypatch):
    before = {path.name: path.read_bytes() for path in run.directory.iterdir()}

    def full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(tables, "write_csv", full)
    with pytest.raises(OutputError, match=r"the tables of '.*/run': No space left on device. The journal beside"):
        exporting.export(run, ["csv"])
    assert {path.name: path.read_bytes() for path in run.directory.iterdir()} == before


def test_the_command_exports_one_run_or_several(run, odebench, tmp_path):
    done = odebench("export", "run", "--format", "csv,jsonl", "--format", "parquet", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(
        "written to out: comparison.csv, comparison.parquet, datapackage.json, measurements.csv, measurements.jsonl"
    )
    other = Run.create(tmp_path / "other", {})
    other.finish("complete")
    done = odebench("export", "run", "other", "-o", "both")
    assert {path.parent.name for path in (tmp_path / "both").glob("*/measurements.csv")} == {run.id, other.id}, (
        done.stderr
    )
    done = odebench("export", "run", "--format", "xlsx")
    assert (done.returncode, "'xlsx' is not one of 'csv', 'parquet', 'jsonl'" in done.stderr) == (2, True)


def test_a_run_writes_parquet_where_it_is_asked_and_again_where_it_goes_on(odebench, tmp_path):
    done = odebench(
        "run", "--quick", "-q", "-s", "euler", "-p", "decay", "--format", "parquet", "-o", "new", "--executor", "inline"
    )
    assert done.returncode == 0, done.stderr
    written = {path.name for path in (tmp_path / "new").iterdir()}
    assert {"measurements.csv", "measurements.parquet", "comparison.parquet", "traces.parquet"} <= written
    (tmp_path / "new" / "measurements.parquet").unlink()
    assert odebench("run", "-q", "--resume", "new").returncode == 0
    assert pl.read_parquet(tmp_path / "new" / "measurements.parquet")["solver"].to_list() == ["euler"]
