"""What the tables of a run hold, for programs: datapackage.json, a Frictionless data package, is written beside them.

The columns' types, units, constraints and descriptions stand in `schemas/tables.json` and nowhere else; those of
results/README.md are made of it.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from .errors import OutputError
from .journal import Run

NAME = "datapackage.json"
_AS_ABOVE = "as above"  # as of the same column of measurements.csv


@cache
def tables() -> dict[str, dict[str, Any]]:
    """The Table Schema of each table, by its name without ending; a column's `unit` is ours."""
    text = (resources.files("odebench") / "schemas" / "tables.json").read_text(encoding="utf-8")
    schemas: dict[str, dict[str, Any]] = json.loads(text)
    return schemas


def write(run: Run) -> None:
    """Describe the CSV files of a run beside them; `OutputError` where that cannot be written."""
    path = run.directory / NAME
    try:
        path.write_text(json.dumps(describe(run), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    except OSError as error:
        raise OutputError(f"cannot write '{path}': {error.strerror}. The tables beside it are kept.") from error


def describe(run: Run) -> dict[str, Any]:
    """The data package of the tables that the run has, each metric of a plugin among their columns."""
    return {
        "name": f"odebench-{run.id}",
        "title": f"odebench run {run.id}",
        "created": run.meta["started_at"],
        "resources": [
            _resource(name, schema, list(run.meta.get("metrics", ())))
            for name, schema in tables().items()
            if (run.directory / f"{name}.csv").exists()
        ],
    }


def _resource(name: str, schema: dict[str, Any], metrics: list[str]) -> dict[str, Any]:
    meant = {field["name"]: field["description"] for field in tables()["measurements"]["fields"]}
    fields = [
        {**field, "description": meant[field["name"]]} if field["description"] == _AS_ABOVE else field
        for field in schema["fields"]
    ]
    if name == "measurements":
        fields += [{"name": m, "type": "number", "description": "an error norm of a plugin"} for m in metrics]
    return {
        "name": name,
        "type": "table",
        "path": f"{name}.csv",
        "scheme": "file",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "schema": {**schema, "fields": fields, "missingValues": [""]},
    }
