"""The page on paper."""

from __future__ import annotations

import pytest
from page_runs import Watched, browser, drawn, kept_quiet, luminance, make_run, three_problems

import odebench
from odebench.report import page as report_page

for _package in ("jinja2", "plotly"):
    pytest.importorskip(_package, reason="pip install 'odebench[report]' writes the page")

A4 = (210 - 2 * 15) / 25.4 * 96  # within the margins of page.css, in pixels


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    with browser() as chrome:
        file = report_page.write(odebench.load(make_run(tmp_path_factory.mktemp("runs") / "run", three_problems())))
        yield Watched(chrome, file, color_scheme="light")


@pytest.fixture
def page(desk):
    """On a wide screen, as it is printed."""
    plot = drawn(desk.page)
    desk.page.emulate_media(media="print", color_scheme="dark")
    desk.page.wait_for_function("p => p.layout.font.color === '#000'", arg=plot.element_handle())
    yield desk.page
    desk.page.emulate_media(media="screen", color_scheme="light")
    assert kept_quiet(desk)


def test_it_prints_in_black_on_white_without_what_is_to_be_clicked(page):
    assert luminance(page.evaluate("getComputedStyle(document.body).backgroundColor")) == pytest.approx(255)
    assert not page.locator("header").is_visible()
    assert not page.locator(".tools").first.is_visible()
    assert page.locator("figcaption").first.is_visible()
    assert page.locator(".plot .main-svg").count() >= page.locator(".plot").count()  # those not looked at, too
    assert page.pdf().startswith(b"%PDF")


def test_no_plot_is_wider_than_the_paper(page):
    widths = page.locator(".main-svg").evaluate_all("es => es.map(e => e.getBoundingClientRect().width)")
    assert max(widths) <= A4
    assert min(widths) > 0.9 * A4
    page.emulate_media(media="screen", color_scheme="light")
    wide = "least => document.querySelector('.main-svg').getBoundingClientRect().width > least"
    page.wait_for_function(wide, arg=A4)  # as before on the screen
