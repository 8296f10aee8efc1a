"""What a run writes is what its schemas say: run.json, and the tables as a Frictionless data package."""

import csv
import importlib.util
import json
import shutil
from importlib import resources
from pathlib import Path

import pytest
from helpers.commands import run_odebench
from helpers.optional import optional
from helpers.paths import ROOT

from odebench import datapackage, measurement, tables
from odebench.analysis import aggregate
from odebench.journal import Run

jsonschema = optional("jsonschema", "checks run.json")
frictionless = optional("frictionless", "checks the tables")
COMMITTED = sorted(path.parent for path in (*(ROOT / "results").rglob("run.json"), *(ROOT / "tests").rglob("run.json")))
PLUGIN = """
from odebench import Solution, hookimpl, solver
import numpy as np

@solver
def fails(ivp, t_eval):
    raise ValueError('a "reason", with\\nlines')

@hookimpl
def odebench_solvers():
    return [fails]

@hookimpl
def odebench_metrics():
    return {"of_a_plugin": lambda y, y_ref: float(np.abs(y - y_ref).sum())}
"""


def validator():
    schema = json.loads((resources.files("odebench") / "schemas" / "run.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())


def faults(meta):
    return [error.json_path for error in validator().iter_errors(meta)]


def table_faults(directory):
    """What frictionless says is wrong: table, row, column and kind of fault."""
    report = frictionless.Package(str(directory / datapackage.NAME)).validate()
    return [(t.name, e.type, getattr(e, "field_name", None)) for t in report.tasks for e in t.errors] + [
        (None, error.type, None) for error in report.errors
    ]


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """A run with something in every file, resumed after its last samples were lost."""
    pytest.importorskip("torch", reason="a network trains")
    here = tmp_path_factory.mktemp("recorded")
    (here / "plugin.py").write_text(PLUGIN)
    solvers = ("-s", "analytic", "-s", "scipy-ivp[dense_output=true]", "-s", "pinn-autograd[epochs=3]", "-s", "fails")
    options = ("--repeats", "2", "--seeds", "1", "--doctor", "--count", "--certificate", "--patience", "500", "-q")
    problems = ("-p", "decay", "-p", "lotka-volterra")
    asked = ("--plugin", "plugin.py", *solvers, *problems, *options, "-o", "run")
    done = run_odebench(here, ("run", *asked, "--executor", "inline"), {})
    assert done.returncode == 0, done.stderr
    journal = here / "run" / "measurements.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-2]))
    limits = ("--executor", "process", "--timeout", "60", "--memory", "2000")
    done = run_odebench(here, ("run", "--plugin", "plugin.py", "--resume", "run", "-q", *limits), {})
    assert done.returncode == 0, done.stderr
    return here / "run"


def test_run_json_is_what_its_schema_says(recorded):
    meta = json.loads((recorded / "run.json").read_text())
    assert faults(meta) == []
    assert meta["resumed"]
    described = validator().schema["properties"]
    assert meta.keys() <= described.keys()  # and nothing is written that it does not know


@pytest.mark.parametrize("directory", COMMITTED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_committed_runs_and_old_ones_are_of_the_schema_once_read(directory):
    assert faults(Run.open(directory).meta) == []


def test_a_run_that_has_only_begun_is_of_the_schema(tmp_path):
    assert faults(json.loads((Run.create(tmp_path / "run", {}).directory / "run.json").read_text())) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("status",), "done"),
        (("schema_version",), 1),
        (("started_at",), 5),
        (("run_id",), "../elsewhere"),
        (("solvers", "analytic", "oracle"), "yes"),
        (("solvers", "analytic", "order"), 2.5),
        (("problems", "decay", "tags"), "scalar"),
        (("problems", "decay", "colour"), "red"),
        (("protocol", "repeats"), 0),
        (("plugins", 0, "version"), None),
    ],
)
def test_a_planted_fault_of_run_json_is_found_where_it_is(recorded, path, value):
    meta = json.loads((recorded / "run.json").read_text())
    *way, last = path
    inner = meta
    for step in way:
        inner = inner[step]
    inner[last] = value
    (found,) = faults(meta)
    assert found.startswith("$." + str(path[0]))


@pytest.mark.parametrize("key", ["run_id", "status", "problems", "solvers", "schema_version"])
def test_what_is_missing_from_run_json_is_found(recorded, key):
    meta = json.loads((recorded / "run.json").read_text())
    del meta[key]
    assert faults(meta) == ["$"]


