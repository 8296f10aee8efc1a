"""Runs of older versions are read as if this one had written them; what they did not record is empty."""

import json
import shutil
from pathlib import Path

import pytest
from helpers.commands import read_csv, run_odebench
from helpers.optional import lazy
from helpers.paths import OLD_RUNS, ROOT

import odebench
from odebench import measurement, migrations, tables
from odebench.errors import BadRun
from odebench.journal import Run
from odebench.migrations import SCHEMA_VERSION, STEPS, migrate

pd = lazy("pandas")
SPECIMENS = OLD_RUNS
COMMITTED = sorted(path.parent for path in (ROOT / "results").rglob("run.json"))


def specimens_missing(specimens: Path, current: int = SCHEMA_VERSION) -> list[str]:
    """The past schema versions of which no run is kept, or one of another version."""
    missing = []
    for version in range(1, current):
        path = specimens / f"schema-{version}" / "run.json"
        if not path.exists() or json.loads(path.read_text())["schema_version"] != version:
            missing.append(path.parent.name)
    return missing


def test_of_every_past_version_a_run_is_kept_and_a_step_leads_on():
    assert specimens_missing(SPECIMENS) == []
    assert list(STEPS) == list(range(1, SCHEMA_VERSION))
    assert specimens_missing(SPECIMENS, SCHEMA_VERSION + 1) == [f"schema-{SCHEMA_VERSION}"]


@pytest.mark.parametrize("specimen", sorted(SPECIMENS.iterdir()), ids=lambda path: path.name)
def test_an_old_run_gives_the_tables_it_gave_when_it_was_made(specimen, tmp_path):
    copy = Path(shutil.copytree(specimen, tmp_path / "copy"))
    odebench.load(copy).samples  # noqa: B018  # reading is not writing
    assert (copy / "run.json").read_bytes() == (specimen / "run.json").read_bytes()
    tables.write_tables(Run.open(copy))
    for name in (tables.MEASUREMENTS, tables.COMPARISON, tables.TRACES, tables.DIAGNOSES):
        then, now = read_csv(specimen / name), read_csv(copy / name)
        assert len(then) == len(now) > 0, name
        for old, new in zip(then, now, strict=True):
            assert {column: new[column] for column in old} == old


def test_what_a_run_of_version_1_cannot_know_is_empty_and_the_rest_is_there():
    found = odebench.load(SPECIMENS / "schema-1")
    assert found.runs[0].meta["schema_version"] == SCHEMA_VERSION
    assert found.problem_tags == {"decay": frozenset(), "lotka-volterra": frozenset()}
    assert set(found.solver_tags) == {"analytic", "scipy-ivp", "pinn-autograd"}
    assert set(found.solver_tags.values()) == {frozenset()}
    assert found.ladder_parameters == dict.fromkeys(found.solver_tags, ())
    assert found.neural == {"pinn-autograd"}  # it reported a loss
    assert found.oracles == {"analytic"}  # each row has said so from the beginning
    assert found.cases["status"].value_counts().to_dict() == {"ok": 7, "unsupported": 1}


