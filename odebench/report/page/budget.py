"""What has to be left out so that the page stays a file that one can mail and open."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from . import data

if TYPE_CHECKING:
    import pandas as pd

MOST_BYTES = 8 * 2**20
MOST_CASES = 16_000
_PAGE = 150_000  # bytes of template, style and own scripts, and a little more

_Part = TypeVar("_Part")


def thinned(table: pd.DataFrame) -> tuple[pd.DataFrame, str | None]:
    """At most about `MOST_CASES` cases, evenly chosen, and what was left out in words: those on a front are kept."""
    if len(table) <= MOST_CASES:
        return table, None
    import numpy as np

    kept = (table["on_front"] == True).to_numpy(copy=True)  # noqa: E712  (pandas' own true)
    others = np.flatnonzero(~kept)
    room = max(0, MOST_CASES - int(kept.sum()))
    kept[others[np.linspace(0, len(others) - 1, min(room, len(others))).round().astype(int)]] = True
    said = (
        f"Of {len(table):,} cases {int(kept.sum()):,} are in the plots and the table of this page: those on a front, "
        "and of the others an even choice. Captions and profiles are made from all."
    )
    return table[kept], said


def largest(makers: Iterable[Callable[[], _Part]], room: int) -> _Part:
    """The first of these whose JSON is no larger than `room`, or the last."""
    for make in makers:
        part = make()
        if len(data.script_json({"": part}).encode()) <= room:
            break
    return part


def room(scripts: Sequence[str], payload: dict[str, Any]) -> int:
    """How many bytes are left for what is not needed."""
    return MOST_BYTES - _PAGE - sum(map(len, scripts)) - len(data.script_json(payload).encode())
