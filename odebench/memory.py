"""How much resident memory a stretch of work needed."""

from __future__ import annotations

from pathlib import Path

_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")


class PeakMemory:
    """Between `start` and `rise`, how far the resident memory of this process rose above where it was.

    Linux lets a process reset its high-water mark; elsewhere `rise` is None.
    """

    def start(self) -> None:
        self._before: int | None = None
        try:
            _CLEAR_REFS.write_text("5")
            self._before = _kib("VmRSS:")
        except OSError:
            pass

    def rise(self) -> float | None:
        """MiB."""
        if self._before is None:
            return None
        return max(0, _kib("VmHWM:") - self._before) / 1024


def _kib(field: str) -> int:
    for line in _STATUS.read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1])
    raise OSError(f"no {field} in {_STATUS}")
