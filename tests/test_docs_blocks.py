"""Every block of code and every command in the docs and the README runs as written: `pages.py` says how."""

from __future__ import annotations

import multiprocessing
import os
import re
import shlex
import tomllib
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import click
import pytest
from pages import bare, blocks, outcome, run

from odebench.cli import main

pytest.importorskip("torch", reason="the pages train networks")
pytest.importorskip("matplotlib", reason="the pages draw")
pytest.importorskip("dask", reason="the pages use a cluster")

ROOT = Path(__file__).parent.parent
PAGES = {page.name: page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").glob("*.md"))}
PAGES["README.md"] = (ROOT / "README.md").read_text(encoding="utf-8")
READ = [ROOT / "results" / "networks" / "README.md", ROOT / "CONTRIBUTING.md"]  # commands that took hours, or test

# every block that is not run, by its page; its commands are read all the same
NOT_RUN = {
    "distributing.md": [
        "installs into the environment; tests/test_new.py does it in one of its own",
        "pytest runs it",
        "needs the distribution installed; tests/test_new.py runs it",
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
# pages that take longest
SWEPT = {
    "comparing-runs.md",
    "first-comparison.md",
    "measuring.md",
    "neural-plugins.md",
    "over-a-suite.md",
    "tables.md",
    "write-a-solver.md",
}
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


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[str | None]]]:
    """What became of each page that is asked for: as many at a time as there are processors."""
    pages = {item.callspec.params["page"] for item in request.session.items if "outcomes" in item.fixturenames}
    with ProcessPoolExecutor(
        os.cpu_count(), mp_context=multiprocessing.get_context("spawn"), max_tasks_per_child=1
    ) as pool:
        yield {
            page: pool.submit(outcome, page, text, tmp_path_factory.mktemp("page"), tuple(README_NOT_RUN))
            for page, text in sorted(PAGES.items(), key=lambda item: -item[1].count("```sh"))
            if page in pages
        }


def read_command(command: str, place: str) -> None:
    """See that a command line that is not run would be understood: its command and its options."""
    words = shlex.split(command, comments=True)
    ends = next((k for k, word in enumerate(words) if word in {">", ">>", "2>", "|", "||", "&&"}), None)
    words = words[:ends]
    if words[0] == "odebench" and len(words) > 1 and not words[1].startswith("-"):
        assert words[1] in main.commands, f"{place}: no command {words[1]}"
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(click.Path, "convert", lambda self, value, *_: value)  # its files need not be there
            try:
                main.commands[words[1]].make_context(words[1], words[2:])
            except click.exceptions.Exit:  # it asks for help
                return
            except click.UsageError as error:
                raise AssertionError(f"{place}: {command}: {error.message}") from error


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=[pytest.mark.sweep] if page in SWEPT else []) for page in sorted(PAGES)]
)
def test_everything_on_the_page_runs(page, outcomes):
    assert (said := outcomes[page].result()) is None, said


def test_what_is_not_run_is_listed_here():
    found = {page: [b.not_run for b in blocks(text) if b.not_run] for page, text in PAGES.items()}
    assert {page: reasons for page, reasons in found.items() if reasons} == NOT_RUN
    lines = {bare(c) for b in blocks(PAGES["README.md"]) if b.language == "sh" for c in b.commands}
    assert README_NOT_RUN.keys() <= lines


@pytest.mark.parametrize("page", [*sorted(PAGES), *READ], ids=str)
def test_commands_that_are_not_run_are_understood(page, host):
    text = PAGES[page] if isinstance(page, str) else page.read_text(encoding="utf-8")
    for block in blocks(text):
        if block.language == "sh" and (block.not_run or page in ("README.md", *READ)):
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
def test_a_block_that_fails_is_found(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises((AssertionError, ArithmeticError, NameError, tomllib.TOMLDecodeError)):
        run("planted.md", text, tmp_path)


def test_a_command_that_would_not_be_understood_is_found():
    read_command("odebench run -p decay --quick", "here")
    for command in ("odebench walk", "odebench run --fast", "odebench show", "odebench run --repeats many"):
        with pytest.raises(AssertionError, match="here"):
            read_command(command, "here")


def test_blocks_are_run_in_order_and_written_where_they_say(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (
        "Put this into `one.py`:\n\n```python\nx = 1\n```\n\n```python\n# two.py\nassert x == 1\n```\n"
        "```sh\npython one.py\nls two.py   # is there\n```\n\n<!-- not run: never -->\n```sh\nfalse\n```\n"
    )
    run("healthy.md", text, tmp_path)
    assert (tmp_path / "one.py").read_text() == "x = 1\n"
