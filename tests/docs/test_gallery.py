"""The pictures of the gallery and the README are what the page's commands draw of the committed runs."""

import re
import xml.etree.ElementTree as ET
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import pytest
from helpers.optional import optional
from helpers.pages import docs_script
from helpers.paths import ROOT

optional("matplotlib", "draws")

pytestmark = pytest.mark.docs

FIGURES = ROOT / "docs" / "figures"
SVG = "{http://www.w3.org/2000/svg}"
RUNS = ("work-precision", "lotka-volterra", "training")
DEFAULT = ("work-precision", "pointwise-error", "convergence", "orders", "performance-profile")
OTHERS = ("tolerance", "speedups", "cost-split", "break-even", "rhs-calls")


@pytest.fixture(scope="module")
def pictures():
    return docs_script("pictures")


def content(svg: str) -> tuple[Counter[str], Counter[str]]:
    """Return the texts of an SVG and the named things that it draws, which no version of matplotlib changes."""
    tree = ET.fromstring(svg)
    texts = Counter("".join(t.itertext()) for t in tree.iter(f"{SVG}text"))
    named = Counter(
        g.get("id", "")
        for g in tree.iter(f"{SVG}g")
        if re.match("curve |trace |front|at floor|order ", g.get("id", ""))
    )
    return texts, named


@pytest.mark.parametrize("name", [*DEFAULT, *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)])
def test_a_picture_is_what_its_command_draws(pictures, tmp_path, monkeypatch, name):
    commands = [arguments for arguments in pictures.commands() if Path(arguments[-1]).stem == name]
    monkeypatch.setattr(pictures, "commands", lambda: commands)
    (path,) = pictures.make(tmp_path)
    committed, drawn = ((folder / path.name).read_text() for folder in (FIGURES, tmp_path))
    assert content(committed) == content(drawn), f"{path.name}: python docs/pictures.py"
    if f"matplotlib=={version('matplotlib')}" in (ROOT / "constraints.txt").read_text():
        assert committed == drawn, f"{path.name}: python docs/pictures.py"


def test_a_picture_of_other_numbers_is_found():
    texts, named = content((FIGURES / "work-precision.svg").read_text())
    assert named["front"] == 3
    other = (FIGURES / "work-precision.svg").read_text().replace("lotka-volterra", "lorenz")
    assert content(other) != (texts, named)


def test_each_picture_of_the_page_has_its_command_and_the_readme_shows_the_first(pictures):
    page = pictures.PAGE.read_text()
    shown = re.findall(r"!\[[^]]+\]\(figures/([\w-]+\.svg)\)", page)
    assert shown == [Path(arguments[-1]).name for arguments in pictures.commands()]
    assert {Path(name).stem for name in shown} == {*DEFAULT, *OTHERS}
    assert f"(docs/figures/{shown[0]})" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("run", RUNS)
def test_the_committed_runs_name_no_path_of_a_machine(run):
    for path in (ROOT / "results" / run).iterdir():
        assert not re.search(r"/(home|root|work|tmp|Users)/", path.read_text()), path
