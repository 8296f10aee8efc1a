"""Numbers as people read them: digits that the spread supports, units, powers of ten."""

import math

import numpy as np
import pytest

from odebench import text


@pytest.mark.parametrize(
    ("value", "half_width", "digits"),
    [
        (581e-6, 150e-6, 2),  # 600 would do, but one digit may be half a factor off
        (581e-6, 20e-6, 2),  # 5.8e-4 give or take 0.2e-4
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


def test_the_last_of_three_digits_is_worth_no_less_than_the_spread():
    rng = np.random.default_rng(3)
    values, spreads = 10 ** rng.uniform(-9, 3, 2000), 10 ** rng.uniform(-4, -0.5, 2000)
    chosen = [text.digits(v, v * s) for v, s in zip(values, spreads, strict=True)]
    assert {2, 3} == set(chosen)
    for value, spread, digits in zip(values, values * spreads, chosen, strict=True):
        last = 10.0 ** (math.floor(math.log10(value)) - digits + 1)
        if digits == 3:
            assert last > spread / 10  # of the magnitude of the spread, or above
        else:
            assert last > spread or spread > value / 100


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
