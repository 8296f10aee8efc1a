"""One solve in a new process, and what was imported on the way to it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..errors import one_line

PATIENCE_S = 90.0
_CODE = """
import json, os, sys
sys.path[:] = {path!r}
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # what a solver prints is no answer
def answer(**what):
    print(json.dumps(what), file=answers, flush=True)
import numpy, runpy, odebench.testing
from odebench.environment import limit_threads
before = set(sys.modules)
{locate}
answer(imported=sorted({{name.partition(".")[0] for name in set(sys.modules) - before}}))
"""
_SOLVE = """
limit_threads(1)
from odebench.testing import PROBLEMS
{call}
answer(digits=numpy.ascontiguousarray(solution.y).tobytes().hex())
"""


@dataclass(frozen=True)
class Elsewhere:
    """What came of it."""

    imported: frozenset[str] | None
    """The packages that came with the solver; None where it was not found."""
    digits: bytes | None
    """Those of `solution.y`; None where there was none."""
    failure: str | None
    """What went wrong; None where nothing did."""


def elsewhere(locate: str, call: Sequence[str] = (), *, patience_s: float = PATIENCE_S) -> Elsewhere:
    """Run lines that set `solver`, and then, if there are any, lines that set `solution`, in a Python of their own."""
    code = _CODE.format(path=[p for p in sys.path if p], locate=locate)
    if call:
        code += _SOLVE.format(call="\n".join(call))
    try:
        done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, timeout=patience_s, check=False)
        answered, complained, how = done.stdout, done.stderr, f"ended with exit status {done.returncode}"
    except subprocess.TimeoutExpired as late:
        answered, complained, how = late.stdout or b"", b"", f"took longer than {patience_s:g} s"
    answers: dict[str, Any] = {}
    for line in answered.splitlines():
        with suppress(ValueError):  # half of one, of a process that ended meanwhile
            answers |= json.loads(line)
    imported = frozenset(answers["imported"]) if "imported" in answers else None
    if "digits" in answers:
        return Elsewhere(imported, bytes.fromhex(answers["digits"]), None)
    if imported is not None and not call:
        return Elsewhere(imported, None, None)
    said = [line for line in complained.decode(errors="replace").splitlines() if line.strip()][-1:]
    return Elsewhere(imported, None, f"{how}; its last output: {one_line(said[0])}" if said else how)
