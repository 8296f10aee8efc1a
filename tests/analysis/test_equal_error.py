"""`odebench table --at-error` and `--at-time`, as people read them."""

import csv
import io

import pytest

from odebench.journal import Run


@pytest.fixture
def run(tmp_path, row):
    """A run of a network and two classical ladders, whose times to 1e-6 are 40, 20 and 10 ms, and an oracle."""
    made = Run.create(tmp_path / "run", {})

    def ladder(solver, seconds, rungs, **others):
        for k in rungs:
            settings = {"case_id": f"decay/{solver}/{k}", "solver_params": {"steps": 10**k}}
            made.append(row(solver, seconds * 10 ** (k - 3), 10.0 ** (-2 * k), **settings, **others))

    ladder("network", 40e-3, range(1, 6), final_loss=0.1)
    ladder("slow", 20e-3, range(1, 6))
    ladder("fast", 10e-3, range(1, 6))
    ladder("short", 1e-3, range(1, 3))
    ladder("told", 1e-6, range(1, 6), oracle=True)
    made.finish("complete")
    return made


def cells(markdown):
    """The rows of a Markdown table, by their first cell."""
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in markdown.splitlines() if "|" in line]
    return {first: rest for first, *rest in rows}


def test_the_table_says_who_is_the_fastest_at_an_error_and_against_whom(run, odebench):
    shown = odebench("table", "run", "--at-error", "3e-6", "--format", "markdown")
    assert shown.returncode == 0, shown.stderr
    table = cells(shown.stdout)
    assert list(table)[2:] == ["fast", "slow", "network", "told", "short"]
    assert table["solver"][:3] == ["time to 3e-06", "slowdown", "against classical"]
    assert table["fast"] == ["5.77 ms", "1.00x", "1.00x", "strongest classical"]
    assert table["slow"][1:3] == ["2.00x", "2.00x"]
    assert table["network"][1:3] == ["4.00x", "4.00x"]
    assert table["told"][1:] == ["", "", "oracle"]
    assert table["short"] == ["", "", "", "not reached"]
    assert "neither a network nor told the solution" in shown.stdout


def test_bounds_are_written_as_bounds(run, odebench):
    table = cells(odebench("table", "run", "--at-error", "0.5", "--format", "markdown").stdout)
    assert table["short"][:2] == ["≤ 10.0 µs", "1.00x"]
    assert table["fast"][0] == "≤ 100 µs"
    assert table["fast"][1].startswith("≈ ")
    assert "cheapest rung" in table["fast"][3]
    table = cells(odebench("table", "run", "--at-time", "0.05", "--format", "markdown").stdout)
    assert table["short"][0] == "≤ 1.00e-04"
    assert table["fast"][1:3] == ["1.00x", "1.00x"]
    assert table["slow"][1] == "4.00x"


def test_where_the_rival_is_a_bound_the_ratio_is_at_least_so_much(tmp_path, row, odebench):
    made = Run.create(tmp_path / "run", {})
    made.append(row("one", 1e-3, 1e-5))
    for k in (1, 2):
        made.append(row("two", 10.0 ** (k - 2), 100.0**-k, case_id=f"decay/two/{k}", solver_params={"steps": k}))
    made.finish("complete")
    table = cells(odebench("table", "run", "--at-error", "1e-3", "--format", "markdown").stdout)
    assert table["one"][:2] == ["≤ 1.00 ms", "1.00x"]
    assert table["two"][:2] == ["316 ms", "≥ 316x"]


def test_the_baseline_stands_beside_a_network_whatever_is_selected(run, odebench):
    shown = odebench("table", "run", "--at-error", "3e-6", "-s", "network", "--format", "markdown")
    assert shown.returncode == 0, shown.stderr
    table = cells(shown.stdout)
    assert list(table)[2:] == ["fast", "network"]
    assert table["network"][1:3] == ["4.00x", "4.00x"]
    anew = cells(
        odebench("table", "run", "--at-error", "3e-6", "-s", "slow", "--rank-anew", "--format", "markdown").stdout
    )
    assert list(anew)[2:] == ["slow"]
    assert anew["slow"][1] == "1.00x"


def test_without_a_classical_baseline_that_is_said(tmp_path, row, odebench):
    made = Run.create(tmp_path / "run", {})
    made.append(row("network", 1e-3, 1e-5, final_loss=0.1))
    made.finish("complete")
    shown = odebench("table", "run", "--at-error", "1e-3", "--format", "markdown").stdout
    assert "no classical solver comes to it" in cells(shown)["network"][3]


def test_as_csv_and_latex_it_holds_the_same(run, odebench):
    shown = odebench("table", "run", "--at-error", "3e-6", "--format", "csv")
    rows = {one["curve"]: one for one in csv.DictReader(io.StringIO(shown.stdout))}
    assert float(rows["network"]["slowdown_vs_classical"]) == pytest.approx(4)
    assert rows["short"]["how"] == "not reached"
    latex = odebench("table", "run", "--at-error", "3e-6", "--format", "latex").stdout
    assert latex.index("\n    fast &") < latex.index("\n    slow &") < latex.index("\n    network &")
    assert r"\toprule" in latex


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--at-error", "0"), "expected an error above 0"),
        (("--at-error", "nan"), "expected an error above 0"),
        (("--at-time", "-1"), "expected a time in seconds above 0"),
        (("--at-error", "small"), "not a valid float"),
        (("--at-error", "1e-3", "--at-time", "1"), "expected one of --at-error, --at-time and --expected-time"),
    ],
)
def test_what_cannot_be_asked_is_refused(run, odebench, options, said):
    shown = odebench("table", "run", *options)
    assert shown.returncode == 2
    assert said in shown.stderr


def test_a_run_without_samples_or_successes_says_so(tmp_path, row, odebench):
    Run.create(tmp_path / "empty", {}).finish("complete")
    assert "no samples" in odebench("table", "empty", "--at-error", "1e-3").stdout
    failed = Run.create(tmp_path / "failed", {})
    failed.append(row("one", None, None, status="failed", reason="why"))
    failed.finish("complete")
    shown = odebench("table", "failed", "--at-error", "1e-3")
    assert shown.returncode == 0, shown.stderr
    assert "no rung worked" in shown.stdout
