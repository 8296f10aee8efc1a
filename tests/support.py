"""Small things that several tests call."""

from __future__ import annotations

import csv
from pathlib import Path


def read_csv(path: Path) -> list[dict[str, str]]:
    """A CSV file as Python's own reader sees it."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
