"""Manual pages, exit statuses and the environment: what is written down is what happens."""

import os
import pty
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner
from helpers.paths import ROOT

from odebench import cli
from odebench.cli import manual

PAGE = (ROOT / "docs" / "shell.md").read_text()


def invoke(*arguments, **environment):
    return CliRunner().invoke(cli.main, arguments, prog_name="odebench", env=environment)


def rows(section):
    """Name and meaning of each row of a section's table."""
    body = PAGE.partition(f"## {section}\n")[2].partition("\n## ")[0]
    return tuple(re.findall(r"^\| `([^`]+)` \| (.+) \|$", body, re.MULTILINE))


def test_the_page_has_the_manuals_exit_statuses_and_variables():
    assert rows("Exit status") == manual.EXIT_STATUS
    assert rows("Environment") == tuple((name, text.replace("`", "")) for name, text in manual.ENVIRONMENT)


def test_every_variable_of_odebench_that_its_source_reads_is_on_the_page():
    sources = "\n".join(path.read_text() for path in (ROOT / "odebench").rglob("*.py"))
    read = {*re.findall(r"_?ODEBENCH_[A-Z]+", sources)}
    assert {"ODEBENCH_PLUGINS", "ODEBENCH_CACHE", "ODEBENCH_WORKER", "_ODEBENCH_COMPLETE"} <= read
    assert read <= {*re.findall(r"`(_?ODEBENCH_[A-Z]+)`", PAGE)}


@pytest.mark.parametrize("name", [None, *cli.main.commands])
def test_a_page_has_its_sections_and_all_options(name):
    done = invoke("help", *([name] if name else []))
    assert done.exit_code == 0
    sections = re.findall(r"^[A-Z][A-Z ]+$", done.stdout, re.MULTILINE)
    expected = ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "EXIT STATUS", "ENVIRONMENT", "FILES"]
    assert sections == (expected if name else [*expected[:4], "COMMANDS", *expected[4:]])
    command = cli.main.commands[name] if name else cli.main
    for parameter in command.params:
        assert all(option in done.stdout for option in parameter.opts if option.startswith("-"))


def test_help_is_as_wide_as_columns_say(odebench):
    widths = [max(map(len, odebench("help", "list", COLUMNS=str(width)).stdout.splitlines())) for width in (60, 100)]
    assert widths[0] <= 60 < widths[1] <= 100


def test_help_for_no_command_offers_the_nearest():
    done = invoke("help", "tabel")
    assert done.exit_code == 2
    assert "Did you mean 'table'?" in done.stderr


def test_statuses_are_those_written_down(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    quick = ("run", "--quick", "-q", "--executor", "inline", "--strict")
    assert invoke(*quick, "-s", "rk4[steps=10]", "-p", "decay", "-o", "good").exit_code == 0
    assert invoke(*quick, "-s", "analytic", "-p", "lorenz", "-o", "bad").exit_code == 1  # has no exact solution
    assert invoke(*quick[:-1], "-s", "analytic", "-p", "lorenz", "-o", "lax").exit_code == 0
    assert invoke("show", "no-such-solver").exit_code == 2
    assert invoke("list", "no-such-thing").exit_code == 2
    for raised, status in ((KeyboardInterrupt, 130), (ZeroDivisionError, 3)):
        with monkeypatch.context() as patched:
            patched.setattr("odebench.report.catalogue.listing", lambda host, raised=raised: raise_(raised))
            assert invoke("list").exit_code == status
    assert {int(status) for status, _ in manual.EXIT_STATUS} == {0, 1, 2, 3, 130, 141}


def raise_(kind):
    raise kind


@pytest.mark.process
def test_a_reader_that_goes_away_ends_it_quietly():
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "odebench", "list", "metrics"], stdout=writing, stderr=subprocess.PIPE, check=False
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def on_a_terminal(*arguments, **environment):
    """What a command writes on a terminal, standard error and all."""
    terminal, end = pty.openpty()
    command = [sys.executable, "-m", "odebench", *arguments]
    with subprocess.Popen(command, stdout=end, stderr=end, env={**os.environ, **environment}) as process:
        os.close(end)
        shown = b""
        while True:
            try:
                if not (read := os.read(terminal, 65536)):
                    break
            except OSError:  # Linux says so where the other end is closed
                break
            shown += read
    os.close(terminal)
    assert process.returncode == 0, shown
    return shown.decode()


@pytest.mark.process
def test_a_dumb_terminal_is_shown_lines_in_place_of_a_bar(tmp_path):
    run = ("run", "--executor", "inline", "--quick", "-s", "rk4[steps=10]", "-p", "decay", "-o", str(tmp_path / "run"))
    shown = on_a_terminal(*run, TERM="dumb", FORCE_COLOR="")
    assert "1/1 samples" in shown
    assert "\x1b" not in shown


def test_colours_and_width_are_what_the_environment_says():
    table = ("table", str(ROOT / "results" / "baseline"))
    plain = invoke(*table, COLUMNS="100", FORCE_COLOR="").stdout
    assert "\x1b" not in plain  # into a pipe
    assert max(map(len, plain.splitlines())) <= 100
    colour = re.compile(r"\x1b\[[0-9;]*3[0-7]m")
    forced = {"FORCE_COLOR": "1", "TERM": "xterm", "NO_COLOR": ""}
    assert colour.search(invoke(*table, **forced).stdout)
    assert not colour.search(invoke(*table, **forced | {"NO_COLOR": "1"}).stdout)
    assert not colour.search(invoke(*table, **forced | {"TERM": "dumb"}).stdout)
