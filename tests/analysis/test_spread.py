"""The interval of the median holds it as often as it says, whatever the distribution; scattering times are flagged."""

import numpy as np
import pytest
from helpers.optional import lazy

from odebench import tables
from odebench.analysis import aggregate, spread

pd = lazy("pandas")
stats = lazy("scipy.stats")


@pytest.fixture
def compare(row):
    """The cases made of these times, one list a case, in the order given."""

    def of(*cases):
        blank = tables.typed().reindex(range(sum(map(len, cases))))
        rows = [(f"decay/one/{k}", value) for k, values in enumerate(cases) for value in values]
        one = {
            name: getattr(row(), name)
            for name in ("run_id", "problem", "solver", "plugin", "status", "reference_error")
        }
        params = {"problem_params": "{}", "solver_params": "{}", "oracle": False, "max_abs_error": 1e-3}
        ids, seconds = zip(*rows, strict=True)
        return aggregate.by_case(blank.assign(case_id=ids, wall_s=seconds, **one, **params))

    return of


SIZES = [*range(1, 60), 99, 100, 101, 500, 1000, 2001]


def test_the_interval_is_scipys_and_of_five_samples_the_whole_range(compare):
    rng = np.random.default_rng(0)
    samples = [rng.lognormal(0, 2, size) for size in SIZES]
    table = compare(*samples)
    for size, values, low, high in zip(SIZES, samples, table["wall_s_ci_low"], table["wall_s_ci_high"], strict=True):
        level = 0.9374 if size == 5 else 0.95
        expected = stats.quantile_test(values, q=values[0], p=0.5).confidence_interval(level)
        np.testing.assert_array_equal([low, high], [expected.low, expected.high], f"{size} samples")
    assert table["wall_s_ci_low"].isna().sum() == 4  # one to four samples


@pytest.mark.parametrize(("size", "level"), [(5, 0.9375), (6, 0.95), (9, 0.95), (20, 0.95), (40, 0.95)])
def test_the_interval_covers_the_median_of_a_skewed_distribution_as_often_as_it_says(size, level):
    times = np.random.default_rng(size).lognormal(0, 2, (20_000, size))  # of median 1
    groups = pd.Series(times.ravel()).groupby(np.repeat(np.arange(len(times)), size))
    noise = 4 * np.sqrt(level * (1 - level) / len(times))

    def covered(low, high):
        return np.mean((low <= 1) & (high >= 1))

    interval = spread.median_interval(groups)
    assert level - noise < covered(interval["low"], interval["high"]) < level + 0.04
    k = int(spread.order_statistic(np.array([size]))[0])  # the next narrower one would not
    ordered = np.sort(times, axis=1)
    assert covered(ordered[:, k], ordered[:, size - 1 - k]) < level - noise
    error = 1.96 * times.std(axis=1, ddof=1) / np.sqrt(size)  # nor does the mean's, as which it is often drawn
    assert covered(times.mean(axis=1) - error, times.mean(axis=1) + error) < level - noise


def test_the_interval_of_unequal_groups_that_do_not_stand_together():
    values = pd.Series([3.0, np.nan, 1.0, 9.0, 2.0, 5.0, np.inf, 4.0, 7.0, np.nan])
    of = np.array([1, 0, 1, 0, 1, 1, 0, 1, 1, 2])
    found = spread.median_interval(values.groupby(of))
    assert found.loc[1].tolist() == [1, 7]
    assert found.loc[[0, 2]].isna().all(axis=None)  # two and none that are there


@pytest.mark.parametrize(
    ("seconds", "unstable"),
    [
        ([1.0, 1.01, 0.99, 1.0, 1.0], False),
        ([1.0, 1.3, 0.7, 1.0, 1.0], True),
        ([1.0] * 60 + [1.6], True),
        ([1.0] * 60 + [0.4], True),
        ([1.0, 1.0, np.inf], True),
        ([1.0, np.nan, 1.0], False),
        ([1.0, np.nan], False),
        ([1.0], False),
    ],
    ids=[
        "steady",
        "scattered",
        "one far above",
        "one far below",
        "an infinite one",
        "a missing one",
        "one left",
        "one",
    ],
)
def test_timings_that_scatter_are_flagged(compare, seconds, unstable):
    table = compare([2.0, 2.0, 2.0], seconds, [9.0])
    assert [bool(value) for value in table["unstable"]] == [False, unstable, False]


