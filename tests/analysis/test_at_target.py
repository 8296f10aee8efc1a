"""Time to a common error and error at a common time, on ladders whose answer is known."""

import math

import numpy as np
import pytest
from helpers.ladders import curve, power_law
from helpers.optional import lazy

from odebench.analysis import at_target, baselines
from odebench.analysis.at_target import AT_END, AT_GAP, BELOW_FLOOR, NOTHING, TURNING
from odebench.errors import BadQuestion
from odebench.measurement import ERROR, TIME

pd = lazy("pandas")
interpolate = lazy("scipy.interpolate")


def one(table):
    (row,) = table.to_dict("records")
    return row


@pytest.mark.parametrize("error", [3e-3, 1e-5, 2.7e-6, 1.1e-9])
def test_on_a_power_law_the_answer_is_the_law(error):
    found = one(at_target.at_error(power_law("a", 1e-4, 0.25), error, ()))
    assert found[TIME] == pytest.approx(1e-4 * error**-0.25, rel=1e-12)
    assert not found["at_most"]
    back = one(at_target.at_time(power_law("a", 1e-4, 0.25), found[TIME], ()))
    assert back[ERROR] == pytest.approx(error, rel=1e-9)
    wrong = np.interp(error, *(power_law("a", 1e-4, 0.25)[[ERROR, TIME]].to_numpy().T[:, ::-1]))  # not in logarithms
    assert error == 1e-5 or wrong != pytest.approx(1e-4 * error**-0.25, rel=1e-3)


def test_between_measured_rungs_it_is_scipys_interpolation_of_logarithms():
    rng = np.random.default_rng(3)
    for _ in range(20):
        errors, seconds = np.sort(10 ** rng.uniform(-9, -1, 7))[::-1], np.sort(10 ** rng.uniform(-4, 1, 7))
        law = interpolate.interp1d(np.log(errors), np.log(seconds))
        for error in 10 ** rng.uniform(np.log10(errors[-1]), np.log10(errors[0]), 5):
            found = at_target.least(errors, seconds, error, np.ones(7, bool), np.zeros(7, bool))
            assert found.value == pytest.approx(math.exp(law(math.log(error))), rel=1e-9)


def on_the_path(given, wanted, worked, limit):
    """The least of `wanted` on a path of many points, by brute force: those on it where `given` is within the limit."""
    points = [(given[k], wanted[k]) for k in range(len(given)) if worked[k]]
    for k in range(len(given) - 1):
        if worked[k] and worked[k + 1]:
            points += zip(np.geomspace(*given[k : k + 2], 801), np.geomspace(*wanted[k : k + 2], 801), strict=True)
    return min((w for g, w in points if g <= limit), default=math.nan)


@pytest.mark.parametrize("wanted_is", [TIME, ERROR])
def test_on_a_ladder_that_turns_it_is_the_least_of_its_measured_path(wanted_is):
    rng = np.random.default_rng(8)
    said, differs = set(), 0
    for _ in range(40):
        errors, seconds = 10 ** (-np.arange(6) + rng.normal(0, 1, 6)), 10 ** (np.arange(6) / 2 + rng.normal(0, 0.5, 6))
        worked = rng.random(6) < 0.6
        given, wanted = (errors, seconds) if wanted_is == TIME else (seconds, errors)
        limit = 10 ** rng.uniform(*np.log10([given.min() / 2, given.max() * 2]))
        found = at_target.least(given, wanted, limit, worked, np.zeros(6, bool), wanted_is)
        assert found.value == pytest.approx(on_the_path(given, wanted, worked, limit), rel=2e-2, nan_ok=True)
        across = on_the_path(given[worked], wanted[worked], [True] * worked.sum(), limit)  # rungs that failed left out
        differs += found.value != pytest.approx(across, rel=2e-2, nan_ok=True)
        said.add(found.how)
    assert differs > 3  # the control: to interpolate across them is something else
    assert any(TURNING in how for how in said)
    assert any(AT_GAP in how for how in said)


