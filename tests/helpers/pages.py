"""Blocks of code on pages of Markdown, and how a page is run.

```python blocks (and a notebook's {code-cell}s) run in order in one namespace. A block whose first line is a comment
with a file's name, or that follows a sentence ending in `name.py`:, is also written to that file. ```sh blocks run line
by line. Each page has a directory of its own. `<!-- not run: REASON -->` right before a block excludes it.

`python, pytest and odebench` on a page are those of the interpreter that runs the page, whatever PATH has.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
import traceback
import warnings
from collections.abc import Collection, Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

from helpers.commands import run_odebench
from helpers.paths import ROOT, TESTS

_TIMEOUT_S = 300  # generous: other processes may use the machine
_COMMANDS = {
    "python": "",
    "pytest": "-m pytest",
    "odebench": "-c 'from odebench.cli import main; main(prog_name=\"odebench\")'",  # named as the script is
}


@dataclass
class Block:
    """A block of code on a page."""

    language: str
    code: str
    line: int
    """Line number on the page of its first line of code."""
    before: str
    """The last line of text before it."""

    @property
    def not_run(self) -> str | None:
        """The reason for not running it, if the page gives one."""
        match = re.fullmatch(r"<!-- not run: (.+) -->", self.before)
        return match[1] if match else None

    @property
    def file(self) -> str | None:
        """The name of the file that it is written to, if the page gives one."""
        named = re.match(r"# ([\w.-]+\.\w+)$", self.code.partition("\n")[0]) or re.search(
            r"`([\w.-]+\.\w+)`:$", self.before
        )
        return named[1] if named else None

    @property
    def commands(self) -> list[str]:
        """Its lines, continued ones joined, without lines that are comments."""
        lines = re.sub(r"\\\n\s*", "", self.code).splitlines()
        return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def blocks(text: str) -> Iterator[Block]:
    """Return the fenced blocks of a page, without directives other than code cells."""
    before, lines = "", iter(enumerate(text.splitlines(), 1))
    for number, line in lines:
        if not (fence := re.match(r"(`{3,}|:{3,})\s*(\S*)", line)):
            before = line.strip() or before
            continue
        inside: list[str] = []
        for _, line in lines:
            if line.strip() == fence[1]:
                break
            inside.append(line)
        code = "\n".join(inside) + "\n"
        language = "python" if fence[2] == "{code-cell}" else fence[2]
        if not language.startswith("{"):
            yield Block(language, code, number + 1, before)
        before = ""


def docs_script(name: str) -> ModuleType:
    """Return the script `docs/NAME.py` as a module."""
    spec = importlib.util.spec_from_file_location(f"docs_{name}", ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def bare(command: str) -> str:
    """Return a line without its comment, which is two blanks away."""
    return command.partition("  ")[0].strip()


def run(page: str, text: str, directory: Path, without: Collection[str] = (), *, as_written: bool = True) -> None:
    """Run a page except for the commands `without`.

    The first block that fails raises an exception that names the page and the line. Commands run in a shell as they
    are written. Otherwise, `odebench` is called in this process where the line uses nothing of the shell; its solvers
    run in this process too, once each.
    """
    namespace: dict[str, Any] = {"__name__": "__main__"}
    with _surroundings(directory):
        for block in blocks(text):
            place = f"{page}, line {block.line}"
            if block.file:
                (directory / block.file).write_text(block.code, encoding="utf-8")
            if block.not_run:
                continue
            if block.language == "python":
                exec(compile("\n" * (block.line - 1) + block.code, page, "exec"), namespace)
            elif block.language == "sh":
                for command in block.commands:
                    if bare(command) not in without:
                        run_command(command, place, directory, as_written=as_written)
            elif block.language == "toml":
                tomllib.loads(block.code)
            else:
                assert block.language == "text", f"{place}: a block has to be marked as python, sh, toml or text"


def run_in_a_process(page: str, text: str, directory: Path, without: Collection[str] = ()) -> str | None:
    """Run a page as it is written, in a process of its own; return None, or what failed."""
    request = json.dumps([page, text, str(directory), list(without)])
    program = f"import sys; sys.path.append({str(TESTS)!r}); from helpers.pages import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program], input=request, cwd=directory, capture_output=True, text=True, check=False
    )
    return None if done.returncode == 0 else done.stdout[-1000:] + done.stderr[-5000:]


def main() -> None:
    """Run the page that is described on standard input."""
    page, text, directory, without = json.load(sys.stdin)
    try:
        run(page, text, Path(directory), without)
    except BaseException as error:
        sys.exit(f"{page}: {error}" if isinstance(error, AssertionError) else traceback.format_exc())


def run_command(command: str, place: str, directory: Path, *, as_written: bool = True) -> None:
    """Run one line in the page's directory; it has to succeed."""
    arguments = None if as_written else _odebench_arguments(command)
    if arguments is None:
        done = subprocess.run(
            command, shell=True, cwd=directory, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    else:
        done = run_odebench(directory, tuple(arguments), {})
    output = f"{done.stdout[-1000:]}{done.stderr[-2000:]}"
    assert done.returncode == 0, f"{place}: {command}\nexit status {done.returncode}: {output}"


def _odebench_arguments(command: str) -> list[str] | None:
    """Return the arguments of `odebench`, or None if a line is another command or needs a shell."""
    line = bare(command)
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    name, *arguments = lexer
    if name != "odebench" or "$" in line or any(set(word) <= set("();<>|&") for word in arguments if word):
        return None
    if arguments[0] == "run":
        arguments += [option for option in ("--quick",) if option not in arguments]
        arguments += [] if "--executor" in arguments else ["--executor", "inline"]
    return arguments


@contextmanager
def _surroundings(directory: Path) -> Iterator[None]:
    """Work in a directory, with commands of this interpreter, default warnings and no browser that opens."""
    scripts = directory.parent / f"{directory.name}-commands"
    scripts.mkdir(exist_ok=True)
    for name, options in _COMMANDS.items():
        (scripts / name).write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {options} "$@"\n')
        (scripts / name).chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ODEBENCH", "PYTEST"))}
    kept |= {"PATH": os.pathsep.join([str(scripts), os.environ.get("PATH", os.defpath)]), "BROWSER": "true"}
    with chdir(directory), mock.patch.dict(os.environ, kept, clear=True), warnings.catch_warnings():
        warnings.resetwarnings()
        warnings.simplefilter("default")
        yield
