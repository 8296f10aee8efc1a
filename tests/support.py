"""Small things that several tests call."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def read_csv(path: Path) -> list[dict[str, str]]:
    """A CSV file as Python's own reader sees it."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@contextmanager
def torch_as_found() -> Iterator[None]:
    """Put torch's defaults and generators, and NumPy's, back at the end."""
    import numpy as np
    import torch

    dtype, numpy_state = torch.get_default_dtype(), np.random.get_state()
    with torch.random.fork_rng():
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
            torch.set_default_device(None)
            np.random.set_state(numpy_state)
