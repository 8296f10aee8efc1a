"""Statements about cases, on samples whose answer is known."""

import numpy as np
import pandas as pd
import pytest

from odebench import analysis, results
from odebench.journal import Run


@pytest.fixture
def compare(tmp_path):
    """The comparison of some measurements, by solver."""

    def of(*rows):
        run = Run.create(tmp_path / f"run{len(list(tmp_path.iterdir()))}", {})
        for row in rows:
            run.append(row)
        return analysis.compare(results.measurements(run)).set_index("solver")

    return of


def test_medians_extremes_and_counts(compare, row):
    pairs = [(3, 1e-3), (1, 5e-3), (2, 2e-3)]
    samples = [row("a", seconds, error, repeat=k) for k, (seconds, error) in enumerate(pairs)]
    samples[0].first_s = 9.0
    a = compare(*samples).loc["a"]
    assert (a["samples"], a["wall_s_median"], a["wall_s_min"], a["first_s"]) == (3, 2, 1, 9)
    assert (a["max_abs_error_median"], a["max_abs_error_worst"]) == (2e-3, 5e-3)


def test_the_front_is_what_nobody_beats_in_both_and_slowdown_is_against_the_fastest_at_this_error(compare, row):
    table = compare(
        row("accurate", 10.0, 1e-9),
        row("fast", 1.0, 1e-3),
        row("middling", 4.0, 1e-6),
        row("beaten", 8.0, 1e-5),
        row("as-fast-but-worse", 1.0, 1e-2),
    )
    assert table["on_front"].to_dict() == {
        "accurate": True,
        "fast": True,
        "middling": True,
        "beaten": False,
        "as-fast-but-worse": False,
    }
    slowdown = table["slowdown_vs_best_at_this_error"].to_dict()
    assert slowdown == {"accurate": 1.0, "fast": 1.0, "middling": 1.0, "beaten": 2.0, "as-fast-but-worse": 1.0}


def test_equals_share_the_front(compare, row):
    table = compare(row("one", 1.0, 1e-3), row("two", 1.0, 1e-3))
    assert table["on_front"].all()


def test_problems_are_ranked_apart(compare, row):
    table = compare(
        row("one", 1.0, 1e-3),
        row("two", 5.0, 1e-2, problem="other"),
        row("three", 5.0, 1e-2, problem_params={"rate": 2.0}),
    )
    assert table["on_front"].all()


def test_oracles_and_failures_stay_out_of_the_ranking(compare, row):
    table = compare(
        row("oracle", 1e-6, 0.0, reference="itself"),
        row("broken", None, None, status="failed", reason="why"),
        row("half", 1e-6, 1e-12, repeat=0),
        row("half", None, None, repeat=1, status="diverged", reason="not finite"),
        row("honest", 1.0, 1e-3),
    )
    assert table["on_front"].to_dict() == {"oracle": False, "broken": False, "half": False, "honest": True}
    assert table["slowdown_vs_best_at_this_error"].notna().to_dict()["honest"]
    assert table["slowdown_vs_best_at_this_error"].isna().sum() == 3
    assert (table.loc["half", "status"], table.loc["half", "reason"]) == ("diverged", "not finite")
    assert table.loc["half", "samples"] == 2


def test_an_error_below_the_references_own_is_given_as_the_references(compare, row):
    table = compare(
        row("zero", 2.0, 0.0, reference_error=1e-12),
        row("below", 1.0, 1e-14, reference_error=1e-12),
        row("above", 0.5, 1e-11, reference_error=1e-12),
    )
    assert table["max_abs_error_median"].to_dict() == {"zero": 1e-12, "below": 1e-12, "above": 1e-11}
    assert table["at_reference_floor"].to_dict() == {"zero": True, "below": True, "above": False}
    assert not table.loc["zero", "on_front"]  # no more accurate than "below", as far as anybody can tell, and slower


@pytest.mark.parametrize(
    ("seconds", "unstable"),
    [([1.0, 1.01, 0.99, 1.0, 1.0], False), ([1.0, 1.3, 0.7, 1.0, 1.0], True), ([1.0] * 60 + [1.6], True)],
    ids=["steady", "scattered", "one far off"],
)
def test_timings_that_scatter_are_flagged(compare, row, seconds, unstable):
    table = compare(*(row("a", s, repeat=k) for k, s in enumerate(seconds)))
    assert bool(table.loc["a", "unstable"]) is unstable


def test_the_interval_of_the_median_covers_it_as_often_as_it_says():
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(300):
        low, high, _ = analysis._spread(list(rng.lognormal(0.0, 0.1, 25)))
        covered += low <= 1.0 <= high
    assert 0.90 <= covered / 300 <= 0.99
    shifted = sum(analysis._spread(list(1.2 * rng.lognormal(0.0, 0.1, 25)))[0] <= 1.0 for _ in range(300))
    assert shifted < 30


def test_two_samples_make_no_interval(compare, row):
    table = compare(row("a", 1.0, repeat=0), row("a", 2.0, repeat=1))
    assert pd.isna(table.loc["a", "wall_s_ci_low"])
