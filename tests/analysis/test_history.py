"""At which of many runs the time of a case changed, on histories of which that is known."""

import io
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from helpers.optional import lazy

from odebench.analysis import history
from odebench.journal import Run
from odebench.report import history as words

pd = lazy("pandas")

pytestmark = pytest.mark.numerics


def noise(cases, runs, seed, size=0.01):
    return list(np.random.default_rng(seed).normal(0, size, (cases, runs)))


def test_a_change_of_level_is_found_where_it_is():
    series = noise(20, 14, seed=1)
    series[3][9:] += np.log(1.5)
    series[7][4:] -= np.log(1.5)
    series[7][10:] += np.log(1.5)
    found = history.change_points(series)
    assert (found[3], found[7]) == ([9], [4, 10])
    assert sum(map(bool, found)) == 2


def test_noise_alone_changes_in_at_most_one_of_twenty_histories():
    histories = [history.change_points(noise(20, 10, seed)) for seed in range(40)]
    assert sum(any(map(bool, found)) for found in histories) <= 4  # 5 % of 40 are 2; more than 4 has a chance of 5 %
    stepped = noise(20, 10, seed=0)
    for values in stepped:
        values[5:] += np.log(1.5)
    assert any(map(bool, history.change_points(stepped)))


def test_too_few_runs_say_nothing():
    series = noise(5, history.FEWEST_RUNS - 1, seed=2)
    series[0][2:] += 1.0
    assert history.change_points(series) == [[]] * 5


@pytest.mark.parametrize("values", [[0.0, 0.0, 1.0, 1.0, 1.0], [0.3, -0.1, 0.2, 0.9, 1.1, 0.8, 0.7]])
def test_the_best_split_is_that_of_least_squares(values):
    """The largest standardised difference of means is where the squares left within both sides are least."""
    array = np.array(values)
    within = [sum(part.var() * len(part) for part in np.split(array, [k])) for k in range(2, len(array) - 1)]
    assert int(history.split_statistics(array).argmax()) == int(np.argmin(within))


@pytest.fixture
def nightly(tmp_path, row):
    """Twelve runs of four cases; `b` takes twice as long from the eighth on, `d` fails in the third."""
    factors = np.exp(noise(4, 12, seed=3))
    for k in range(12):
        run = Run.create(tmp_path / "nightly" / f"{k:02}", {})
        for solver, factor in zip("abcd", factors, strict=True):
            seconds = factor[k] * (2 if solver == "b" and k >= 7 else 1)
            failed = {"status": "failed", "reason": "why"} if solver == "d" and k == 2 else {}
            for repeat in range(3):
                run.append(
                    row(
                        solver,
                        None if failed else seconds,
                        None if failed else 1e-3,
                        repeat=repeat,
                        run_id=run.id,
                        **failed,
                    )
                )
        run.meta["started_at"] = f"2026-01-{k + 1:02}T00:00:00+00:00"
        run.finish("complete")
    return [str(tmp_path / "nightly" / f"{k:02}") for k in range(12)]


def test_more_than_two_runs_are_a_history(odebench, nightly):
    shuffled = [*nightly[6:], *nightly[:6]]
    done = odebench("compare", *shuffled)
    assert done.returncode == 0, done.stderr
    eighth = json.loads((Path(nightly[7]) / "run.json").read_text())["run_id"]
    said = next(line for line in done.stdout.splitlines() if " b " in line)
    assert "▁▁▁▁▁▁▁" in said
    assert "slower since" in said
    assert eighth in done.stdout
    assert "4 cases in 12 runs: the times of 1 changed." in " ".join(done.stdout.split())
    table = pd.read_csv(io.StringIO(odebench("compare", *shuffled, "--format", "csv").stdout))
    assert list(table) == list(history.COLUMNS)
    changed = table[table["change"].notna()]
    assert list(changed["run_id"]) == [eighth]
    assert changed["change"].iloc[0] == pytest.approx(2, rel=0.03)
    assert (table["status"] == "failed").sum() == 1
    chosen = json.loads(odebench("compare", *shuffled, "--format", "json", "-s", "b", "-s", "d").stdout)
    assert {entry["solver"] for entry in chosen} == {"b", "d"}
    assert "| b |" in odebench("compare", *nightly, "--format", "markdown").stdout


