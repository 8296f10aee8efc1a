"""Blocks of code on pages of Markdown, and how a page is run.

```python blocks (and a notebook's {code-cell}s) run in order in one namespace; one whose first line is a comment with a
file's name, or that follows a sentence ending in `name.py`:, is also written to that file. ```sh blocks are run line by
line. All happens in a directory of the page's own. `<!-- not run: REASON -->` right before a block excepts it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import traceback
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LONGEST_S = 300  # on a machine that others use as well


@dataclass
class Block:
    """A block of code on a page."""

    language: str
    code: str
    line: int
    """Of its first line of code on the page."""
    before: str
    """The last line of text before it."""

    @property
    def not_run(self) -> str | None:
        """Why it is not run, where it says so."""
        found = re.fullmatch(r"<!-- not run: (.+) -->", self.before)
        return found[1] if found else None

    @property
    def file(self) -> str | None:
        """The file that it is, where it says so."""
        named = re.match(r"# ([\w.-]+\.\w+)$", self.code.partition("\n")[0]) or re.search(
            r"`([\w.-]+\.\w+)`:$", self.before
        )
        return named[1] if named else None

    @property
    def commands(self) -> list[str]:
        """Its lines, continued ones joined, without comments of a line of their own."""
        lines = re.sub(r"\\\n\s*", "", self.code).splitlines()
        return [line for line in lines if line.strip() and not line.lstrip().startswith("#")]


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page, directives but for cells left out."""
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


def run(page: str, text: str, directory: Path, without: Collection[str] = ()) -> None:
    """Run a page but for the commands `without`; the first block that fails raises, and says where it stands."""
    namespace: dict[str, Any] = {"__name__": "__main__"}
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
                    run_command(command, place, directory)
        elif block.language == "toml":
            tomllib.loads(block.code)
        else:
            assert block.language == "text", f"{place}: a block has to say whether it is python, sh, toml or text"


def bare(command: str) -> str:
    """A line without its comment, which stands two blanks off."""
    return command.partition("  ")[0].strip()


def outcome(page: str, text: str, directory: Path, without: Collection[str] = ()) -> str | None:
    """Run a page in this process, which is then in its directory; None, or what went wrong."""
    os.chdir(directory)
    try:
        run(page, text, directory, without)
    except BaseException as error:
        return f"{page}: {error}" if isinstance(error, AssertionError) else traceback.format_exc()
    return None


def run_command(command: str, place: str, directory: Path) -> None:
    """Run one line in the page's directory, with this environment's commands."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("ODEBENCH", "PYTEST"))}
    clean["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), clean["PATH"]])
    line = re.sub(r"^(pytest)\b", rf"{sys.executable} -m \1", command)  # this one's, also where it has no script here
    options: dict[str, Any] = {"cwd": directory, "env": clean, "capture_output": True, "text": True, "check": False}
    done = subprocess.run(line, shell=True, timeout=LONGEST_S, **options)
    said = f"{done.stdout[-1000:]}{done.stderr[-2000:]}"
    assert done.returncode == 0, f"{place}: {command}\nexit status {done.returncode}: {said}"
