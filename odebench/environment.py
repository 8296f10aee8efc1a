"""Where a run was made: machine, threads, versions, commit. Names no path and no host."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import statistics
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from email.parser import HeaderParser
from functools import cache
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


_CPU = Path("/sys/devices/system/cpu")
_TOO_MUCH_LOST = 0.01
_TOO_MUCH_SCATTER = 0.05


def describe() -> dict[str, Any]:
    """Everything about this machine and installation that a timing may depend on."""
    return {
        "odebench": metadata.version("odebench"),
        "commit": _commit(),
        **machine(),
        "thread_variables": {name: os.environ[name] for name in THREAD_VARIABLES if name in os.environ},
        "versions": versions(),
    }


@cache
def machine() -> dict[str, Any]:
    """What timings owe to the machine and to Python."""
    import psutil

    return {
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "system": f"{platform.system()} {platform.release()}",
        "architecture": platform.machine(),
        "cpu": _cpu_info("model name") or platform.processor(),
        "cores": psutil.cpu_count(logical=False),
        "logical_cores": psutil.cpu_count(),
        "memory_mb": round(psutil.virtual_memory().total / 2**20),
        "clock_resolution_s": _clock_resolution(),
    }


@cache
def machine_id() -> str:
    """A few digits that stand for this machine: the same as long as its name and its description are."""
    return hashlib.sha256(f"{platform.node()} {json.dumps(machine(), sort_keys=True)}".encode()).hexdigest()[:8]


def now() -> str:
    """The time in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def disturbances() -> list[str]:
    """What would spoil timings on this machine now, in sentences; takes about half a second."""
    import psutil

    found = []
    governors = {path.read_text().strip() for path in _CPU.glob("cpu[0-9]*/cpufreq/scaling_governor")}
    if governors - {"performance"}:
        found.append(
            f"frequency governor {', '.join(sorted(governors))}: the clock follows the load; use 'performance'."
        )
    if _read(_CPU / "intel_pstate/no_turbo") == "0" or _read(_CPU / "cpufreq/boost") == "1":
        found.append("turbo is on: the clock depends on temperature and on the other cores; switch it off.")
    if _read(_CPU / "smt/active") == "1":
        found.append("simultaneous multithreading is on: two threads of a core slow each other down.")
    if "hypervisor" in (_cpu_info("flags") or "").split():
        found.append("a virtual machine: others may share the processor.")
    with suppress(OSError):
        load, cores = os.getloadavg()[0], psutil.cpu_count() or 1
        if load > 0.5 * cores:
            found.append(f"load {load:.1f} on {cores} processors: other programs are running.")
    threaded = {name: os.environ[name] for name in THREAD_VARIABLES if os.environ.get(name, "1") != "1"}
    found += [f"{name}={value}: a run sets it to --threads." for name, value in threaded.items()]
    lost, scatter = measure_disturbance()
    if lost > _TOO_MUCH_LOST:
        found.append(
            f"{100 * lost:.1f} % of a spin was taken away: other programs, or other machines on this hardware."
        )
    if scatter > _TOO_MUCH_SCATTER:
        found.append(f"equal pieces of work scatter by {100 * scatter:.0f} % (interquartile range over median).")
    return found


def measure_disturbance(seconds: float = 0.4) -> tuple[float, float]:
    """Repeat a piece of work and return how much other programs disturb it.

    Returns the share of the time that was lost, and the interquartile range of the pieces over their median.
    """
    pieces = []
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        sum(range(2000))
        pieces.append(time.perf_counter() - start)
    low, middle, high = statistics.quantiles(pieces, n=4)
    lost = sum(piece - middle for piece in pieces if piece > 5 * middle)
    return lost / seconds, (high - low) / middle


def _read(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except OSError:
        return None


def versions() -> dict[str, str]:
    """Return the version of every installed distribution, by name."""
    versions: dict[str, str] = {}
    for distribution in metadata.distributions():  # of two of a name, the first on the path is the one imported
        text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
        fields = HeaderParser().parsestr(text.partition("\n\n")[0])  # the description after them takes longest to parse
        if fields["Name"]:  # None where an uninstallation left its directory behind
            versions.setdefault(fields["Name"], fields["Version"])
    return dict(sorted(versions.items()))


def limit_threads(n: int) -> None:
    """Hold BLAS, OpenMP and torch to `n` threads in this process, those that are loaded and those that will be."""
    from threadpoolctl import threadpool_limits

    os.environ.update({name: str(n) for name in THREAD_VARIABLES})  # for libraries that are yet to be loaded
    threadpool_limits(limits=n)
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(n)


def _clock_resolution() -> float:
    return time.get_clock_info("perf_counter").resolution


def _cpu_info(field: str) -> str | None:
    """A field of the first processor; None where this is not Linux, or there is none."""
    for line in (_read(Path("/proc/cpuinfo")) or "").splitlines():
        if line.startswith(field):
            return line.partition(":")[2].strip()
    return None


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
