"""The pictures of the gallery and the README are what the page's commands draw of the committed runs."""

import importlib.util
import re
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import pytest

matplotlib = pytest.importorskip("matplotlib", reason="draws")

ROOT = Path(__file__).parent.parent
FIGURES = ROOT / "docs" / "figures"
SVG = "{http://www.w3.org/2000/svg}"
RUNS = ("work-precision", "lotka-volterra", "training")


@pytest.fixture(scope="module")
def pictures():
    spec = importlib.util.spec_from_file_location("docs_pictures", ROOT / "docs" / "pictures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def content(svg: str) -> tuple[Counter[str], Counter[str]]:
    """What an SVG says, and which named things it draws: the same whatever the version of matplotlib."""
    tree = ET.fromstring(svg)
    texts = Counter("".join(t.itertext()) for t in tree.iter(f"{SVG}text"))
    named = Counter(
        g.get("id", "")
        for g in tree.iter(f"{SVG}g")
        if re.match("curve |trace |front|at floor|order ", g.get("id", ""))
    )
    return texts, named


def test_every_picture_is_what_its_command_draws(pictures, tmp_path):
    made = pictures.make(tmp_path)
    assert len(made) == 10
    pinned = f"matplotlib=={matplotlib.__version__}" in (ROOT / "constraints.txt").read_text()
    for path in made:
        committed, drawn = ((folder / path.name).read_text() for folder in (FIGURES, tmp_path))
        assert content(committed) == content(drawn), f"{path.name}: python docs/pictures.py"
        if pinned:
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
    assert f"(docs/figures/{shown[0]})" in (ROOT / "README.md").read_text()


@pytest.mark.parametrize("run", RUNS)
def test_the_committed_runs_name_no_path_of_a_machine(run):
    for path in (ROOT / "results" / run).iterdir():
        assert not re.search(r"/(home|root|work|tmp|Users)/", path.read_text()), path
