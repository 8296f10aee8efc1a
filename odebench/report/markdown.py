"""A table as Markdown, as GitHub and MyST read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from .text import plain

if TYPE_CHECKING:
    from .tables import Table

# what would begin code, emphasis, HTML, a cell or mathematics, or end what does
_SPECIAL = re.compile(r"([\\\\`*|$~]|(?<![a-zA-Z0-9])_|_(?![a-zA-Z0-9]))")
_LINK = re.compile(r"\](?=[(\[])")


def escaped(text: str) -> str:
    """Text that reads as itself, on one line."""
    line = _LINK.sub(r"\\]", _SPECIAL.sub(r"\\\1", plain(text)))
    return re.sub(r"&(?=#?\w+;)", "&amp;", line).replace("<", "&lt;").replace(">", "&gt;")


def lines(table: Table, signs: Mapping[str, str]) -> Iterator[str]:
    """The title in bold, and the table."""
    if table.title:
        yield from (f"**{escaped(table.title)}**", "")
    yield _row([escaped(column.heading) for column in table.columns])
    yield _row(["---:" if column.numeric else "---" for column in table.columns])
    for row in table.cells:
        yield _row([escaped(text) + "".join(signs[mark] for mark in marks) for text, marks in row])


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def notes(sentences: Sequence[str]) -> str:
    """In one paragraph."""
    return " ".join(map(escaped, sentences))
