"""The solution as it is learned: one SVG that moves by itself, and stands still where that is not wanted."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from .. import text
from ..backends import Array
from ..errors import OutputError
from ..measurement import Checkpoint
from ..model import IVP
from ..recording import Frame
from .plots import files, style
from .plots.solution import time_axis, time_label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COMPONENTS = 4  # panels that fit under one another
_FRAME_S, _HOLD_S = 0.25, 2.5
_MARGIN = 0.15  # of the reference's range, above and below
_FAR = 10.0  # such ranges away, a curve is cut: it is out of sight


def caption(checkpoint: Checkpoint) -> str:
    """What a frame says of itself."""
    loss = "" if checkpoint.loss is None else f"   loss {checkpoint.loss:.1e}"
    error = "" if checkpoint.max_abs_error is None else f"   error {checkpoint.max_abs_error:.1e}"
    return f"step {checkpoint.step}   {text.seconds(checkpoint.wall_s)}{loss}{error}"


def learned(title: str, ivp: IVP, reference: Array, frames: Sequence[Frame]) -> Figure:
    """The solution at each frame over the reference (n, d): a panel a component, of many components four.

    All frames lie over each other, each artist under the name `frame-<number>-<what>`; `save` takes them apart. A panel
    is as high as the reference and the last frame ask for, whatever an early frame does. Raises `OutputError` where
    there is no frame, or matplotlib is missing.
    """
    import numpy as np

    if not frames:
        raise OutputError(f"nothing to draw of {title}: no step was recorded.")
    d = ivp.n_states
    figure = style.figure(7.0, 4.4 if d == 1 else 1.6 + 1.7 * min(d, _COMPONENTS))
    from matplotlib.lines import Line2D

    chosen = np.unique(np.linspace(0, d - 1, min(d, _COMPONENTS)).round().astype(int))
    grid = figure.subplots(len(chosen), 1, squeeze=False, sharex=True)[:, 0]
    logarithmic, times = time_axis(ivp)
    for axes, j, colour in zip(grid, chosen, cycle(style.COLOURS)):
        true, last = reference[-times.size :, j], frames[-1].y[-times.size :, j]
        low, high = float(true.min()), float(true.max())
        size = high - low or abs(high) or 1.0
        lowest, highest = max(low - size, min(low, last.min())), min(high + size, max(high, last.max()))
        (behind,) = axes.plot(times, true, "-", color="0.75", linewidth=5, gid=f"reference-y{j + 1}")
        for k, frame in enumerate(frames):
            y = np.clip(frame.y[-times.size :, j], low - _FAR * size, high + _FAR * size)
            axes.plot(times, y, "--", color=colour, linewidth=1.8, gid=f"frame-{k}-y{j + 1}")
        axes.set_ylim(lowest - _MARGIN * size, highest + _MARGIN * size)
        axes.set_ylabel("y" if d == 1 else f"y{j + 1}", rotation=0, labelpad=12)
        axes.spines[["top", "right"]].set_visible(False)
        if logarithmic:
            axes.set_xscale("log")
    figure.align_ylabels(grid)
    any_colour = Line2D([], [], linestyle="--", color="0.25" if len(chosen) > 1 else style.COLOURS[0], linewidth=1.8)
    figure.legend([behind, any_colour], ["reference", "learned"], loc="outside lower center", ncols=2, frameon=False)
    grid[-1].set_xlabel(time_label(ivp))
    figure.suptitle(title)
    grid[0].set_title(" ")  # keeps room for the captions
    for k, frame in enumerate(frames):
        said = caption(frame.checkpoint).replace(" ", "\u00a0")  # other spaces are one to SVG
        where = {"transform": grid[0].transAxes, "family": "monospace", "fontsize": 9, "va": "bottom"}
        grid[0].text(0.0, 1.03, said, gid=f"frame-{k}-caption", **where)
    return figure


def write(
    title: str, ivp: IVP, reference: Array, frames: Sequence[Frame], directory: Path, endings: Iterable[str]
) -> list[Path]:
    """Draw them into files `learning.<ending>` of a directory; returns which. Raises what `learned` and `save` do."""
    paths = [directory / f"learning.{ending}" for ending in endings]
    for path in paths:  # each drawn anew: in a PNG all frames but one are hidden
        save(learned(title, ivp, reference, frames), len(frames), path)
    return paths


def save(figure: Figure, n_frames: int, path: Path) -> None:
    """Write it as an SVG of that many frames in turn, or as a PNG of the last. Raises `OutputError`."""
    if path.suffix != ".svg":
        for artist in figure.findobj(lambda a: str(a.get_gid()).startswith("frame-")):
            artist.set_visible(str(artist.get_gid()).startswith(f"frame-{n_frames - 1}-"))
        files.save(figure, path)
        return
    from matplotlib import rc_context

    written = io.StringIO()
    with rc_context({"svg.fonttype": "none", "svg.hashsalt": "odebench"}):
        figure.savefig(written, format="svg", metadata={"Date": None})
    try:
        path.write_text(animated(written.getvalue(), n_frames), encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write the figure {path}: {error}.") from None


def animated(svg: str, n_frames: int) -> str:
    """The SVG with its groups `frame-<number>-<what>` shown in turn, by a style sheet and no script.

    The last frame, shown for longer, is all that is seen where style sheets do not move: in print, where a reader asks
    for reduced motion, and in programs that know no animation.
    """
    last, duration = n_frames - 1, n_frames * _FRAME_S + _HOLD_S
    until, of_last = 100 * _FRAME_S / duration, 100 * last * _FRAME_S / duration

    def group(match: re.Match[str]) -> str:
        k, what = int(match[1]), match[2]
        if k == last:
            return f'<g id="frame-{k}-{what}" class="last frame"'
        delay = k * _FRAME_S - duration  # a negative one: it is in the middle of its course from the beginning
        return f'<g id="frame-{k}-{what}" class="frame" visibility="hidden" style="animation-delay:{delay:.2f}s"'

    moving, found = re.subn(r'<g id="frame-(\d+)-([\w-]+)"', group, svg)
    if not found:
        raise OutputError("the figure holds no frame.")
    style = f"""<style>
@media (prefers-reduced-motion: no-preference) {{
.frame {{ animation: shown {duration:.2f}s step-end infinite; }}
.last {{ animation-name: shown-last; }}
}}
@keyframes shown {{ 0% {{ visibility: visible; }} {until:.4f}%, 100% {{ visibility: hidden; }} }}
@keyframes shown-last {{ 0% {{ visibility: hidden; }} {of_last:.4f}%, 100% {{ visibility: visible; }} }}
</style>
"""
    return moving.replace("<defs>", style + "<defs>", 1)
