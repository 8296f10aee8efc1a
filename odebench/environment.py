"""Where a run was made: machine, threads, versions, commit. Names no path and no host."""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def describe() -> dict[str, Any]:
    """Everything about this machine and installation that a timing may depend on."""
    import psutil

    return {
        "odebench": metadata.version("odebench"),
        "commit": _commit(),
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "cpu": _cpu_model(),
        "cores": psutil.cpu_count(logical=False),
        "logical_cores": psutil.cpu_count(),
        "memory_mb": round(psutil.virtual_memory().total / 2**20),
        "clock_resolution_s": _clock_resolution(),
        "thread_variables": {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ},
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """The version of every installed distribution, by name."""
    found: dict[str, str] = {}
    for distribution in metadata.distributions():  # of two of a name, the first on the path is the one imported
        if distribution.name:  # None where an uninstallation left its directory behind
            found.setdefault(distribution.name, distribution.version)
    return dict(sorted(found.items()))


def limit_threads(n: int) -> None:
    """Hold BLAS, OpenMP and torch to `n` threads in this process, those that are loaded and those that will be."""
    from threadpoolctl import threadpool_limits

    os.environ.update({name: str(n) for name in THREAD_VARIABLES})  # for libraries that are yet to be loaded
    threadpool_limits(limits=n)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(n)


def _clock_resolution() -> float:
    import time

    return time.get_clock_info("perf_counter").resolution


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:  # not Linux
        pass
    return platform.processor()


def _commit() -> str | None:
    """The commit of the checkout that odebench runs from, '-dirty' where it is changed; None outside a checkout."""
    import subprocess

    root = Path(__file__).resolve().parent.parent
    if not (root / ".git").exists():
        return None
    try:
        asked = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
        return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
