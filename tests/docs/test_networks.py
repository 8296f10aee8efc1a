"""What docs/networks.md says of the networks is all of it, and what it rests on is committed."""

import csv
import json
import re

import pytest
from helpers.paths import ROOT

pytestmark = pytest.mark.docs

SWEEPS = ROOT / "results" / "networks"
DOCUMENT = (ROOT / "docs" / "networks.md").read_text()


def documented(text: str) -> set[str]:
    table = text.partition("## Parameters\n")[2].partition("\n## ")[0]
    return {
        name for line in re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE) for name in re.findall("`(.*?)`", line)
    }


def test_every_parameter_is_documented(host):
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


def medians() -> dict[str, dict[str, float]]:
    """For each choice of the sweep `choices`, by what of the parameters is not the first row's: problem -> median."""
    errors: dict[str, dict[str, float]] = {}
    with (SWEEPS / "choices" / "comparison.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    defaults = json.loads(rows[0]["solver_params"])
    for row in rows:
        values = json.loads(row["solver_params"])
        chosen = ",".join(f"{name}={value}" for name, value in values.items() if value != defaults[name])
        errors.setdefault(chosen, {})[row["problem"]] = float(row["max_abs_error_median"])
    return errors


def test_no_choice_but_the_one_that_is_excused_beats_the_defaults_everywhere_by_the_factor_said():
    (said,) = re.findall(r"on all three problems by more than a factor of ([\d.]+)", DOCUMENT)
    errors = medians()
    defaults = errors.pop("")

    def better_by(factor: float) -> list[str]:
        return [c for c, of in errors.items() if all(of[p] * factor < defaults[p] for p in defaults)]

    assert len(errors) > 30
    assert better_by(float(said)) == ["trial=exponential"]
    assert len(better_by(1.0)) > 1  # so the factor is needed


def cells(text: str) -> dict[tuple[str, str], float]:
    """The medians in the table of choices: (choice, problem) -> as printed, with one digit."""
    table = text.partition("## What each default was earned by\n")[2].partition("\n- ")[0]
    header, _, *rows = [
        [c.strip() for c in line.strip("| ").split(" | ")] for line in re.findall(r"^\|.*$", table, re.M)
    ]
    found = {}
    for choice, *values in rows:
        for problem, value in zip(header[-3:], values, strict=True):
            found[choice.strip("`"), problem] = float(value.strip("* ").partition(" / ")[0])
    return found


def swept(choice: str) -> str:
    """A choice of the page as `medians` has it."""
    if choice == "the defaults":
        return ""
    parts = (part.split("=") for part in choice.split(","))
    return ",".join(sorted(f"{name}={spelt(value)}" for name, value in parts))


def spelt(value: str) -> str:
    words = {"none": "None", "true": "True", "false": "False"}
    return words.get(value, value)


def disagreeing(text: str) -> list[tuple[str, str]]:
    """Cells whose median is not the sweep's to one digit."""
    errors = {",".join(sorted(chosen.split(","))): of for chosen, of in medians().items()}
    for chosen in list(errors):  # 1.0 and 1e-06 are written 1 and 1e-6
        errors[re.sub(r"(\d)\.0\b", r"\1", chosen).replace("e-0", "e-")] = errors[chosen]
    return [
        (choice, problem)
        for (choice, problem), printed in cells(text).items()
        if float(f"{errors[swept(choice)][problem]:.0e}") != printed
    ]


def test_the_table_of_choices_is_the_sweeps():
    assert len(cells(DOCUMENT)) > 100
    assert disagreeing(DOCUMENT) == []
    planted = DOCUMENT.replace("| `width=32` | 2e-12", "| `width=32` | 3e-12")
    assert disagreeing(planted) == [("width=32", "decay")]
