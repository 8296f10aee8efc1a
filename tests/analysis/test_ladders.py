"""Which cases are rungs of one ladder, on sweeps of every kind."""

import itertools
import json
import random

import pytest
from helpers.optional import lazy

from odebench.analysis import ladders

pd = lazy("pandas")


def cases(*variants, solver="s", problem="p", seconds=None):
    """A table of cases, one a set of parameters, that take ever longer."""
    seconds = seconds or [float(k + 1) for k in range(len(variants))]
    params = [json.dumps(variant) for variant in variants]
    table = {"problem": problem, "problem_params": "{}", "solver": solver, "solver_params": params}
    return pd.DataFrame(table | {"wall_s_median": seconds})


def curves(table, ladder=()):
    """The first parameter's values along each curve."""
    found = ladders.assign(table, {"s": tuple(ladder)}).sort_values("rung")
    assert found.groupby(["problem", "curve"])["rung"].apply(lambda r: list(r) == list(range(len(r)))).all()
    return {
        name: [tuple(json.loads(text).values()) for text in rows["solver_params"]]
        for name, rows in found.groupby("curve", sort=False)
    }


TOLERANCES = [{"atol": 10.0 ** -(k + 3), "rtol": 10.0**-k} for k in range(2, 9)]


@pytest.mark.parametrize("declared", [("rtol", "atol"), ()], ids=["recorded", "not recorded"])
def test_a_ladder_is_one_curve_in_order_of_effort_whatever_the_order_of_the_rows(declared):
    table = cases(*TOLERANCES)
    expected = {"s": [tuple(rung.values()) for rung in TOLERANCES]}
    assert curves(table, declared) == expected
    assert curves(table.sample(frac=1, random_state=3), declared) == expected
    assert curves(table[::-1], declared)["s"][::-1] != expected["s"]


def test_a_sweep_beside_the_ladder_makes_a_curve_a_value():
    swept = [rung | {"method": m, "max_step": 0.5} for m in ("RK45", "DOP853") for rung in TOLERANCES]
    found = curves(cases(*swept, seconds=[1.0, 2, 3, 4, 5, 6, 7] * 2), ["rtol", "atol"])
    assert {name: len(rungs) for name, rungs in found.items()} == {"s[method=RK45]": 7, "s[method=DOP853]": 7}
    found = curves(cases({"rtol": 0.1, "learning": 0.5}, {"rtol": 0.1, "learning": 0.25}), ["rtol"])
    assert set(found) == {"s[learning=0.5]", "s[learning=0.25]"}


def test_rungs_that_share_a_value_are_still_a_ladder():
    widths = [(10, 300), (20, 1000), (50, 3000), (50, 10000), (50, 20000)]
    rungs = [{"width": width, "epochs": epochs} for width, epochs in widths]
    assert curves(cases(*rungs), ["width", "epochs"]) == {"s": widths}


def test_effort_rises_with_steps_falls_with_their_size_and_goes_with_the_time_where_that_is_clear():
    assert curves(cases(*({"steps": n} for n in (1000, 10, 100)), seconds=[3.0, 1, 2]))["s"] == [(10,), (100,), (1000,)]
    sizes = [{"h": h} for h in (0.1, 0.2, 0.4)]
    assert curves(cases(*sizes, seconds=[None] * 3), ["h"])["s"] == [(0.4,), (0.2,), (0.1,)]
    assert curves(cases(*sizes, seconds=[1.0, 1.01, 1.02]), ["h"])["s"] == [(0.4,), (0.2,), (0.1,)]  # not clear
    assert curves(cases(*sizes, seconds=[1.0, 2, 4]), ["h"])["s"] == [(0.1,), (0.2,), (0.4,)]


def test_a_rung_is_the_same_parameters_on_every_problem():
    whole, part = cases(*TOLERANCES), cases(*TOLERANCES[3:5], problem="q")
    found = ladders.assign(pd.concat([whole, part]), {"s": ("rtol", "atol")})
    assert found.loc[found["problem"] == "q", "rung"].to_list() == [3, 4]
    assert found["rung"].dtype == "int64"


def test_of_two_parameters_swept_against_each_other_the_first_of_the_ladder_is_one():
    product = [{"rtol": r, "atol": a} for r, a in itertools.product((1e-3, 1e-5, 1e-7), (1e-6, 1e-9))]
    found = curves(cases(*product, seconds=[1.0, 1, 2, 2, 3, 3]), ["rtol", "atol"])
    assert found == {
        f"s[atol={text}]": [(r, a) for r in (1e-3, 1e-5, 1e-7)] for text, a in (("1e-06", 1e-6), ("1e-09", 1e-9))
    }


def test_a_stray_case_does_not_take_the_ladder_apart():
    stray = {"atol": 1e-4, "rtol": 1e-7}
    found = curves(cases(*TOLERANCES, stray, seconds=[1.0, 2, 3, 4, 5, 6, 7, 4]), ["rtol", "atol"])
    assert found == {"s": [tuple(r.values()) for r in TOLERANCES], "s[atol=0.0001,rtol=1e-07]": [(1e-4, 1e-7)]}


@pytest.mark.parametrize(
    "variants",
    [
        [{"rate": 0.1}, {"rate": 0.01}],
        [{"name": "a"}, {"name": "b"}],
        [{"dense": True}, {"dense": False}],
        [{"size": 1}, {"size": None}],
        [{"size": 1}, {}],
        [{"width": w, "epochs": e} for w, e in itertools.product((8, 16), (100, 1000))],
    ],
    ids=["a rate", "words", "truth values", "none", "absent", "a product"],
)
def test_without_a_recorded_ladder_only_numbers_of_effort_swept_together_are_one(variants):
    assert all(len(rungs) == 1 for rungs in curves(cases(*variants)).values())
    assert len(curves(cases(*variants))) == len(variants)


def test_a_recorded_ladder_may_be_of_any_number():
    assert len(curves(cases({"rate": 0.1}, {"rate": 0.01}), ["rate"])) == 1


def test_the_longest_chain_is_that_of_brute_force():
    rng = random.Random(5)
    for _ in range(60):
        points = list({(rng.randrange(5), rng.randrange(5)) for _ in range(7)})
        variants = {str(k): {"a": a, "b": b} for k, (a, b) in enumerate(points)}
        chain = [
            (variants[k]["a"], variants[k]["b"]) for k in ladders.longest_chain(list(variants), variants, ["a", "b"])
        ]
        together = sum((a > c) * (b > d) + (a < c) * (b < d) for (a, b), (c, d) in itertools.combinations(points, 2))
        apart = sum((a > c) * (b < d) + (a < c) * (b > d) for (a, b), (c, d) in itertools.combinations(points, 2))
        sign = -1 if apart > together else 1
        turned = [(a, sign * b) for a, b in points]
        longest = max(
            size
            for size in range(len(points) + 1)
            for some in itertools.combinations(sorted(turned), size)
            if all(b <= d for (_, b), (_, d) in itertools.pairwise(some))
        )
        assert len(chain) == longest
        assert all(a <= c and sign * b <= sign * d for (a, b), (c, d) in itertools.pairwise(chain))


def test_solvers_and_empty_tables_keep_apart():
    both = pd.concat([cases({"steps": 1}, {"steps": 2}), cases({"steps": 1}, solver="other")])
    assert set(ladders.assign(both, {})["curve"]) == {"s", "other"}
    empty = ladders.assign(both[:0], {})
    assert {"curve", "rung"} <= set(empty.columns)
    assert empty.empty
