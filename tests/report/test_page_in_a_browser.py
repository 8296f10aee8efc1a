"""The page in a browser, offline: what a reader clicks, types, reads and prints, also where there is little to show.

All tests share one browser, and most of them one page that stays open.
"""

from __future__ import annotations

import csv
import io
import math

import pytest
from helpers.optional import optional
from helpers.page_runs import (
    NASTY,
    TAGS,
    Watched,
    browser,
    chromium,
    drawn,
    kept_quiet,
    luminance,
    make_run,
    three_problems,
)

import odebench
from odebench.report import page as report_page

for _package in ("jinja2", "plotly", "playwright"):
    optional(_package, "pip install 'odebench[report,test]' writes the page and drives the browser")
if chromium() is None:
    pytest.skip("no Chromium here: set CHROMIUM to its path", allow_module_level=True)

pytestmark = pytest.mark.browser

A4 = (210 - 2 * 15) / 25.4 * 96  # within the margins of page.css, in pixels
NOTHING = {"seconds": None, "error": None}


@pytest.fixture(scope="module")
def chrome():
    with browser() as chrome:
        yield chrome


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    return report_page.write(odebench.load(make_run(tmp_path_factory.mktemp("runs") / "run", three_problems(), **TAGS)))


@pytest.fixture(scope="module")
def desk(chrome, file):
    watched = Watched(chrome, file, color_scheme="light")
    yield watched
    watched.context.close()


@pytest.fixture
def page(desk):
    """The page on a large screen, one for all tests, with every case and the first problem."""
    desk.page.get_by_role("button", name="Show all").click()
    problem = desk.page.locator("#problem select").first
    problem.select_option("0")
    problem.dispatch_event("change")  # also where it was the first: its plots as at first
    yield desk.page
    assert kept_quiet(desk)


@pytest.fixture
def opened(chrome, file):
    """Opens the page anew, such as on a phone."""
    pages = []

    def open_page(**context):
        pages.append(Watched(chrome, file, **context))
        return pages[-1].page

    yield open_page
    assert all(map(kept_quiet, pages))
    for each in pages:
        each.context.close()


def traces(plot):
    return plot.evaluate(
        "p => p.data.map(t => ({name: t.name, visible: t.visible, x: t.x, y: t.y, symbol: t.marker.symbol}))"
    )


def shown(page):
    return page.locator("#cases tbody tr").count()


def test_a_request_or_an_error_would_be_seen(chrome, tmp_path):
    (tmp_path / "bad.html").write_text(
        "<html data-ready=true><img src='https://example.org/a.png'><script>throw Error('no')</script>"
    )
    watched = Watched(chrome, tmp_path / "bad.html")
    assert watched.fetched() == ["https://example.org/a.png"]
    assert any("no" in error for error in watched.errors)
    watched.context.close()


def test_cases_are_filtered_and_counted(page):
    status = page.locator("#table [role=status]")
    assert status.inner_text() == "Cases 1 to 50 of 81."
    page.get_by_label("contains").fill("EULER")
    assert status.inner_text() == "Cases 1 to 24 of 24, of 81 in all."
    assert shown(page) == 24
    page.locator("#table").get_by_label("problem").select_option("lorenz")
    assert status.inner_text() == "Cases 1 to 8 of 8, of 81 in all."
    page.get_by_label("contains").fill("nobody")
    assert status.inner_text() == "No case is like this, of 81 in all."
    page.get_by_label("contains").fill("")
    page.get_by_label("status").select_option("failed")
    assert shown(page) == 1
    assert page.locator("#cases tbody").inner_text().count(f"no <b>way</b> {NASTY}") == 1
    page.get_by_label("status").select_option("")
    page.locator("#table").get_by_label("problem").select_option("")
    page.get_by_label("tag").select_option("stiff")
    assert status.inner_text() == "Cases 1 to 27 of 27, of 81 in all."
    page.get_by_label("tag").select_option("explicit")
    assert status.inner_text() == "Cases 1 to 24 of 24, of 81 in all."
    assert page.get_by_label("tag").locator("option").all_inner_texts() == ["all", "explicit", "stiff"]


