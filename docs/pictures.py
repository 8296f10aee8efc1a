"""Make the pictures of docs/gallery.md, and so of the README, from the committed runs: by the page's own commands.

python docs/pictures.py            # all of them
"""

import re
import shlex
import sys
from contextlib import chdir
from pathlib import Path

from odebench.cli import main

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "gallery.md"


def commands() -> list[list[str]]:
    """The page's commands, as lists of arguments."""
    text = re.sub(r"\\\n\s*", "", PAGE.read_text(encoding="utf-8"))
    return [shlex.split(line)[1:] for line in re.findall(r"^odebench plot .*$", text, re.MULTILINE)]


def make(directory: Path) -> list[Path]:
    """Run them, each figure into the directory under the name that the page has for it; returns the files."""
    made = []
    for arguments in commands():
        *most, named = arguments
        made.append(directory / Path(named).name)
        with chdir(ROOT):
            main([*most, str(made[-1])], standalone_mode=False)
    return made


if __name__ == "__main__":
    make(ROOT / "docs" / "figures")
    sys.exit()
