"""The pages as they are built: without a warning, complete, and readable offline. Run by `tox -e docs`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.paths import ROOT

from odebench import hookspecs
from odebench.cli import main

for _package in ("sphinx", "myst_nb", "numpydoc", "pydata_sphinx_theme", "latex2mathml"):
    pytest.importorskip(_package, reason="pip install 'odebench[docs]' builds the pages")

pytestmark = pytest.mark.docs

DOCS = ROOT / "docs"
CONF = "import sys\nsys.path.insert(0, {ext!r})\nextensions = ['myst_nb', 'links', 'mathml']\n"
CONF += "html_math_renderer = 'mathml'\nmyst_heading_anchors = 3\nmyst_enable_extensions = ['dollarmath']\n"


def build(source: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", source, out]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The pages by name, as HTML."""
    out = tmp_path_factory.mktemp("site")
    done = build(DOCS, out)
    assert done.returncode == 0, done.stderr
    return {page.stem: page.read_text(encoding="utf-8") for page in out.glob("*.html")}


def fetched(page: str) -> list[str]:
    """What a browser would fetch from elsewhere to show a page."""
    tags = re.findall(r"<(?:script|img|iframe|source|video)\b[^>]*\bsrc=\"([^\"]+)\"", page)
    tags += re.findall(r"<link\b(?![^>]*rel=\"(?:canonical|author)\")[^>]*\bhref=\"([^\"]+)\"", page)
    return [address for address in tags if re.match(r"(https?:)?//", address)]


def test_every_method_problem_hook_and_command_has_its_place(site, host):
    for name in host.solvers:
        assert f'<section id="{name}">' in site["solvers"], name
    for name in host.problems:
        assert f'<section id="{name}">' in site["problems"], name
    for name in main.commands:
        assert f'<section id="odebench-{name}">' in site["commands"], name
    for name in (name for name in vars(hookspecs) if name.startswith("odebench_")):
        assert f'id="odebench.hookspecs.{name}"' in site["hooks"], name


def test_a_method_is_shown_with_its_order_and_source_and_a_problem_with_its_equations(site, host):
    rk4 = site["solvers"].partition('<section id="rk4">')[2].partition("</section>")[0]
    assert "<li><p>order: 4</p></li>" in rk4
    assert "Kutta" in rk4
    assert "<td><p><code" in rk4
    decay = site["problems"].partition('<section id="decay">')[2].partition("</section>")[0]
    assert "<math " in decay
    assert site["problems"].count("<math ") > 0.9 * len(host.problems)


def test_the_notebook_was_run(site):
    assert site["first-comparison"].count("<img") >= 1
    assert "DOP853" in site["first-comparison"]


def test_nothing_is_fetched_from_elsewhere(site):
    assert {page: fetched(text) for page, text in site.items() if fetched(text)} == {}
    assert fetched('<script src="https://cdn.example/mathjax.js"></script><img src="a.svg">') == [
        "https://cdn.example/mathjax.js"
    ]
    assert fetched('<link rel="stylesheet" href="//fonts.example/a.css">') == ["//fonts.example/a.css"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# One\n\nA formula, $y' = -\\frac{y}{2}$, and [a link](#one).\n", ""),
        ("# One\n\n[a page](no-such-page.md)\n", "no-such-page"),
        ("# One\n\n[a place](#no-such-place)\n", "no-such-place"),
        ("# One\n\n```{no-such-directive}\n```\n", "no-such-directive"),
    ],
)
def test_a_fault_on_a_page_ends_the_build_and_only_a_fault(text, said, tmp_path):
    (tmp_path / "conf.py").write_text(CONF.format(ext=str(DOCS / "_ext")))
    (tmp_path / "index.md").write_text(text)
    done = build(tmp_path, tmp_path / "out")
    assert (done.returncode == 0) == (not said), done.stderr
    assert said in done.stderr
    if not said:
        assert "<mfrac>" in (tmp_path / "out" / "index.html").read_text()
