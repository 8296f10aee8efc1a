"""The page on the thread shows what the committed run has, and its command makes it."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import read_csv

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "thread.md"
KEPT = ROOT / "results" / "thread"


def script():
    spec = importlib.util.spec_from_file_location("docs_thread", ROOT / "docs" / "thread.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_tables_of_the_page_are_those_of_the_committed_run():
    made, text = script().tables(KEPT), PAGE.read_text()
    places = re.findall(r"<!-- table: (.*) -->\n((?:\|.*\n)*)<!-- end -->", text)
    assert [name for name, _ in places]
    assert {name for name, _ in places} == made.keys()
    for name, lines in places:
        assert lines.strip() == made[name], name


def test_the_committed_run_has_twenty_seeds_of_every_variant_and_all_are_ok():
    rows = [row for row in read_csv(KEPT / "comparison.csv") if row["solver"].startswith("thread-")]
    assert len(rows) == 2 * 29
    assert {(row["status"], row["samples"]) for row in rows} == {("ok", "20")}


def test_what_the_page_says_of_all_seeds_is_so():
    for (problem, typed), samples in script().read(KEPT).items():
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


def test_the_command_makes_the_page_in_a_small_way(tmp_path):
    pytest.importorskip("torch", reason="the thread's networks need torch")
    pytest.importorskip("matplotlib", reason="figures")
    (tmp_path / "small.toml").write_text(
        'description = "small"\nproblems = ["decay"]\n'
        'solvers = ["thread-a[epochs=3]", "thread-b[epochs=3]", "thread-c[epochs=3]", "scipy-ivp"]\n'
    )
    (tmp_path / "page.md").write_text(
        "before\n<!-- table: thread-b on decay -->\n<!-- end -->\n<!-- table: scipy-ivp -->\nold\n<!-- end -->\nafter\n"
    )
    command = [sys.executable, ROOT / "docs" / "thread.py", "--run", "run", "--kept", "kept", "--page", "page.md"]
    command += ["--suite", "small.toml", "--seeds", "1", "--longest", "3"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = (tmp_path / "page.md").read_text().splitlines()
    assert [lines[0], lines[-1]] == ["before", "after"]
    assert "| `thread-b[epochs=3]` |" in lines[4]
    assert lines[5:8] == ["<!-- end -->", "<!-- table: scipy-ivp -->", "| problem | max error | time |"]
    assert "old" not in lines
    for name in ("two-faults", "floor", "epochs"):
        assert (tmp_path / "figures" / f"thread-{name}.svg").read_text().count("<path") > 10
    assert len(read_csv(tmp_path / "kept" / "gradients.csv")) == 3
