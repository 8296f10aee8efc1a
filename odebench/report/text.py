"""Numbers and variants in words, as every table writes them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from ..cases import selection_text

_UNITS = (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))


def seconds(value: float | None) -> str:
    """'12.3 ms'."""
    if value is None or math.isnan(value):
        return ""
    unit, size = next(((u, s) for u, s in _UNITS if value >= 0.9995 * s), _UNITS[-1])
    return f"{_three_digits(value / size)} {unit}"


def error(value: float | None, *, at_floor: bool = False) -> str:
    """'3.14e-07', or '≤ 2.22e-16' where only the reference's own error is known."""
    if value is None or math.isnan(value):
        return ""
    return f"{'≤ ' if at_floor else ''}{value:.2e}"


def ratio(value: float | None) -> str:
    """'12.3x'."""
    return "" if value is None or math.isnan(value) else f"{_three_digits(value)}x"


def _three_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 99.95 else f"{value:.1f}" if value >= 9.995 else f"{value:.2f}"


def labels(names_and_params: Iterable[tuple[str, str]]) -> list[str]:
    """Each variant by its name and those parameters in which variants of that name differ; params are JSON text."""
    parsed: list[tuple[str, Mapping[str, Any]]] = [(name, json.loads(params)) for name, params in names_and_params]
    values: dict[tuple[str, str], set[str]] = {}
    for name, params in parsed:
        for key, value in params.items():
            values.setdefault((name, key), set()).add(repr(value))
    return [
        selection_text(name, {k: v for k, v in params.items() if len(values[name, k]) > 1}) for name, params in parsed
    ]
