"""Every message that odebench and its plugins raise, taken from the source: what docs/errors.md has to explain.

`python docs/messages.py` prints those that the page lacks, and those it has that are raised no longer. With `--write`
it enters the first into the section that holds their exception and takes the second out; say then what to do.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from odebench import measurement

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "errors.md"
HOUSES = ("odebench", "plugins")
GAP = "…"
# what users meet: odebench's own refusals, a solver's reasons, click's, pytest's, and a parameter out of its range
_ALSO = {"ValueError", "UsageError", "BadParameter", "ClickException", "BadArgumentUsage", "BadOptionUsage", "warn"}
_NOT_SAID = {"Enough"}  # ends a solve, and says so in the row of one that is ok
_STATUSES = {name for name in vars(measurement) if getattr(measurement, name) in measurement.STATUSES}


@dataclass(frozen=True, order=True)
class Message:
    """One place where something is said."""

    kind: str
    """The exception's name, `warn`, or the status of a row."""
    template: str
    """The text, with … for what differs."""
    room: str
    """The file, from the repository's root."""


def messages(root: Path = ROOT) -> set[Message]:
    """All of them."""
    found = set()
    known = exceptions(root)
    for house in HOUSES:
        for path in sorted((root / house).rglob("*.py")):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            room = path.relative_to(root).as_posix()
            found |= {Message(kind, text, room) for kind, text in said(tree, known)}
    return found


def exceptions(root: Path = ROOT) -> set[str]:
    """The names of odebench's exceptions: classes that end in one of Python's, by way of others of odebench's."""
    bases: dict[str, set[str]] = {}
    for house in HOUSES:
        for path in (root / house).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.ClassDef):
                    bases.setdefault(node.name, set()).update(_name(base) for base in node.bases)
    found = {"Exception", "BaseException"}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return found - {"Exception", "BaseException"} - _NOT_SAID


def said(tree: ast.Module, known: set[str]) -> Iterator[tuple[str, str]]:
    """The exception and the text of every message in a module."""
    constants = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(tree):
        for kind, text in _of(node, constants, known):
            text = re.sub(rf"{GAP}({GAP}| (?={GAP}))*", GAP, " ".join(text.split()))
            if re.search(r"[a-z]{3}", text):  # else it hands on another's words
                yield kind, text


def _of(node: ast.AST, constants: dict[str, ast.expr], known: set[str]) -> Iterator[tuple[str, str]]:
    """What one node of the tree says, if anything."""
    if isinstance(node, ast.Call) and node.args:
        kind, text = _name(node.func), _text(node.args[0], constants)
        if kind == "UnknownName":
            yield kind, f"unknown {text} {GAP}."
        elif kind in known | _ALSO:
            yield kind, text
        elif kind == "echo" and text.startswith("Warning: "):
            yield "warn", text.removeprefix("Warning: ")
    elif isinstance(node, ast.FunctionDef) and node.name == "warnings":
        for part in ast.walk(node):
            if isinstance(part, ast.Yield) and part.value:
                text = _text(part.value, constants)
                yield "warn", text[:1].lower() + text[1:]
    elif isinstance(node, ast.Tuple) and len(node.elts) == 2 and _name(node.elts[0]) in _STATUSES:
        yield getattr(measurement, _name(node.elts[0])), _text(node.elts[1], constants)


def _name(node: ast.expr) -> str:
    """Of `click.UsageError` the last part."""
    if isinstance(node, ast.Subscript):
        node = node.value
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.expr, constants: dict[str, ast.expr]) -> str:
    """The fixed text of an expression, with gaps."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else GAP
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, constants) for part in node.values)
    if isinstance(node, ast.FormattedValue):
        return _text(node.value, constants) if isinstance(node.value, ast.Name) else GAP
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left, constants) + _text(node.right, constants)
    if isinstance(node, ast.Name) and node.id in constants:
        return _text(constants[node.id], {})
    return GAP


def entries(page: str) -> dict[str, str]:
    """The messages on the page, each with the section that it stands in."""
    found, section = {}, ""
    for line in page.splitlines():
        if line.startswith("## "):
            section = line
        elif entry := re.match(r"- (`+)(.+?)\1(?!`)", line):
            found[entry[2].strip()] = section
    return found


def lacking(page: str, root: Path = ROOT) -> list[Message]:
    """The messages that the page does not have."""
    there = entries(page)
    return sorted(message for message in messages(root) if message.template not in there)


def stale(page: str, root: Path = ROOT) -> list[str]:
    """What the page has and nobody says any more."""
    return sorted(entries(page).keys() - {message.template for message in messages(root)})


def line(template: str) -> str:
    """An entry of the page."""
    fence = "``" if "`" in template else "`"
    pad = " " if fence == "``" else ""
    return f"- {fence}{pad}{template}{pad}{fence}"


def entered(page: str, root: Path = ROOT) -> str:
    """The page with what it lacks at the end of the first section that holds such, and without what is stale."""
    gone = {line(template) for template in stale(page, root)}
    lines = [text for text in page.splitlines() if not any(text.startswith(entry) for entry in gone)]
    for message in reversed(lacking(page, root)):
        begins = next(
            (k for k, text in enumerate(lines) if re.match(rf"<!-- holds:.* {message.kind}[, ]", text)), len(lines) - 1
        )
        ends = next((k for k in range(begins + 1, len(lines)) if lines[k].startswith("## ")), len(lines) + 1) - 1
        if line(message.template) not in lines:
            lines.insert(ends, line(message.template))
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(text := entered(text), encoding="utf-8")
    for message in lacking(text):
        print(f"{message.kind}, {message.room}:\n{line(message.template)}")
    for template in stale(text):
        print(f"no longer said:\n{line(template)}")
    sys.exit(bool(lacking(text) or stale(text)))
