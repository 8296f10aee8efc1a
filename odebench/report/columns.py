"""What a column of a table is called and how its values are written."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .. import text
from ..errors import BadSelection, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[Hashable, Any]


def _unmarked(_: Row) -> Iterable[str]:
    return ()


@dataclass(frozen=True)
class Column:
    """A column of a table that people read."""

    name: str
    """What `--columns` and `--sort` call it: that of the DataFrame."""
    heading: str
    show: Callable[[Row], str]
    """A row's value as one reads it; empty where it is missing."""
    numeric: bool = True
    """Flush right, so that digits stand below each other."""
    marks: Callable[[Row], Iterable[str]] = _unmarked
    """Footnotes to a row's value, each a sentence; the same sentence is the same sign."""
    less_needed: bool = False
    """Left out where a terminal is narrow."""


def of(frame: pd.DataFrame) -> list[Column]:
    """A column for each of the frame's, by its name and type: times with SI units, errors as powers of ten."""
    return [_column(str(name), frame[name]) for name in frame.columns]


def _column(name: str, values: pd.Series[Any]) -> Column:
    import pandas as pd

    heading = name.replace("_", " ") if re.fullmatch("[a-z][a-z0-9_]*", name) else name
    if pd.api.types.is_bool_dtype(values) or _is_truth(values):
        return Column(name, heading, lambda row: {True: "yes", False: "no"}.get(row[name], ""), numeric=False)
    if not pd.api.types.is_numeric_dtype(values):
        return Column(name, heading, lambda row: "" if _missing(row[name]) else str(row[name]), numeric=False)
    if re.search(r"(^|_)s(_|$)", name):
        return Column(name, re.sub(r" s\b", "", heading), lambda row: text.seconds(_float(row[name])))
    if re.search(r"error|residual|drift|bound|loss", name) and pd.api.types.is_float_dtype(values):
        return Column(name, heading, lambda row: text.error(_float(row[name])))
    if re.search(r"slowdown|speedup|ratio", name):
        return Column(name, heading, lambda row: text.ratio(_float(row[name])))
    heading = f"{heading.removesuffix(' mb')} (MiB)" if name.endswith("_mb") else heading
    return Column(name, heading, lambda row: text.number(_float(row[name])))


def _is_truth(values: pd.Series[Any]) -> bool:
    """Whether these are truth values with some missing."""
    present = values.dropna()
    return values.dtype == object and not present.empty and all(isinstance(value, bool) for value in present)


def _missing(value: Any) -> bool:
    import pandas as pd

    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _float(value: Any) -> float | None:
    return None if _missing(value) else float(value)


def named(words: Iterable[str], known: Sequence[Column]) -> list[Column]:
    """The columns of these names or headings, with '-' or '_' for a blank; several in a word with commas between.

    Raises `BadSelection` where there is none of a name.
    """
    by_name = {key: column for column in reversed(known) for key in (_key(column.heading), _key(column.name))}
    found = []
    for word in (part for words_ in words for part in words_.split(",")):
        if _key(word) not in by_name:
            raise BadSelection(f"no column {word.strip()!r}. {_nearest(word.strip(), known)}")
        found.append(by_name[_key(word)])
    return list({column.name: column for column in found}.values())


def _key(word: str) -> str:
    return word.strip().lower().replace("_", " ").replace("-", " ")


def _nearest(word: str, known: Sequence[Column]) -> str:
    """A sentence that offers the nearest names, or all where none is near."""
    headings = list(dict.fromkeys(column.heading.replace(" ", "-") for column in known))
    offered = did_you_mean(word, dict.fromkeys([*headings, *(column.name for column in known)]))
    return offered if offered.startswith("Did") else did_you_mean(word, headings)


def ordered(frame: pd.DataFrame, words: Iterable[str], known: Sequence[Column]) -> pd.DataFrame:
    """The rows sorted by these columns, with '-' before one for the greatest first; what is missing comes last.

    Raises `BadSelection` where there is none of a name.
    """
    parts = [part.strip() for word in words for part in word.split(",")]
    names = [named([part.removeprefix("-")], known)[0].name for part in parts]
    for name, part in reversed(list(zip(names, parts, strict=True))):
        frame = frame.sort_values(name, ascending=not part.startswith("-"), na_position="last", kind="stable")
    return frame
