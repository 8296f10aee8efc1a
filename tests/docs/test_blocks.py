"""Every block of code and every command in the docs and the README runs: `helpers/pages.py` defines how.

A few pages run by default, in the process of the tests. The slow set runs every page as it is written, in a process of
its own. Commands that are excluded from both are parsed all the same.
"""

from __future__ import annotations

import re
import shlex
import sys
import tomllib

import click
import pytest
from helpers.optional import needs
from helpers.pages import bare, blocks, run, run_in_a_process
from helpers.paths import ROOT

from odebench import __version__
from odebench.cli import main

pytestmark = pytest.mark.docs

PAGES = {page.name: page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md"))}
PAGES["README.md"] = (ROOT / "README.md").read_text(encoding="utf-8")
READ = [ROOT / "results" / "networks" / "README.md", ROOT / "CONTRIBUTING.md"]  # commands that took hours, or test

# every block that is not run, by its page; its commands are parsed all the same
NOT_RUN = {
    "distributing.md": [
        "installs into the environment; tests/cli/test_new.py does it in one of its own",
        "pytest runs it",
        "needs the distribution installed; tests/cli/test_new.py runs it",
        "needs the network and an account",
    ],
    "doctor.md": ["the file is yours, and --try takes a minute", "takes half a minute"],
    "gallery.md": ["its runs are those of the repository; docs/pictures.py runs it"] * 10,
    "index.md": ["installs"],
    "measuring.md": ["needs a cluster", "fails where the machine was busy, as it should"],
    "networks.md": ["a minute or two"],
    "observers.md": ["it needs a chat"],
    "peers.md": ["it installs from a package index"],
    "random-features.md": [
        "some minutes",
        "timed figures, some minutes on a quiet machine",
        "needs the extras heyoka and cyrk, and takes half a minute",
    ],
    "shell.md": ["it writes into your shell's own files"],
    "thread.md": ["half an hour; a test makes the page in a small way"],
}
# the first pages of a newcomer, a page of hooks, and what costs little
DEFAULT_PAGES = ("README.md", "observers.md", "plugins.md", "references.md", "suites.md", "write-a-solver.md")
# of the README's lines these; what most of them do is run on another page, or in a test of its own
README_NOT_RUN = {
    "python3 -m venv .venv && .venv/bin/pip install -c constraints.txt '.[torch]' && .venv/bin/odebench run": "pip",
    "python3 -m venv .venv && .venv/bin/pip install tox && .venv/bin/tox": "pip",
    "odebench run --suite stiff --quick": "some minutes",
    "odebench compare results/main results/branch --fail-above 5%": "in comparing-runs.md",
    "odebench doctor pinn-autograd -p decay": "in doctor.md",
    "odebench watch pinn-autograd -p decay -o pictures": "in measuring.md",
    "odebench check rk4": "in contract.md",
    "odebench new solver my-method": "in distributing.md",
    "odebench certify 'lotka-volterra[alpha=2]'": "in references.md",
    "odebench run --resume results/20261123-201500-1f2e": "there is no such run",
}


def read_command(command: str, place: str) -> None:
    """Parse a command line that is not run: its command and its options have to exist."""
    words = shlex.split(command, comments=True)
    if "||" in words:  # it has to fail
        return
    ends = next((k for k, word in enumerate(words) if word in {">", ">>", "2>", "|", "&&"}), None)
    words = words[:ends]
    if words[0] == "odebench" and len(words) > 1 and not words[1].startswith("-"):
        assert words[1] in main.commands, f"{place}: no command {words[1]}"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(click.Path, "convert", lambda self, value, *_: value)  # its files need not exist
            try:
                main.commands[words[1]].make_context(words[1], words[2:])
            except click.exceptions.Exit:  # it asks for help
                return
            except click.UsageError as error:
                raise AssertionError(f"{place}: {command}: {error.message}") from error


@needs("torch", "matplotlib")
@pytest.mark.parametrize("page", DEFAULT_PAGES)
def test_a_page_for_newcomers_runs(page, tmp_path):
    (tmp_path / "page").mkdir()
    run(page, PAGES[page], tmp_path / "page", README_NOT_RUN, as_written=False)


@pytest.mark.slow
@needs("torch", "matplotlib", "dask")
@pytest.mark.parametrize("page", sorted(PAGES))
def test_every_page_runs_as_it_is_written(page, tmp_path):
    (tmp_path / "page").mkdir()
    failure = run_in_a_process(page, PAGES[page], tmp_path / "page", README_NOT_RUN)
    assert failure is None, failure


def test_what_is_not_run_is_listed_here():
    listed = {page: [b.not_run for b in blocks(text) if b.not_run] for page, text in PAGES.items()}
    assert {page: reasons for page, reasons in listed.items() if reasons} == NOT_RUN
    lines = {bare(c) for b in blocks(PAGES["README.md"]) if b.language == "sh" for c in b.commands}
    assert README_NOT_RUN.keys() <= lines


@pytest.mark.parametrize("page", [*sorted(PAGES), *READ], ids=str)
def test_every_block_and_every_command_is_understood(page):
    text = PAGES[page] if isinstance(page, str) else page.read_text(encoding="utf-8")
    for block in blocks(text):
        assert block.language in ("python", "sh", "toml", "text"), f"{page}, line {block.line}"
        if block.language == "python":
            compile(block.code, str(page), "exec")
        elif block.language == "toml":
            tomllib.loads(block.code)
        elif block.language == "sh":
            for command in block.commands:
                read_command(command, f"{page}, line {block.line}")
    for command in re.findall(r"`(odebench [a-z]+ [^`…]*[^`….])`", text):  # `odebench show` alone is a name
        read_command(command, str(page))


@pytest.mark.parametrize(
    "text",
    [
        "```python\nimport numpy\n1 / 0\n```",
        "```python\nx = 1\n```\n\n```python\nassert x == 2\n```",
        "```{code-cell}\nundefined\n```",
        "```sh\ntrue\nodebench show no-such-problem\n```",
        "```sh\nodebench run \\\n  --no-such-option\n```",
        "```toml\nno toml\n```",
        "```\nodebench list\n```",
    ],
)
@pytest.mark.parametrize("as_written", [True, False], ids=["as written", "in this process"])
def test_a_block_that_fails_is_found(text, as_written, tmp_path):
    with pytest.raises((AssertionError, ArithmeticError, NameError, tomllib.TOMLDecodeError)):
        run("planted.md", text, tmp_path, as_written=as_written)


def test_a_page_that_fails_in_a_process_of_its_own_is_found(tmp_path):
    failure = run_in_a_process("planted.md", "```python\n1 / 0\n```\n", tmp_path)
    assert 'File "planted.md", line 2' in failure
    assert "ZeroDivisionError" in failure
    assert run_in_a_process("healthy.md", "```python\nx = 1\n```\n", tmp_path) is None


def test_a_command_that_would_not_be_understood_is_found():
    read_command("odebench run -p decay --quick", "here")
    for command in ("odebench walk", "odebench run --fast", "odebench show", "odebench run --repeats many"):
        with pytest.raises(AssertionError, match="here"):
            read_command(command, "here")


def test_blocks_are_run_in_order_and_written_where_they_say(tmp_path):
    text = (
        "Put this into `one.py`:\n\n```python\nx = 1\n```\n\n```python\n# two.py\nassert x == 1\n```\n"
        "```sh\npython one.py\nls two.py   # is there\n```\n\n<!-- not run: never -->\n```sh\nfalse\n```\n"
    )
    run("healthy.md", text, tmp_path)
    assert (tmp_path / "one.py").read_text() == "x = 1\n"


def test_commands_are_those_of_this_interpreter_whatever_the_path(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    text = (
        "```sh\nodebench --version > version.txt && python -c 'import sys; print(sys.executable)' > python.txt\n```\n"
    )
    run("healthy.md", text, tmp_path)
    assert (tmp_path / "version.txt").read_text() == f"odebench {__version__}\n"
    assert (tmp_path / "python.txt").read_text().strip() == sys.executable
