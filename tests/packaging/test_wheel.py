"""What is built is what was written, and it runs where there is no checkout."""

import email
import importlib.util
import json
import os
import shutil
import site
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest
from helpers.optional import lazy
from helpers.paths import ROOT

pytestmark = pytest.mark.process

pd = lazy("pandas")
PACKAGES = {"odebench": "odebench", "odebench_plugins": "plugins"}  # as installed, as in the checkout
LEFTOVERS = shutil.ignore_patterns(".*", "__pycache__", "*.egg-info", "build", "dist", "results", "venv")
FOUNDING = ["analytic", "scipy-ivp", "pinn-autograd", "pinn-finite-difference"]
NETWORKS = FOUNDING[2:]


def call(*command, cwd):
    """What the command prints, where nothing in the surroundings can lead it back to this checkout."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "ODEBENCH"))}
    done = subprocess.run(command, cwd=cwd, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A copy of the checkout without what earlier builds left in it, which setuptools would pick up again."""
    return shutil.copytree(ROOT, tmp_path_factory.mktemp("copy") / "odebench", ignore=LEFTOVERS)


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory):
    """The wheel, built from the sdist, as it would be from an index."""
    directory = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-m", "build", "--no-isolation", "--outdir", directory, source, cwd=directory)
    assert len(list(directory.glob("odebench-*.tar.gz"))) == 1
    (wheel,) = directory.glob("odebench-*-py3-none-any.whl")
    return wheel


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """An empty directory outside the checkout, to work in."""
    return tmp_path_factory.mktemp("elsewhere")


@pytest.fixture(scope="module")
def venv(wheel, elsewhere, tmp_path_factory):
    """A new virtual environment with the wheel in it; the dependencies are those of the environment we run in.

    That environment's packages come behind the new one's own, by a line in a .pth file: a plain path, so that its own
    .pth files, an editable odebench's among them, are not read.
    """
    venv = tmp_path_factory.mktemp("installed") / "venv"
    call(sys.executable, "-m", "venv", "--without-pip", venv, cwd=elsewhere)
    pip = [sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "--python", script(venv, "python")]
    call(*pip, "install", "--no-index", "--no-deps", wheel, cwd=elsewhere)
    (folder(venv, "purelib") / "dependencies.pth").write_text("\n".join(site.getsitepackages()))
    return venv


def folder(venv, name):
    """Where a virtual environment keeps its `scripts` or, by the name `purelib`, its packages."""
    return Path(sysconfig.get_path(name, "venv", {"base": str(venv), "platbase": str(venv)}))


def script(venv, name):
    return folder(venv, "scripts") / f"{name}{sysconfig.get_config_var('EXE') or ''}"


@pytest.fixture(scope="module")
def founding(venv, elsewhere):
    """The printed table and the two tables on disk of `odebench run`."""
    printed = call(script(venv, "odebench"), "run", cwd=elsewhere)
    (run,) = (elsewhere / "results").iterdir()
    return printed, pd.read_csv(run / "measurements.csv"), pd.read_csv(run / "comparison.csv")


def test_the_wheel_holds_every_file_of_the_two_packages_and_nothing_else(source, wheel):
    written = {
        f"{package}/{file.relative_to(source / written_as).as_posix()}"
        for package, written_as in PACKAGES.items()
        for file in (source / written_as).rglob("*")
        if file.is_file()
    }
    packed = set(zipfile.ZipFile(wheel).namelist())
    (metadata,) = {name.split("/")[0] for name in packed} - PACKAGES.keys()
    assert {name for name in packed if not name.startswith(metadata)} == written
    assert {"odebench/py.typed", "odebench_plugins/solvers/euler.py", "odebench_plugins/problems/scalar.py"} <= packed
    assert f"{metadata}/licenses/LICENSE" in packed


def test_the_wheel_says_what_it_needs_and_torch_is_an_extra(wheel):
    with zipfile.ZipFile(wheel) as packed:
        (name,) = [n for n in packed.namelist() if n.endswith(".dist-info/METADATA")]
        metadata = email.message_from_bytes(packed.read(name))
    needed = {line for line in metadata.get_all("Requires-Dist", []) if "extra ==" not in line}
    assert any(line.startswith("numpy") for line in needed)
    assert not any(line.startswith("torch") for line in needed)
    assert "torch" in metadata.get_all("Provides-Extra", [])
    assert metadata.get_payload().strip(), "no README on the index's page"


def test_what_is_imported_there_is_the_wheel_and_its_plugins_are_found_once(venv, elsewhere):
    program = """if True:
        import json, odebench, odebench_plugins
        from importlib import metadata
        from odebench.host import Host
        found = [odebench.__file__, odebench_plugins.__file__, str(metadata.distribution("odebench").locate_file(""))]
        plugins = [[p.origin.location, p.error] for p in Host().plugins if p.origin.source == "built-in"]
        print(json.dumps([found, plugins]))
    """
    found, plugins = json.loads(call(script(venv, "python"), "-c", program, cwd=elsewhere))
    assert all(Path(path).resolve().is_relative_to(venv.resolve()) for path in found), found
    assert len(plugins) == len({location for location, _ in plugins}) > 0
    assert {error for _, error in plugins} == {None}


def test_the_founding_comparison_prints_its_table_and_writes_its_rows(founding):
    printed, measurements, comparison = founding
    for text in ("decay", *FOUNDING, "measurements.csv", "comparison.csv"):
        assert text in printed
    assert list(comparison["solver"]) == FOUNDING
    assert list(measurements["solver"].unique()) == FOUNDING
    assert set(comparison["problem"]) == {"decay"}
    classical = measurements[~measurements["solver"].isin(NETWORKS)]
    assert set(classical["status"]) == {"ok"}
    assert set(classical["plugin"]) == {"odebench"}


def test_the_networks_run_or_say_what_to_install(founding):
    _, measurements, comparison = founding
    networks = comparison[comparison["solver"].isin(NETWORKS)]
    if importlib.util.find_spec("torch"):
        assert list(networks["status"]) == ["ok", "ok"]
        assert (measurements["final_loss"].notna() == measurements["solver"].isin(NETWORKS)).all()
    else:
        assert list(networks["status"]) == ["unavailable", "unavailable"]
        assert networks["reason"].str.contains("pip install 'torch", regex=False).all()
