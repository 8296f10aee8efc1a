"""Selections become cases whose ids never change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odebench.cases import Case, Variant, Variants, parse_selection, seed_for, selection_text
from odebench.errors import BadSelection, UnknownName


def test_a_selection_names_a_function_and_its_parameters():
    assert parse_selection("euler") == ("euler", {})
    assert parse_selection(" euler[ steps = 10 ] ") == ("euler", {"steps": [10]})
    assert parse_selection("a[x=1,y=[2,3.5],z=[word,'two words'],w=(1,2),v=[(1,2),(3,)]]") == (
        "a",
        {"x": [1], "y": [2, 3.5], "z": ["word", "two words"], "w": [(1, 2)], "v": [(1, 2), (3,)]},
    )
    assert parse_selection("a[x=true,y=None,z=1e-6,w=-3,v=inf]") == (
        "a",
        {"x": [True], "y": [None], "z": [1e-6], "w": [-3], "v": [float("inf")]},
    )
    assert parse_selection("a[max-step=1]") == ("a", {"max_step": [1]})


@pytest.mark.parametrize(
    ("text", "expected", "column"),
    [
        ("", "a name", 0),
        ("[x=1]", "a name", 0),
        ("a b", "the end", 2),
        ("a[", "a parameter's name", 2),
        ("a[x]", "'='", 3),
        ("a[x=]", "a value", 4),
        ("a[x=1", "',' or ']'", 5),
        ("a[x=[]]", "at least one value for 'x'", 5),
        ("a[x=[1,2]", "',' or ']'", 9),
        ("a[x='b]", "a closing quote", 4),
        ("a[x=1,x=2]", "'x' only once", 6),
        ("a[x=1]]", "the end", 6),
    ],
)
def test_what_cannot_be_read_is_shown_with_its_place(text, expected, column):
    with pytest.raises(BadSelection) as refused:
        parse_selection(text)
    message, shown, caret, _ = str(refused.value).splitlines()
    assert expected in message
    assert shown == f"  {text}"
    assert caret == "  " + " " * column + "^"


values = st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none())


@given(
    st.dictionaries(st.from_regex(r"[a-z][a-z_]{0,8}", fullmatch=True), values | st.tuples(values, values), max_size=4)
)
def test_a_selection_reads_back_as_it_was_written(params):
    assert parse_selection(selection_text("name", params)) == ("name", {k: [v] for k, v in params.items()})


def test_sweeps_are_multiplied_and_repeats_dropped(host):
    found = Variants(["scipy-ivp[method=[RK45,LSODA],rtol=[1e-3,1e-6]]"], host.solver)
    assert [(v.params["method"], v.params["rtol"]) for v in found] == [
        ("RK45", 1e-3),
        ("RK45", 1e-6),
        ("LSODA", 1e-3),
        ("LSODA", 1e-6),
    ]
    problems = Variants(["decay", "decay[rate=[1,2,2.0]]", "logistic"], host.problem)
    assert [(v.name, v.params["rate"]) for v in problems] == [("decay", 1.0), ("decay", 2.0), ("logistic", 1.0)]
    assert list(problems) == list(problems)
    assert (len(problems), problems.names) == (3, {"decay": 2, "logistic": 1})


def test_a_ladder_gives_a_variant_a_rung_and_keeps_what_was_asked_for(host):
    rungs = list(Variants(["scipy-ivp[method=LSODA]"], host.solver, ladder=True))
    assert [v.params["rtol"] for v in rungs] == [10.0**-k for k in range(2, 13)]
    assert {v.params["method"] for v in rungs} == {"LSODA"}
    assert len(Variants(["analytic"], host.solver, ladder=True)) == 1


def test_an_unknown_name_comes_with_a_suggestion(host):
    with pytest.raises(UnknownName, match=r"unknown solver 'scipy_ivpp'\. Did you mean 'scipy-ivp'"):
        Variants(["scipy_ivpp"], host.solver)


def test_an_id_is_made_of_names_and_parameters_alone():
    case = Case(Variant("decay", {"rate": 1.0, "t1": 2.0}), Variant("euler", {"steps": 10}))
    assert case.id == "decay/euler/4d5c198586c7"  # results of other days carry it: it must not change
    others = [
        Case(Variant("decay", {"rate": 1.5, "t1": 2.0}), case.solver),
        Case(case.problem, Variant("euler", {"steps": 11})),
        Case(case.problem, Variant("rk4", {"steps": 10})),
    ]
    assert len({case.id, *(other.id for other in others)}) == 4


def test_seeds_are_a_function_of_base_case_and_sample():
    seeds = {seed_for(base, case, k) for base in (0, 1) for case in ("a", "b") for k in range(50)}
    assert len(seeds) == 200
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert seed_for(0, "a", 0) == seed_for(0, "a", 0)
