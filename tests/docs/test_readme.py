"""What the README and the plugin guide tell a newcomer to write works as written."""

import re
import shlex
import tomllib

import pytest
from helpers import pages
from helpers.commands import read_csv
from helpers.paths import ROOT

from odebench.runner import Plan, Sampling

pytestmark = pytest.mark.docs

README = (ROOT / "README.md").read_text()
INLINE = ("--executor", "inline")  # other tests isolate solvers
QUICK = ("--quick", *INLINE, "-o", "run")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def test_the_readmes_solver_takes_a_dozen_lines_and_its_command_compares_it(odebench, tmp_path):
    (code,) = blocks(README, "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    (tmp_path / "my_solver.py").write_text(code)
    (command,) = (line for line in README.splitlines() if line.startswith("odebench run --plugin"))
    done = odebench(*shlex.split(command)[1:], "-o", "run", *INLINE)
    assert done.returncode == 0, done.stderr
    rows = read_csv(tmp_path / "run" / "comparison.csv")
    assert {row["solver"]: row["status"] for row in rows} == {"my-solver": "ok", "scipy-ivp": "ok"}
    errors = {row["solver"]: float(row["max_abs_error_median"]) for row in rows}
    assert errors["my-solver"] < 1e-5


def test_the_readmes_solver_sweeps_as_it_says(odebench, tmp_path):
    (tmp_path / "my_solver.py").write_text(blocks(README, "python")[0])
    (selection,) = re.findall(r"`-s '(my-solver[^']+)'`", README)
    done = odebench("run", "--plugin", "my_solver.py", "-s", selection, "-p", "decay", *QUICK)
    assert done.returncode == 0, done.stderr
    coarse, fine = read_csv(tmp_path / "run" / "comparison.csv")
    assert float(coarse["max_abs_error_median"]) > 50 * float(
        fine["max_abs_error_median"]
    )  # order 2, ten times the steps


def test_the_guides_plugins_work(tmp_path, odebench):
    files = []
    for page, name in (("write-a-solver.md", "my_library.py"), ("write-a-problem.md", "my_problem.py")):
        (code,) = (b.code for b in pages.blocks((ROOT / "docs" / page).read_text()) if b.file == name)
        (tmp_path / name).write_text(code)
        files += ["--plugin", name]
    done = odebench("run", *files, "-s", "dormand-prince", "-p", "fitzhugh", "-p", "decay", *QUICK)
    assert done.returncode == 0, done.stderr
    rows = {row["problem"]: row for row in read_csv(tmp_path / "run" / "comparison.csv")}
    assert rows["fitzhugh"]["status"] == "ok"
    assert (rows["decay"]["status"], rows["decay"]["reason"]) == ("unsupported", "made for systems")


def test_the_guides_entry_point_is_in_the_group_that_is_searched():
    (text,) = blocks((ROOT / "docs" / "plugins.md").read_text(), "toml")
    assert set(tomllib.loads(text)["project"]["entry-points"]) == {"odebench"}


@pytest.mark.parametrize("line", re.findall(r"^odebench run (-[ps] .*)$", README, re.MULTILINE))
def test_the_readmes_selections_are_understood(line, host):
    words = shlex.split(line, comments=True)
    options = {flag: [words[k + 1] for k, word in enumerate(words) if word == flag] for flag in ("-s", "-p")}
    plan = Plan(host, Sampling(), solvers=options["-s"], problems=options["-p"], ladder="--ladder" in words)
    assert len(list(plan)) >= 10


def test_the_readmes_figures_are_those_of_the_committed_run(odebench):
    baseline = str(ROOT / "results" / "baseline")
    shown = odebench("table", baseline, "--format", "markdown")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.strip() in README
    comparison = {row["solver"]: row for row in read_csv(ROOT / "results" / "baseline" / "comparison.csv")}
    assert set(comparison) == {"analytic", "scipy-ivp", "pinn-autograd", "pinn-finite-difference"}
    assert f"{float(comparison['pinn-finite-difference']['max_abs_error_median']):.4f}" == "0.0177"
    assert "stops at 0.0177" in README


def test_the_committed_run_names_no_path_of_a_machine():
    for path in (ROOT / "results" / "baseline").iterdir():
        assert not re.search(r"/(home|root|work|tmp|Users)/", path.read_text()), path