def test_beyond_its_ends_a_ladder_is_not_continued():
    ladder = power_law("a", 1e-4, 0.25)
    easier, harder = (one(at_target.at_error(ladder, e, ())) for e in (0.5, 1e-12))
    assert (easier[TIME], easier["at_most"], easier["how"]) == (ladder[TIME].min(), True, AT_END[TIME])
    assert math.isnan(harder[TIME])
    assert harder["how"] == "not reached"
    longer, shorter = (one(at_target.at_time(ladder, s, ())) for s in (1e3, 1e-9))
    assert (longer[ERROR], longer["at_most"], longer["how"]) == (1e-9, True, AT_END[ERROR])
    assert math.isnan(shorter[ERROR])
    assert shorter["how"] == "its cheapest rung takes longer"


def test_at_a_rung_it_is_the_rung():
    ladder = power_law("a", 1e-4, 0.25)
    found = one(at_target.at_error(ladder, ladder[ERROR][3], ()))
    assert (found[TIME], found["at_most"], found["how"]) == (ladder[TIME][3], False, "measured")
    only = one(at_target.at_error(ladder[3:4], 1e-3, ()))
    assert (only[TIME], only["at_most"], only["how"]) == (ladder[TIME][3], True, AT_END[TIME])


def test_nothing_is_interpolated_across_a_rung_that_failed():
    errors, seconds = [1e-2, 1e-4, 1e-6, 1e-8], [1.0, 2.0, 4.0, 8.0]
    found = one(at_target.at_error(curve("a", errors, seconds, failed=(1,)), 1e-3, ()))
    assert (found[TIME], found["at_most"], found["how"]) == (4.0, True, AT_GAP)
    assert one(at_target.at_error(curve("a", errors, seconds), 1e-3, ()))[TIME] == pytest.approx(2**0.5)
    beside = one(at_target.at_error(curve("a", errors, seconds, failed=(1,)), 1e-7, ()))
    assert beside[TIME] == pytest.approx(4 * 2**0.5)
    after = one(at_target.at_time(curve("a", errors, seconds, failed=(3,)), 100.0, ()))
    assert (after[ERROR], after["at_most"], after["how"]) == (1e-6, True, AT_GAP)


def test_a_ladder_that_turns_is_taken_where_it_first_crosses_and_says_so():
    turning = curve("a", [1e-2, 1e-5, 1e-3, 1e-8], [1.0, 2.0, 4.0, 8.0])
    found = one(at_target.at_error(turning, 1e-4, ()))
    assert found[TIME] == pytest.approx(2 ** (2 / 3))
    assert found["how"] == f"interpolated; {TURNING}"
    assert TURNING not in one(at_target.at_error(turning, 1e-6, ()))["how"]  # there it has one crossing
    faster = one(at_target.at_error(curve("a", [1e-2, 1e-4, 1e-6], [4.0, 2.0, 8.0]), 1e-3, ()))
    assert (faster[TIME], faster["how"]) == (2.0, f"measured; {TURNING}")


def test_below_the_reference_floor_nothing_is_known_and_towards_it_only_a_bound():
    ladder = curve("a", [1e-2, 1e-4, 1e-9, 1e-11], [1.0, 2.0, 4.0, 8.0], floor=1e-8)
    below = one(at_target.at_error(ladder, 1e-9, ()))
    assert math.isnan(below[TIME])
    assert below["how"] == BELOW_FLOOR
    above = one(at_target.at_error(ladder, 1e-6, ()))
    assert (above[TIME], above["at_most"]) == (pytest.approx(2 * 2**0.5), True)
    assert "reference floor" in above["how"]
    honest = one(at_target.at_error(curve("a", [1e-2, 1e-4, 1e-9, 1e-11], [1.0, 2.0, 4.0, 8.0]), 1e-6, ()))
    assert honest[TIME] < above[TIME]  # so that the bound is one
    assert not honest["at_most"]
    assert one(at_target.at_error(ladder, 1e-3, ()))["at_most"] is False
    best = one(at_target.at_time(ladder, 5.0, ()))
    assert (best[ERROR], best["at_most"]) == (1e-8, True)


