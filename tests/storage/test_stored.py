"""Tables are read back as they were written, and the journal where they are not; what is wrong with one is said."""

import json
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.optional import lazy, needs
from helpers.paths import ROOT
from helpers.runs import make_once

import odebench as package
from odebench import stored, tables
from odebench.errors import BadQuestion, BadRun
from odebench.journal import Run

pd = lazy("pandas")
NUMBERS = [0.1, 1 / 3, 1e-300, 5e-324, 1.7976931348623157e308, float(np.nextafter(1, 2)), 3.0, 0.0]
REASON = 'it said: "no",\nand stopped; naïve é ∞'


def fill(run, row):
    for k, number in enumerate(NUMBERS):
        more = {"metrics": {"drift": number}, "steps": 3 * k, "oracle": k == 3}
        run.append(
            row(f"s,{k}", number, number, seed=k, loops=2, started_at=f"2026-11-28T10:00:00.00{k}+00:00", **more)
        )
    run.append(row('bro"ken', None, None, status="failed", reason=REASON, problem_params={"a": ["x,y", "\n"]}))
    return run


@pytest.fixture
def run(tmp_path, row, shared):
    """A finished run with its tables."""
    made = make_once(shared, "stored", lambda directory: make_run(directory / "run", row))
    return Run.open(Path(shutil.copytree(made / "run", tmp_path / "run")))


def make_run(directory, row):
    run = fill(Run.create(directory, {"metrics": ["drift"]}), row)
    tables.write_tables(run)
    run.finish("complete")


@pytest.fixture(params=[pytest.param("pyarrow", marks=needs("pyarrow")), "pandas"])
def reader(request, monkeypatch):
    """Both who can read a CSV file: with pyarrow, and where it is not installed."""
    if request.param == "pandas":
        monkeypatch.setitem(sys.modules, "pyarrow.csv", None)


def same(found, expected):
    pd.testing.assert_frame_equal(found, expected, check_dtype=False, check_exact=True)


def lines(run):
    return (run.directory / tables.MEASUREMENTS).read_bytes().split(b"\n")


def change(run, old, new, count=1):
    path = run.directory / tables.MEASUREMENTS
    text = path.read_bytes()
    assert old in text
    path.write_bytes(text.replace(old, new, count))


@pytest.mark.usefixtures("reader")
def test_the_table_says_what_the_journal_says(run):
    journal = tables.samples(run)
    path = run.directory / tables.MEASUREMENTS
    same(stored.read(path, ["drift"]), journal)
    assert stored.read(path)["wall_s"].tolist()[:-1] == NUMBERS
    change(run, b"5e-324", b"1e-323")
    with pytest.raises(AssertionError):
        same(stored.read(path, ["drift"]), journal)


@pytest.mark.usefixtures("reader")
def test_a_run_without_its_journal_is_read_from_its_table(run):
    expected = package.load(run.directory)
    samples, cases = expected.samples, expected.cases
    run.journal_path.unlink()
    found = package.load(run.directory)
    same(found.samples, samples)
    same(found.cases, cases)
    (run.directory / tables.MEASUREMENTS).unlink()
    with pytest.raises(BadRun, match=r"has neither measurements\.jsonl nor measurements\.csv"):
        found = package.load(run.directory).samples


def test_the_table_is_read_only_where_it_is_that_of_the_whole_journal(run, row):
    shutil.copytree(run.directory, run.directory.parent / "other")
    change(run, b"5e-324", b"1e-323")  # as long as before: this is the table that is read
    assert 1e-323 in stored.of_run(run)["wall_s"].tolist()
    again = Run.resume(run.directory)  # stale from here on
    again.append(row("one more", 7.0))
    again.close()
    assert stored.of_run(run)["wall_s"].tolist()[:-2] == NUMBERS
    assert len(stored.of_run(run)) == len(NUMBERS) + 2


