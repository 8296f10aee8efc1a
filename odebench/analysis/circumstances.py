"""In what circumstances runs differ, and what is to be known before their numbers are believed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..journal import Run

_NOT_COMPARED = ("versions", "thread_variables", "memory_mb", "clock_resolution_s")
_PROTOCOL = ("repeats", "seeds", "threads", "executor", "jobs", "target_error", "time_budget_s", "patience")
_MOST = 12


def warnings(runs: Iterable[Run]) -> Iterator[str]:
    """What is to be known of runs before their numbers are believed, a sentence each."""
    runs = list(runs)
    for run in runs:
        if run.meta["status"] != "complete":
            yield f"Run {run.id} is not complete, but {run.meta['status']}."
    if different := differences(runs):
        yield f"The runs differ in {', '.join(different)}: their times may, too."


def differences(runs: Iterable[Run]) -> list[str]:
    """In what circumstances runs differ, where that bears on comparing them, such as 'numpy (2.4.6, 2.5.0)'.

    Not what only some of them have installed: that is what separate environments are for.
    """
    values: dict[str, list[str]] = {}
    for run in runs:
        resumed = run.meta.get("resumed", ())
        for environment in [run.meta.get("environment", {}), *(again.get("environment", {}) for again in resumed)]:
            said = {key: value for key, value in environment.items() if key not in _NOT_COMPARED}
            said |= environment.get("versions", {})
            said |= {p["name"]: p["version"] for p in run.meta.get("plugins", ()) if p["source"] != "built-in"}
            said["machine"] = ", ".join(run.meta.get("machines", {})) or None
            if protocol := run.meta.get("protocol"):
                said |= {key: protocol.get(key, "none") for key in _PROTOCOL}
            for key, value in said.items():
                if value is not None and str(value) not in values.setdefault(key, []):
                    values[key].append(str(value))
    different = [f"{key} ({', '.join(found)})" for key, found in values.items() if len(found) > 1]
    return different if len(different) <= _MOST else [*different[:_MOST], f"{len(different) - _MOST} more"]
