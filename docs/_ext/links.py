"""Links between files of the repository become links between pages, where the file is one."""

import os
import re
from pathlib import Path

from sphinx.application import Sphinx

DOCS = Path(__file__).parent.parent
LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)(#[^)]*)?\)")
INCLUDED = re.compile(r"^```\{include\} (\S+)", re.MULTILINE)


def pages() -> dict[Path, str]:
    """The page of each file that is one or is included by one, by its place on disk."""
    found = {page: page.name for page in DOCS.glob("*.md")}
    for page in DOCS.glob("*.md"):
        for target in INCLUDED.findall(page.read_text(encoding="utf-8")):
            found[(DOCS / target).resolve()] = page.name
    return found


def rewritten(text: str, directory: Path, known: dict[Path, str]) -> str:
    """The text of a file in that directory, to stand in a page: links to other files go where they now are."""

    def target(match: re.Match[str]) -> str:
        path = (directory / match[1]).resolve()
        if not path.exists():  # code that looks like a link, or a link whose fault is the builder's to find
            return match[0]
        place = known.get(path) or os.path.relpath(path, DOCS)
        return f"]({place}{match[2] or ''})"

    return LINK.sub(target, text)


def setup(app: Sphinx) -> dict[str, bool]:
    """Look at what is read, and at what is included."""
    known = pages()

    def source_read(app: Sphinx, page: str, content: list[str]) -> None:
        content[0] = rewritten(content[0], DOCS, known)

    def include_read(app: Sphinx, path: Path, page: str, content: list[str]) -> None:
        content[0] = rewritten(content[0], (DOCS / path).resolve().parent, known)

    app.connect("source-read", source_read)
    app.connect("include-read", include_read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