@pytest.mark.parametrize("keep", [-1, -20, 0, "a line"])
def test_a_truncated_table_is_noticed_and_the_journal_read_instead(run, keep):
    path = run.directory / tables.MEASUREMENTS
    text = path.read_bytes()
    path.write_bytes(
        text[:keep] if keep != "a line" else text[: text.rindex(b"s,7") - 300].rpartition(b"\n")[0] + b"\n"
    )
    with pytest.warns(UserWarning, match="is not as it was written: the journal is read instead"):
        assert len(stored.of_run(run)) == len(NUMBERS) + 1
    run.journal_path.unlink()
    with pytest.raises(BadRun, match=r"its last line does not end|is empty|run\.json says 9, and there is no journal"):
        stored.of_run(run)


@pytest.mark.usefixtures("reader")
@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (b",wall_s,", b",seconds,", "lacks the columns wall_s: it is not a table of samples"),
        (b",case_id,problem,", b",id,task,", "lacks the columns case_id, problem: "),
        (b",cpu_s,", b",wall_s,", "has two columns of one name: wall_s"),
        (b",1e-300,", b",abc,", "line 4: expected wall_s as a number, received 'abc'"),
        (b",1e-300,", b",1e-300,9,", "line 4: expected {n} values, as many as columns, received"),
        (b"na\xc3\xafve", b"na\xefve", "line 11: it is not UTF-8: invalid continuation byte at byte "),
        (b"run_id,", b"run_\xff,", "line 1: it is not UTF-8"),
        (b"decay/s,2/0", b"", "row 3: case_id is empty"),
        (b'"{""rate"": 1.0}"', b"rate=1", "row 1: expected problem_params as a JSON object, received 'rate=1'"),
        (b'"{""rate"": 1.0}"', b"3", "row 1: expected problem_params as a JSON object, received '3'"),
        (b",1e-300,", b",-1e-300,", "row 3: expected wall_s of zero or more, received -1e-300"),
        (b",1e-300,", b",-inf,", "row 3: expected wall_s of zero or more, received -inf"),
    ],
    ids=[
        *("a column", "two", "twice", "a word", "a value more", "latin-1", "header", "no id", "not JSON", "no object"),
        *("negative", "minus infinity"),
    ],
)
def test_what_is_wrong_with_a_table_is_said_with_its_file_and_line(run, old, new, complaint):
    if old == b"decay/s,2/0":
        old = b'"decay/s,2/0"'
    change(run, old, new)
    run.journal_path.unlink()
    with pytest.raises(BadRun) as refused:
        stored.of_run(run)
    n = len(lines(run)[0].split(b",")) if b"\xff" not in new else 0
    assert complaint.format(n=n) in str(refused.value)
    assert str(run.directory / tables.MEASUREMENTS) in str(refused.value)


@pytest.mark.usefixtures("reader")
def test_columns_that_are_missing_are_empty_and_others_are_kept(run):
    path = run.directory / tables.MEASUREMENTS
    table = (
        pd.read_csv(path).drop(columns=["cpu_s", "reason", "seed", "reference"]).assign(colour="blue", size=[*range(9)])
    )
    table.to_csv(path, index=False)
    run.journal_path.unlink()
    found = package.load(run.directory)
    assert found.samples[["cpu_s", "reason", "seed", "reference"]].isna().all(axis=None)
    assert set(found.samples["colour"]) == {"blue"}
    assert found.samples["size"].tolist() == [*range(9)]
    assert found.samples["wall_s"].tolist()[:-1] == NUMBERS
    assert len(found.cases) == 9


@pytest.mark.usefixtures("reader")
def test_infinite_values_and_those_that_are_not_numbers(run):
    change(run, b",1e-300,", b",inf,")
    change(run, b",0.1,", b",nan,")
    run.journal_path.unlink()
    found = package.load(run.directory)
    assert found.samples["wall_s"].tolist()[2] == np.inf
    assert np.isnan(found.samples["wall_s"].tolist()[0])
    assert len(found.cases) == 9


@pytest.mark.usefixtures("reader")
def test_a_file_of_a_byte_order_mark_alone_is_no_table(run):
    (run.directory / tables.MEASUREMENTS).write_bytes(b"\xef\xbb\xbf")
    run.journal_path.unlink()
    with pytest.raises(BadRun, match=r"measurements.csv'"):
        stored.of_run(run)


