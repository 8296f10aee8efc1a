"""Runs made in several environments become one comparison: each case once, as whoever could try it says."""

import json

import pytest
from helpers.commands import read_csv

from odebench import stored
from odebench.analysis import aggregate, circumstances
from odebench.journal import Run

PLUGIN = """
import numpy as np
from odebench import Solution, hookimpl, solver


def euler(ivp, t_eval, n):
    t = np.linspace(*ivp.t_span, n + 1)
    y = ivp.y0 * np.cumprod(np.r_[1, np.full(n, 1 - (t[1] - t[0]))])[:, None]  # of y' = -y
    return Solution(np.interp(t_eval, t, y[:, 0])[:, None])


@solver(requires=["first-peer>=1"])
def first(ivp, t_eval):
    return euler(ivp, t_eval, 50)


@solver(requires=["second-peer>=2"])
def second(ivp, t_eval):
    return euler(ivp, t_eval, 2000)


@solver
def everywhere(ivp, t_eval):
    return euler(ivp, t_eval, 100)


@solver(requires=["third-peer"])
def nowhere(ivp, t_eval):
    raise AssertionError


@hookimpl
def odebench_solvers():
    return [first, second, everywhere, nowhere]
"""


def install(site, name, version):
    """A distribution as far as its metadata goes."""
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


@pytest.fixture
def environments(tmp_path, odebench, monkeypatch):
    """Two runs of the same cases; what one environment lacks, or has in too old a version, the other has."""
    (tmp_path / "peers.py").write_text(PLUGIN)
    for environment, peers in {"a": {"first-peer": "1.0", "second-peer": "1.9"}, "b": {"second-peer": "2.5"}}.items():
        for peer, version in peers.items():
            install(tmp_path / environment, peer, version)
        names = [word for name in ("first", "second", "everywhere", "nowhere") for word in ("-s", name)]
        options = ("--plugin", "peers.py", *names, "-p", "decay", "--repeats", "2", "--executor", "inline", "-q")
        with monkeypatch.context() as patch:
            patch.syspath_prepend(tmp_path / environment)
            done = odebench("run", *options, "-o", f"run-{environment}")
        assert done.returncode == 0, done.stderr
    return tmp_path


def test_a_case_that_one_environment_lacks_stands_once_as_the_other_measured_it(environments, odebench):
    alone = {row["solver"]: row for row in read_csv(environments / "run-a" / "comparison.csv")}
    assert alone["second"]["status"] == "unavailable"
    assert alone["second"]["reason"] == "needs second-peer>=2 (found 1.9): pip install 'second-peer>=2'"
    done = odebench("table", "run-a", "run-b", "--format", "csv")
    (environments / "both.csv").write_text(done.stdout)
    rows = read_csv(environments / "both.csv")
    assert sorted(row["solver"] for row in rows) == ["everywhere", "first", "nowhere", "second"]
    merged = {row["solver"]: row for row in rows}
    for name in ("first", "second"):
        assert (merged[name]["status"], merged[name]["reason"], merged[name]["samples"]) == ("ok", "", "2")
        assert merged[name]["slowdown_vs_best_at_this_error"]
    assert (merged["everywhere"]["status"], merged["everywhere"]["samples"]) == ("ok", "4")
    assert merged["nowhere"]["status"] == "unavailable"
    assert merged["second"]["on_front"] == "true"  # nobody in either run is as accurate
    assert "the runs differ in second-peer (1.9, 2.5): " in done.stderr  # and not in first-peer

    the_other_way_round = [Run.open(environments / f"run-{environment}") for environment in "ba"]
    found = aggregate.by_case(stored.samples(the_other_way_round)).set_index("solver")
    assert found["status"].to_dict() == {name: row["status"] for name, row in merged.items()}
    assert found["samples"].to_dict() == {"first": 2, "second": 2, "everywhere": 4, "nowhere": 2}


def runs(tmp_path, *many, meta=None):
    made = []
    for k, rows in enumerate(many):
        run = Run.create(tmp_path / f"run{k}", (meta or {}).get(k, {}))
        for row in rows:
            run.append(row)
        made.append(run)
    return made


def compared(*made):
    return aggregate.by_case(stored.samples(made)).set_index("solver")


def test_only_what_could_not_be_tried_gives_way(tmp_path, row):
    tried = [row(name, run_id="b") for name in ("one", "two", "three")]
    missing = row("one", None, None, run_id="a", status="unavailable", reason="needs x")
    failed = row("two", None, None, run_id="a", status="failed", reason="it tried")
    both = compared(*runs(tmp_path, [missing, failed], tried))
    assert both.loc["one", ["status", "samples"]].tolist() == ["ok", 1]
    assert both.loc["two", ["status", "samples", "reason"]].tolist() == ["failed", 2, "it tried"]
    assert both.loc["three", "status"] == "ok"


def test_what_one_machine_of_a_run_lacks_is_still_said(tmp_path, row):
    missing = row(run_id="a", repeat=1, status="unavailable", reason="needs x")
    (alone,) = runs(tmp_path, [row(run_id="a"), missing])
    assert compared(alone).loc["one", "status"] == "unavailable"


def test_a_sample_that_a_run_took_over_from_another_counts_once(tmp_path, row):
    samples = [row(run_id="a", repeat=k, started_at=f"2026-01-0{k + 1}") for k in range(3)]
    more = row(run_id="b", repeat=3, started_at="2026-02-01")
    again = row(run_id="b", repeat=0, started_at="2026-02-02")
    both = compared(*runs(tmp_path, samples, [*samples, more, again]))
    assert both.loc["one", "samples"] == 5


def test_the_front_is_that_of_all_runs(tmp_path, row):
    a, b = runs(tmp_path, [row("slow", 2.0, 1e-3, run_id="a")], [row("fast", 1.0, 1e-4, run_id="b")])
    assert compared(a).loc["slow", "on_front"]
    both = compared(a, b)
    assert both["on_front"].to_dict() == {"slow": False, "fast": True}
    assert both.loc["slow", "slowdown_vs_best_at_this_error"] == 2.0


def test_other_machines_versions_and_protocols_are_told(tmp_path):
    def meta(numpy="2.4", peer="1", machine="x", threads=1, extra=()):
        return {
            "environment": {"python": "3.11", "memory_mb": id(numpy), "versions": {"numpy": numpy, **dict(extra)}},
            "plugins": [{"source": "file", "name": "peer.py", "version": peer}],
            "protocol": {"threads": threads, "repeats": 5},
            "machines": {machine: {}},
        }

    def told(*metas):
        made = runs(tmp_path / str(len(list(tmp_path.iterdir()))), *[()] * len(metas), meta=dict(enumerate(metas)))
        return circumstances.differences(made)

    assert told(meta()) == told(meta(), meta()) == told(meta(), meta(extra={"torch": "2"})) == []
    assert told(meta(), meta("2.5"), meta()) == ["numpy (2.4, 2.5)"]
    assert told(meta(), meta(peer="2", machine="y")) == ["peer.py (1, 2)", "machine (x, y)"]
    assert told(meta(), meta(threads=2)) == ["threads (1, 2)"]
    assert told({}, {}) == []
    resumed = meta() | {"resumed": [{"environment": json.loads('{"versions": {"numpy": "2.6"}}')}]}
    assert told(meta(), resumed) == ["numpy (2.4, 2.6)"]
    many = [{f"p{k}": version for k in range(20)} for version in "12"]
    assert told(*(meta(extra=extra) for extra in many))[-1] == "8 more"
