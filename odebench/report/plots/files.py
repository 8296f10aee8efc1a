"""Figures as files: the same figure is the same bytes."""

from __future__ import annotations

import io
import re
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import OutputError
from .style import SIZES, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ENDINGS = ("svg", "pdf", "png")
_DPI = 200
_METADATA: dict[str, dict[str, Any]] = {
    "svg": {"Date": None, "Creator": "odebench"},
    "pdf": {"CreationDate": None, "Creator": "odebench", "Producer": "odebench"},
    "png": {"Software": "odebench"},
}


def save(figure: Figure, path: str | PathLike[str]) -> None:
    """Write it, as the ending of the name says: .svg, .pdf or .png. Raises `OutputError`.

    SVG and PDF are vectors; in SVG text is text, in PDF fonts are embedded as TrueType. No date is written.
    """
    path = Path(path)
    ending = path.suffix.removeprefix(".").lower()
    if ending not in ENDINGS:
        raise OutputError(f"cannot write the figure {path}: {ending or 'no'} ending. Give a name such as figure.svg.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(written(figure, ending))
    except OSError as error:
        raise OutputError(f"cannot write the figure {path}: {error.strerror}. Name another with -o.") from None


def written(figure: Figure, ending: str) -> bytes:
    """The file's content."""
    said = _METADATA[ending] | _description(figure, ending)
    buffer = io.BytesIO()
    with styled(SIZES["page"]):  # what is drawn has its own size already
        figure.savefig(buffer, format=ending, dpi=_DPI, metadata=said)
    content = buffer.getvalue()
    if ending == "svg":  # lines in hundredths of a point: two thirds of the size
        text = re.sub(r' d="[^"]*"', lambda d: re.sub(r"(\.\d\d)\d+", r"\1", d[0]), content.decode())
        return text.encode()
    return content


def _description(figure: Figure, ending: str) -> dict[str, str]:
    """Its title and caption, for those who do not see it."""
    caption = " ".join(text.get_text() for text in figure.texts if text.get_gid() == "caption").replace("\n", " ")
    title = figure.get_suptitle()
    keys = {"svg": ("Title", "Description"), "pdf": ("Title", "Subject"), "png": ("Title", "Description")}[ending]
    return {key: words for key, words in zip(keys, (title, caption), strict=True) if words}
