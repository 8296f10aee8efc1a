"""The dictionary of columns in results/README.md, made of odebench/schemas/tables.json.

`python docs/dictionary.py` prints the page as it should be; with `--write` it is written. A test holds the two
together.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from odebench import datapackage

PAGE = Path(__file__).parent.parent / "results" / "README.md"
_UNITS = {"object": "JSON", "datetime": "UTC"}


def entered(page: str) -> str:
    """The page with the rows of each table's dictionary as the schemas have them."""
    for name, schema in datapackage.tables().items():
        rows = "".join(map(_row, schema["fields"]))
        head = rf"(^## {name}\.csv\n(?:(?!^## ).*\n)*?\|---.*\n)"
        page, found = re.subn(head + r"(?:\|.*\n)*", lambda match, rows=rows: match[1] + rows, page, flags=re.MULTILINE)
        if found != 1:
            raise SystemExit(f"expected one table below '## {name}.csv' in {PAGE}, found {found}.")
    return page


def _row(field: dict[str, Any]) -> str:
    unit = field.get("unit", _UNITS.get(field["type"], ""))
    return f"| `{field['name']}` |{f' {unit} ' if unit else ' '}| {field['description']} |\n".replace("|  |", "| |")


if __name__ == "__main__":
    written = entered(PAGE.read_text(encoding="utf-8"))
    if sys.argv[1:] == ["--write"]:
        PAGE.write_text(written, encoding="utf-8")
    else:
        sys.stdout.write(written)
