"""What the page's captions say: what the numbers say, and no more than the samples carry."""

from __future__ import annotations

import pytest
from helpers.page_runs import make_run

import odebench
from odebench.report import baselines
from odebench.report.page import captions, data, rivals, suite
from odebench.report.page.rivals import Rivals

CURVES = [
    ("heyoka", 1e-3, 1e-8),
    ("scipy", 3.1e-3, 2e-7),
    ("rk4", 1e-4, 1e-4),
    ("net", 1.0, 1e-5),
    ("truth", 1e-9, 0.0),
]


def sentences(tmp_path, row, *, networks=("net",), more=()):
    rows = [row(name, s, e, oracle=name == "truth", solver_params={"rtol": 1e-6}) for name, s, e in CURVES]
    table = data.cases(odebench.load(make_run(tmp_path / "run", [*rows, *more])))
    return captions.of_problem(table, Rivals.among(table, networks))


def test_captions_say_what_the_numbers_say(tmp_path, row):
    said = sentences(tmp_path, row)
    assert said[0] == "All of 5 cases were solved."
    assert said[1] == "The most accurate is heyoka: an error of 1.00e-08 in 1.0 ms."
    assert said[2:] == [
        "At an error of 1e-3 or less rk4 is the fastest, 10x faster than heyoka, of one sample each; "
        "the fastest network, net, takes 10000x as long.",
        "At an error of 1e-6 or less heyoka is the fastest, 3.1x faster than scipy, of one sample each; "
        "no network reaches it.",
    ]


def test_captions_follow_the_numbers(tmp_path, row):
    faster = row("scipy", 1e-4, 1e-9, case_id="decay/scipy/1", solver_params={"rtol": 1e-9})
    said = sentences(tmp_path, row, networks=(), more=[faster])
    assert "At an error of 1e-6 or less scipy is the fastest, 10x faster than heyoka, of one sample each." in said
    assert not any("network" in sentence for sentence in said)


def test_captions_rank_nothing_where_the_references_error_is_unknown(tmp_path, row):
    rows = [row(name, s, e, reference_error=None) for name, s, e in CURVES]
    table = data.cases(odebench.load(make_run(tmp_path / "run", rows)))
    assert captions.of_problem(table, Rivals.among(table, ())) == ["All of 5 cases were solved."]


def test_captions_mark_times_that_scatter_and_errors_at_the_floor(tmp_path, row):
    shaky = [row("shaky", s, 1e-17, case_id="s", repeat=k) for k, s in enumerate((1e-5, 1e-5, 9e-5))]
    said = sentences(tmp_path, row, more=shaky)
    assert (
        said[1] == "The most accurate is shaky: an error of ≤ 1.00e-16 in 10 µs, as accurate as the reference itself."
    )
    assert any("shaky (its times scatter) is the fastest" in sentence for sentence in said)


def test_who_is_on_most_fronts(tmp_path, row):
    rows = [
        row(name, s, e, case_id=f"{problem}/{name}", problem=problem)
        for problem, pairs in {
            "p": ((1, 1e-3), (2, 1e-2)),
            "q": ((1, 1e-3), (2, 1e-2)),
            "r": ((2, 1e-2), (1, 1e-3)),
        }.items()
        for name, (s, e) in zip(("one", "two"), pairs, strict=True)
    ]
    table = data.cases(odebench.load(make_run(tmp_path / "run", rows)))
    said = captions.of_all(table, Rivals.among(table, ()))
    assert said == ["All of 6 cases were solved.", "one stands on the front of 2 of 3 problems, more than any other."]


def times(case, seconds, error, row, **fields):
    """A case with a sample for each time."""
    return [row(case, s, error, repeat=k, **fields) for k, s in enumerate(seconds)]


def level_of(tmp_path, rows, networks=(), level=1e-6):
    table = data.cases(odebench.load(make_run(tmp_path / "run", rows)))
    return captions.fastest(captions.ranked(table), level, Rivals.among(table, networks))


def test_what_samples_cannot_tell_is_not_told(tmp_path, row):
    fast = times("fast", [1.0, 1.01, 1.02, 1.03, 1.04, 1.05], 1e-8, row)
    far = times("far", [2.0, 2.01, 2.02, 2.03, 2.04, 2.05], 1e-8, row)
    near = times("near", [1.04, 1.05, 1.06, 1.07, 1.08, 1.09], 1e-8, row)
    once = [row("once", 1.2, 1e-8)]
    same = times("same", [1.0, 1.0], 1e-8, row)
    expected = {
        "a": (fast + far, "fast is the fastest, 1.98x faster than far."),
        "b": (fast + near, "fast is the fastest, too close to tell from near."),
        "c": (fast + once, "fast is the fastest, 1.2x faster than once, of 6 samples against 1."),
        "d": (once + same, "same is the fastest, 1.2x faster than once, of 2 samples against 1."),
        "e": ([row("other", 1.21, 1e-8), *once], "once is the fastest, as fast as other, of one sample each."),
    }
    assert {k: level_of(tmp_path / k, rows) for k, (rows, _) in expected.items()} == {
        k: sentence for k, (_, sentence) in expected.items()
    }


