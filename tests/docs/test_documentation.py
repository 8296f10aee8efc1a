"""Hooks, columns and commands are documented, and nothing is documented that is not there."""

import re
from functools import cache
from types import ModuleType

import pytest
from click.testing import CliRunner
from helpers.pages import docs_script
from helpers.paths import ROOT

import odebench
from odebench import hookspecs, measurement, tables
from odebench.analysis import aggregate
from odebench.cli import main

pytestmark = pytest.mark.docs

DICTIONARY = (ROOT / "results" / "README.md").read_text()


def documented(section: str, text: str = DICTIONARY) -> list[str]:
    """The first cell of each row of the section's table."""
    body = text.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", body, re.MULTILINE)


def test_every_column_is_in_the_dictionary_in_its_order():
    assert documented("measurements.csv") == list(measurement.COLUMNS)
    assert documented("comparison.csv") == list(aggregate.COLUMNS)
    assert documented("traces.csv") == list(tables.TRACE_COLUMNS)
    assert documented("diagnoses.csv") == list(tables.DIAGNOSIS_COLUMNS)


def test_a_column_that_is_not_documented_is_found():
    without = re.sub(r"^\| `loops`.*\n", "", DICTIONARY, flags=re.MULTILINE)
    assert documented("measurements.csv", without) != list(measurement.COLUMNS)


def test_every_status_is_in_the_dictionary():
    line = re.search(r"^\| `status`.*$", DICTIONARY, re.MULTILINE)
    assert line is not None
    assert set(re.findall(r"`([^`]+)`", line[0])) == {"status", *measurement.STATUSES}


def test_the_table_of_published_values_is_what_its_command_prints(capsys):
    docs_script("published_values").main()
    printed = capsys.readouterr().out.splitlines()
    text = (ROOT / "docs" / "references.md").read_text()
    assert printed[0] in text
    rows = [line.split("|") for line in printed[2:]]
    assert len(rows) > 70
    for _, name, _, of_all, *_ in rows:
        said = re.search(rf"^\|{re.escape(name)}\|[^|]*\|([^|]*)\|", text, re.MULTILINE)
        assert said is not None, name
        # the last bit of a formula is the machine's
        assert min(float(said[1]), 15.0) == pytest.approx(min(float(of_all), 15.0), abs=0.3), name


def test_every_hook_says_what_it_is_for_and_the_page_of_hooks_is_made_of_them():
    hooks = [f for name, f in vars(hookspecs).items() if name.startswith("odebench_")]
    assert all(f.__doc__ for f in hooks)
    assert ".. automodule:: odebench.hookspecs\n   :members:" in (ROOT / "docs" / "hooks.md").read_text()


def test_every_public_name_is_on_the_page_of_public_names():
    public = [name for name, value in vars(odebench).items() if not (isinstance(value, ModuleType) or name[0] == "_")]
    page = (ROOT / "docs" / "api.md").read_text()
    described = re.findall(r"^\.\. (?:auto\w+|data):: (\w+)$", page, re.MULTILINE)
    assert sorted(described) == sorted(public)


@pytest.fixture(scope="module")
def messages():
    script = docs_script("messages")
    script.messages = cache(script.messages)  # all tests read the same source
    return script


def test_every_message_is_explained_and_none_that_is_gone(messages):
    page = messages.PAGE.read_text(encoding="utf-8")
    assert messages.lacking(page) == [], "python docs/messages.py --write enters them; say there what to do"
    assert messages.stale(page) == [], "python docs/messages.py --write takes them out"


def test_every_section_of_messages_says_what_to_do_and_every_status_has_one(messages):
    sections = messages.PAGE.read_text(encoding="utf-8").split("\n## ")[1:]
    for section in sections:
        _, blank, holds, text, *_ = section.split("\n")
        assert (blank, holds[:11]) == ("", "<!-- holds:"), section
        assert len(text) > 40, section
    headings = " ".join(section.partition("\n")[0] for section in sections if section.startswith("status:"))
    assert set(re.findall(r"[a-z-]{3,}", headings)) - {"status"} == set(measurement.STATUSES) - {"ok"}


def test_a_message_that_is_not_explained_is_found_and_can_be_entered(messages, tmp_path):
    page = messages.PAGE.read_text(encoding="utf-8")
    without = re.sub(r"^- `expected t_span as two numbers.*\n", "", page, flags=re.MULTILINE)
    assert [m.template for m in messages.lacking(without)] == ["expected t_span as two numbers (t0, t1), received …."]
    assert messages.lacking(messages.entered(without)) == []
    (tmp_path / "odebench").mkdir()
    (tmp_path / "odebench" / "one.py").write_text(
        "class Odd(Exception): pass\nclass Odder(Odd): pass\n"
        'def f(x):\n    if x:\n        raise Odder(f"expected none, "\n            f"received {x!r}")\n'
        '    return measurement.TIMEOUT, f"{x} was slow"\n'
        'def warnings(x):\n    yield f"It is odd, {x} says."\n'
    )
    planted = messages.messages(tmp_path)
    assert {(m.kind, m.template) for m in planted} == {
        ("Odder", "expected none, received …"),
        ("timeout", "… was slow"),
        ("warn", "it is odd, … says."),
    }
    there = "## One\n\n<!-- holds: Odder, timeout, warn -->\nWhat to do.\n\n- `gone`: it is.\n\n## Two\n"
    assert messages.stale(there, tmp_path) == ["gone"]
    assert messages.entries(messages.entered(there, tmp_path)) == {m.template: "## One" for m in planted}


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_is_in_the_readme_and_helps(name):
    assert f"odebench {name}" in (ROOT / "README.md").read_text()
    shown = CliRunner().invoke(main, [name, "--help"], prog_name="odebench")
    assert shown.exit_code == 0
    first_sentence = main.commands[name].help.partition(".")[0]
    assert first_sentence in " ".join(shown.stdout.split())
    assert "Examples:" in shown.stdout
