"""A table as Markdown, as GitHub and MyST read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..text import markdown as escaped

if TYPE_CHECKING:
    from .tables import Table


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