def test_the_most_accurate_case_of_each_problem_comes_first(page):
    rows = page.locator("#cases tbody tr").evaluate_all(
        "trs => trs.map(tr => [...tr.children].map(td => td.textContent))"
    )
    of_decay = [row for row in rows if row[0] == "decay"]
    assert rows[:27] == of_decay
    assert [row[1] for row in of_decay[:3]] == ["truth", "heyoka[steps=640]", "heyoka[steps=1280]"]
    numbers = [float(row[2].replace("≤ ", "")) for row in of_decay[:-1]]
    assert numbers == sorted(numbers)
    assert of_decay[-1][1] == NASTY  # what has no error, at the end


def test_the_remarks_are_seen_on_a_small_screen(opened):
    page = opened(viewport={"width": 1000, "height": 800})
    heading = page.locator("#cases th", has_text="remarks").bounding_box()
    assert heading["x"] + heading["width"] <= 1000


def test_cases_are_sorted_and_the_heading_says_so(page):
    heading = page.locator("#cases th", has_text="largest error")
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "ascending"
    column = "trs => trs.map(tr => tr.children[2].textContent)"
    ascending = page.locator("#cases tbody tr").evaluate_all(column)
    numbers = [float(text.replace("≤ ", "")) for text in ascending]
    assert numbers == sorted(numbers)
    assert ascending[0] == "≤ 1.00e-14"
    heading.get_by_role("button").click()
    assert heading.get_attribute("aria-sort") == "descending"
    numbers = [float(t.replace("≤ ", "")) for t in page.locator("#cases tbody tr").evaluate_all(column)]
    assert numbers == sorted(numbers, reverse=True)
    page.get_by_role("button", name="Next page").click()
    assert page.locator("#table [role=status]").inner_text() == "Cases 51 to 81 of 81."
    assert page.locator("#cases tbody tr").evaluate_all(column)[-3:] == ["", "", ""]  # what has no number, at the end


def test_plots_wait_while_somebody_types(opened):
    typing = "window.typing = setInterval(() => dispatchEvent(new Event('keydown')), 50)"
    page = opened(script=typing, viewport={"width": 1280, "height": 4000})
    page.get_by_label("contains").fill("EULER")
    assert page.locator("#table [role=status]").inner_text() == "Cases 1 to 24 of 24, of 81 in all."
    page.wait_for_timeout(1200)
    assert page.evaluate("[window.Plotly, document.querySelector('.main-svg')]") == [None, None]
    page.evaluate("clearInterval(window.typing)")
    page.locator("#problem .main-svg").first.wait_for()


def test_series_are_switched_off_and_on(page):
    plot = drawn(page)
    button = page.locator(".legend").first.get_by_role("button", name="euler")
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    assert button.get_attribute("aria-pressed") == "false"
    visible = {t["name"]: t["visible"] for t in traces(plot)}
    assert (visible["euler"], visible["rk4"], visible["front"]) == (False, True, True)
    button.click()
    assert {t["name"]: t["visible"] for t in traces(plot)}["euler"] is True


def test_axes_are_switched(page):
    plot = drawn(page)
    before = {t["name"]: t for t in traces(plot)}
    assert before["rk4"]["x"] == pytest.approx([1e-4 * 2.0**k for k in range(8)], rel=1e-4)
    assert before["rk4"]["y"] == pytest.approx([0.1 * 4.0**-k for k in range(8)], rel=1e-4)
    page.locator("#problem").get_by_label("across").select_option("rhs_calls")
    after = {t["name"]: t for t in traces(plot)}
    assert after["rk4"]["x"] == [10 * 2**k for k in range(8)]
    assert after["rk4"]["y"] == pytest.approx([0.1 * 4.0**-k for k in range(8)], rel=1e-4)
    assert plot.evaluate("p => [p.layout.xaxis.title.text, p.layout.yaxis.type]") == ["right-hand sides", "log"]


