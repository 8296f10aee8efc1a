"""The timing protocol: which calls are on the clock, and how long a sample has to be.

The first call of a case pays for imports, compilation and allocation: it is timed apart and never a sample.
A short solve is then called in a loop until the sample is long against the clock; its time is the mean over
the loop. The garbage collector waits while the clock runs.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

LONG_S = 2.0
"""A solve longer than this is sampled once, or once a seed."""
SHORT_S = 0.1
"""A solve shorter than this is called once untimed before each sample, and looped."""
SAMPLE_S = 0.002
"""A shorter solve is called in a loop until its sample lasts about this long: ten thousand readings of the clock."""
QUERY_S = 0.00005
"""The same for one evaluation of a dense output, which is shorter and asked for in every sample."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Sample(Generic[Result]):
    """The mean time of a call, in seconds, over a loop of calls; the result is that of the last."""

    result: Result
    wall_s: float
    cpu_s: float
    loops: int


def time_calls(call: Callable[[], Result], loops: int = 1) -> Sample[Result]:
    """Call it `loops` times under one reading of the clock."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(loops):
            result = call()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    finally:
        if collecting:
            gc.enable()
    return Sample(result, wall / loops, cpu / loops, loops)


def loops_for(call_s: float, sample_s: float = SAMPLE_S) -> int:
    """How many calls of this length make a sample."""
    return max(1, math.ceil(sample_s / max(call_s, 1e-9)))


def take_sample(call: Callable[[], Result], call_s: float | None = None) -> Sample[Result]:
    """A sample as long as the protocol wants it; `call_s` is what a warm call took, where that is known.

    What decides how many calls are made is never itself the sample: that would keep the slow calls and drop the fast.
    """
    warm = time_calls(call)
    if warm.wall_s >= SHORT_S:
        return warm
    if call_s is None:
        call_s = time_calls(call, loops_for(warm.wall_s)).wall_s
    return time_calls(call, loops_for(call_s))
