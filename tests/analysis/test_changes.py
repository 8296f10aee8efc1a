"""What `odebench compare` says has changed, on runs of which that is known."""

import io
import itertools
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.optional import lazy

from odebench import results
from odebench.analysis import changes, gate
from odebench.analysis.changes import FASTER, GONE, LARGER, NEW, NOT_JUDGED, SAME, SLOWER, SMALLER
from odebench.errors import BadQuestion
from odebench.journal import Run
from odebench.report import changes as words

pd = lazy("pandas")

STEADY = [1.0, 1.004, 0.997, 1.002, 1.001]


@pytest.fixture
def runs(tmp_path):
    """Make a run on disk of some measurements, complete unless said otherwise."""

    def make(name, *rows, status="complete", **meta):
        run = Run.create(tmp_path / name, meta)
        for row in rows:
            run.append(row)
        run.finish(status)
        return results.load(run.directory)

    return make


@pytest.fixture
def case(row):
    """The samples of one case."""

    def make(solver, seconds=STEADY, errors=1e-3, seeds=None, **others):
        errors = [errors] * len(seconds) if np.isscalar(errors) or errors is None else errors
        seeds = [None] * len(seconds) if seeds is None else seeds
        values = zip(seconds, errors, seeds, strict=True)
        return [row(solver, s, e, seed=seed, repeat=k, **others) for k, (s, e, seed) in enumerate(values)]

    return make


@pytest.fixture
def changed(runs):
    """What has changed between two lists of samples, by solver."""

    def of(before, after):
        return runs("after", *after).since(runs("before", *before)).set_index("solver")

    return of


def remarks_of(table):
    """By solver."""
    rows = itertools.chain(*(part.cells for part in words.tables_of(table.reset_index())))
    return {cells[1][0]: cells[-1][0] for cells in rows}


def times(factor, samples=STEADY):
    return [factor * s for s in samples]


def test_faster_slower_and_neither_are_told_apart_and_the_ratio_is_of_medians(changed, case):
    names = [f"s{k}" for k in range(20)]
    before = [sample for name in names for sample in case(name)]
    factors = {"s0": 1.2, "s1": 0.8}
    table = changed(before, [s for name in names for s in case(name, times(factors.get(name, 1.001)))])
    assert table["time"].to_dict() == dict.fromkeys(names, SAME) | {"s0": SLOWER, "s1": FASTER}
    assert table.loc["s0", "ratio"] == pytest.approx(1.2)
    assert (words.speed(1.2), words.speed(1 / 1.09), words.speed(1.001)) == ("1.20x slower", "1.09x faster", "as fast")


def test_the_geometric_mean_is_of_all_pairs_and_a_shift_of_all_is_seen(changed, case):
    ratios = np.linspace(1.05, 1.2, 12)
    before = [s for k in range(12) for s in case(f"s{k}")]
    table = changed(before, [s for k, r in enumerate(ratios) for s in case(f"s{k}", times(r))])
    overall = changes.overall(table)
    assert (overall.cases, overall.time) == (12, SLOWER)
    assert overall.ratio == pytest.approx(np.prod(ratios) ** (1 / 12))
    for_and_against = table.assign(ratio=[1.1, 1 / 1.1] * 6)
    assert changes.overall(for_and_against).time == SAME
    assert changes.overall(for_and_against).ratio == pytest.approx(1)
    assert changes.overall(table.iloc[:7]).time == NOT_JUDGED  # too few to say


