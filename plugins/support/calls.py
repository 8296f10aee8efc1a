"""Slopes that are counted, for integrators that do not count all of them themselves."""

import itertools
from collections.abc import Callable, Iterator

from odebench import Array

Slope = Callable[[float, Array], Array]


def counting(f: Slope) -> tuple[Slope, Iterator[int]]:
    """`f`, and what says how often it was called: its first number does."""
    calls = itertools.count()

    def counted(t: float, y: Array) -> Array:
        next(calls)
        return f(t, y)

    return counted, calls