def test_a_history_is_no_gate_and_one_run_is_none(odebench, nightly):
    for arguments, says in {
        (*nightly[:3], "--fail-above", "5%"): "expected two runs with --fail-above",
        (nightly[0],): "expected two runs or more, received one",
        (*nightly[:3], nightly[1]): "are the same run",
    }.items():
        done = odebench("compare", *arguments)
        assert (done.returncode, says in done.stderr) == (2, True), done.stderr
    few = odebench("compare", *nightly[:3])
    assert "In fewer than 5 runs no change can be told from noise." in " ".join(few.stdout.split())


def test_filters_choose_the_cases_of_a_comparison(odebench, nightly):
    lines = odebench("compare", nightly[0], nightly[1], "-s", "a", "-s", "c", "--format", "csv").stdout.splitlines()
    assert len(lines) == 3
    assert len(odebench("compare", nightly[0], nightly[1], "--format", "csv").stdout.splitlines()) == 5


def over(runs, *cases):
    """A history of cases, each a problem, its parameters, a solver, its parameters."""
    samples = pd.DataFrame(
        [
            {
                "case_id": str(cases.index(case)),
                **dict(zip(("problem", "problem_params", "solver", "solver_params"), case, strict=True)),
                "run_id": f"r{run}",
                "status": "ok",
                "wall_s": 1.0,
                "max_abs_error": 1e-3,
            }
            for run in range(runs)
            for case in cases
        ]
    )
    return history.over_runs(samples, [(f"r{run}", f"2026-01-{run + 1:02}") for run in range(runs)])


def test_variants_of_a_problem_and_of_a_solver_are_told_apart():
    table = over(
        3,
        ("decay", '{"rate": 1.0, "t1": 2.0}', "rk4", '{"steps": 10}'),
        ("decay", '{"rate": 2.0, "t1": 2.0}', "rk4", '{"steps": 10}'),
        ("lorenz", "{}", "rk4", '{"steps": 20}'),
    )
    lines = words.lines(table)
    assert list(lines["problem"]) == ["decay[rate=1]", "decay[rate=2]", "lorenz"]
    assert list(lines["solver"]) == ["rk4[steps=10]", "rk4[steps=10]", "rk4[steps=20]"]


def test_json_reads_back_to_the_same_numbers():
    table = over(3, ("decay", "{}", "rk4", "{}")).assign(wall_s_median=[1e-3 / 3, np.pi * 1e-9, np.inf])
    out = io.StringIO()
    words.write(table, "json", file=out)
    back = json.loads(out.getvalue(), parse_constant=pytest.fail)
    assert [entry["wall_s_median"] for entry in back] == [1e-3 / 3, np.pi * 1e-9, None]
    assert [list(entry) for entry in back] == [list(history.COLUMNS)] * 3
    assert back[0]["change"] is None


def test_one_case_is_no_cases():
    one, two = (over(3, *[("decay", "{}", name, "{}") for name in names]) for names in ("a", "ab"))
    assert words.said(one)[0].startswith("1 case in 3 runs: the times of 0 changed.")
    assert words.said(two)[0].startswith("2 cases in 3 runs: ")


@pytest.mark.parametrize(
    ("runs", "says"),
    [
        (4, "In fewer than 5 runs no change can be told from noise."),
        (5, "Fewer than 8 runs often cannot tell even a doubling from noise."),
        (7, "Fewer than 8 runs often cannot tell even a doubling from noise."),
        (8, ""),
    ],
)
def test_few_runs_are_said_to_tell_little(runs, says):
    found, _ = words.said(over(runs, ("decay", "{}", "rk4", "{}")))
    assert found == f"1 case in {runs} runs: the times of 0 changed. {says}".strip()


def test_bars_rise_with_the_time_and_say_what_is_missing():
    assert "".join(words.bars([1.0, 10.0, float("nan"), 0.0])) == "▁█xx"
    assert set(words.bars([1.0, 1.001, 0.999])) == {"▁"}
    rising = words.bars([2.0**k for k in range(8)])
    assert all(a <= b for a, b in itertools.pairwise(rising))
