"""Listing and help import nothing heavy: shown by the modules of one process that runs command after command."""

import json
import subprocess
import sys

import pytest
from helpers.paths import ROOT

pytestmark = pytest.mark.process

HEAVY = {"torch", "scipy", "pandas", "rich", "sympy", "matplotlib", "psutil"}
SCRIPT = """
import json, sys
from odebench.cli import main
modules = []
for arguments in json.loads(sys.argv[1]):
    try:
        main(arguments, prog_name="odebench")
    except SystemExit as ended:
        modules.append([arguments, ended.code, sorted(sys.modules)])
print(json.dumps(modules), file=sys.stderr)
"""
RUN = ["run", "-s", "scipy-ivp", "-p", "decay", "--quick", "-q", "-o"]
COMMANDS = [  # each imports what those before it did, or more
    ["--version"],
    ["--help"],
    ["run", "--help"],
    ["list"],
    ["list", "--json"],
    ["show", "scipy-ivp"],
    ["show", "decay"],
    [*RUN, "isolated"],
    [*RUN, "inline", "--executor", "inline"],
]


@pytest.fixture(scope="module")
def modules(tmp_path_factory):
    """The names of the modules that are loaded after each command."""
    command = [sys.executable, "-c", SCRIPT, json.dumps(COMMANDS)]
    directory = tmp_path_factory.mktemp("runs")
    done = subprocess.run(command, cwd=directory, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = json.loads(done.stderr.splitlines()[-1])
    assert [(arguments, status) for arguments, status, _ in loaded] == [(arguments, 0) for arguments in COMMANDS]
    return {" ".join(arguments): set(names) for arguments, _, names in loaded}


def packages(names):
    return {name.partition(".")[0] for name in names}


@pytest.mark.parametrize("command", [" ".join(arguments) for arguments in COMMANDS[:6]])
def test_nothing_heavy_is_imported(modules, command):
    assert packages(modules[command]).isdisjoint(HEAVY)


def test_only_equations_import_sympy(modules):
    assert packages(modules["show decay"]) & HEAVY == {"sympy"}


@pytest.mark.parametrize("command", ["--version", "--help"])
def test_help_does_not_even_import_numpy(modules, command):
    assert "numpy" not in modules[command]


def test_a_run_imports_what_it_needs_and_leaves_the_solvers_libraries_to_their_process(modules):
    isolated, inline = list(modules)[-2:]
    assert "scipy" not in modules[isolated]
    assert {"pandas", "psutil"} <= packages(modules[isolated])
    assert {"scipy", "pandas", "psutil"} <= packages(modules[inline])
    assert "torch" not in modules[inline]


def test_listing_imports_no_module_that_solvers_share(modules):
    imported = {name for name in modules["list"] if name.startswith("odebench_plugins.")}
    assert "odebench_plugins.solvers.pinn_autograd" in imported
    assert not [name for name in imported if name.startswith("odebench_plugins.support")]
    assert {"pinn", "windows"} <= {path.name for path in (ROOT / "plugins" / "support").iterdir()}  # they exist
