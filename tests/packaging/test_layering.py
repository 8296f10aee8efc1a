"""The floors of the house: imports point down only, and plugins see odebench's public names alone."""

import ast
from collections.abc import Iterator
from types import ModuleType

from helpers.paths import ROOT

import odebench

FLOORS = [
    ["errors", "measurement", "memory", "timing", "environment", "migrations"],
    ["importing", "program", "parameters"],
    ["backends"],
    ["sparsity", "tableaux"],
    ["model", "accuracy"],
    ["compiling"],
    ["counting"],
    ["error_equation"],
    ["certificate"],
    ["hookspecs", "quadruple", "checks", "outcomes", "symbols"],
    ["host", "certification"],
    ["cases", "references", "scaffold", "suites", "over_time"],
    ["watching", "contract", "text"],
    ["doctor", "recording", "testing"],
    ["solving"],
    ["provenance"],
    ["worker", "journal", "process_state"],
    ["isolation", "analysis"],
    ["executors", "serving", "parquet", "csv_reading", "display"],
    ["datapackage"],
    ["tables"],
    ["stored"],
    ["results", "exporting", "runner"],
    ["report", "pytest_plugin"],
    ["cli"],
    ["__main__"],
]
PUBLIC = {name for name, value in vars(odebench).items() if not isinstance(value, ModuleType)}
LEVEL = {room: level for level, floor in enumerate(FLOORS) for room in floor}


def imports(source: str, package: list[str]) -> Iterator[str]:
    """Every module imported anywhere in the source, dotted and absolute, but for types alone."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *filter(None, [node.module])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def misplaced(room: str, source: str, package: list[str]) -> list[str]:
    """The rooms this one imports that do not lie below it."""
    used = {name.split(".")[1] for name in imports(source, package) if name.startswith("odebench.")}
    return sorted(other for other in used & LEVEL.keys() if other != room and LEVEL[other] >= LEVEL[room])


def test_every_room_has_a_floor():
    rooms = {p.stem for p in (ROOT / "odebench").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    assert rooms - {"__init__"} == LEVEL.keys()


def without_a_line(text: str) -> list[str]:
    """The rooms that a text does not name as files or directories."""
    return [room for room in LEVEL if f"`{room}.py`" not in text and f"`{room}/`" not in text]


def test_every_room_is_described():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert without_a_line(text) == []
    assert without_a_line(text.replace("`solving.py`", "solving")) == ["solving"]


def test_imports_point_down_only():
    for path in (ROOT / "odebench").rglob("*.py"):
        inside = path.relative_to(ROOT).with_suffix("").parts
        if inside != ("odebench", "__init__"):
            assert misplaced(inside[1], path.read_text(), list(inside[:-1])) == [], path


def test_an_import_that_points_up_is_found():
    assert misplaced("model", "def f():\n    from .worker import Worker\n", ["odebench"]) == ["worker"]
    assert misplaced("model", "from . import cases\n", ["odebench"]) == ["cases"]
    assert misplaced("report", "from ..cli import main\n", ["odebench", "report"]) == ["cli"]
    assert misplaced("model", "if TYPE_CHECKING:\n    from .worker import Worker\n", ["odebench"]) == []


def test_plugins_use_public_names_alone():
    for path in (ROOT / "plugins").rglob("*.py"):
        inside = list(path.relative_to(ROOT).with_suffix("").parts)
        used = [name for name in imports(path.read_text(), inside[:-1]) if name.split(".")[0] == "odebench"]
        assert [name for name in used if not is_public(name)] == [], path


def is_public(name: str) -> bool:
    """Whether a dotted name is odebench itself or a name of its public list, which its rooms are not."""
    return name == "odebench" or name.removeprefix("odebench.") in PUBLIC


def test_a_plugin_that_reaches_for_a_room_is_found():
    assert is_public("odebench.IVP")
    assert not is_public("odebench.backends")
    assert not is_public("odebench.model.IVP")


def test_files_stay_small():
    for path in [*(ROOT / "odebench").rglob("*.py"), *(ROOT / "plugins").rglob("*.py")]:
        assert len(path.read_text().splitlines()) <= 400, path
