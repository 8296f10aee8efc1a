"""Listing and help import nothing heavy: seen in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ["torch", "scipy", "pandas", "rich", "sympy", "matplotlib", "psutil"]
SCRIPT = """
import json, sys
from odebench.cli import main
try:
    main(sys.argv[1:], prog_name="odebench")
finally:
    print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})), file=sys.stderr)
"""


def modules_after(*arguments: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", SCRIPT, *arguments], capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--version"],
        ["--help"],
        ["run", "--help"],
        ["list"],
        ["list", "--json"],
        ["show", "scipy-ivp"],
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_imported(arguments):
    assert modules_after(*arguments).isdisjoint(HEAVY)


def test_only_equations_import_sympy():
    assert modules_after("show", "decay") & {*HEAVY} == {"sympy"}


@pytest.mark.parametrize("arguments", [["--version"], ["--help"]], ids=" ".join)
def test_help_does_not_even_import_numpy(arguments):
    assert "numpy" not in modules_after(*arguments)


def test_a_run_does_import_what_it_needs(tmp_path):
    run = ("run", "-s", "scipy-ivp", "-p", "decay", "--repeats", "1", "-o")
    imported = modules_after(*run, str(tmp_path / "inline"), "--executor", "inline")
    assert {"scipy", "pandas", "psutil"} <= imported
    assert "torch" not in imported
    assert "scipy" not in modules_after(*run, str(tmp_path / "process"))  # the solver's process does


PRIVATE = """
import json, sys
from odebench.host import Host
Host()
print(json.dumps([name for name in sys.modules if name.startswith("odebench_plugins.")]))
"""


def test_listing_imports_none_of_the_solvers_private_rooms():
    done = subprocess.run([sys.executable, "-c", PRIVATE], capture_output=True, text=True, check=True)
    imported = json.loads(done.stdout)
    assert "odebench_plugins.solvers.pinn_autograd" in imported
    assert not [name for name in imported if name.startswith("odebench_plugins.solvers._")]
    solvers = Path(__file__).parent.parent / "plugins" / "solvers"
    assert {"_pinn", "_windows"} <= {path.parent.name for path in solvers.glob("_*/*.py")}  # so there are some
