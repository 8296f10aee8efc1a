"""What was measured is on disk, and what cannot be read is said."""

import json

import pytest

from odebench.errors import BadRun, OutputError
from odebench.journal import Run
from odebench.migrations import SCHEMA_VERSION


def test_a_run_is_readable_from_its_first_row_on(tmp_path, row):
    run = Run.create(tmp_path / "run", {"asked": {"solvers": ["one"]}})
    assert Run.open(run.directory).meta["status"] == "running"
    rows = [row("one", seed=3), row("two", error=None, status="failed", reason='a "quoted" reason, with\nlines')]
    for k, measured in enumerate(rows, 1):
        run.append(measured)
        assert list(Run.open(run.directory).measurements()) == rows[:k]
    run.finish("complete")
    again = Run.open(run.directory)
    assert (again.id, again.meta["status"], again.meta["asked"]) == (run.id, "complete", {"solvers": ["one"]})
    assert again.meta["finished_at"] >= again.meta["started_at"]


def test_a_torn_last_line_is_dropped_with_a_warning_at_whatever_byte_it_tore(tmp_path, row):
    run = Run.create(tmp_path / "run", {})
    run.append(row("one"))
    whole = run.journal_path.stat().st_size
    run.append(row("two"))
    data = run.journal_path.read_bytes()
    for size in range(whole + 1, len(data)):
        run.journal_path.write_bytes(data[:size])
        with pytest.warns(UserWarning, match="last line is torn"):
            assert [m.solver for m in run.measurements()] == ["one"]
        assert [m.solver for m in run.measurements()] == ["one"]  # and not told again
    run.journal_path.write_bytes(data[:whole])
    assert [m.solver for m in run.measurements()] == ["one"]


def test_a_broken_line_in_the_middle_is_an_error_that_names_it(tmp_path, row):
    run = Run.create(tmp_path / "run", {})
    run.append(row("one"))
    with run.journal_path.open("a") as journal:
        journal.write("{broken}\n")
    run.append(row("two"))
    with pytest.raises(BadRun, match=r"measurements.jsonl', line 2, is not a measurement"):
        list(run.measurements())


def test_a_journal_may_be_older_than_a_column(tmp_path, row):
    run = Run.create(tmp_path / "run", {})
    run.append(row("one"))
    older = json.loads(run.journal_path.read_text())
    del older["machine"]
    run.journal_path.write_text(json.dumps(older) + "\n")
    assert list(run.measurements()) == [row("one")]
    for broken in ({k: v for k, v in older.items() if k != "solver"}, older | {"new": 1}):
        run.journal_path.write_text(json.dumps(broken) + "\n")
        with pytest.raises(BadRun, match="it has other fields"):
            list(run.measurements())


def test_a_directory_is_written_once(tmp_path):
    Run.create(tmp_path / "run", {})
    with pytest.raises(OutputError, match=r"not empty\. Name a new one with -o"):
        Run.create(tmp_path / "run", {})


def test_a_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"cannot write the output directory '.*file/run'"):
        Run.create(tmp_path / "file" / "run", {})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no readable run.json"),
        ("{", "cannot be read"),
        ("[]", "is not a run's"),
        ("{}", "is not a run's"),
        (json.dumps({"run_id": "a", "schema_version": SCHEMA_VERSION + 1}), "Read it with the odebench that wrote it"),
    ],
)
def test_what_is_not_a_run_is_said(tmp_path, content, message):
    if content is not None:
        (tmp_path / "run.json").write_text(content)
    with pytest.raises(BadRun, match=message):
        Run.open(tmp_path)