def test_the_front_is_the_hosts(page, file):
    front = next(t for t in traces(drawn(page)) if t["name"] == "front")
    cases = odebench.load(file.parent).cases
    expected = cases[(cases["problem"] == "decay") & (cases["on_front"])].sort_values("wall_s_median")
    expected = expected.drop_duplicates(["max_abs_error_median", "wall_s_median"])  # three are as good as each other
    assert len(expected) == 7
    assert front["x"] == pytest.approx(list(expected["wall_s_median"]), rel=1e-4)
    assert front["y"] == pytest.approx(list(expected["max_abs_error_median"]), rel=1e-4)


def test_it_zooms_and_comes_back(page):
    plot = drawn(page)
    span = "p => p._fullLayout.xaxis.range[1] - p._fullLayout.xaxis.range[0]"
    whole = plot.evaluate(span)
    page.get_by_role("button", name="Zoom in").first.click()
    page.wait_for_function(
        "([p, w]) => p._fullLayout.xaxis.range[1] - p._fullLayout.xaxis.range[0] < 0.51 * w",
        arg=[plot.element_handle(), whole],
    )
    page.get_by_role("button", name="Whole plot").first.click()
    page.wait_for_function(
        "([p, w]) => Math.abs(p._fullLayout.xaxis.range[1] - p._fullLayout.xaxis.range[0] - w) < 1e-6",
        arg=[plot.element_handle(), whole],
    )
    box = plot.locator(".nsewdrag").first.bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    page.wait_for_function(
        "([p, w]) => p._fullLayout.xaxis.range[1] - p._fullLayout.xaxis.range[0] < 0.7 * w",
        arg=[plot.element_handle(), whole],
    )


def test_a_point_says_what_it_is(page):
    page.locator("#problem").get_by_label("problem").select_option(label=NASTY)
    plot = drawn(page)
    plot.evaluate("p => Plotly.Fx.hover(p, [{curveNumber: p.data.findIndex(t => t.name === 'rk4'), pointNumber: 0}])")
    said = plot.locator(".hoverlayer").text_content()
    assert "rk4[steps=10]" in said
    assert "largest error: 1.00e-01" in said


def download(within, name, page):
    with page.expect_download() as waiting:
        within.get_by_role("button", name=name).first.click()
    with open(waiting.value.path(), newline="", encoding="utf-8") as file:
        return list(csv.reader(io.StringIO(file.read())))


def test_what_is_downloaded_is_what_is_drawn(page):
    drawn(page)
    rows = download(page, "Download the data (CSV)", page)
    assert rows[0] == ["problem", "solver", "status", "wall_s_median", "max_abs_error_median", "marks"]
    assert len(rows) == 1 + 27
    ladder = {row[1]: row for row in rows}
    assert [float(v) for v in ladder["rk4[steps=20]"][3:5]] == pytest.approx([2e-4, 0.1 / 4])
    assert ladder["truth"][5] == "at reference floor; oracle"


def test_filtered_cases_are_downloaded_whatever_is_in_their_names(page):
    page.get_by_label("contains").fill("<img")
    page.get_by_label("status").select_option("failed")
    rows = download(page, "Download these cases (CSV)", page)
    assert [(row[0], row[1], row[-2]) for row in rows[1:]] == [
        (problem, NASTY, f"no <b>way</b> {NASTY}") for problem in ("decay", "lorenz", NASTY)
    ]


def test_the_slider_goes_back_in_the_training(page):
    plot = drawn(page, "Training")
    assert [len(t["x"]) for t in traces(plot)] == [4, 4]  # what has come, and, faint, the whole
    slider, output = page.get_by_label("how far the training has come"), page.locator("output")
    assert output.inner_text() == "After 400 ms: largest error 1.00e-02 of net."
    slider.focus()
    page.keyboard.press("Home")
    assert output.inner_text() == "After 100 ms: largest error 3.16e-01 of net."
    assert [len(t["x"]) for t in traces(plot)] == [1, 4]
    slider.fill("101")
    assert output.inner_text() == "After 201 ms: largest error 1.00e-01 of net."
    page.locator("#training").get_by_label("up", exact=True).select_option("loss")
    page.locator("#training").get_by_label("across").select_option("step")
    slider.fill("200")
    assert output.inner_text() == "After step 40: loss 1.00e-04 of net."
    assert traces(plot)[0]["x"] == [10, 20, 30, 40]
    rows = download(page.locator("#training"), "Download the data (CSV)", page)
    assert rows[0] == ["problem", "solver", "step", "wall_s", "loss", "max_abs_error", "max_residual"]
    assert [float(v) for v in rows[4][2:6]] == pytest.approx([40, 0.4, 1e-4, 1e-2])


