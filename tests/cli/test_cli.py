"""What a user types and sees."""

import json
import os
import pty
import re
import subprocess
import sys

import pytest
from click.testing import CliRunner
from helpers.commands import read_csv
from helpers.optional import is_installed, needs

from odebench import __version__
from odebench.cli import main
from odebench.journal import Run

RUN = ("run", "-s", "euler[steps=10]", "-s", "rk4[steps=[10,20]]", "-p", "decay", "--repeats", "2")
INLINE = ("--executor", "inline")
QUICK = (*RUN, *INLINE)


def test_version_and_help_with_examples(odebench):
    assert odebench("--version").stdout == f"odebench {__version__}\n"  # in a process of its own
    shown = CliRunner().invoke(main, ["--help"], prog_name="odebench").stdout
    assert "Examples:" in shown
    assert "odebench run --plugin my_solver.py -s my-solver -s scipy-ivp -p decay" in shown
    assert "Exit status" in odebench("run", "--help").stdout


def test_a_run_prints_the_table_and_names_its_files(odebench, tmp_path):
    done = odebench(*RUN)
    assert done.returncode == 0, done.stderr
    (directory,) = (tmp_path / "results").iterdir()
    assert f"written to results/{directory.name}" in done.stdout
    names = sorted(path.name for path in directory.iterdir())
    assert names == [
        "comparison.csv",
        "datapackage.json",
        "measurements.csv",
        "measurements.jsonl",
        "run.json",
        "traces.csv",
    ]
    assert all(name in done.stdout for name in names)
    for label in ("euler", "rk4[steps=10]", "rk4[steps=20]"):
        assert label in done.stdout
    assert "6/6 samples" in done.stderr
    meta = json.loads((directory / "run.json").read_text())
    assert meta["status"] == "complete"
    assert meta["protocol"]["repeats"] == 2
    assert meta["environment"]["versions"]["numpy"]
    assert str(tmp_path) not in (directory / "run.json").read_text()


@needs("torch")
def test_the_founding_comparison_is_what_run_does_alone(finished_run):
    rows = {row["solver"]: row for row in read_csv(finished_run("founding") / "comparison.csv")}
    assert list(rows) == ["analytic", "scipy-ivp", "pinn-autograd", "pinn-finite-difference"]
    assert {row["status"] for row in rows.values()} == {"ok"}
    errors = {name: float(row["max_abs_error_median"]) for name, row in rows.items()}
    assert errors["analytic"] < errors["pinn-autograd"] < errors["scipy-ivp"] < errors["pinn-finite-difference"]
    assert (rows["analytic"]["on_front"], rows["scipy-ivp"]["on_front"]) == ("false", "true")


@pytest.mark.absence
@pytest.mark.skipif(is_installed("torch"), reason="torch is installed")
def test_without_torch_the_networks_are_rows_that_say_what_to_install(odebench, tmp_path):
    done = odebench("run", "-o", "founding")
    assert done.returncode == 0, done.stderr
    rows = {row["solver"]: row for row in read_csv(tmp_path / "founding" / "comparison.csv")}
    assert {name: row["status"] for name, row in rows.items()} == {
        "analytic": "ok",
        "scipy-ivp": "ok",
        "pinn-autograd": "unavailable",
        "pinn-finite-difference": "unavailable",
    }
    assert "pip install 'torch>=2.2'" in rows["pinn-autograd"]["reason"]
    assert "needs torch>=2.2" in odebench("list", "solvers").stdout


@needs("torch")
def test_the_same_seed_gives_the_same_errors_and_ids_in_another_run(odebench, tmp_path):
    arguments = ("run", "-s", "pinn-autograd[epochs=5]", "-p", "decay", "--seeds", "2", "--repeats", "1", *INLINE)
    for name, seed in (("a", "5"), ("b", "5"), ("c", "6")):
        assert odebench(*arguments, "--seed", seed, "-o", name).returncode == 0
    a, b, c = (read_csv(tmp_path / name / "measurements.csv") for name in "abc")
    kept = ("case_id", "seed", "max_abs_error", "final_loss")
    assert [[row[k] for k in kept] for row in a] == [[row[k] for k in kept] for row in b]
    assert {row["case_id"] for row in c} == {row["case_id"] for row in a}
    assert not {row["max_abs_error"] for row in c} & {row["max_abs_error"] for row in a}


def test_quiet_prints_nothing_and_still_writes(odebench, tmp_path):
    done = odebench(*QUICK, "-q", "-o", "run")
    assert (done.stdout, done.stderr) == ("", "")
    assert len(read_csv(tmp_path / "run" / "measurements.csv")) == 6


