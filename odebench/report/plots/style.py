"""How every figure looks: sizes, fonts, colours, axes. `library` loads matplotlib first."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import BadParameter, OutputError, did_you_mean

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe & Ito's colours, told apart by colour-blind eyes; lines and markers tell curves apart in black and white
BLUE, VERMILLION, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
ORANGE, SKY, BLACK, GREY = "#E69F00", "#56B4E9", "#000000", "#999999"
WINE = "#882255"  # of Paul Tol's, for a fourth warm one
COLOURS = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY, BLACK, GREY)
STYLES = ("-", "--", "-.", ":")
PALE, TEXT = "#D9D9D9", "#262626"


@dataclass(frozen=True)
class Size:
    """Of figures for one purpose: in inches, and in points."""

    width: float
    panel: float
    """How high a panel is."""
    font: float
    line: float
    marker: float
    abreast: int
    """How many panels stand side by side."""


SIZES = {
    "column": Size(3.5, 2.5, 7.0, 1.0, 3.6, 1),
    "page": Size(7.16, 2.9, 8.0, 1.2, 4.6, 3),
    "slide": Size(13.33, 5.4, 17.0, 2.6, 10.0, 3),
}
"""A column and the width of a page of a journal with two columns, and a slide of 16 to 9."""


def size_of(name: str) -> Size:
    """The size of that name. Raises `BadParameter` where there is none."""
    if name not in SIZES:
        raise BadParameter(f"no figure size {name!r}. {did_you_mean(name, SIZES)}")
    return SIZES[name]


def library() -> Any:
    """matplotlib, whatever MPLBACKEND says: no figure here is shown on a display. Raises `OutputError` without it."""
    fresh = "matplotlib" not in sys.modules
    backend = os.environ.pop("MPLBACKEND", None) if fresh else None
    try:
        import matplotlib
        import matplotlib.style
    except ImportError:
        raise OutputError("drawing needs matplotlib: pip install 'odebench[plot]'") from None
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend
    if backend:
        with suppress(ValueError):  # a name that matplotlib does not know would have ended its import
            matplotlib.rcParams["backend"] = backend
    return matplotlib


@contextmanager
def styled(size: Size) -> Iterator[None]:
    """matplotlib's own defaults and ours within, whatever the user's are, which are back afterwards."""
    ours = {
        "font.family": "sans-serif",
        "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial", "sans-serif"],
        "font.size": size.font,
        "axes.titlesize": size.font * 1.1,
        "axes.labelsize": size.font,
        "figure.titlesize": size.font * 1.2,
        "legend.fontsize": size.font,
        "xtick.labelsize": size.font * 0.9,
        "ytick.labelsize": size.font * 0.9,
        "axes.linewidth": 0.5 * size.line,
        "lines.linewidth": size.line,
        "lines.markersize": size.marker,
        "text.color": TEXT,
        "axes.labelcolor": TEXT,
        "xtick.color": TEXT,
        "ytick.color": TEXT,
        "axes.edgecolor": TEXT,
        "text.parse_math": False,  # names may hold dollar signs
        "text.usetex": False,
        "axes.unicode_minus": True,
        "svg.fonttype": "none",  # text stays text
        "svg.hashsalt": "odebench",  # the same ids each time
        "pdf.fonttype": 42,  # TrueType, which journals ask for
    }
    with library().style.context(["default", ours]):
        yield


def figure(width: float, height: float) -> Figure:
    """An empty figure of this size in inches, of no window and no global list."""
    library()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    made = Figure(figsize=(width, height), layout="constrained", facecolor="white")
    FigureCanvasAgg(made)
    return made


def panels(size: Size, count: int, *, share: bool = True, height: float | None = None) -> tuple[Figure, list[Axes]]:
    """A figure of so many panels, as many abreast as fit, and the panels."""
    abreast = min(count, size.abreast) if count != 4 or size.abreast < 2 else 2
    rows = math.ceil(count / abreast)
    made = figure(size.width, rows * (height or size.panel))
    grid = made.subplots(rows, abreast, squeeze=False, sharex=share, sharey=share)
    for axes in grid.flat[count:]:
        axes.remove()
    return made, list(grid.flat[:count])


def labelled(grid: Sequence[Axes], x: str, y: str | None) -> None:
    """Name the axes once: below the lowest panel of each column, and beside the first of each row."""
    places: list[Any] = [axes.get_subplotspec() for axes in grid]
    lowest: dict[int, int] = {}
    for place in places:
        lowest[place.colspan.start] = max(place.rowspan.start, lowest.get(place.colspan.start, 0))
    for axes, place in zip(grid, places, strict=True):
        if place.rowspan.start == lowest[place.colspan.start]:
            axes.set_xlabel(x)
            axes.xaxis.set_tick_params(labelbottom=True)
        if y is not None and place.is_first_col():
            axes.set_ylabel(y)


def plain(axes: Axes) -> None:
    """Two spines, and a grid behind what is drawn."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(which="major", color="0.9", linewidth=0.5)
    axes.set_axisbelow(True)


def logarithmic(axis: Any) -> None:
    """A logarithmic axis with decades as plain text, such as 10⁻³: no mathematics is typeset in any figure."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    getattr(axis.axes, f"set_{axis.axis_name}scale")("log")
    axis.set_major_locator(LogLocator(numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: power(value)))
    low, high = axis.get_view_interval()
    few = low > 0 and high < 30 * low  # hardly a decade: it takes numbers between them, too
    axis.set_minor_locator(LogLocator(subs=(2.0, 5.0)) if few else NullLocator())
    axis.set_minor_formatter(FuncFormatter(lambda value, _: times_power(value)) if few else NullFormatter())


_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power(value: float) -> str:
    """'10⁻³' of 0.001; other values as they are."""
    if value > 0 and math.isfinite(value):
        exponent = round(math.log10(value))
        if math.isclose(value, 10.0**exponent, rel_tol=1e-9):
            return {0: "1", 1: "10"}.get(exponent, f"10{str(exponent).translate(_SUPERSCRIPT)}")
    return f"{value:g}"


def times_power(value: float) -> str:
    """'2·10⁻³' of 0.002."""
    exponent = math.floor(math.log10(value) + 1e-9)
    digit = f"{value / 10.0**exponent:.0f}"
    return f"{value:g}" if -1 <= exponent <= 2 else f"{digit}·{power(10.0**exponent)}"


def said(text: object) -> str:
    """A name as it can stand in a figure: on one line, and without what no SVG may hold."""
    shown = "".join(letter if letter.isprintable() else " " for letter in str(text))
    return " ".join(shown.split())
