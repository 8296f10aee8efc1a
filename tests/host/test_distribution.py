"""A third party's plugins, installed as distributions: one that works, and each way in which one can be broken."""

import json

import pytest
from helpers.commands import read_csv, run_odebench

pytestmark = pytest.mark.process


def measured(odebench, path, directory, *options):
    """Return the rows of a run, one per case, and what it writes to stderr."""
    done = odebench("run", *options, "--repeats", "1", "-o", str(directory), PYTHONPATH=str(path))
    assert done.returncode == 0, done.stderr
    return read_csv(directory / "measurements.csv"), done.stderr


SOLVERS = """
from odebench import Solution, hookimpl, solver

@solver
def {name}(ivp, t_eval):
    return Solution([ivp.y0 for _ in t_eval])

@hookimpl
def odebench_solvers():
    return [{name}]
"""
WHOLE = """
import numpy as np
from odebench import IVP, Solution, hookimpl, problem, solver

@solver(order=2)
def constant(ivp, t_eval, *, times=1):
    return Solution([ivp.y0 for _ in t_eval])

@problem
def at_rest():
    return IVP(lambda t, y, xp: 0 * y, (0, 1), [1.0])

@hookimpl
def odebench_solvers():
    return [constant]

@hookimpl
def odebench_problems():
    return [at_rest]

@hookimpl
def odebench_metrics():
    return {"median_abs_error": lambda y, y_ref: float(np.median(np.abs(y - y_ref)))}
"""
MODULES = {
    "missing": None,
    "raising": "import math\nmath.sqrt(-1)\n",
    "exiting": "raise SystemExit(3)\n",
    "rival": SOLVERS.format(name="euler"),
    "constant": WHOLE,
}
ERRORS = {
    "missing": ["no module 'plugin_missing'"],
    "raising": ["ValueError", "math domain error", "line 2 of plugin_raising.py"],
    "exiting": ["called sys.exit(3) on import"],
    "rival": ["solver 'euler'", "odebench_plugins.solvers.euler", "plugin_rival"],
}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A directory with the distributions of MODULES, as an installer would leave them."""
    site = tmp_path_factory.mktemp("site")
    for name, text in MODULES.items():
        info = site / f"odebench_{name}-0.{len(name)}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: odebench-{name}\nVersion: 0.{len(name)}\n")
        (info / "entry_points.txt").write_text(f"[odebench]\n{name} = plugin_{name}\n")
        if text is not None:
            (site / f"plugin_{name}.py").write_text(text)
    return site


@pytest.fixture(scope="module")
def listing(site, tmp_path_factory):
    """Return what `odebench list --json` prints beside these distributions."""
    done = run_odebench(tmp_path_factory.mktemp("empty"), ("list", "--json"), {"PYTHONPATH": str(site)})
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def printed_plugins(site, tmp_path_factory):
    """Return the lines of `odebench list plugins` beside these distributions."""
    done = run_odebench(tmp_path_factory.mktemp("empty"), ("list", "plugins"), {"PYTHONPATH": str(site)})
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_an_installed_distribution_brings_is_listed_with_its_origin(listing):
    (solver,) = [s for s in listing["solvers"] if s["name"] == "constant"]
    (problem,) = [p for p in listing["problems"] if p["name"] == "at-rest"]
    assert (solver["plugin"], problem["plugin"]) == ("odebench-constant", "odebench-constant")
    assert (solver["order"], solver["parameters"], solver["missing"]) == (2, {"times": 1}, None)
    assert {"name": "median_abs_error"} in listing["metrics"]
    assert [p for p in listing["plugins"] if p["location"] == "plugin_constant"] == [
        {
            "name": "odebench-constant",
            "version": "0.8",
            "source": "entry point",
            "location": "plugin_constant",
            "brings": ["at-rest", "constant", "median_abs_error"],
            "error": None,
        }
    ]


def test_without_the_distribution_its_names_are_unknown(odebench, tmp_path):
    done = odebench("run", "-s", "constant", "-p", "decay", "-o", str(tmp_path / "run"))
    assert done.returncode == 2
    assert "unknown solver 'constant'" in done.stderr
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ERRORS)
def test_a_broken_distribution_is_listed_with_its_name_version_and_error(listing, printed_plugins, name):
    (plugin,) = [p for p in listing["plugins"] if p["location"] == f"plugin_{name}"]
    assert (plugin["name"], plugin["version"], plugin["brings"]) == (f"odebench-{name}", f"0.{len(name)}", [])
    for part in ERRORS[name]:
        assert part in plugin["error"]
    (line,) = [line for line in printed_plugins if line.lstrip().startswith(f"plugin_{name} ")]
    assert plugin["error"] in line


def test_everything_else_works_beside_broken_distributions(odebench, site, tmp_path):
    rows, warned = measured(odebench, site, tmp_path / "run", "-s", "rk4", "-s", "constant", "-p", "decay")
    assert [row["status"] for row in rows] == ["ok", "ok"]
    assert [row["plugin"] for row in rows] == ["odebench", "odebench-constant"]
    assert rows[1]["plugin_version"] == "0.8"
    assert all(float(row["median_abs_error"]) < float(row["max_abs_error"]) for row in rows)
    run = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert "0.8" in [plugin["version"] for plugin in run["plugins"] if plugin["name"] == "odebench-constant"]
    assert "Warning: not loaded" in warned
    assert all(f"plugin_{name}" in warned for name in ERRORS)
    assert "plugin_constant" not in warned


@pytest.mark.parametrize("command", [["run", "-s", "euler[steps=10]", "-p", "decay"], ["show", "euler"]])
def test_a_contested_name_belongs_to_neither(odebench, site, tmp_path, command):
    done = odebench(*command, PYTHONPATH=str(site))
    assert done.returncode == 2, done.stdout
    for part in ERRORS["rival"]:
        assert part in done.stderr
    assert list(tmp_path.iterdir()) == [], "nothing was run"


def test_a_half_removed_distribution_does_no_harm(odebench, tmp_path, monkeypatch):
    """Some uninstallations leave a dist-info without METADATA behind: it has neither name nor version."""
    (tmp_path / "site" / "odebench_gone-1.0.dist-info").mkdir(parents=True)
    monkeypatch.syspath_prepend(tmp_path / "site")
    done = odebench("run", "-s", "rk4", "-p", "decay", "--repeats", "1", "-o", "run", "--executor", "inline")
    assert done.returncode == 0, done.stderr
    assert [row["status"] for row in read_csv(tmp_path / "run" / "measurements.csv")] == ["ok"]
    assert "Warning" not in done.stderr
