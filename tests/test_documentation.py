"""Hooks, columns and commands are documented, and nothing is documented that is not there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from odebench import analysis, hookspecs, measurement, results
from odebench.cli import main

ROOT = Path(__file__).parent.parent
DICTIONARY = (ROOT / "results" / "README.md").read_text()


def documented(section: str, text: str = DICTIONARY) -> list[str]:
    """The first cell of each row of the section's table."""
    body = text.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", body, re.MULTILINE)


def test_every_column_is_in_the_dictionary_in_its_order():
    assert documented("measurements.csv") == list(measurement.COLUMNS)
    assert documented("comparison.csv") == list(analysis.COLUMNS)
    assert documented("traces.csv") == list(results.TRACE_COLUMNS)
    assert documented("diagnoses.csv") == list(results.DIAGNOSIS_COLUMNS)


def test_a_column_that_is_not_documented_is_found():
    without = re.sub(r"^\| `loops`.*\n", "", DICTIONARY, flags=re.MULTILINE)
    assert documented("measurements.csv", without) != list(measurement.COLUMNS)


def test_every_status_is_in_the_dictionary():
    line = re.search(r"^\| `status`.*$", DICTIONARY, re.MULTILINE)
    assert line is not None
    assert set(re.findall(r"`([^`]+)`", line[0])) == {"status", *measurement.STATUSES}


def test_the_table_of_published_values_is_what_its_command_prints():
    command = [sys.executable, ROOT / "docs" / "published_values.py"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    text = (ROOT / "docs" / "references.md").read_text()
    assert printed[0] in text
    rows = [line.split("|") for line in printed[2:]]
    assert len(rows) > 70
    for _, name, _, of_all, *_ in rows:
        said = re.search(rf"^\|{re.escape(name)}\|[^|]*\|([^|]*)\|", text, re.MULTILINE)
        assert said is not None, name
        # the last bit of a formula is the machine's
        assert min(float(said[1]), 15.0) == pytest.approx(min(float(of_all), 15.0), abs=0.3), name


def test_every_hook_is_documented_with_its_arguments():
    hooks = {name: f for name, f in vars(hookspecs).items() if name.startswith("odebench_")}
    text = (ROOT / "docs" / "plugins.md").read_text()
    described = {}
    for signature in re.findall(r"^\| `(odebench_[^`]+)` \|", text, re.MULTILINE):
        name, _, arguments = signature.partition("(")
        described[name] = arguments.rstrip(")")
    expected = {name: ", ".join(f.__code__.co_varnames[: f.__code__.co_argcount]) for name, f in hooks.items()}
    assert described == expected
    assert all(f.__doc__ for f in hooks.values())


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_is_in_the_readme_and_helps(name, odebench):
    assert f"odebench {name}" in (ROOT / "README.md").read_text()
    shown = odebench(name, "--help")
    assert shown.returncode == 0
    first_sentence = main.commands[name].help.partition(".")[0]
    assert first_sentence in " ".join(shown.stdout.split())
    assert "Examples:" in shown.stdout
