"""The timing protocol: which calls are on the clock, and how long a sample has to be.

The first call of a case pays for imports, compilation and allocation: it is timed apart and never a sample.
A short solve is then called in a loop until the sample is long against the clock; its time is the mean over
the loop. The garbage collector waits while the clock runs.
"""

from __future__ import annotations

import gc
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter, process_time  # bound now: a plugin may replace those of the module
from typing import Generic, TypeVar

LONG_S = 2.0
"""A solve longer than this is sampled once, or once a seed."""
SHORT_S = 0.1
"""A solve shorter than this is called once untimed before each sample, and looped."""
SAMPLE_S = 0.0005
"""A shorter solve is called in a loop until its sample lasts about this long: thousands of readings of the clock. More
would not help against other disturbances: what is disturbed is a sample, and the median of samples leaves it out."""
QUERY_S = 0.00002
"""The same for one evaluation of a dense output, which is asked for in every sample: hundreds of readings."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Sample(Generic[Result]):
    """The mean time of a call, in seconds, over a loop of calls; the result is that of the last."""

    result: Result
    wall_s: float
    cpu_s: float
    loops: int


class Pauses:
    """Time that is not the call's: while the clock stands still, somebody looks at what it has come to."""

    def __init__(self) -> None:
        self.wall_s = self.cpu_s = 0.0

    @contextmanager
    def pause(self) -> Iterator[None]:
        """Let the clock stand still."""
        cpu, wall = process_time(), perf_counter()
        try:
            yield
        finally:
            self.wall_s += perf_counter() - wall
            self.cpu_s += process_time() - cpu


def time_calls(call: Callable[[], Result], loops: int = 1, pauses: Pauses | None = None) -> Sample[Result]:
    """Call it `loops` times under one reading of the clock, which stands still during `pauses`."""
    pauses = pauses or Pauses()
    paused_wall, paused_cpu = pauses.wall_s, pauses.cpu_s
    collecting = gc.isenabled()
    gc.disable()
    try:
        cpu, wall = process_time(), perf_counter()
        for _ in range(loops):
            result = call()
        wall, cpu = perf_counter() - wall, process_time() - cpu
    finally:
        if collecting:
            gc.enable()
    wall -= pauses.wall_s - paused_wall
    cpu -= pauses.cpu_s - paused_cpu
    return Sample(result, wall / loops, cpu / loops, loops)


def loops_for(call_s: float, sample_s: float = SAMPLE_S) -> int:
    """How many calls of this length make a sample."""
    return max(1, math.ceil(sample_s / max(call_s, 1e-9)))


def take_sample(
    call: Callable[[], Result],
    *,
    call_s: float | None = None,
    first_s: float | None = None,
    pauses: Pauses | None = None,
) -> Sample[Result]:
    """A sample as long as the protocol wants it, after a sample of `call_s` a call, or else a first call of `first_s`.

    The calls that decide what is done are not the sample: that would keep the slow ones and drop the fast. Only after a
    first call of over `LONG_S` is the next one it, unless it turns out to be short.
    """
    if call_s is not None and call_s >= SHORT_S:
        return time_calls(call, pauses=pauses)
    warm = time_calls(call, pauses=pauses)
    if warm.wall_s >= SHORT_S:
        too_long = call_s is None and first_s is not None and first_s >= LONG_S
        return warm if too_long else time_calls(call, pauses=pauses)
    if call_s is None:
        loops = loops_for(warm.wall_s, SAMPLE_S / 10)
        call_s = warm.wall_s if loops == 1 else time_calls(call, loops, pauses).wall_s
    # another seed may take far longer
    return time_calls(call, loops_for(call_s if warm.wall_s < 10 * call_s else warm.wall_s), pauses)