def test_profiles_and_what_a_solver_achieves(page):
    plot = drawn(page, "Performance profile")
    heyoka = next(t for t in traces(plot) if t["name"] == "heyoka")
    assert (heyoka["x"][0], heyoka["y"][0]) == (1, 1)
    assert (
        page.locator("#solvers figcaption")
        .first.inner_text()
        .startswith("At an error of 1e-6 heyoka is the fastest on 3 of 3 problems")
    )
    page.locator("#solvers").get_by_label("solver").select_option("rk4")
    plot = drawn(page, "What rk4 achieves")
    assert [t["name"] for t in traces(plot)][:2] == ["decay", "lorenz"]
    assert traces(plot)[0]["x"] == [10 * 2**k for k in range(8)]


def test_the_solution_and_the_errors_are_drawn_where_they_were_recorded(page):
    said = page.locator("#problem .missing").all_inner_texts()
    assert said == [
        "The solution is not recorded: no case came so far that it was needed.",
        "The error over time is not recorded: what was solved had nothing to be compared with.",
    ]
    page.locator("#problem select").first.select_option(label="lorenz")
    (solution,) = traces(drawn(page, "Solution"))
    assert (solution["x"], solution["y"]) == ([1, 2], [3, 4])
    (error,) = traces(drawn(page, "Error over time"))
    assert (error["name"], error["x"], error["y"]) == ("net", [1, 2], [1e-3, 1e-2])


def test_equations_are_mathematics(page):
    assert page.locator("#problem math").text_content().replace(" ", "") == "y′=−y"
    assert page.evaluate("document.querySelector('#problem math').namespaceURI").endswith("MathML")
    page.locator("#problem select").first.select_option("2")
    assert "cannot be written here" in page.locator("#problem .missing").first.inner_text()


def test_it_is_dark_where_the_system_is_and_where_the_reader_wants_it(page):
    back, ink = "() => getComputedStyle(document.body).backgroundColor", "p => p.layout.font.color"
    plot = drawn(page)
    assert luminance(page.evaluate(back)) > 200
    light = plot.evaluate(ink)
    page.emulate_media(color_scheme="dark")
    assert luminance(page.evaluate(back)) < 60
    page.wait_for_function("([p, light]) => p.layout.font.color !== light", arg=[plot.element_handle(), light])
    page.get_by_role("button", name="Theme: system").click()
    assert luminance(page.evaluate(back)) > 200  # light, though the system is dark
    page.emulate_media(color_scheme="light")
    page.get_by_role("button", name="Theme: light").click()
    assert luminance(page.evaluate(back)) < 60
    assert plot.evaluate(ink) != light
    page.get_by_role("button", name="Theme: dark").click()
    assert luminance(page.evaluate(back)) > 200


def test_it_is_used_by_keyboard_alone(opened):
    page = opened()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    reached = []
    for _ in range(120):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("(e => e.dataset.key || e.textContent)(document.activeElement)"))
        if reached[-1] == "wall_s_median":
            break
    assert reached[-1] == "wall_s_median"
    assert {"Zoom in", "euler", "Download the data (CSV)"} <= set(reached)
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('th').getAttribute('aria-sort')") == "ascending"
    page.keyboard.press("Enter")  # the focus has stayed, though the table is new
    assert page.evaluate("document.activeElement.closest('th').getAttribute('aria-sort')") == "descending"


