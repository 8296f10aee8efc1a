"""What a notebook shows of results."""

import re
import shutil
from xml.etree import ElementTree

import pytest
from helpers.optional import lazy, needs

import odebench
from odebench import display
from odebench.journal import Run

markdown_it = lazy("markdown_it")
ODD = ["a,b", "two\nlines", "<script>alert(1)</script> & 'x' \"y\"", "a|b", "**bold** _so_ `code`", "$x$ \\ [l](j)"]


@pytest.fixture
def results(tmp_path):
    def of(*rows):
        run = Run.create(tmp_path / f"run{len(list(tmp_path.iterdir()))}", {})
        for one in rows:
            run.append(one)
        run.close()
        return odebench.load(run.directory)

    return of


def shown(results):
    """Return the caption and the cells of each row as an XML reader reads them, and the Markdown."""
    table = ElementTree.fromstring(results._repr_html_())
    rows = [[cell.text or "" for cell in row] for row in table.iter("tr")]
    return table.findtext("caption"), rows[1:], results._repr_markdown_()


@needs("IPython")
def test_ipython_shows_both_forms(results, row):
    from IPython.core.formatters import DisplayFormatter

    found = results(row("fast", 1e-3, 1e-3))
    formats, _ = DisplayFormatter().format(found)
    assert (formats["text/html"], formats["text/markdown"]) == (found._repr_html_(), found._repr_markdown_())


def test_the_most_accurate_is_shown_first_with_what_has_to_be_said(results, row):
    found = results(
        row("fast", 1e-3, 1e-3),
        row("fine", 2.0, 1e-6),
        row("told", 1e-6, 0.0, oracle=True),
        row("broken", None, None, status="failed", reason="why"),
    )
    caption, rows, markdown = shown(found)
    assert caption == f"4 cases of {found.runs[0].id}: 3 ok, 1 failed"
    assert rows == [
        ["decay", "told", "≤ 1.00e-16", "1.00 µs", "", "ok", "oracle, at reference floor"],
        ["decay", "fine", "1.00e-06", "2.00 s", "1.00x", "ok", "front"],
        ["decay", "fast", "1.00e-03", "1.00 ms", "1.00x", "ok", "front"],
        ["decay", "broken", "", "", "", "failed", ""],
    ]
    assert "| decay | fine | 1.00e-06 |" in markdown


def test_names_are_text_whatever_they_hold(results, row):
    found = results(*(row(name, case_id=str(k), error=10.0**-k) for k, name in enumerate(ODD)))
    _, rows, markdown = shown(found)
    wanted = {" ".join(name.split()) for name in ODD}
    assert {cells[1] for cells in rows} == wanted
    page = markdown_it.MarkdownIt("commonmark").enable("table").render(markdown)
    assert not re.search(r"<(script|strong|em|code|a)\b", page)
    assert page.count("<tr>") == len(ODD) + 1
    control = markdown_it.MarkdownIt("commonmark").enable("table").render("| a |\n| --- |\n| **bold** |\n")
    assert re.search(r"<(script|strong|em|code|a)\b", control)


def test_of_many_rows_the_first_are_shown_and_that_is_said(results, row):
    found = results(*(row(f"s{k:02}", error=10.0 ** -(k / 10), case_id=str(k)) for k in range(display.MOST + 5)))
    caption, rows, _ = shown(found)
    assert len(rows) == display.MOST
    assert rows[0][1] == "s24"
    assert caption.endswith("25 ok; the first 20, .cases has all")
    caption, rows, _ = shown(found.select(solver="s0?"))
    assert len(rows) == 10
    assert "10 cases" in caption
    assert "selected from 25, ranked among all;" in f"{caption};"
    assert "selected from 25, ranked among themselves" in shown(found.select(solver="s0?", rank_anew=True))[0]
    assert "the first" not in caption


def test_an_empty_run_one_that_failed_and_one_that_is_gone_are_said(results, row):
    assert "0 cases" in shown(results())[0]
    assert "nothing was measured" in results()._repr_markdown_()
    caption, rows, _ = shown(results(row("a", None, None, status="failed", reason="why")))
    assert caption.endswith("0 ok, 1 failed")
    assert len(rows) == 1
    gone = results(row("a"))
    shutil.rmtree(gone.runs[0].directory)
    for page in (gone._repr_html_(), gone._repr_markdown_()):
        assert "<table" not in page
        assert gone.runs[0].directory.name in page
