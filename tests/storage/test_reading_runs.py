"""Runs that are copies, empty, failed, old, new or gone: each gives a clear message, or a table that says so."""

import json
import shutil
from pathlib import Path

import pytest
from helpers.paths import OLD_RUNS

import odebench
from odebench.errors import BadRun
from odebench.journal import Run
from odebench.migrations import SCHEMA_VERSION

SPECIMEN = OLD_RUNS / "schema-1"
STYLES = ("rich", "markdown", "csv")


@pytest.fixture
def write(tmp_path, row):
    """Write a run of some rows."""

    def run(name, rows):
        made = Run.create(tmp_path / name, {})
        for one in rows:
            made.append(row(**{"run_id": made.id} | one))
        made.finish("complete")
        return Run.open(made.directory)

    return run


def copied(run, name):
    return Path(shutil.copytree(run.directory, run.directory.with_name(name)))


ROWS = [{"solver": name, "case_id": f"decay/{name}/0", "started_at": name} for name in ("one", "two", "three")]


def odebench_load(*runs):
    return odebench.load(*(getattr(run, "directory", run) for run in runs))


def refused(done, *says):
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    for words in says:
        assert words in done.stderr


def test_a_copy_of_a_run_is_that_run_and_the_longer_one_is_read(write, odebench):
    run = write("run", ROWS)
    copy = copied(run, "copy")
    journal = copy / "measurements.jsonl"
    assert len(odebench_load(run, copy).samples) == 3
    first, second, third = journal.read_bytes().splitlines(keepends=True)
    for beginning in (first + second, first + second + third[:20], b""):
        journal.write_bytes(beginning)
        for order in ((run.directory, copy), (copy, run.directory)):
            found = odebench_load(*order)
            assert ([r.directory for r in found.runs], len(found.samples)) == ([run.directory], 3)
    done = odebench("table", "run", "copy", "run")
    assert done.returncode == 0
    assert "three" in done.stdout


def test_different_runs_with_the_same_id_are_refused_by_name(write, odebench):
    run = write("run", ROWS)
    journal = copied(run, "changed") / "measurements.jsonl"
    journal.write_text(journal.read_text().replace("1.0", "2.0", 1))
    refused(odebench("table", "run", "changed"), "'run' and 'changed' are different runs with the same id", run.id)
    journal = copied(run, "resumed") / "measurements.jsonl"
    first, second, _ = journal.read_text().splitlines(keepends=True)
    journal.write_text(first + second + second.replace("two", "four"))
    with pytest.raises(BadRun, match="different runs with the same id"):
        odebench_load(run, run.directory.with_name("resumed"))
    for name in ("changed", "resumed"):  # each by itself is a run
        assert odebench("table", name).returncode == 0


@pytest.mark.parametrize("style", STYLES)
def test_an_empty_run_is_a_table_that_says_so(write, odebench, style):
    write("run", [])
    done = odebench("table", "run", "--format", style)
    assert done.returncode == 0
    assert "no samples" in done.stdout + done.stderr
    assert "decay" not in done.stdout


@pytest.mark.parametrize("style", STYLES)
def test_a_run_in_which_everything_failed_says_why_of_each(write, odebench, style):
    failed = {"seconds": None, "error": None, "status": "failed"}
    run = write("run", [one | failed | {"reason": f"because {one['solver']}"} for one in ROWS])
    done = odebench("table", "run", "--format", style)
    assert (done.returncode, done.stderr) == (0, "")
    for one in ROWS:
        assert f"because {one['solver']}" in done.stdout
    cases = odebench_load(run).cases
    assert not cases["on_front"].any()
    assert cases["wall_s_median"].isna().all()


def test_a_single_row_is_a_table(write, odebench):
    write("run", ROWS[:1])
    done = odebench("table", "run")
    assert done.returncode == 0
    assert "one" in done.stdout


def test_runs_of_mixed_schema_versions_are_one_table(write, odebench):
    run = write("run", ROWS)
    shutil.copytree(SPECIMEN, run.directory.with_name("old"))
    done = odebench("table", "run", "old", "--format", "csv")
    assert done.returncode == 0
    assert ",one," in done.stdout
    assert ",pinn-autograd," in done.stdout
    assert {r.meta["schema_version"] for r in odebench_load(run, SPECIMEN).runs} == {SCHEMA_VERSION}


def test_a_run_of_a_newer_version_is_refused_and_the_newest_readable_one_is_the_default(write, tmp_path, odebench):
    newer = json.dumps({"schema_version": SCHEMA_VERSION + 1, "run_id": "x", "environment": {"odebench": "9.9"}})
    (tmp_path / "results" / "newer").mkdir(parents=True)
    (tmp_path / "results" / "newer" / "run.json").write_text(newer)
    says = f"schema version {SCHEMA_VERSION + 1}", "Read it with the odebench that wrote it: 9.9"
    refused(odebench("table", "newer"), *says)
    refused(odebench("table"), "no runs below 'results'", *says)
    write("results/readable", ROWS)
    (tmp_path / "results" / "gone").mkdir()
    (tmp_path / "results" / "gone" / "run.json").symlink_to("nowhere")  # as what is removed while it is listed
    done = odebench("table")
    assert (done.returncode, done.stderr) == (0, "")
    assert "three" in done.stdout


def test_a_run_that_disappears_between_listing_and_reading_is_reported(write, tmp_path, monkeypatch):
    write("run", ROWS)
    monkeypatch.chdir(tmp_path)
    found = odebench.load("run")
    shutil.rmtree("run")
    with pytest.raises(BadRun, match="the run 'run' has disappeared"):
        found.samples  # noqa: B018  # they are read when they are asked for


def test_a_run_whose_files_are_missing_is_no_empty_run(write, odebench):
    run = write("run", ROWS)
    run.journal_path.unlink()
    refused(odebench("table", "run"), "'run' has neither measurements.jsonl nor measurements.csv")
    assert odebench_load(run).solutions == {}
