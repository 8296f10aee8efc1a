"""Which colour, line and marker a curve has: networks and integrators apart, and no two alike in black and white."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .style import BLACK, BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, VERMILLION, WINE

MOST = 16
"""Curves that can still be told apart in a figure."""
Line = str | tuple[int, tuple[int, ...]]
_INTEGRATORS = (BLUE, GREEN, SKY, "#555555"), ("o", "s", "^", "D", "v", "<", ">", "p"), ("-", "-.")
_NETWORKS = (VERMILLION, PURPLE, ORANGE, WINE), ("*", "X", "P", "h", "d", "8"), ("--", ":", (0, (6, 1, 1, 1, 1, 1)))


@dataclass(frozen=True)
class Look:
    """Of one curve."""

    colour: str
    marker: str
    line: Line
    kind: str
    """"integrator", "network", "oracle" or "other"."""

    @property
    def drawn(self) -> dict[str, Any]:
        """As matplotlib's `plot` takes it."""
        larger = 1.5 if self.marker == "*" else 1.0
        return {"color": self.colour, "marker": self.marker, "linestyle": self.line, "zorder": 3} | (
            {"markersize": larger * _marker_size()} if larger != 1 else {}
        )


ORACLE = Look(BLACK, "+", "none", "oracle")
OTHER = Look(GREY, ".", "-", "other")


def looks(curves: Iterable[tuple[str, str]]) -> dict[str, Look]:
    """The look of each curve, of pairs of its name and "integrator", "network" or "oracle"."""
    found: dict[str, Look] = {}
    counts = {"integrator": 0, "network": 0}
    for curve, kind in dict(curves).items():
        if kind == "oracle":
            found[curve] = ORACLE
            continue
        k, (colours, markers, lines) = counts[kind], _NETWORKS if kind == "network" else _INTEGRATORS
        counts[kind] += 1
        line = lines[k // len(markers) % len(lines)]
        found[curve] = Look(colours[k % len(colours)], markers[k % len(markers)], line, kind)
    return found


def _marker_size() -> float:
    import matplotlib

    return float(matplotlib.rcParams["lines.markersize"])