def test_what_is_new_gone_or_of_another_status_is_said(changed, case, row):
    bad = {"seconds": [None], "errors": None, "status": "diverged", "reason": "not finite"}
    before = [*case("kept"), *case("gone"), *case("breaks"), *case("mended", **bad), *case("never", **bad)]
    after = [*case("kept"), *case("new"), *case("breaks", **bad), *case("mended"), *case("never", **bad)]
    table = changed(before, after)
    assert table["presence"].to_dict() == {
        "kept": "",
        "new": NEW,
        "breaks": "",
        "mended": "",
        "never": "",
        "gone": GONE,
    }
    assert changes.newly_not_ok(table).to_dict() == {name: name == "breaks" for name in table.index}
    assert table["time"].to_dict() == {name: SAME if name == "kept" else "" for name in table.index}
    assert remarks_of(table) == {
        "kept": "",
        "new": "new",
        "gone": "gone",
        "breaks": "status changed: ok -> diverged (not finite)",
        "mended": "status changed: diverged -> ok (not finite)",
        "never": "diverged in both (not finite)",
    }
    first, *_ = words.summary(table.reset_index(), changes.overall(table))
    assert first == "6 cases: 1 not significant, 2 status changed, 1 not ok in either, 1 new, 1 gone."


def test_a_deterministic_error_that_changes_beyond_rounding_has_changed(changed, case):
    errors = {
        "same": (1e-6, 1e-6),
        "rounding": (1e-6, 1e-6 + 1e-14),
        "third digit": (1e-6, 1.0000001e-6),
        "larger": (1e-6, 1.01e-6),
        "smaller": (1e-6, 1e-9),
        "last digits": (2e-15, 6e-15),
        "below the reference": (1e-12, 3e-12),
        "none": (None, None),
    }
    sides = [
        [
            sample
            for name, pair in errors.items()
            for sample in case(name, errors=pair[k], reference_error=1e-11 if "reference" in name else 1e-16)
        ]
        for k in (0, 1)
    ]
    assert changed(*sides)["accuracy"].to_dict() == dict.fromkeys(errors, "") | {"larger": LARGER, "smaller": SMALLER}


def test_errors_of_seeds_change_only_beyond_what_seeds_do(changed, case):
    rng = np.random.default_rng(5)

    def errors(scale=1.0):
        return list(scale * 1e-3 * np.exp(rng.standard_normal(5)))

    seeds, others = [1, 2, 3, 4, 5], [6, 7, 8, 9, 10]
    same = errors()
    before = [*case("same", errors=same, seeds=seeds), *case("other seeds", errors=errors(), seeds=seeds)]
    before += [*case("as good", errors=errors(), seeds=seeds), *case("broken", errors=errors(), seeds=seeds)]
    after = [*case("same", errors=same, seeds=seeds), *case("other seeds", errors=errors(), seeds=others)]
    after += [*case("as good", errors=errors(), seeds=seeds), *case("broken", errors=errors(1e4), seeds=seeds)]
    assert changed(before, after)["accuracy"].to_dict() == {
        "same": "",
        "other seeds": "",
        "as good": "",
        "broken": LARGER,
    }


def test_other_errors_of_too_few_seeds_are_not_judged_and_the_gate_says_so(changed, case):
    before = [*case("net", [1.0] * 2, [1e-4] * 2, [0, 1]), *case("steady", [1.0] * 2, [1e-4] * 2, [0, 1])]
    after = [*case("net", [1.0] * 2, [10.0] * 2, [0, 1]), *case("steady", [1.0] * 2, [1e-4] * 2, [0, 1])]
    table = changed(before, after)
    assert table["accuracy"].to_dict() == {"net": NOT_JUDGED, "steady": ""}
    said = gate.objections(table, changes.overall(table), accuracy=True)
    assert said == ["1 case is of another error, and fewer than 3 seeds to judge it by"]
    remarks = remarks_of(table)
    assert remarks["net"].startswith("error 1.00e-04 -> 1.00e+01, not judged")


def test_what_is_said_has_the_direction_of_what_was_tested(changed, case):
    """Four of five seeds are a fifth slower, one much faster: then the ratio of the medians may be below one."""
    ratios = pd.DataFrame({"ratio": [*np.linspace(1.08, 1.2, 20), 0.01]})
    together = changes.overall(ratios)
    assert (together.ratio < 1, together.p < 0.01, together.shift > 0) == (True, True, True)
    assert together.time == SAME
    assert changes.overall(ratios[:20]).time == SLOWER  # the controls
    assert changes.overall(1 / ratios[:20]).time == FASTER

    seeds, seconds = [1, 2, 3, 4, 5], [1.0, 2.0, 3.0, 4.0, 5.0]
    steady = [sample for k in range(20) for sample in case(f"s{k}", seconds, seeds=seeds)]
    slower = [1.2, 2.4, 0.5, 4.8, 6.0]
    table = changed([*case("net", seconds, seeds=seeds), *steady], [*case("net", slower, seeds=seeds), *steady])
    assert table["ratio"]["net"] < 1
    assert table["time_p"]["net"] < changes.ALPHA_TIMES
    assert table["time"]["net"] == SAME


