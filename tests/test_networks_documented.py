"""What docs/networks.md says of the networks is all of it, and what it rests on is committed."""

import csv
import json
import re
from pathlib import Path

from odebench.host import Host

ROOT = Path(__file__).parent.parent
SWEEPS = ROOT / "results" / "networks"
DOCUMENT = (ROOT / "docs" / "networks.md").read_text()


def documented(text: str) -> set[str]:
    table = text.partition("## Parameters\n")[2].partition("\n## ")[0]
    return {
        name for line in re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE) for name in re.findall("`(.*?)`", line)
    }


def test_every_parameter_is_documented():
    host = Host()
    solvers = [host.solver(name) for name in ("pinn-autograd", "pinn-finite-difference")]
    assert documented(DOCUMENT) == {name for solver in solvers for name in solver.parameters}
    assert "points" not in documented(DOCUMENT.replace("| `points`", "| points"))


def test_every_sweep_has_its_command_and_every_command_its_sweep():
    text = (SWEEPS / "README.md").read_text()
    commanded = set(re.findall(r"-o results/networks/(\w+)", text))
    assert commanded == {path.name for path in SWEEPS.iterdir() if path.is_dir()}
    for name in commanded:
        asked = json.loads((SWEEPS / name / "run.json").read_text())["asked"]
        for selection in [*asked["solvers"], *asked["problems"]]:
            assert selection in text, (name, selection)


def test_the_sweeps_hold_rows_and_name_no_path_of_a_machine():
    for path in SWEEPS.rglob("*.*"):
        assert not re.search(r"/(home|root|work|tmp|Users)/", path.read_text()), path
    for path in SWEEPS.glob("*/comparison.csv"):
        with path.open(newline="") as file:
            assert len(list(csv.DictReader(file))) >= 5, path
