"""How much resident memory a stretch of work needed, or a process and its descendants have."""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress


class PeakMemory:
    """From its making to `rise`, how far the resident memory of this process rose above where it was.

    Linux lets a process reset its high-water mark; elsewhere `rise` is None.
    """

    def __init__(self) -> None:
        self._before: int | None = None
        with suppress(AttributeError, OSError, TypeError):
            ctypes.CDLL(None).malloc_trim(0)  # what earlier calls have kept would hide what this one needs
        try:
            with open("/proc/self/clear_refs", "wb", buffering=0) as clear:
                clear.write(b"5")
            self._before = _kib(b"VmRSS:")
        except OSError:
            pass

    def rise(self) -> float | None:
        """MiB."""
        return None if self._before is None else max(0, _kib(b"VmHWM:") - self._before) / 1024


def _kib(field: bytes) -> int:
    descriptor = os.open("/proc/self/status", os.O_RDONLY)
    try:
        status = os.read(descriptor, 65536)
    finally:
        os.close(descriptor)
    return int(status[status.index(field) + len(field) :].split(maxsplit=1)[0])


def share_mb(jobs: int) -> float:
    """The MiB that each of `jobs` processes may take: of what is free now, a fifth is left to others."""
    import psutil

    return float(round(0.8 * psutil.virtual_memory().available / 2**20 / jobs))


def family(pid: int) -> list[int]:
    """A process and its descendants; on Linux quickly, where it is looked at many times a second."""
    if not os.path.exists(f"/proc/{pid}/task/{pid}/children"):
        import psutil

        with suppress(psutil.Error):
            return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
        return [pid]
    found = [pid]
    for member in found:  # grows as it is gone through
        with suppress(OSError):
            for thread in os.listdir(f"/proc/{member}/task"):
                with suppress(OSError), open(f"/proc/{member}/task/{thread}/children", "rb") as children:
                    found += map(int, children.read().split())
    return found


def marked(variable: str) -> list[int]:
    """The processes that were started with this `NAME=value` in their environment, or by one that was; Linux only."""
    found = []
    for name in os.listdir("/proc") if os.path.isdir("/proc/self") else ():
        if name.isdigit():
            with suppress(OSError), open(f"/proc/{name}/environ", "rb") as environment:
                if variable.encode() in environment.read().split(b"\0"):
                    found.append(int(name))
    return found


def resident_mb(pids: list[int], suspicious_mb: float = float("inf")) -> float:
    """MiB, of all together; those that have ended count for nothing.

    What they share is counted for each, unless that comes to more than `suspicious_mb`: then it is looked at closely.
    """
    import psutil

    total = 0
    for closely in (False, True):
        total = 0
        for pid in pids:
            with suppress(psutil.Error):
                process = psutil.Process(pid)
                total += process.memory_full_info().pss if closely else process.memory_info().rss
        if len(pids) < 2 or total / 2**20 <= suspicious_mb or not hasattr(psutil, "LINUX") or not psutil.LINUX:
            break
    return total / 2**20