def test_slowdowns_are_against_the_fastest_and_the_strongest_classical():
    table = pd.concat(
        [
            power_law("slow", 4e-4, 0.25),
            power_law("network", 1e-4, 0.25),
            power_law("fast", 2e-4, 0.25),
            power_law("oracle", 1e-9, 0.25, ranked=False, marks="oracle"),
            power_law("short", 1e-9, 0.25, rungs=2),
            power_law("elsewhere", 1e-5, 0.25, problem="other"),
        ]
    )
    found = at_target.at_error(table, 3e-6, {"network"}).set_index("curve")
    assert found.index.to_list() == ["network", "fast", "slow", "oracle", "short", "elsewhere"]
    assert found["slowdown_vs_best"].to_list() == pytest.approx([1, 2, 4, math.nan, math.nan, 1], nan_ok=True)
    assert found["slowdown_vs_classical"].to_list() == pytest.approx([0.5, 1, 2, math.nan, math.nan, 1], nan_ok=True)
    assert found.index[found["strongest_classical"]].to_list() == ["fast", "elsewhere"]
    assert at_target.at_error(table, 3e-6, ()).set_index("curve").loc["network", "strongest_classical"]
    at_time = at_target.at_time(table, 0.005, {"network"}).set_index("curve")
    assert at_time.loc["slow", "error_ratio_vs_best"] == pytest.approx(4**4)
    assert at_time.loc["slow", "error_ratio_vs_classical"] == pytest.approx(2**4)


def test_where_everything_is_a_network_or_failed_there_is_no_ratio():
    networks = at_target.at_error(power_law("network", 1e-4, 0.25), 3e-6, {"network"})
    assert networks["slowdown_vs_best"].to_list() == [1]
    assert networks["slowdown_vs_classical"].isna().all()
    failed = at_target.at_error(curve("a", [1.0, 1.0], [1.0, 1.0], failed=(0, 1)), 1e-3, ())
    assert one(failed)["how"] == NOTHING
    assert at_target.at_error(power_law("a", 1, 1)[:0], 1e-3, ()).empty


@pytest.mark.parametrize("asked", [0.0, -1e-6, math.nan, math.inf])
def test_what_is_no_error_and_no_time_is_refused(asked):
    for ask in (at_target.at_error, at_target.at_time):
        with pytest.raises(BadQuestion, match="above 0"):
            ask(power_law("a", 1, 1), asked, ())


def test_zero_errors_are_reached_and_not_interpolated_to():
    found = one(at_target.at_error(curve("a", [1e-2, 0.0], [1.0, 2.0]), 1e-5, ()))
    assert (found[TIME], found["at_most"]) == (2.0, True)


def test_the_strongest_classical_baseline_stands_beside_every_network():
    table = pd.concat(
        [
            curve("network", [1e-3, 3e-6, 1e-12], [1.0, 2.0, 3.0]),
            power_law("slow", 4e-4, 0.25),
            power_law("fast", 2e-4, 0.25),
            power_law("oracle", 1e-9, 0.25, ranked=False, marks="oracle"),
            curve("alone", [1e-3], [1.0], problem="other"),
        ]
    )
    found = baselines.strongest(table, {"network", "alone"})
    assert found["baseline"].to_list() == ["fast", "fast", "", ""]
    assert found["how"].to_list() == ["measured", "interpolated", "not reached", baselines.NO_BASELINE]
    for error, seconds, slowdown in zip([1e-3, 3e-6], [1.0, 2.0], found["slowdown_vs_classical"], strict=False):
        assert slowdown == pytest.approx(seconds / (2e-4 * error**-0.25))
    assert found["slowdown_vs_classical"][2:].isna().all()
    assert baselines.strongest(table, {"alone"})["baseline"].to_list() == [""]
    assert baselines.strongest(table, ()).empty
