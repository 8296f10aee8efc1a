"""How much resident memory a stretch of work needed."""

from __future__ import annotations

import os


class PeakMemory:
    """From its making to `rise`, how far the resident memory of this process rose above where it was.

    Linux lets a process reset its high-water mark; elsewhere `rise` is None.
    """

    def __init__(self) -> None:
        self._before: int | None = None
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
