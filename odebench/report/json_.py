"""Tables and what is said of them as JSON: numbers read back to the same float64, and null is what is missing."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """One object a row."""
    values = table.astype(object)
    return values.where(values.notna(), None).to_dict("records")  # type: ignore[return-value]  # keys are names


def write(data: Any, file: IO[str]) -> None:
    """Write it, with null for numbers that JSON has not."""
    file.write(json.dumps(_finite(data), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(of) for key, of in value.items()}
    if isinstance(value, list):
        return [_finite(of) for of in value]
    if hasattr(value, "item"):  # NumPy's
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