def test_a_ladder_runs_every_rung(odebench, tmp_path, host):
    done = odebench("run", "-s", "scipy-ivp", "-p", "decay", "--ladder", "--quick", "-o", "run", *INLINE)
    assert done.returncode == 0
    rows = read_csv(tmp_path / "run" / "comparison.csv")
    assert [json.loads(row["solver_params"])["rtol"] for row in rows] == [
        r["rtol"] for r in host.solver("scipy-ivp").ladder
    ]


def test_list_shows_everything_and_json_is_data(odebench, host):
    shown = odebench("list").stdout
    for name in [*host.solvers, *host.problems]:
        assert re.search(rf"^  {name} ", shown, re.MULTILINE)
    data = json.loads(odebench("list", "--json").stdout)
    assert [entry["name"] for entry in data["solvers"]] == sorted(host.solvers)
    solvers = {entry["name"]: entry for entry in json.loads(odebench("list", "solvers", "--json").stdout)}
    assert solvers["scipy-ivp"]["parameters"]["rtol"] == 1e-6
    assert solvers["rk4"]["order"] == 4
    assert solvers["analytic"]["tags"] == ["oracle"]
    assert odebench("list", "metrics").stdout == "no metrics\n"


def test_show_explains_a_solver_and_a_problem(odebench):
    shown = odebench("show", "scipy-ivp").stdout
    for expected in (
        "Dormand-Prince",
        "rtol = 1e-06",
        "one of 'RK45'",
        "scipy-ivp[atol=1e-05,rtol=0.01]",
        "scipy_ivp.py",
    ):
        assert expected in shown
    shown = odebench("show", "lotka-volterra").stdout
    for expected in ("x' = alpha x - beta x y", "alpha = 1.5", "states       2", "certified: ", "populations.py"):
        assert expected in shown


@pytest.fixture
def finished(finished_run):
    return finished_run("ladder")


def test_table_prints_a_finished_run_in_every_format(odebench, finished):
    assert "rk4[steps=20]" in odebench("table", "run").stdout
    markdown = odebench("table", "run", "--format", "markdown").stdout
    assert "| rk4[steps=20] |" in markdown
    assert "| --- | ---: |" in markdown
    csv = odebench("table", "run", "--format", "csv").stdout
    assert csv == (finished / "comparison.csv").read_text()


def test_table_needs_the_journal_alone(odebench, finished):
    table = odebench("table", "run").stdout
    for name in ("comparison.csv", "measurements.csv"):
        (finished / name).unlink()
    assert odebench("table", "run").stdout == table


def test_table_joins_runs(odebench, finished, tmp_path):
    assert odebench("run", "-s", "scipy-ivp", "-p", "decay", "-q", "-o", "other", *INLINE).returncode == 0
    shown = odebench("table", "run", "other").stdout
    assert "euler" in shown
    assert "scipy-ivp" in shown


@pytest.mark.process
def test_a_terminal_that_knows_no_unicode_is_shown_a_table_all_the_same(odebench):
    done = odebench("run", "-s", "analytic", "-p", "decay", *INLINE, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "analytic" in done.stdout
    assert done.stdout.isascii()


def test_env_says_what_a_run_records(odebench):
    shown = odebench("env").stdout
    assert "cpu" in shown
    assert re.search(r"^  numpy +\d", shown, re.MULTILINE)
    assert json.loads(odebench("env", "--json").stdout)["versions"]["numpy"]


@pytest.mark.process
def test_on_a_terminal_a_bar_moves_and_the_table_fits(tmp_path):
    controller, terminal = pty.openpty()
    command = [sys.executable, "-m", "odebench", *QUICK, "-o", "run"]
    environment = os.environ | {"COLUMNS": "90", "TERM": "xterm-256color"}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=terminal, stderr=terminal) as process:
        os.close(terminal)
        seen = b""
        while chunk := _read(controller):
            seen += chunk
    os.close(controller)
    text = seen.decode()
    assert process.returncode == 0, text
    assert "0/6" in text
    assert "samples to take" not in text  # that is for pipes
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    lines = [line.rstrip() for line in plain.splitlines()]
    assert any("rk4[steps=20]" in line for line in lines)
    assert max(map(len, lines)) <= 90
    assert len(list(Run.open(tmp_path / "run").measurements())) == 6


def _read(descriptor):
    try:
        return os.read(descriptor, 65536)
    except OSError:  # the other end is closed
        return b""


@pytest.mark.process
@pytest.mark.skipif(sys.platform == "win32", reason="no sh")
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ("list >&-", 0),
        ("list no-such-thing >&- 2>&-", 2),
        ("run -s rk4 -p decay --quick --executor inline -o out <&- >&- 2>&-", 0),
    ],
)
def test_where_a_stream_is_closed_it_does_the_same_unheard(tmp_path, arguments, status):
    line = f"'{sys.executable}' -m odebench {arguments}"
    done = subprocess.run(["sh", "-c", line], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", "")
    assert not (tmp_path / "out").exists() or (tmp_path / "out" / "comparison.csv").exists()