def test_one_or_two_samples_are_not_judged_but_shown(changed, case):
    table = changed([*case("one", [1.0]), *case("two", [1.0, 1.0])], [*case("one", [5.0]), *case("two", [5.0, 5.0])])
    assert set(table["time"]) == {NOT_JUDGED}
    assert set(table["ratio"]) == {5.0}


def test_a_gate_objects_to_what_it_was_asked_to_and_to_nothing_else(changed, case):
    names = [f"s{k}" for k in range(7)]
    before = [s for name in names for s in case(name)]
    fine = changed(before, [s for name in names for s in case(name)])
    everything = {"slowdown": 0.05, "accuracy": True, "strict": True}
    assert gate.objections(fine, changes.overall(fine), **everything) == []

    def objections(table, **asked):
        return gate.objections(table, changes.overall(table), **asked)

    slow = fine.assign(time=[SLOWER, *fine["time"][1:]], ratio=[1.08, *fine["ratio"][1:]])
    assert objections(slow, slowdown=0.05) == ["1 case is slower by more than 5 %"]
    assert objections(slow, slowdown=0.1) == objections(slow, accuracy=True) == objections(slow) == []
    doubtful = slow.assign(time=SAME)
    assert objections(doubtful, slowdown=0.05) == []
    worse = fine.assign(accuracy=[LARGER, SMALLER, *fine["accuracy"][2:]])
    assert objections(worse, accuracy=True) == ["1 case is less accurate"]
    assert objections(worse, slowdown=0.05, strict=True) == []
    broken = fine.assign(status_after=["failed", "failed", *fine["status_after"][2:]])
    for asked in ({"slowdown": 0.05}, {"accuracy": True}, {"strict": True}):
        assert objections(broken, **asked) == ["2 cases are no longer ok"]
    assert objections(broken) == []
    gone = fine.assign(presence=[GONE, *fine["presence"][1:]])
    assert objections(gone, strict=True) == ["1 case is gone"]
    assert objections(gone, slowdown=0.05, accuracy=True) == []
    few = fine.assign(time=NOT_JUDGED)
    assert "no case has a time in both runs" in " ".join(objections(few, slowdown=0.05))


@pytest.mark.parametrize(
    ("text", "share"), [("5%", 0.05), ("0.05", 0.05), (" 5 % ", 0.05), ("200%", 2.0), ("0", 0.0), (".1", 0.1)]
)
def test_a_share_is_read(text, share):
    assert gate.fraction(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["5", "1.05", "-5%", "nan", "inf%", "five", "", "%", "1e-2", "5000%", "5%%"])
def test_what_is_no_share_is_refused(text):
    with pytest.raises(BadQuestion, match="expected a share such as 5%"):
        gate.fraction(text)