@pytest.mark.parametrize("directory", COMMITTED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_committed_runs_are_read(directory):
    run = Run.open(directory)
    assert run.meta["schema_version"] == SCHEMA_VERSION
    rows = read_csv(directory / tables.MEASUREMENTS)
    if run.journal_path.exists():
        assert len(odebench.load(directory).samples) == len(rows)


def test_steps_follow_each_other(monkeypatch):
    steps = {1: lambda meta: {**meta, "said": ["one"]}, 2: lambda meta: {**meta, "said": [*meta["said"], "two"]}}
    monkeypatch.setattr(migrations, "STEPS", steps)
    monkeypatch.setattr(migrations, "SCHEMA_VERSION", 3)
    assert migrate({"schema_version": 1}) == {"schema_version": 3, "said": ["one", "two"]}
    assert migrate({"schema_version": 2, "said": []}) == {"schema_version": 3, "said": ["two"]}
    assert migrate({"schema_version": 3}) == {"schema_version": 3}


@pytest.mark.parametrize("version", [0, -1, SCHEMA_VERSION + 1, 99, "1", None, True, 1.0, [1]])
def test_another_version_is_refused_by_name(tmp_path, version):
    meta = {"schema_version": version, "run_id": "x", "environment": {"odebench": "7.1"}}
    (tmp_path / "run.json").write_text(json.dumps(meta))
    with pytest.raises(BadRun, match=rf"has schema version .*reads 1 to {SCHEMA_VERSION}\. .* that wrote it: 7\.1"):
        Run.open(tmp_path)


PLUGIN = """
from odebench import IVP, Solution, hookimpl, problem, solver
import numpy as np

@problem(tags=["mine", "scalar"], source="a drawer")
def still():
    return IVP(rhs=lambda t, y, xp: 0 * y, t_span=(0, 1), y0=[1.0], exact=lambda t: np.ones((t.size, 1)))

@solver(order=3, tags=["neural"], ladder=[{"n": 1, "kind": "a"}, {"n": 2, "kind": "a"}])
def stand(ivp, t_eval, *, n: int = 1, kind: str = "a", depth: int = 2):
    return Solution(np.tile(ivp.y0, (t_eval.size, 1)))

@hookimpl
def odebench_problems():
    return [still]

@hookimpl
def odebench_solvers():
    return [stand]
"""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A run of a plugin's problem and solver beside built-in ones."""
    here = tmp_path_factory.mktemp("recorded")
    (here / "plugin.py").write_text(PLUGIN)
    names = ("-s", "stand", "-s", "analytic", "-s", "euler[steps=[10,20]]", "-p", "still", "-p", "decay")
    options = ("--plugin", "plugin.py", *names, "--quick", "-q", "-o", "run", "--executor", "inline")
    done = run_odebench(here, ("run", *options), {})
    assert done.returncode == 0, done.stderr
    return here / "run"


def test_a_run_says_how_its_problems_and_solvers_are_tagged_wherever_they_come_from(recorded):
    meta = json.loads((recorded / "run.json").read_text())
    assert meta["schema_version"] == SCHEMA_VERSION
    assert meta["problems"]["still"] == {"tags": ["mine", "scalar"], "source": "a drawer"}
    assert meta["problems"]["decay"]["tags"]
    assert meta["solvers"] == {
        "stand": {"tags": ["neural"], "order": 3, "oracle": False, "ladder": ["n"]},
        "analytic": {"tags": ["oracle"], "order": None, "oracle": True, "ladder": []},
        "euler": {"tags": ["explicit", "fixed-step"], "order": 1, "oracle": False, "ladder": ["steps"]},
    }
    found = odebench.load(recorded)
    assert found.problem_tags["still"] == {"mine", "scalar"}
    assert (found.neural, found.oracles) == ({"stand"}, {"analytic"})
    assert found.ladder_parameters == {"stand": ("n",), "analytic": (), "euler": ("steps",)}
    assert found.samples["oracle"].sum() == (found.samples["solver"] == "analytic").sum() == 2


def test_oracle_is_a_column_of_truth_values(recorded):
    rows = read_csv(recorded / tables.MEASUREMENTS)
    assert {(row["solver"], row["oracle"]) for row in rows} == {
        ("analytic", "true"),
        ("stand", "false"),
        ("euler", "false"),
    }
    assert pd.read_csv(recorded / tables.MEASUREMENTS)["oracle"].dtype == bool
    assert "oracle" in measurement.COLUMNS


def test_a_run_of_version_1_that_is_resumed_says_it_from_then_on(recorded, tmp_path, odebench):
    (tmp_path / "plugin.py").write_text(PLUGIN)
    path = Path(shutil.copytree(recorded, tmp_path / "run")) / "run.json"
    older = json.loads(path.read_text()) | {"schema_version": 1}
    written = {what: older.pop(what) for what in ("problems", "solvers")}
    older["asked"]["solvers"].append("rk4")  # which nobody had described
    path.write_text(json.dumps(older))
    assert Run.open(path.parent).meta["solvers"] == {}
    done = odebench("run", "--plugin", "plugin.py", "--resume", "run", "-q")
    assert done.returncode == 0, done.stderr
    again = json.loads(path.read_text())
    assert again["schema_version"] == SCHEMA_VERSION
    assert again["problems"] == written["problems"]
    assert {name: said for name, said in again["solvers"].items() if name != "rk4"} == written["solvers"]
    assert again["solvers"]["rk4"]["order"] == 4


def test_where_runs_disagree_the_one_that_began_last_is_believed(tmp_path, row):
    def run(name, tags):
        made = Run.create(tmp_path / name, {"solvers": {"one": {"tags": tags}}, "problems": {}})
        made.append(row("one", run_id=made.id))
        return made

    older, newer = run("a", ["old"]), run("b", ["new"])
    for runs in ((older, newer), (newer, older)):
        found = odebench.Results(runs)
        assert found.solver_tags == {"one": {"new"}}
        assert found.problem_tags == {"decay": frozenset()}
        assert found.oracles == frozenset()
