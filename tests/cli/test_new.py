"""`odebench new`: what it writes installs, is listed, runs, passes its own tests and fails them where it is wrong."""

import json
import os
import re
import site
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner
from helpers.optional import lazy, needs
from helpers.paths import ROOT

import odebench
from odebench.cli import main

pytestmark = pytest.mark.process

pd = lazy("pandas")

FILES = {
    "pyproject.toml",
    "README.md",
    "LICENSE",
    ".gitignore",
    ".github/workflows/test.yml",
}


def new(*arguments):
    return CliRunner().invoke(main, ["new", *map(str, arguments)])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A solver and a problem, as somebody gets them who takes the defaults."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("made"))
    try:
        for kind, name in (("solver", "my_solver"), ("problem", "my-problem")):
            done = new(kind, name, "--author", 'Ada "the first" Lovelace')
            assert done.exit_code == 0, done.output
        return Path.cwd()
    finally:
        os.chdir(before)


def written(directory):
    return {file.relative_to(directory).as_posix() for file in directory.rglob("*") if file.is_file()}


# -- installed ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def python(made, tmp_path_factory):
    """Runs Python in a virtual environment with both distributions in it, behind which lies the one we run in."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    base = {"base": str(venv), "platbase": str(venv)}
    packages, scripts = (Path(sysconfig.get_path(key, "venv", base)) for key in ("purelib", "scripts"))
    behind = "; ".join(f"site.addsitedir({folder!r})" for folder in site.getsitepackages())
    (packages / "behind.pth").write_text(f"import site; {behind}\n")
    executable = scripts / f"python{sysconfig.get_config_var('EXE') or ''}"

    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "ODEBENCH", "PYTEST"))}

    def run(*arguments, **variables):
        command = [executable, *map(str, arguments)]
        return subprocess.run(command, cwd=made, env=clean | variables, capture_output=True, text=True, check=False)

    pip = ["-m", "pip", "--isolated", "--disable-pip-version-check", "install", "--no-index", "--no-deps"]
    done = run(*pip, "--no-build-isolation", "-e", "./my_solver", "./my-problem")
    assert done.returncode == 0, done.stdout + done.stderr
    return run


def test_what_is_installed_is_listed_at_once(python):
    listing = json.loads(python("-m", "odebench", "list", "--json").stdout)
    (solver,) = [s for s in listing["solvers"] if s["name"] == "my-solver"]
    (problem,) = [p for p in listing["problems"] if p["name"] == "my-problem"]
    assert (solver["plugin"], solver["order"], solver["parameters"]) == ("odebench-my-solver", 2, {"steps": 100})
    assert (problem["plugin"], problem["parameters"]) == ("odebench-my-problem", {"frequency": 2.0, "t1": 10.0})
    brings = {p["name"]: p["brings"] for p in listing["plugins"] if p["source"] == "entry point"}
    assert brings["odebench-my-solver"] == ["my-solver"]
    assert brings["odebench-my-problem"] == ["my-problem"]


def test_what_is_installed_runs(python, tmp_path):
    solvers = ("-s", "my-solver", "-s", "euler[steps=100]")
    problems = ("-p", "decay", "-p", "my-problem")
    done = python("-m", "odebench", "run", *solvers, *problems, "--quick", "-o", tmp_path / "run")
    assert done.returncode == 0, done.stderr
    rows = pd.read_csv(tmp_path / "run" / "comparison.csv").set_index(["problem", "solver"])
    assert set(rows["status"]) == {"ok"}
    errors = rows["max_abs_error_median"]
    for problem in ("decay", "my-problem"):
        assert errors[problem, "my-solver"] < errors[problem, "euler"] / 5
    assert rows.loc[("decay", "my-solver"), "plugin"] == "odebench-my-solver"


FAULTS = {
    "my_solver/odebench_my_solver.py": ("+ h / 2 * ivp.f", "+ h / 3 * ivp.f"),
    "my-problem/odebench_my_problem.py": ("-frequency * np.sin", "frequency * np.sin"),
}


def test_they_pass_their_own_tests_and_fail_them_with_a_fault(made, python):
    # one of them is installed as a copy: the files that are changed come first
    first = {"PYTHONPATH": os.pathsep.join(str(made / directory) for directory in ("my_solver", "my-problem"))}
    tests = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "my_solver", "my-problem")
    passed = python(*tests, **first)
    assert passed.returncode == 0, passed.stdout
    assert " passed" in passed.stdout
    texts = {made / name: (made / name).read_text() for name in FAULTS}
    try:
        for (path, text), (healthy, fault) in zip(texts.items(), FAULTS.values(), strict=True):
            assert text.count(healthy) == 1
            path.write_text(text.replace(healthy, fault))
        failed = python(*tests, **first)
    finally:
        for path, text in texts.items():
            path.write_text(text)
    assert failed.returncode == 1, failed.stdout
    for name in ("my_solver", "my_problem"):
        assert re.search(f"^FAILED .*/test_{name}.py::", failed.stdout, re.MULTILINE), failed.stdout


@needs("ruff")
@pytest.mark.parametrize("directory", ["my_solver", "my-problem"])
@pytest.mark.parametrize("check", [["check"], ["format", "--check"]], ids=" ".join)
def test_it_is_clean_by_ruff(made, directory, check):
    ruff = [sys.executable, "-m", "ruff", *check, "--no-cache"]
    done = subprocess.run(ruff, cwd=made / directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


# -- written -----------------------------------------------------------------------------------------------------------


def code_lines(*files):
    """Lines that are not blank: docstrings, settings and decorators among them."""
    return sum(1 for file in files for line in file.read_text().splitlines() if line.strip())


@pytest.mark.parametrize(("directory", "function"), [("my_solver", "my_solver"), ("my-problem", "my_problem")])
def test_a_distribution_is_under_40_lines_and_what_it_brings_under_15(made, directory, function):
    assert written(made / directory) >= FILES | {f"odebench_{function}.py", f"tests/test_{function}.py"}
    module = made / directory / f"odebench_{function}.py"
    assert code_lines(made / directory / "pyproject.toml", module) < 40
    (body,) = [part for part in module.read_text().split("\n\n\n") if f"def {function}(" in part]
    assert sum(1 for line in body.splitlines() if line.strip()) < 15


def test_its_settings_say_who_and_what_it_needs(made):
    project = tomllib.loads((made / "my_solver" / "pyproject.toml").read_text())["project"]
    assert project["name"] == "odebench-my-solver"
    assert project["authors"] == [{"name": 'Ada "the first" Lovelace'}]
    assert f"odebench>={odebench.__version__}" in project["dependencies"]
    assert project["entry-points"] == {"odebench": {"my-solver": "odebench_my_solver"}}
    assert 'Ada "the first" Lovelace' in (made / "my_solver" / "LICENSE").read_text()


def test_its_workflow_is_yaml_that_tests_it(made):
    yaml = pytest.importorskip("yaml", reason="reads the workflow")
    workflow = yaml.safe_load((made / "my-problem" / ".github" / "workflows" / "test.yml").read_text())
    job = workflow["jobs"]["test"]
    assert [step["run"] for step in job["steps"] if "run" in step] == ["pip install '.[test]'", "ruff check", "pytest"]
    assert job["steps"][1]["with"] == {"python-version": "${{ matrix.python-version }}"}
    assert "3.11" in job["strategy"]["matrix"]["python-version"]


def test_the_guide_shows_what_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = new("solver", "heun", "--author", "Ada Lovelace")
    text = (ROOT / "docs" / "distributing.md").read_text(encoding="utf-8")
    shown = re.findall(r"```(?:python|toml|text)\n(.*?)```", text, re.DOTALL)
    files = [tmp_path / "heun" / name for name in ("odebench_heun.py", "pyproject.toml", "tests/test_heun.py")]
    assert shown == [done.output, *(file.read_text() for file in files)]


def test_no_name_that_is_taken_is_in_the_way_of_its_own_tests(tmp_path):
    names = {"problem": ["ivp", "y", "request", "solve-ivp", "pytest-like", "plugin"], "solver": ["solver-contract"]}
    folders = []
    for kind, called in names.items():
        for name in called:
            folders.append(tmp_path / name)
            done = new(kind, name, "-o", folders[-1])
            assert done.exit_code == 0, done.output
    run = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "odebench", *folders]
    path = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": os.pathsep.join(map(str, folders))}
    done = subprocess.run(run, cwd=tmp_path, env=os.environ | path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "failed" not in done.stdout


# -- refused -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        ("solver", 300 * "a", "received 300. Try 'my-solver'"),
        ("solver", "2fast", "Try 'my-2fast'"),
        ("solver", "my solver", "Try 'my-solver'"),
        ("solver", "MySolver", "Try 'my-solver'"),
        ("solver", "../up", "Try 'up'"),
        ("problem", "", "Try 'my-problem'"),
        ("solver", "class", "Try 'my-class'"),
        ("solver", "sum", "Try 'my-sum'"),
        ("problem", "problem", "Try 'my-problem'"),
        ("problem", "test-equation", "pytest would take test_equation() for a test"),
        ("solver", "testy", "for a test. Try 'my-testy'"),
        ("solver", "rk4", "there is a solver 'rk4': see 'odebench show rk4'. Try 'my-rk4'"),
        ("problem", "lotka_volterra", "there is a problem 'lotka-volterra'"),
        ("solver", "scipy", "distribution or module 'scipy' already. Try 'my-scipy'"),
        ("solver", "json", "distribution or module 'json'"),
        ("solver", "odebench", "'odebench'"),
        ("solver", "odebench-plugins", "plugins' already"),
    ],
)
def test_a_name_that_will_not_do_is_refused_with_one_to_try(tmp_path, monkeypatch, kind, name, says):
    monkeypatch.chdir(tmp_path)
    done = new(kind, "--", name)
    assert done.exit_code == 2
    assert says in done.output
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "name", "module"),
    [
        ("solver", "odebench-heun3", "odebench_heun3.py"),
        ("solver", "heun_3", "odebench_heun_3.py"),
        ("problem", "rk4", "odebench_rk4.py"),  # a solver's name, which a problem may have
    ],
)
def test_a_name_may_be_written_as_one_likes(tmp_path, monkeypatch, kind, name, module):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name.replace("-", "_").removeprefix("odebench_")).mkdir(exist_ok="_" not in name)  # no module
    done = new(kind, name, "-o", tmp_path / "some" / "where")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "some" / "where" / module).is_file()


def test_a_directory_that_exists_is_refused_and_left_alone(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "README.md").write_text("mine")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    before = sorted(tmp_path.rglob("*"))
    for name in ("full", "empty", "file", "link"):
        done = new("solver", "fresh", "-o", tmp_path / name)
        assert done.exit_code == 2
        assert f"'{tmp_path / name}' exists" in done.output
        assert "-o DIR" in done.output
    done = new("solver", "fresh", "-o", tmp_path / "file" / "below")
    assert done.exit_code == 2
    assert "cannot write" in done.output
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "full" / "README.md").read_text() == (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(("error", "status"), [(OSError(28, "No space left on device"), 2), (KeyboardInterrupt(), 130)])
def test_a_write_that_does_not_end_leaves_nothing(tmp_path, monkeypatch, error, status):
    write = Path.write_text

    def full(path, *arguments, **options):
        if path.name == "LICENSE":
            raise error
        return write(path, *arguments, **options)

    monkeypatch.setattr(Path, "write_text", full)
    done = new("solver", "fresh", "-o", tmp_path / "fresh")
    assert done.exit_code == status
    assert "No space left" in done.output or status == 130
    assert list(tmp_path.iterdir()) == []