def test_the_tables_are_what_the_data_package_says(recorded):
    package = json.loads((recorded / datapackage.NAME).read_text())
    assert [r["name"] for r in package["resources"]] == ["measurements", "comparison", "traces", "diagnoses"]
    for resource in package["resources"]:
        header, *rows = (recorded / resource["path"]).read_text().splitlines()
        assert header.split(",") == [field["name"] for field in resource["schema"]["fields"]]
        assert rows, resource["name"]
        assert all(field["description"] != "as above" for field in resource["schema"]["fields"])
    assert package["resources"][0]["schema"]["fields"][-1]["name"] == "of_a_plugin"
    assert table_faults(recorded) == []


@pytest.mark.parametrize(
    ("table", "planted"),
    {
        "measurements": [
            ("wall_s", "fast", "type-error"),
            ("wall_s", "-1", "constraint-error"),
            ("status", "splendid", "constraint-error"),
            ("solver_params", "{broken", "type-error"),
            ("started_at", "yesterday", "type-error"),
            ("repeat", "0.5", "type-error"),
            ("case_id", "nobody/0", "foreign-key"),
        ],
        "comparison": [("on_front", "maybe", "type-error"), ("samples", "0", "constraint-error")],
        "traces": [("case_id", "nobody/0", "foreign-key")],
        "diagnoses": [("pathology", "", "constraint-error")],
    }.items(),
)
def test_planted_faults_of_a_table_are_found(recorded, tmp_path, table, planted):
    copy = Path(shutil.copytree(recorded, tmp_path / "run"))
    path = copy / f"{table}.csv"
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    for row, (column, value, _) in zip(rows, planted, strict=False):  # one fault per row
        row[header.index(column)] = value
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    assert len(rows) >= len(planted)
    found = table_faults(copy)
    for column, _, fault in planted:
        assert (table, fault, None if fault == "foreign-key" else column) in found
    assert {name for name, _, _ in found} == {table}


def test_a_case_that_stands_twice_or_a_column_that_is_missing_is_found(recorded, tmp_path):
    copy = Path(shutil.copytree(recorded, tmp_path / "run"))
    path = copy / "comparison.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines, lines[1]]))
    assert ("comparison", "primary-key", None) in table_faults(copy)
    path.write_text("".join(lines).replace("case_id,", "case,", 1))
    assert ("comparison", "incorrect-label") in {fault[:2] for fault in table_faults(copy)}


def test_an_empty_run_has_a_valid_data_package(tmp_path):
    run = Run.create(tmp_path / "run", {})
    tables.write_tables(run)
    assert table_faults(run.directory) == []
    assert faults(run.meta) == []


def test_the_schemas_know_the_columns_statuses_and_truth_values_of_the_code():
    schemas = datapackage.tables()
    columns = {name: [field["name"] for field in schema["fields"]] for name, schema in schemas.items()}
    assert columns == {
        "measurements": list(measurement.COLUMNS),
        "comparison": list(aggregate.COLUMNS),
        "traces": list(tables.TRACE_COLUMNS),
        "diagnoses": list(tables.DIAGNOSIS_COLUMNS),
    }
    fields = {(name, f["name"]): f for name, schema in schemas.items() for f in schema["fields"]}
    for (_, column), field in fields.items():
        if column == "status":
            assert field["constraints"]["enum"] == list(measurement.STATUSES)
    boolean = {column for (_, column), field in fields.items() if field["type"] == "boolean"}
    assert boolean == {*aggregate.TRUTH_VALUES, "oracle"}
    text = {
        c for (name, c), f in fields.items() if name == "measurements" and f["type"] in ("string", "object", "datetime")
    }
    assert text == set(measurement.TEXT)


@pytest.fixture(scope="module")
def dictionary():
    spec = importlib.util.spec_from_file_location("docs_dictionary", ROOT / "docs" / "dictionary.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_dictionary_in_the_readme_is_that_of_the_schemas(dictionary):
    page = dictionary.PAGE.read_text(encoding="utf-8")
    assert dictionary.entered(page) == page, "python docs/dictionary.py --write"
    changed = page.replace("how many solves the sample is the mean of", "something else")
    assert changed != page
    assert dictionary.entered(changed) == page  # the control: a word that differs is put right
    without = page.replace("## traces.csv", "## traces")
    with pytest.raises(SystemExit, match=r"expected one table below '## traces\.csv'"):
        dictionary.entered(without)
