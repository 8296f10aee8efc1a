"""Numbers and names as people read them: digits that the spread supports, units, powers of ten; what differs."""

import math

import numpy as np
import pytest

from odebench import text


@pytest.mark.parametrize(
    ("value", "half_width", "digits"),
    [
        (581e-6, 150e-6, 2),  # 600 would do, but one digit may be half a factor off
        (581e-6, 20e-6, 2),  # 5.8e-4 give or take 0.2e-4
        (581e-6, 11e-6, 2),
        (581e-6, 9.9e-6, 3),
        (581e-6, 5e-6, 3),
        (581e-6, 1e-12, 3),
        (581e-6, 0.0, 3),
        (581e-6, 1.0, 2),
        (581e-6, math.nan, 2),
        (581e-6, None, 2),
        (math.inf, 1.0, 2),
        (math.nan, 1.0, 2),
        (0.0, 1.0, 3),
    ],
)
def test_there_are_as_many_digits_as_the_spread_supports(value, half_width, digits):
    assert text.digits(value, half_width) == digits


def misplaced(digits):
    """How many of 2000 values neither end where their half width begins, nor have the fewest or most digits."""
    rng = np.random.default_rng(3)
    values, shares = 10 ** rng.uniform(-9, 3, 2000), 10 ** rng.uniform(-4, -0.5, 2000)
    wrong = 0
    for value, half_width in zip(values, values * shares, strict=True):
        shown = digits(value, half_width)
        last = 10.0 ** (math.floor(math.log10(value)) - shown + 1)
        wrong += not ((last <= half_width or shown == 3) and (half_width < 10 * last or shown == 2))
    return wrong


def test_the_last_digit_stands_where_the_half_width_begins():
    assert misplaced(text.digits) == 0
    assert misplaced(lambda value, half_width: 2) > 500
    assert misplaced(lambda value, half_width: 3) > 500
    # the last is worth no less than the half width: a digit fewer
    assert misplaced(lambda value, half_width: text.digits(value, 10 * half_width)) > 300


@pytest.mark.parametrize(
    ("value", "digits", "shown"),
    [
        (581e-6, 3, "581 µs"),
        (581e-6, 2, "0.58 ms"),
        (23.2e-3, 2, "23 ms"),
        (999.96e-6, 3, "1.00 ms"),
        (999.4e-6, 3, "999 µs"),
        (1.0, 3, "1.00 s"),
        (1234.0, 3, "1230 s"),
        (1234.0, 2, "1200 s"),
        (2.5e-9, 2, "2.5 ns"),
        (0.0, 3, "0 s"),
        (math.inf, 3, "∞"),
        (math.nan, 3, ""),
        (None, 3, ""),
    ],
)
def test_times_have_a_unit_that_fits(value, digits, shown):
    assert text.seconds(value, digits) == shown


def test_a_time_as_shown_is_the_time():
    units = {"s": 1.0, "ms": 1e-3, "µs": 1e-6, "ns": 1e-9}
    for value in 10 ** np.random.default_rng(1).uniform(-8.9, 2, 500):
        for digits in (2, 3):
            number, unit = text.seconds(value, digits).split()
            assert float(number) * units[unit] == pytest.approx(value, rel=0.51 * 10.0 ** (1 - digits))
            assert len(number.replace(".", "").lstrip("0")) == digits or unit == "s"


@pytest.mark.parametrize(
    ("value", "shown"), [(3.14159e-7, "3.14e-07"), (0.0, "0"), (math.inf, "∞"), (-math.inf, "-∞"), (math.nan, "")]
)
def test_errors_are_powers_of_ten(value, shown):
    assert text.error(value) == shown
    assert text.error(value, at_floor=True) == (f"≤ {shown}" if shown else "")


def test_one_thing_is_one_and_others_are_several():
    assert [text.count(n, "case") for n in (0, 1, 2)] == ["0 cases", "1 case", "2 cases"]


def test_variants_are_told_apart_by_what_only_some_of_them_have():
    old, new = ("a", '{"x": 1}'), ("a", '{"x": 1, "y": 2}')
    assert text.labels([old, new, ("b", '{"z": 3}')]) == ["a", "a[y=2]", "b"]
    assert text.labels([new, new]) == ["a", "a"]
    assert text.labels([("a", '{"x": 1}'), ("a", '{"x": 2}')]) == ["a[x=1]", "a[x=2]"]
