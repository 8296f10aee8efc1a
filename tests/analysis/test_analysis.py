"""Statements about cases, on samples whose answer is known."""

import pytest

from odebench import tables
from odebench.analysis import aggregate
from odebench.journal import Run


@pytest.fixture
def compare(tmp_path):
    """The comparison of some measurements, by solver."""

    def of(*rows):
        run = Run.create(tmp_path / f"run{len(list(tmp_path.iterdir()))}", {})
        for row in rows:
            run.append(row)
        return aggregate.by_case(tables.samples(run)).set_index("solver")

    return of


def test_medians_extremes_and_counts(compare, row):
    pairs = [(3, 1e-3), (1, 5e-3), (2, 2e-3)]
    samples = [row("a", seconds, error, repeat=k) for k, (seconds, error) in enumerate(pairs)]
    samples[0].first_s = 9.0
    a = compare(*samples).loc["a"]
    assert (a["samples"], a["wall_s_median"], a["wall_s_min"], a["first_s"]) == (3, 2, 1, 9)
    assert (a["max_abs_error_median"], a["max_abs_error_worst"]) == (2e-3, 5e-3)


def test_nothing_is_ranked_by_a_reference_whose_error_is_unknown(compare, row):
    pair = ("a", 1.0, 1e-3), ("b", 2.0, 1e-6)
    unknown = compare(*(row(*one, reference_error=None) for one in pair))
    assert not unknown["on_front"].any()
    assert unknown["slowdown_vs_best_at_this_error"].isna().all()
    assert compare(*(row(*one) for one in pair))["on_front"].all()


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
        row("oracle", 1e-6, 0.0, oracle=True),
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


def test_every_statistic_is_of_its_own_column(compare, row):
    samples = [row("a", repeat=k, query_s=float(k), steps=10 * k, final_loss=0.1 * k, loops=k + 1) for k in (1, 2, 6)]
    for k, sample in enumerate(samples, 1):
        sample.max_abs_error, sample.rms_abs_error, sample.final_abs_error = 0.3 * k, 0.2 * k, 0.1 * k
    a = compare(*samples).loc["a"]
    assert (a["query_s_median"], a["steps"], a["final_loss"]) == (2, 20, 0.2)
    medians = [a[f"{name}_abs_error_median"] for name in ("max", "rms", "final")]
    assert medians == pytest.approx([0.6, 0.4, 0.2])
    assert a["max_abs_error_worst"] == pytest.approx(0.9)
