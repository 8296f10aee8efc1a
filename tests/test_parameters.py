"""A signature is the schema: names, types and defaults."""

from typing import Literal

import numpy as np
import pytest

from odebench import solver
from odebench.errors import BadParameter, PluginError


@solver
def annotated(
    ivp,
    t_eval,
    *,
    steps: int = 10,
    rtol: float = 1e-6,
    exact: bool = False,
    method: Literal["RK45", "LSODA"] = "RK45",
    max_step: float | None = None,
    sizes: tuple[int, ...] = (16, 16),
):
    pass


@solver
def bare(ivp, t_eval, *, steps=10, rtol=1e-6, exact=False, method="RK45", anything=None):
    pass


def test_defaults_fill_what_is_not_given_and_names_are_sorted():
    assert annotated.resolve({"steps": 3}) == {
        "exact": False,
        "max_step": None,
        "method": "RK45",
        "rtol": 1e-6,
        "sizes": (16, 16),
        "steps": 3,
    }
    assert list(bare.resolve({})) == sorted(bare.parameters)


@pytest.mark.parametrize("function", [annotated, bare])
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"steps": 3}, 3),
        ({"rtol": 1}, 1.0),
        ({"rtol": 1e-3}, 1e-3),
        ({"exact": True}, True),
        ({"method": "LSODA"}, "LSODA"),
    ],
)
def test_values_of_the_declared_type_are_accepted(function, given, kept):
    (name,) = given
    value = function.resolve(given)[name]
    assert value == kept
    assert type(value) is type(kept)


@pytest.mark.parametrize("function", [annotated, bare])
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"steps": 1.5}, "a whole number"),
        ({"steps": True}, "a whole number"),
        ({"steps": "ten"}, "a whole number"),
        ({"rtol": "small"}, "a finite number"),
        ({"rtol": float("inf")}, "a finite number"),
        ({"rtol": float("nan")}, "a finite number"),
        ({"rtol": True}, "a finite number"),
        ({"exact": 1}, "true or false"),
        ({"method": 45}, "'RK45'|a word"),
    ],
)
def test_values_of_another_type_are_refused_with_what_was_expected(function, given, expected):
    with pytest.raises(BadParameter, match=f"expected .*({expected}).* received"):
        function.resolve(given)


def test_none_choices_and_tuples_follow_the_annotation():
    assert annotated.resolve({"max_step": None})["max_step"] is None
    assert annotated.resolve({"max_step": 1})["max_step"] == 1.0
    assert annotated.resolve({"sizes": [3]})["sizes"] == (3,)
    with pytest.raises(BadParameter, match="one of 'RK45', 'LSODA'"):
        annotated.resolve({"method": "RK54"})
    with pytest.raises(BadParameter):
        bare.resolve({"rtol": None})
    assert bare.resolve({"anything": "at all"})["anything"] == "at all"


def test_an_unknown_parameter_is_refused_with_the_list_of_valid_ones():
    with pytest.raises(BadParameter, match=r"no parameter 'rtoll'. Did you mean 'rtol'\? .*steps, rtol, exact, method"):
        annotated.resolve({"rtoll": 1})


def test_a_ladder_is_checked_when_the_solver_is_made():
    with pytest.raises(BadParameter, match="Did you mean 'steps'"):

        @solver(ladder=[{"stepz": 1}])
        def misspelt(ivp, t_eval, *, steps=1):
            pass


def test_a_parameter_without_a_default_is_refused():
    with pytest.raises(PluginError, match="expected a default for parameter 'steps'"):

        @solver
        def demanding(ivp, t_eval, *, steps):
            pass


def test_a_default_that_contradicts_its_annotation_is_refused_when_the_solver_is_made():
    with pytest.raises(PluginError, match=r"the default of 'n', 2\.5, is not what its annotation says"):

        @solver
        def contradictory(ivp, t_eval, *, n: int = 2.5):
            pass

    with pytest.raises(PluginError, match="default of 'max_step', inf"):

        @solver
        def endless(ivp, t_eval, *, max_step=float("inf")):
            pass


def test_defaults_and_numpy_numbers_become_pythons_own_so_that_a_case_has_one_id():
    @solver
    def loose(ivp, t_eval, *, rate: float = 1, n=np.int64(3), sizes=[1, 2]):  # noqa: B006, B008  (what authors write)
        pass

    assert loose.resolve({}) == loose.resolve({"rate": 1.0, "n": 3, "sizes": (1, 2)})
    assert [type(value) for value in loose.resolve({}).values()] == [int, float, list]


def test_a_literal_beside_a_type_takes_both():
    @solver
    def automatic(ivp, t_eval, *, step: float | Literal["auto"] = "auto"):
        pass

    assert automatic.resolve({})["step"] == "auto"
    assert automatic.resolve({"step": 0.5})["step"] == 0.5
    with pytest.raises(BadParameter, match="one of 'auto' or a finite"):
        automatic.resolve({"step": "car"})


@pytest.mark.parametrize("options", [{"requires": "scipy"}, {"tags": "oracle"}])
def test_a_word_in_place_of_a_list_is_refused(options):
    with pytest.raises(PluginError, match=f"expected {next(iter(options))} as a list"):
        solver(**options)(lambda ivp, t_eval: None)