def test_what_is_not_a_number_does_not_count_and_infinity_is_the_largest(compare):
    table = compare([np.nan, 1.0, 3.0, 2.0], [np.nan] * 6, [1.0, np.inf, 2.0, np.inf, np.inf, np.inf])
    assert table["wall_s_median"].tolist()[0] == 2
    assert table["wall_s_median"].isna().tolist() == [False, True, False]
    assert table.loc[2, ["wall_s_min", "wall_s_ci_low", "wall_s_ci_high"]].tolist() == [1, 1, np.inf]
    assert table.loc[:1, ["wall_s_ci_low", "wall_s_ci_high"]].isna().all(axis=None)
    assert table["samples"].tolist() == [4, 6, 6]


def test_an_empty_table_has_every_column_and_no_row(compare):
    table = aggregate.by_case(tables.typed())
    assert (len(table), list(table)) == (0, list(aggregate.COLUMNS))


def test_a_table_is_what_a_loop_over_its_cases_finds(compare):
    """Samples of many cases in any order, some failed, against statistics taken of each case by itself."""
    rng = np.random.default_rng(4)
    size = 500
    samples = tables.typed().reindex(range(size))
    case = rng.integers(0, 80, size)
    for name in ("wall_s", "query_s", "first_s", "max_abs_error", "rms_abs_error", "max_residual", "steps"):
        samples[name] = np.where(rng.random(size) < 0.1, np.nan, rng.lognormal(0, 1, size))
    samples = samples.assign(
        case_id=[f"case {k}" for k in case],
        problem=[f"problem {k % 7}" for k in case],
        problem_params="{}",
        solver=[f"solver {k // 7}" for k in case],
        solver_params="{}",
        run_id="r",
        plugin="p",
        machine="m",
        status=np.where(rng.random(size) < 0.02, "failed", "ok"),
        reason=np.where(rng.random(size) < 0.3, [f"reason {k}" for k in range(size)], None),
        oracle=case % 10 == 0,
        reference_error=0.5,
    )
    table = aggregate.by_case(samples).set_index("case_id")
    assert list(table.index) == list(dict.fromkeys(samples["case_id"]))
    failed = set()
    for name, rows in samples.groupby("case_id"):
        good, bad, found = rows[rows["status"] == "ok"], rows[rows["status"] != "ok"], table.loc[name]
        error = np.maximum(good["max_abs_error"], 0.5)
        expected = {
            "wall_s_median": good["wall_s"].median(),
            "wall_s_min": good["wall_s"].min(),
            "query_s_median": good["query_s"].median(),
            "max_abs_error_median": error.median(),
            "max_abs_error_worst": error.max(),
            "rms_abs_error_median": np.maximum(good["rms_abs_error"], 0.5).median(),
            "max_residual_median": good["max_residual"].median(),
            "steps": good["steps"].median(),
            "first_s": next(iter(rows["first_s"].dropna()), np.nan),
        }
        for column, value in expected.items():
            np.testing.assert_equal(found[column], value, column)
        assert found["samples"] == len(rows)
        assert found["status"] == ("ok" if bad.empty else "failed")
        said = [*bad["reason"][:1].dropna(), *rows["reason"].dropna(), None]
        assert found["reason"] == said[0] or (said[0] is None and pd.isna(found["reason"]))
        assert not (found["on_front"] and (found["status"] == "failed" or rows["oracle"].any()))
        failed |= {name} if len(bad) else set()
        if len(good):
            times = good["wall_s"].dropna()
            scatters = times.std() >= 0.1 * times.mean() or (abs(times - times.mean()) >= 0.5 * times.mean()).any()
            assert found["unstable"] == (len(times) > 1 and scatters), name
    assert 3 < len(failed) < 40
    ranked = table[table["slowdown_vs_best_at_this_error"].notna()]
    for _, rows in ranked.groupby("problem"):
        for _, case in rows.iterrows():
            rivals = rows[rows["max_abs_error_median"] <= case["max_abs_error_median"]]
            slowdown = case["wall_s_median"] / rivals["wall_s_median"].min()
            assert case["slowdown_vs_best_at_this_error"] == pytest.approx(slowdown)
            stricter = rivals[rivals["max_abs_error_median"] < case["max_abs_error_median"]]["wall_s_median"].min()
            assert case["on_front"] == (slowdown == 1 and not stricter <= case["wall_s_median"])
