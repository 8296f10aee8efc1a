"""The page in a browser where there is little to show: every section says so, and nothing breaks."""

from __future__ import annotations

import pytest
from page_runs import Watched, browser, kept_quiet, make_run

import odebench
from odebench.report import page as report_page

for _package in ("jinja2", "plotly"):
    pytest.importorskip(_package, reason="pip install 'odebench[report]' writes the page")

NOTHING = {"seconds": None, "error": None}


@pytest.fixture(scope="module")
def chrome():
    with browser() as chrome:
        yield chrome


@pytest.fixture
def opened(chrome, tmp_path):
    """Opens the page of these rows; it must not complain."""
    pages = []

    def open_page(*rows, **chosen):
        file = report_page.write(odebench.load(make_run(tmp_path / "run", rows)).select(**chosen))
        pages.append(Watched(chrome, file, viewport={"width": 1000, "height": 800}))
        return pages[-1].page

    yield open_page
    assert [(watched.errors, kept_quiet(watched)) for watched in pages] == [([], True)]
    pages[0].context.close()


def sections(page):
    """What each section says, without its heading and its fields."""
    said = "s => [s.id, [...s.querySelectorAll('p, figcaption, td')].map(e => e.textContent).join(' ')]"
    return dict(page.locator("section").evaluate_all(f"ss => ss.map({said})"))


@pytest.mark.parametrize(
    "fields",
    [
        NOTHING | {"status": "failed", "reason": "no"},
        NOTHING | {"status": "failed", "reason": "no", "first_s": 0.1},  # a number, though none to draw
        NOTHING | {"status": "unavailable", "reason": "pip install it"},
        NOTHING | {"status": "timeout", "trace": [[1, 0.1, None, None, None, None]]},
    ],
)
def test_where_nothing_worked_each_section_says_so(opened, row, fields):
    page = opened(row("one", **fields), row("two", **fields))
    said = sections(page)
    assert said.keys() == {"overview", "problem", "solvers", "training", "table"}
    assert "None of 2 cases were solved" in said["problem"]
    assert "No case has an error and a time that are known: there is nothing to draw." in said["problem"]
    assert "No case of one has an error and an effort that are known: there is nothing to draw." in said["solvers"]
    assert "There is no error over time: no case was solved." in said["problem"]
    assert "checkpoint" in said["training"]
    assert said["table"].count(fields["status"]) == 2
    assert page.locator("figure").count() == 0
    page.locator("#solvers select").select_option("two")
    assert "No case of two" in sections(page)["solvers"]


def test_a_single_case_is_a_plot_of_one_point(opened, row):
    page = opened(row("one", 1e-3, 1e-6))
    said = sections(page)
    assert "The one case was solved." in said["problem"]
    assert "The broad grey line is the front" in said["problem"]
    plot = page.locator("#problem .plot")
    plot.scroll_into_view_if_needed()
    plot.locator(".main-svg").first.wait_for()
    point = plot.evaluate("p => p.data.filter(t => t.name === 'one').map(t => [t.x, t.y])")
    assert point == [[[1e-3], [1e-6]]]
    assert plot.evaluate("p => [p.layout.xaxis.title.text, p.layout.yaxis.title.text]") == [
        "time in s",
        "largest error",
    ]
    assert page.locator("#cases tbody tr").count() == 1


def test_a_run_without_cases_has_an_overview(opened):
    assert "There is no case in this run" in sections(opened())["overview"]


def test_no_front_is_drawn_of_what_others_beat(opened, row):
    page = opened(row("rk4", 1e-3, 1e-6), row("euler", 1e-2, 1e-3), solver="euler")
    said = sections(page)
    assert "Shown are 1 of 2 cases, ranked among all 2." in said["overview"]
    assert "No case here is on the front among all." in said["problem"]
    assert "broad grey line" not in said["problem"]
