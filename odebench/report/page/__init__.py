"""A run as one HTML file that needs nothing else: `odebench report`."""

from __future__ import annotations

from pathlib import Path

from ...errors import OutputError
from ...results import Results
from .document import GENERATOR, render

__all__ = ["render", "write"]

_FIRST = 2048  # characters, in which a page of ours says so
NAME = "report.html"


def write(results: Results, path: Path | None = None) -> Path:
    """Write the page about these results, and say where.

    By default it is report.html in the run's directory, or of several runs in the working directory. Raises
    `OutputError` where there stands a file that is no page of odebench's, or it cannot be written.
    """
    if path is None:
        path = results.runs[0].directory / NAME if len(results.runs) == 1 else Path(NAME)
    if path.is_dir():
        path = path / NAME
    try:
        if path.exists() and path.stat().st_size and not _is_ours(path):
            raise OutputError(f"'{path}' is there already, and no page of odebench's. Name another file with -o.")
        page = render(results)
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write '{path}': {error.strerror}. Name another file with -o.") from error
    return path


def _is_ours(path: Path) -> bool:
    with path.open(encoding="utf-8", errors="replace") as file:
        return f'<meta name="generator" content="{GENERATOR}' in file.read(_FIRST)
