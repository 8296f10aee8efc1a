"""The expected running time, beside a simulation of somebody who tries again until it works."""

import math

import numpy as np
import pytest
from helpers.ladders import curve
from helpers.optional import lazy

from odebench.analysis import expected_time
from odebench.errors import BadQuestion
from odebench.journal import Run

pd = lazy("pandas")


def of(samples, error=1e-6, timeouts_s=None):
    """The answer for cases given as lists of samples: (status, seconds, error) each."""
    rows = [
        {"case_id": f"decay/a/{k}", "run_id": "r", "status": status, "wall_s": s, "first_s": None, "max_abs_error": e}
        for k, case in enumerate(samples)
        for status, s, e in case
    ]
    numbers = dict.fromkeys(("wall_s", "first_s", "max_abs_error"), "float64")
    table = pd.DataFrame(rows).astype(numbers).assign(reference_error=1e-15)
    ladder = curve("a", [1.0] * len(samples), [1.0] * len(samples))
    return expected_time.expected_time(ladder, table, error, timeouts_s or {}).set_index("rung")


def test_it_is_the_mean_time_of_trying_until_it_works():
    rng = np.random.default_rng(2)
    worked = rng.random(30) < 0.4
    seconds = np.where(worked, rng.uniform(1, 2, 30), rng.uniform(5, 9, 30))
    case = [("ok", s, 1e-8 if w else 1e-2) for s, w in zip(seconds, worked, strict=True)]
    found = of([case]).loc[0]
    assert found["successes"] == worked.sum()
    p = worked.mean()  # the formula of Auger & Hansen, by the means of both kinds
    assert found["expected_s"] == pytest.approx(seconds[worked].mean() + (1 - p) / p * seconds[~worked].mean())
    tries = []
    for _ in range(8000):
        total, k = 0.0, rng.integers(30)
        while not worked[k]:
            total, k = total + seconds[k], rng.integers(30)
        tries.append(total + seconds[k])
    assert found["expected_s"] == pytest.approx(np.mean(tries), rel=0.05)
    assert seconds[worked].mean() != pytest.approx(np.mean(tries), rel=0.5)  # the control: successes alone


def test_failures_and_timeouts_count_as_long_as_they_took():
    timed_out = of([[("ok", 1.0, 1e-9), ("timeout", None, None)]], timeouts_s={"r": 10.0}).loc[0]
    assert (timed_out["expected_s"], timed_out["at_least"]) == (11.0, False)
    failed = of([[("ok", 1.0, 1e-9), ("failed", None, None)]]).loc[0]
    assert (failed["expected_s"], failed["at_least"]) == (1.0, True)  # nobody knows how long that took
    diverged = of([[("ok", 1.0, 1e-9), ("diverged", 3.0, None)]]).loc[0]
    assert (diverged["expected_s"], diverged["at_least"]) == (4.0, False)
    half = of([[("timeout", None, 1e-9), ("ok", 1.0, 1e-9)]], timeouts_s={"r": 10.0}).loc[0]
    assert half["successes"] == 1  # what it had come to when it was ended is no success


def test_without_a_success_it_is_infinite_and_without_an_attempt_empty():
    found = of([[("ok", 1.0, 1e-2)], [("unsupported", None, None)], [("ok", 1.0, 1e-7)]])
    assert found["expected_s"].loc[0] == math.inf
    assert math.isnan(found["expected_s"].loc[1])
    assert found["expected_s"].loc[2] == 1.0
    assert found.index.to_list() == [2, 0, 1]


def test_an_error_below_the_references_own_is_not_reached():
    assert of([[("ok", 1.0, 0.0)]], error=1e-16)["expected_s"].loc[0] == math.inf
    assert of([[("ok", 1.0, 0.0)]], error=1e-15)["expected_s"].loc[0] == 1.0


@pytest.mark.parametrize("error", [0.0, -1.0, math.nan])
def test_what_is_no_error_is_refused(error):
    with pytest.raises(BadQuestion, match="above 0"):
        of([[("ok", 1.0, 1e-2)]], error=error)


def test_the_command_says_it_of_each_method_at_its_best_rung_and_of_how_many_attempts(tmp_path, row, odebench):
    run = Run.create(tmp_path / "run", {})
    for steps, seconds, errors in ((10, 0.01, (1e-2, 1e-7, 1e-2)), (20, 0.05, (1e-7, 1e-7, 1e-7))):
        for k, error in enumerate(errors):
            settings = {"case_id": f"decay/net/{steps}", "solver_params": {"steps": steps}, "seed": k, "repeat": k}
            run.append(row("net", seconds, error, **settings))
    run.append(row("never", 1.0, 1e-3))
    run.append(row("cannot", None, None, status="unsupported", reason="why"))
    run.finish("complete")
    shown = odebench("table", "run", "--expected-time", "1e-6", "--format", "markdown")
    assert shown.returncode == 0, shown.stderr
    cells = [
        [cell.strip() for cell in line.strip("| ").split("|")] for line in shown.stdout.splitlines() if "|" in line
    ]
    assert cells[0] == ["solver", "expected time to 1e-06", "came to it", "remarks"]
    assert [row[:3] for row in cells[2:]] == [
        ["net", "30.0 ms", "1 of 3"],  # three times 10 ms, less than 50 ms once
        ["never", "", "0 of 1"],
        ["cannot", "", "0 of 0"],
    ]
    assert [row[3].partition(",")[0] for row in cells[2:]] == ["strongest classical", "never", "not tried"]
    beside = odebench("table", "run", "-s", "never", "--expected-time", "1e-6", "--format", "markdown").stdout
    assert [word in beside for word in ("| never", "| net", "strongest classical", "| cannot")] == [True] * 3 + [False]
    every = odebench("table", "run", "--expected-time", "1e-6", "--format", "csv")
    assert len(every.stdout.splitlines()) == 1 + 4