def test_the_command_compares_gates_and_says_it_in_every_format(odebench, runs, case, tmp_path):
    names = [f"s{k}" for k in range(6)]
    runs("before", *[s for n in names for s in case(n)], environment={"python": "3.11"})
    slow = [s for k, n in enumerate(names) for s in case(n, times(1.3 if k == 2 else 1.0), solver_params={})]
    runs("after", *slow, environment={"python": "3.12"})
    done = odebench("compare", "before", "after")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "The runs differ in python (3.11, 3.12): their times may, too."
    assert lines[1] == "6 cases: 1 slower, 5 not significant."
    assert "1.30x slower" in done.stdout
    failing = odebench("compare", "before", "after", "--fail-above", "5%")
    assert (failing.returncode, failing.stderr) == (1, "Objection: 1 case is slower by more than 5 %.\n")
    assert (
        odebench("compare", "before", "after", "--fail-above", "40%", "--fail-on-accuracy", "--strict").returncode == 0
    )
    assert odebench("compare", "after", "before", "--fail-above", "5%").returncode == 0
    shown = odebench("compare", "before", "after", "--format", "markdown").stdout
    assert shown.startswith("**6 cases: 1 slower, 5 not significant. Geometric mean of 6 cases: 1.04x slower")
    changed, _, unchanged = shown.partition("<details><summary>5 cases without a change</summary>")
    assert changed.count("| decay |") == 1
    assert unchanged.count("| decay |") == 5
    data = json.loads(odebench("compare", "before", "after", "--format", "json").stdout)
    assert [c["time"] for c in data["cases"]].count(SLOWER) == 1
    assert data["overall"]["p"] is None
    (tmp_path / "changes.csv").write_text(odebench("compare", "before", "after", "--format", "csv").stdout)
    table = pd.read_csv(tmp_path / "changes.csv")
    assert list(table) == list(changes.COLUMNS)
    assert list(table["ratio"]) == [c["ratio"] for c in data["cases"]]


def written(table, style):
    out = io.StringIO()
    words.write(table, changes.overall(table), style, [SimpleNamespace(id=name, meta={}) for name in "ab"], file=out)
    return out.getvalue()


def test_json_has_null_for_what_is_no_number(changed, case):
    table = changed(case("one", [0.0] * 5), case("one")).reset_index()
    assert list(table["ratio"]) == [np.inf]
    (entry,) = json.loads(written(table, "json"), parse_constant=pytest.fail)["cases"]
    assert (entry["ratio"], entry["wall_s_before"], entry["wall_s_after"]) == (None, 0.0, 1.001)
    assert json.loads(written(table, "json"))["overall"] == {"cases": 0, "ratio": None, "p": None, "time": NOT_JUDGED}


def test_of_very_many_cases_a_terminal_has_the_first_that_changed(changed, case, monkeypatch):
    monkeypatch.setattr(words, "MOST_CASES_SHOWN", 3)
    table = changed([*case("new"), *case("a"), *case("b")], [*case("gone"), *case("a"), *case("b"), *case("c")])
    page = written(table.reset_index(), "rich")
    assert "3 cases that changed" in page
    assert "without a change" not in page
    assert "... and 2 more cases: see --format csv." in page
    assert "2 cases without a change" in written(table.reset_index(), "markdown")


def test_what_cannot_be_compared_is_said(odebench, runs, case):
    bad = {"seconds": [None], "errors": None, "status": "failed", "reason": 'a | b <script>\n"x"'}
    runs("one", *case("a"))
    runs("other", *case("b"))
    runs("empty")
    runs("failed", *case("a", **bad))
    runs("failed-too", *case("a", **bad), status="interrupted")
    for pair, expected in {
        ("one", "one"): "are the same run",
        ("one", "other"): "no case in common: 1 in 'one', 1 in 'other'",
        ("empty", "one"): "no case in common: 0 in 'empty', 1 in 'one'",
        ("one", "nowhere"): "'nowhere' is not a directory",
    }.items():
        done = odebench("compare", *pair)
        assert (done.returncode, expected in done.stderr) == (2, True), done.stderr
    assert odebench("compare", "one", "failed", "--fail-above", "5").returncode == 2
    failed = odebench("compare", "failed", "failed-too", "--format", "markdown")
    assert "there are no times to compare" in failed.stdout
    assert 'failed in both (a \\| b &lt;script&gt; "x")' in failed.stdout
    assert re.search(r"^Run \S+ is not complete, but interrupted\.$", failed.stdout, re.MULTILINE)
    for style in ("csv", "json"):  # which have no place for a sentence
        failed = odebench("compare", "failed", "failed-too", "--format", style)
        assert re.fullmatch(r"Warning: run \S+ is not complete, but interrupted\.\n", failed.stderr)
    assert odebench("compare", "failed", "failed-too", "--fail-above", "5%").returncode == 1
    assert odebench("compare", "one", "failed", "--fail-on-accuracy").returncode == 1