def test_a_table_saved_with_a_byte_order_mark_and_other_line_ends_is_read(run):
    journal = tables.samples(run)
    path = run.directory / tables.MEASUREMENTS
    pd.read_csv(path, dtype="str", keep_default_na=False).to_csv(
        path, index=False, encoding="utf-8-sig", lineterminator="\r\n"
    )
    run.journal_path.unlink()
    same(stored.of_run(run), journal)


def test_the_sweeps_that_hold_tables_alone_are_read(odebench):
    directory = ROOT / "results" / "networks" / "seeds"
    assert not (directory / "measurements.jsonl").exists()
    done = odebench("table", str(directory), "--format", "csv")
    assert done.returncode == 0, done.stderr
    with (directory / "comparison.csv").open() as file:
        assert done.stdout.count("\n") == file.read().count("\n") > 3
    assert not package.load(directory).samples["oracle"].any()
    assert package.load(ROOT / "results" / "baseline").samples["oracle"].sum() == 5


def test_who_is_told_the_solution_is_seen_in_tables_older_than_the_column(tmp_path):
    baseline = tmp_path / "baseline"
    shutil.copytree(ROOT / "results" / "baseline", baseline)
    expected = package.load(baseline).cases
    (baseline / "measurements.jsonl").unlink()
    table = pd.read_csv(baseline / "measurements.csv")
    table.drop(columns="oracle", errors="ignore").to_csv(baseline / "measurements.csv", index=False)
    assert package.load(baseline).cases["on_front"].tolist() == expected["on_front"].tolist()
    assert package.load(baseline).samples.groupby("solver")["oracle"].all()["analytic"]


def test_samples_that_a_run_took_over_stand_once_whatever_they_are_read_from(tmp_path, row):
    first = fill(Run.create(tmp_path / "first", {"metrics": ["drift"]}), row)
    second = fill(Run.create(tmp_path / "second", {"metrics": ["drift"]}), row)
    second.append(row("its own", 5.0, run_id="second"))
    tables.write_tables(second)
    for run in (first, second):
        run.finish("complete")
    found = package.load(first.directory, second.directory)
    assert len(found.samples) == len(NUMBERS) + 2
    second.journal_path.unlink()
    same(package.load(first.directory, second.directory).samples, found.samples)


def test_a_run_says_how_large_its_tables_are(run):
    said = json.loads((run.directory / "run.json").read_text())["tables"]
    path = run.directory / tables.MEASUREMENTS
    assert said["rows"] == len(NUMBERS) + 1
    assert said["bytes"] == {"measurements.csv": path.stat().st_size}
    assert said["journal_bytes"] == run.journal_path.stat().st_size


ANSWERED = {
    "costs": (1e-3,),
    "against": ("rhs_calls", "max_abs_error_median"),
    "at_error": (1e-3,),
    "at_time": (1.0,),
    "expected_time": (1e-3,),
} | dict.fromkeys(["curves", "orders", "tolerance_proportionality", "break_even", "front", "strongest", "history"], ())
REFUSED = {"speedups": (1e-3,), "data_profile": (1e-3,), "performance_profile": (1e-3,)}


@pytest.mark.parametrize("journal", [True, False])
@pytest.mark.usefixtures("reader")
def test_of_no_samples_every_answer_is_empty(tmp_path, journal):
    run = Run.create(tmp_path / "empty", {})
    tables.write_tables(run)
    run.finish("complete")
    if not journal:
        run.journal_path.unlink(missing_ok=True)
    found = package.load(run.directory)
    assert (len(found.samples), len(found.cases), len(found.traces)) == (0, 0, 0)
    answers = {name: len(getattr(found, name)(*asked)) for name, asked in ANSWERED.items()}
    assert answers == dict.fromkeys(ANSWERED, 0)
    for name, asked in REFUSED.items():
        with pytest.raises(BadQuestion, match="received 0 solvers on 0 problems"):
            getattr(found, name)(*asked)
    with pytest.raises(BadQuestion, match="expected solvers with a parameter 'epochs'"):
        found.error_split()
