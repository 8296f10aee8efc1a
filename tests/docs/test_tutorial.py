"""The tutorial notebook as committed is one that was run from top to bottom, and runs. Run by `tox -e docs`."""

import copy
import re

import pytest
from helpers.paths import ROOT

nbformat = pytest.importorskip("nbformat", reason="notebooks come with odebench[docs]")
nbclient = pytest.importorskip("nbclient", reason="notebooks come with odebench[docs]")

pytestmark = pytest.mark.docs

PAGE = ROOT / "docs" / "tutorial.ipynb"


def faults(notebook):
    """What shows that it was not run whole and in order, or that it failed or tells of a machine."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    found = [] if [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1)) else ["order"]
    outputs = [output for cell in cells for output in cell.outputs]
    found += ["error"] if any(output.output_type == "error" for output in outputs) else []
    return found + (["path"] if re.search(r"/(home|root|work|tmp|Users)/", str(outputs)) else [])


def kinds(notebook):
    """What each cell of code puts out: kinds of data, and nothing of the figures, which differ from run to run."""
    return [
        sorted({kind for output in cell.outputs for kind in output.get("data", {output.output_type: ""})})
        for cell in notebook.cells
        if cell.cell_type == "code"
    ]


@pytest.fixture
def committed():
    return nbformat.read(PAGE, 4)


def test_the_committed_outputs_are_of_one_run_from_top_to_bottom(committed):
    nbformat.validate(committed)
    assert faults(committed) == []
    shown = [kind for cell in kinds(committed) for kind in cell]
    assert "image/png" in shown
    assert "text/html" in shown
    broken = copy.deepcopy(committed)
    first = next(cell for cell in broken.cells if cell.cell_type == "code")
    first.execution_count = 9
    first.outputs = [nbformat.v4.new_output("error", ename="E", evalue="/home/you/x", traceback=[])]
    assert faults(broken) == ["order", "error", "path"]


def test_it_runs_and_puts_out_what_is_committed(committed, tmp_path):
    pytest.importorskip("torch", reason="it trains networks")
    pytest.importorskip("matplotlib", reason="it draws")
    again = copy.deepcopy(committed)
    for cell in again.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    assert faults(again) == ["order"]
    nbclient.NotebookClient(again, timeout=120, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert faults(again) == []
    assert kinds(again) == kinds(committed)
