"""One solve in a new process, and what was imported on the way to it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import one_line

PATIENCE_S = 120.0
_CODE = """
import json, sys
sys.path[:] = {path!r}
import numpy, runpy, odebench.testing
from odebench.environment import limit_threads
before = set(sys.modules)
{locate}
print(json.dumps(sorted({{name.partition(".")[0] for name in set(sys.modules) - before}})), flush=True)
limit_threads(1)
from odebench.testing import PROBLEMS
{call}
print(numpy.ascontiguousarray(solution.y).tobytes().hex())
"""


@dataclass(frozen=True)
class Elsewhere:
    """What came of it."""

    imported: frozenset[str] | None
    """The packages that came with the solver; None where it was not found."""
    digits: bytes | None
    """Those of `solution.y`; None where there was none."""
    failure: str | None
    """What went wrong."""


def elsewhere(locate: str, call: Sequence[str]) -> Elsewhere:
    """Run lines that set `solver`, and then lines that set `solution`, in a Python of their own."""
    code = _CODE.format(path=[p for p in sys.path if p], locate=locate, call="\n".join(call))
    try:
        done = subprocess.run(
            [sys.executable, "-P", "-c", code], capture_output=True, text=True, timeout=PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return Elsewhere(None, None, f"took longer than {PATIENCE_S:g} s")
    printed = [line for line in done.stdout.splitlines() if line.strip()]
    imported = next((frozenset(json.loads(line)) for line in printed if line.startswith("[")), None)
    if done.returncode == 0 and printed:
        return Elsewhere(imported, bytes.fromhex(printed[-1]), None)
    said = [line for line in done.stderr.splitlines() if line.strip()][-1:]
    last = f"; its last output: {one_line(said[0])}" if said else ""
    return Elsewhere(imported, None, f"ended with exit status {done.returncode}{last}")
