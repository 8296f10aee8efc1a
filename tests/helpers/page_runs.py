"""Runs for the tests of the page, and a browser that has no network."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from odebench.journal import Run
from odebench.measurement import Measurement

ARGUMENTS = (
    "--headless --no-sandbox --disable-gpu --disable-background-networking --disable-component-update --disable-sync"
)
LADDERS = {"rk4": 2.0, "euler": 1.0, "heyoka": 8.0}
NASTY = "<img src=x onerror=alert(1)>%{x}&amp;\"'</script>"
TAGS = {"problems": {"lorenz": {"tags": ["stiff"]}}, "solvers": {"euler": {"tags": ["explicit"]}}}
META = {
    "asked": {"solvers": ["one", "two"], "problems": ["decay"]},
    "metrics": [],
    "protocol": {"repeats": 1, "threads": 1},
    "environment": {"odebench": "0.1.0", "commit": "abc123", "python": "3.11", "cpu": "a cpu", "versions": {}},
    "plugins": [],
    "machines": {"m1": {}},
    "problems": {},
    "solvers": {},
}


def make_run(directory: Path, rows: Iterable[Measurement], **meta: Any) -> Path:
    """A run on disk that holds these rows."""
    run = Run.create(directory, META | meta)
    for row in rows:
        run.append(row)
    run.finish("complete")
    return directory


def three_problems() -> Iterator[Measurement]:
    """Three problems, of which the third has markup for a name; ladders of three solvers, an oracle and failures."""
    for problem in ("decay", "lorenz", NASTY):
        for solver in LADDERS:
            for k in range(8):
                yield _rung(problem, solver, k)
        trace = [[10 * k, 0.1 * k, 10.0**-k, 10.0 ** (-k / 2), None] for k in range(1, 5)]
        y = {"t": [1.0, 2.0], "y": [[3.0], [4.0]], "names": ["y"], "n_states": 1, "logarithmic": False, "latex": None}
        course = {"t": [1.0, 2.0], "abs_error": [1e-3, 1e-2]}
        recorded = {"reference_solution": y, "error_over_time": course} if problem == "lorenz" else {}
        yield _rung(problem, "net", 0, max_abs_error=1e-2, trace=[[*c, None] for c in trace], **recorded)
        yield _rung(problem, "truth", 0, max_abs_error=0.0, oracle=True)
        yield _rung(
            problem, NASTY, 0, status="failed", reason=f"no <b>way</b> {NASTY}", max_abs_error=None, wall_s=None
        )


def _rung(problem: str, solver: str, k: int, **fields: Any) -> Measurement:
    measured = {
        "wall_s": 1e-4 * 2**k,
        "max_abs_error": 0.1 * 2.0 ** (-k * LADDERS.get(solver, 0)),
        "rhs_calls": 10.0 * 2**k,
        "reference_error": 1e-14,
    }
    params = {"steps": 10 * 2**k}
    return Measurement(
        "r", f"{problem}/{solver}/{k}", problem, {}, solver, params, "p", "1", None, 0, **measured | fields
    )


class Parsed(HTMLParser):
    """What a parser makes of a page: tags with their attributes, and the text of each script and of the rest."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[tuple[dict[str, str | None], str]] = []
        self.text = ""
        self._inside: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "script":
            self.scripts.append((dict(attrs), ""))
        self._inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._inside[-1:] == ["script"]:
            attributes, before = self.scripts[-1]
            self.scripts[-1] = attributes, before + data
        elif self._inside[-1:] != ["style"]:
            self.text += data


def chromium() -> str | None:
    """Return where Chromium is, or None."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@contextmanager
def browser() -> Iterator[Any]:
    """Start Chromium by playwright; skip without either."""
    api = pytest.importorskip("playwright.sync_api", reason="pip install 'odebench[test]' drives the browser")
    if (path := chromium()) is None:
        pytest.skip("no Chromium here: set CHROMIUM to its path")
    with api.sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=path, args=ARGUMENTS.split())
        yield chrome
        chrome.close()


class Watched:
    """A page in the browser, offline; remembers what it asked the network for, and what went wrong."""

    def __init__(self, chrome: Any, path: Path, script: str = "", **context: Any) -> None:
        self.context = chrome.new_context(offline=True, **context)
        self.page = self.context.new_page()
        self.page.add_init_script(script)
        self.requests: list[str] = []
        self.errors: list[str] = []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._said)
        self.page.goto(path.absolute().as_uri())
        self.page.wait_for_selector("html[data-ready]", timeout=60000)

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.errors.append(message.text)

    def fetched(self) -> list[str]:
        """What it asked for beyond itself."""
        return [url for url in self.requests[1:] if not url.startswith(("blob:", "data:"))]


def kept_quiet(watched: Watched) -> bool:
    """It has asked for nothing and complained of nothing."""
    return (watched.fetched(), watched.errors) == ([], [])


def drawn(page: Any, figure: str = "Work and precision") -> Any:
    """The element of that plot, once it is drawn."""
    plot = page.locator("figure", has=page.get_by_role("heading", name=figure, exact=True)).locator(".plot")
    plot.scroll_into_view_if_needed()
    plot.locator(".main-svg").first.wait_for()
    return plot


def luminance(colour: str) -> float:
    """Of what a browser calls rgb(...): from 0 to 255."""
    red, green, blue = (int(v) for v in colour.removeprefix("rgb(").removesuffix(")").split(","))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