@pytest.mark.parametrize(
    ("others", "end"),
    [
        ([("rk4", 4.0, 1e-7)], "4.0x faster than rk4, of one sample each; that is the strongest classical solver."),
        (
            [("near", 2.0, 1e-7), ("rk4", 4.0, 1e-7), ("slow", 8.0, 1e-7)],
            "2.0x faster than near, of one sample each; the strongest classical solver, rk4, takes 4.0x as long.",
        ),
        ([("near", 2.0, 1e-7), ("rk4", 4.0, 1e-3)], "of one sample each; no classical solver reaches it."),
        ([("near", 2.0, 1e-7)], "of one sample each; no classical solver in this run."),
    ],
)
def test_networks_are_never_told_of_without_the_strongest_classical_solver(tmp_path, row, others, end):
    rows = [row("net", 1.0, 1e-7), *(row(*other) for other in others), row("told", 1e-9, 0.0, oracle=True)]
    said = level_of(tmp_path, rows, networks=("net", "near"))
    assert said.startswith("net is the fastest, ")
    assert said.endswith(end)


def test_a_most_accurate_network_stands_beside_the_most_accurate_classical_solver(tmp_path, row):
    net = row("net", 1.0, 1e-9)
    both = data.cases(odebench.load(make_run(tmp_path / "both", [net, row("rk4", 2.0, 1e-7)])))
    assert captions.of_problem(both, Rivals.among(both, ["net"]))[1:3] == [
        "The most accurate is net: an error of 1.00e-09 in 1.0 s.",
        "The most accurate classical solver is rk4: an error of 1.00e-07 in 2.0 s.",
    ]
    alone = data.cases(odebench.load(make_run(tmp_path / "alone", [net])))
    assert captions.of_problem(alone, Rivals.among(alone, ["net"]))[2] == "There is no classical solver in this run."


@pytest.fixture
def two_problems(tmp_path, row):
    """A network and two integrators, of which the slower stands in nobody's way."""
    rows = [
        row(name, s, e, case_id=f"{problem}/{name}", problem=problem, final_loss=1e-3 if name == "net" else None)
        for problem in ("p", "q")
        for name, s, e in (("net", 1.0, 1e-7), ("rk4", 0.1, 1e-8), ("euler", 10.0, 1e-3))
    ]
    return odebench.load(make_run(tmp_path / "run", rows))


def test_a_network_gets_onto_no_front_by_leaving_integrators_out(two_problems):
    some = two_problems.select(solver="net")
    shown = baselines.beside(some)
    assert sorted(set(shown.cases["solver"])) == ["net", "rk4"]
    table = data.cases(shown)
    assert not table.loc[table["solver"] == "net", "on_front"].any()
    everywhere, each = rivals.of(shown, table)
    assert captions.of_all(table, everywhere)[1] == "rk4 stands on the front of 2 of 2 problems, more than any other."
    (rows,) = (rows for problem, rows in table.groupby("problem") if problem == "p")
    said = captions.of_problem(rows, each["p", '{"rate": 1.0}'])
    assert said[-1] == "At an error of 1e-6 or less rk4 is the fastest, 10x faster than net, of one sample each."


def test_a_profile_of_a_part_says_among_whom(two_problems):
    among = "That is among the curves on this page."
    shown = baselines.beside(two_problems.select(solver="net"))
    assert {among in made["captions"] for made in suite.performance(shown)} == {True}
    assert {among in made["captions"] for made in suite.performance(two_problems)} == {False}


def test_what_is_ranked_anew_stands_alone_and_says_so(two_problems):
    some = two_problems.select(solver="net", rank_anew=True)
    assert baselines.beside(some) is some
    table = data.cases(some)
    everywhere, _ = rivals.of(some, table)
    assert captions.of_all(table, everywhere)[1] == (
        "net stands on the front of 2 of 2 problems, more than any other; no classical solver among these cases."
    )


def test_integrators_alone_bring_nobody_else(two_problems):
    some = two_problems.select(solver="euler")
    assert baselines.beside(some) is some


def test_a_network_ahead_of_all_stands_beside_the_most_accurate_classical_solver(tmp_path, row):
    rows = [row("net", 1.0, 1e-9, final_loss=1e-3), row("rk4", 0.1, 1e-7), row("euler", 0.1, 1e-3)]
    some = odebench.load(make_run(tmp_path / "run", rows)).select(solver="net")
    shown = baselines.beside(some)
    assert sorted(shown.cases["solver"]) == ["net", "rk4"]
    everywhere, _ = rivals.of(shown, data.cases(shown))
    assert everywhere.at(1e-9) == (
        "No classical solver comes to this error. The most accurate classical solver is rk4: an error of 1.00e-07 "
        "in 0.10 s."
    )
    assert everywhere.at(1e-4) == "The strongest classical solver, rk4, comes to this error in 0.10 s."
