"""Numbers, names and variants in words, as every table writes them."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from .cases import selection_text

if TYPE_CHECKING:
    import pandas as pd

_UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("ns", 1e-9))
_MOST_DIGITS, _FEWEST_DIGITS = 3, 2
# what would begin code, emphasis, HTML, a cell or mathematics, or end what does
_SPECIAL = re.compile(r"([\\\\`*|$~]|(?<![a-zA-Z0-9])_|_(?![a-zA-Z0-9]))")
_LINK = re.compile(r"\](?=[(\[])")


def plain(text: str) -> str:
    """On one line, and without what moves a terminal's cursor or colours it."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())


def markdown(text: str) -> str:
    """As Markdown that reads as the text itself, on one line."""
    line = _LINK.sub(r"\\]", _SPECIAL.sub(r"\\\1", plain(text)))
    return re.sub(r"&(?=#?\w+;)", "&amp;", line).replace("<", "&lt;").replace(">", "&gt;")


def digits(value: float | None, half_width: float | None) -> int:
    """How many significant digits of a value its spread supports: two or three, and two where no spread is known.

    The last one shown stands where the half width's first digit does, so that it is worth no more than the half width
    and more than a tenth of it; one digit alone would be half a factor off.
    """
    if value is None or half_width is None or not math.isfinite(value) or not math.isfinite(half_width):
        return _FEWEST_DIGITS
    if half_width <= 0 or value == 0:
        return _MOST_DIGITS
    supported = math.floor(math.log10(abs(value))) - math.floor(math.log10(half_width)) + 1
    return min(_MOST_DIGITS, max(_FEWEST_DIGITS, supported))


def seconds(value: float | None, digits: int = _MOST_DIGITS) -> str:
    """'12.3 ms'."""
    if value is None or math.isnan(value):
        return ""
    if math.isinf(value):
        return _infinite(value)
    if value == 0:
        return "0 s"
    value = float(f"{value:.{digits - 1}e}")  # first, so that 999.96 µs is 1.00 ms
    unit, size = next(((u, s) for u, s in _UNITS if value >= s * (1 - 1e-9)), _UNITS[-1])
    if digits < _MOST_DIGITS and value / size >= 99.5 and unit != "s":  # two digits of 580 µs are 0.58 ms
        unit, size = _UNITS[[u for u, _ in _UNITS].index(unit) - 1]
    return f"{_decimal(value / size, digits)} {unit}"


def error(value: float | None, digits: int = _MOST_DIGITS, *, at_floor: bool = False) -> str:
    """'3.14e-07', or '≤ 2.22e-16' where only the reference's own error is known."""
    if value is None or math.isnan(value):
        return ""
    number = _infinite(value) if math.isinf(value) else "0" if value == 0 else f"{value:.{digits - 1}e}"
    return f"{'≤ ' if at_floor else ''}{number}"


def ratio(value: float | None, digits: int = _MOST_DIGITS) -> str:
    """'12.3x'."""
    if value is None or math.isnan(value):
        return ""
    return f"{_infinite(value) if math.isinf(value) else _decimal(value, digits)}x"


def number(value: float | None) -> str:
    """A whole number whole, another with three digits."""
    if value is None or math.isnan(value):
        return ""
    if math.isinf(value):
        return _infinite(value)
    return f"{value:.0f}" if value == round(value) and abs(value) < 1e15 else f"{value:.3g}"


def count(n: int, thing: str) -> str:
    """'1 case', '2 cases'."""
    return f"{n} {thing}{'' if n == 1 else 's'}"


def _infinite(value: float) -> str:
    return "∞" if value > 0 else "-∞"


def _decimal(value: float, digits: int) -> str:
    """Without an exponent, and of a number that has more letters before the point than digits all letters."""
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    return f"{value:.{max(0, digits - 1 - magnitude)}f}"


def labels(names_and_params: Iterable[tuple[str, str]]) -> list[str]:
    """Each variant by its name and those parameters in which variants of that name differ; params are JSON text."""
    variants = [(name, json.loads(params)) for name, params in names_and_params]
    of_name: dict[str, list[Mapping[str, Any]]] = {}
    for name, params in variants:
        of_name.setdefault(name, []).append(params)
    differ = {name: differing(params) for name, params in of_name.items()}
    return [variant(name, params, differ[name]) for name, params in variants]


def variant(name: str, params: Mapping[str, Any], shown: Collection[str]) -> str:
    """A name with those of its parameters that are to be shown."""
    return selection_text(name, {key: params[key] for key in shown if key in params})


def differing(variants: Collection[Mapping[str, Any]]) -> list[str]:
    """The parameters in which variants differ; that one lacks a parameter is a difference too."""
    values: dict[str, set[str]] = {}
    having: Counter[str] = Counter()
    for params in variants:
        having.update(params.keys())
        for key, value in params.items():
            values.setdefault(key, set()).add(repr(value))
    return [key for key, of_key in values.items() if len(of_key) > 1 or having[key] < len(variants)]


def labelled(cases: pd.DataFrame) -> pd.DataFrame:
    """A table of cases with the labels of its problems and solvers in place of their names."""
    both = {what: labels(zip(cases[what], cases[f"{what}_params"], strict=True)) for what in ("problem", "solver")}
    return cases.assign(**both)
