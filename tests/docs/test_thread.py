"""The page on the thread shows what the committed run has, and its command makes it."""

import re
import sys
from types import SimpleNamespace

import pytest
from helpers.commands import read_csv, run_odebench, torch_as_found
from helpers.optional import needs
from helpers.pages import docs_script
from helpers.paths import ROOT

pytestmark = pytest.mark.docs

PAGE = ROOT / "docs" / "thread.md"
KEPT = ROOT / "results" / "thread"


@pytest.fixture(scope="module")
def script():
    return docs_script("thread")


def test_the_tables_of_the_page_are_those_of_the_committed_run(script):
    made, text = script.tables(KEPT), PAGE.read_text()
    places = re.findall(r"<!-- table: (.*) -->\n((?:\|.*\n)*)<!-- end -->", text)
    assert [name for name, _ in places]
    assert {name for name, _ in places} == made.keys()
    for name, lines in places:
        assert lines.strip() == made[name], name


def test_the_committed_run_has_twenty_seeds_of_every_variant_and_all_are_ok():
    rows = [row for row in read_csv(KEPT / "comparison.csv") if row["solver"].startswith("thread-")]
    assert len(rows) == 2 * 29
    assert {(row["status"], row["samples"]) for row in rows} == {("ok", "20")}


def test_what_the_page_says_of_all_seeds_is_so(script):
    for (problem, typed), samples in script.read(KEPT).items():
        solver, _, given = typed.partition("[")
        if problem != "decay" or not solver.startswith("thread"):
            continue
        relu_at_the_output = "output_activation=relu" in given or (solver == "thread-a" and "output_" not in given)
        if relu_at_the_output:
            loss = 2.0 if solver == "thread-a" and "derivative=time" not in given else 1.0
            assert [s["final_loss"] for s in samples] == [loss] * 20, typed
            assert all(s["zero"] and s["last_gradient"] == 0 for s in samples), typed
        else:
            assert not any(s["zero"] or s["first_gradient"] == 0 for s in samples), typed
            assert solver == "thread-c" or not any(s["last_gradient"] == 0 for s in samples), typed
        if solver == "thread-a" and "derivative=time" not in given:
            assert min(s["max_abs_error"] for s in samples) >= 1, typed


@needs("torch", "matplotlib")
def test_the_command_makes_the_page_in_a_small_way(script, tmp_path, monkeypatch, one_thread):
    (tmp_path / "small.toml").write_text(
        'description = "small"\nproblems = ["decay"]\n'
        'solvers = ["thread-a[epochs=3]", "thread-b[epochs=3]", "thread-c[epochs=3]", "scipy-ivp"]\n'
    )
    (tmp_path / "page.md").write_text(
        "before\n<!-- table: thread-b on decay -->\n<!-- end -->\n<!-- table: scipy-ivp -->\nold\n<!-- end -->\nafter\n"
    )

    def called(command, check):
        assert command[:3] == [sys.executable, "-m", "odebench"]
        done = run_odebench(tmp_path, (*command[3:], "--executor", "inline"), {})
        assert done.returncode == 0, done.stderr

    options = "--run run --kept kept --page page.md --suite small.toml --seeds 1 --longest 3"
    monkeypatch.setattr(script, "subprocess", SimpleNamespace(run=called))
    monkeypatch.setattr(sys, "argv", ["thread.py", *options.split()])
    monkeypatch.syspath_prepend(ROOT / "docs")  # its other file is beside it
    monkeypatch.chdir(tmp_path)
    with torch_as_found():
        script.main()
    lines = (tmp_path / "page.md").read_text().splitlines()
    assert [lines[0], lines[-1]] == ["before", "after"]
    assert "| `thread-b[epochs=3]` |" in lines[4]
    assert lines[5:8] == ["<!-- end -->", "<!-- table: scipy-ivp -->", "| problem | max error | time |"]
    assert "old" not in lines
    for name in ("two-faults", "floor", "epochs"):
        assert (tmp_path / "figures" / f"thread-{name}.svg").read_text().count("<path") > 10
    assert len(read_csv(tmp_path / "kept" / "gradients.csv")) == 3