def test_a_screen_reader_is_told_what_there_is(page):
    assert page.locator("main, header, footer, nav[aria-label]").count() == 4
    assert [page.locator(f"#{s.get_attribute('aria-labelledby')}").count() for s in page.locator("section").all()] == [
        1
    ] * page.locator("section").count()
    unnamed = "es => es.filter(e => !(e.labels?.length || e.textContent.trim() || e.getAttribute('aria-label'))).length"
    assert page.locator("button, select, input").evaluate_all(unnamed) == 0
    said = page.locator(".plot").first.get_attribute("aria-label")
    assert "heyoka is the fastest" in said
    page.get_by_text("The data as a table").first.click()
    rows = page.locator("figure").first.locator("tbody tr")
    rows.first.wait_for()
    assert rows.count() == 27


def test_nothing_sticks_out_on_a_phone(opened):
    page = opened(viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True)
    drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.locator("#cases th button").first.tap()
    assert page.locator("#cases th").first.get_attribute("aria-sort") == "ascending"


def test_numbers_are_written_as_in_the_terminal(page):
    from odebench import text

    values = [2.29e-6, 5.81e-4, 0.0338, 0.99951, 1.24, 12.345, 123.4]
    assert page.evaluate("vs => vs.map(v => written(v, 's'))", values) == [text.seconds(v) for v in values]
    assert page.evaluate("vs => vs.map(v => written(v, 'x'))", values[3:]) == [text.ratio(v) for v in values[3:]]
    errors = [3.14e-7, 1.0, 2.2e-16, 1e100]
    assert page.evaluate("vs => vs.map(v => written(v, 'e'))", errors) == [text.error(v) for v in errors]
    assert page.evaluate("written(Infinity, 'e') + written(null, 's')") == "∞"
    assert math.isinf(page.evaluate("revive(['inf'])[0]"))


# -- on paper ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def printed(page):
    """The page on a wide screen, as it is printed."""
    plot = drawn(page)
    page.emulate_media(media="print", color_scheme="dark")
    page.wait_for_function("p => p.layout.font.color === '#000'", arg=plot.element_handle())
    yield page
    page.emulate_media(media="screen", color_scheme="light")


def test_it_prints_in_black_on_white_without_what_is_to_be_clicked(printed):
    assert luminance(printed.evaluate("getComputedStyle(document.body).backgroundColor")) == pytest.approx(255)
    assert not printed.locator("header").is_visible()
    assert not printed.locator(".tools").first.is_visible()
    assert printed.locator("figcaption").first.is_visible()
    assert printed.locator(".plot .main-svg").count() >= printed.locator(".plot").count()  # those not looked at, too
    assert printed.pdf().startswith(b"%PDF")


def test_no_plot_is_wider_than_the_paper(printed):
    widths = printed.locator(".main-svg").evaluate_all("es => es.map(e => e.getBoundingClientRect().width)")
    assert max(widths) <= A4
    assert min(widths) > 0.9 * A4
    printed.emulate_media(media="screen", color_scheme="light")
    wide = "least => document.querySelector('.main-svg').getBoundingClientRect().width > least"
    printed.wait_for_function(wide, arg=A4)  # as before on the screen


# -- with little to show -----------------------------------------------------------------------------------------------


@pytest.fixture
def page_of(chrome, tmp_path):
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
def test_where_nothing_worked_each_section_says_so(page_of, row, fields):
    page = page_of(row("one", **fields), row("two", **fields))
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


def test_a_single_case_is_a_plot_of_one_point(page_of, row):
    page = page_of(row("one", 1e-3, 1e-6))
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


def test_a_run_without_cases_has_an_overview(page_of):
    assert "There is no case in this run" in sections(page_of())["overview"]


def test_no_front_is_drawn_of_what_others_beat(page_of, row):
    page = page_of(row("rk4", 1e-3, 1e-6), row("euler", 1e-2, 1e-3), solver="euler")
    said = sections(page)
    assert "Shown are 1 of 2 cases, ranked among all 2." in said["overview"]
    assert "No case here is on the front among all." in said["problem"]
    assert "broad grey line" not in said["problem"]
