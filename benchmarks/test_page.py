"""How long the page of 10,000 cases takes to write, to open and to filter, and how large it is."""

from __future__ import annotations

import random
import time

import pytest
from helpers.page_runs import Watched, browser, make_run

import odebench
from odebench.measurement import Measurement
from odebench.report import page

pytest.importorskip("plotly", reason="pip install 'odebench[report]' writes the page")


def rows():
    """100 problems, 10 solvers with ladders of 10 rungs; of one solver every solve has 20 checkpoints."""
    chance = random.Random(1)
    for p in range(100):
        for s in range(10):
            for k in range(10):
                seconds, error = 10 ** (-5 + 0.4 * k + 0.2 * chance.random()), 10 ** (-1 - k * (0.5 + 0.1 * s))
                times = dict.fromkeys(("wall_s", "cpu_s", "first_s", "query_s"), seconds)
                errors = dict.fromkeys(("max_abs_error", "rms_abs_error", "final_abs_error", "max_residual"), error)
                counts = {"rhs_calls": 100.0 * 2**k, "steps": 10.0 * 2**k, "peak_rss_mb": chance.random()}
                trace = [[i, seconds * i / 20, 10 ** (-i / 5), 10 ** (-i / 8), 1.0, 1.0] for i in range(1, 21)]
                params = {"atol": 10.0 ** -(k + 5), "rtol": 10.0 ** -(k + 2)}
                yield Measurement(
                    "r", f"{p}/{s}/{k}", f"problem-{p}", {}, f"solver-{s}", params, "p", "1", None, 0,
                    **times, **errors, **counts, reference_error=1e-14, trace=trace if s == 9 else [],
                )  # fmt: skip


def test_ten_thousand_cases(tmp_path, figure):
    results = odebench.load(make_run(tmp_path / "run", rows()))
    start = time.perf_counter()
    file = page.write(results)
    figure("writing the page of 10,000 cases", time.perf_counter() - start, "s")
    figure("its size", file.stat().st_size / 2**20, "MiB", 8.0)
    with browser() as chrome:
        Watched(chrome, file).context.close()  # the browser itself has started
        start = time.perf_counter()
        watched = Watched(chrome, file, viewport={"width": 1280, "height": 1800})  # with a plot in view
        figure("opening it in Chromium", time.perf_counter() - start, "s", 2.0)
        filtered = """() => { const start = performance.now();
            const field = document.querySelector("#table input[type=search]");
            field.value = "problem-42 solver-7"; field.dispatchEvent(new Event("input"));
            document.querySelector("#cases").getBoundingClientRect();
            return (performance.now() - start) / 1000; }"""
        figure("filtering its cases", watched.page.evaluate(filtered), "s", 2.0)
        assert watched.page.locator("#cases tbody tr").count() == 10
        start = time.perf_counter()
        watched.page.locator("figure .plot").first.scroll_into_view_if_needed()
        watched.page.locator("figure .main-svg").first.wait_for()
        figure("drawing its first plot", time.perf_counter() - start, "s")
