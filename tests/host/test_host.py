"""Plugins from every source, each with its origin."""

import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from odebench import Solution, hookimpl, solver
from odebench.errors import DuplicateName, PluginError
from odebench.host import Host

SOLVER = """
import numpy as np
from odebench import Solution, hookimpl, solver

@solver{options}
def {name}(ivp, t_eval):
    return Solution(np.tile(ivp.y0, (t_eval.size, 1)))

@hookimpl
def odebench_solvers():
    return [{name}]
"""


@pytest.fixture
def plugin_file(tmp_path):
    def write(name, options="", file=None):
        path = tmp_path / (file or f"{name}.py")
        path.write_text(SOLVER.format(name=name, options=options))
        return path

    return write


def test_built_ins_are_found_by_walking_and_private_modules_are_no_plugins(host):
    assert {"analytic", "euler", "pinn-autograd", "pinn-finite-difference", "rk4", "scipy-ivp"} <= host.solvers.keys()
    assert {
        "decay",
        "harmonic-oscillator",
        "logistic",
        "lotka-volterra",
        "robertson",
        "van-der-pol",
    } <= host.problems.keys()
    assert not host.broken
    assert not any("._" in plugin.origin.location for plugin in host.plugins)
    origin = host.origin(host.solver("euler"))
    assert (origin.source, origin.name, origin.location) == ("built-in", "odebench", "odebench_plugins.solvers.euler")


def test_a_file_is_loaded_under_a_private_name_with_its_hash_as_version(plugin_file):
    path = plugin_file("my_solver", file="json.py")  # the name of a module that everybody uses
    host = Host([path])
    origin = host.origin(host.solver("my-solver"))
    assert (origin.source, origin.name, origin.location) == ("file", "json.py", str(path))
    assert sys.modules["json"].__name__ == "json"
    path.write_text(path.read_text() + "# changed\n")
    changed = Host([path])
    assert changed.origin(changed.solver("my-solver")).version != origin.version


def test_files_of_the_environment_variable_are_loaded_once(plugin_file, monkeypatch):
    one, two = plugin_file("one"), plugin_file("two")
    monkeypatch.setenv("ODEBENCH_PLUGINS", f"{one}{':' if sys.platform != 'win32' else ';'}{two}")
    host = Host([two])
    assert {"one", "two"} <= host.solvers.keys()
    assert len([plugin for plugin in host.plugins if plugin.origin.source == "file"]) == 2


def test_nothing_is_loaded_from_the_working_directory_unasked(plugin_file, odebench):
    plugin_file("stray", file="odebench_stray.py")
    assert "stray" not in odebench("list").stdout


def test_two_files_that_claim_one_name_are_refused_with_both_named(plugin_file):
    one, two = plugin_file("same", file="one.py"), plugin_file("same", file="two.py")
    with pytest.raises(PluginError, match=r"solver 'same': file .*one\.py and file .*two\.py\. Rename"):
        Host([one, two])


def bringing(*solvers):
    return SimpleNamespace(odebench_solvers=hookimpl(lambda: solvers))


def dummy(name, **options):
    def function(ivp, t_eval):
        return Solution(np.tile(ivp.y0, (t_eval.size, 1)))

    function.__name__ = name
    return solver(**options)(function)


def test_a_name_that_is_claimed_twice_belongs_to_neither_and_nothing_else_of_the_second_is_taken():
    host = Host()
    second = host.register(bringing(dummy("euler"), dummy("rk4"), dummy("fresh")), "second")
    assert re.match(r"two plugins register the solver 'euler': built-in .*euler and module second\.", second.error)
    assert second.brings == []
    for name in ("euler", "rk4"):
        assert name not in host.solvers
        with pytest.raises(DuplicateName, match=f"'{name}'"):
            host.solver(name)
    assert "fresh" not in host.solvers
    third = host.register(bringing(dummy("euler")), "third")
    assert "two plugins register the solver 'euler'" in third.error
    assert host.register(bringing(dummy("fresh")), "fourth").error is None
    assert host.solver("fresh")


def test_one_plugin_that_brings_a_name_twice_is_refused_and_leaves_the_name_free():
    host = Host()
    assert "brings the solver 'same' twice" in host.register(bringing(dummy("same"), dummy("same")), "twice").error
    assert host.register(bringing(dummy("same")), "once").error is None


def test_one_module_is_one_plugin():
    host = Host()
    module = bringing(dummy("one"))
    assert host.register(module, "first").error is None
    module.odebench_solvers = hookimpl(lambda: [dummy("two")])
    assert "is a plugin already" in host.register(module, "again").error
    assert host.solver("one")


def test_a_requirement_that_pip_would_not_take_is_refused():
    refused = Host().register(bringing(dummy("needy", requires=["torch => 2"])), "needy")
    assert "expected requirements as pip takes them" in refused.error


@pytest.mark.parametrize(
    ("requirement", "missing"),
    [
        ("numpy", None),
        ("numpy>=1", None),
        ("numpy<1", f"numpy<1 (found {np.__version__})"),
        ("numpy>=99", f"numpy>=99 (found {np.__version__})"),
        ("no-such-distribution", "no-such-distribution"),
        ("no-such-distribution>=2", "no-such-distribution>=2"),
    ],
)
def test_what_a_solver_requires_is_looked_up_and_not_imported(plugin_file, requirement, missing):
    host = Host([plugin_file("needy", f"(requires=[{requirement!r}])")])
    reason = host.missing(host.solver("needy"))
    assert reason == (missing and f"needs {missing}: pip install '{requirement}'")


def test_a_metric_may_not_take_a_columns_name(tmp_path):
    path = tmp_path / "metric.py"
    path.write_text(
        "from odebench import hookimpl\n\n"
        "@hookimpl\ndef odebench_metrics():\n    return {'wall_s': lambda y, y_ref: 0.0}\n"
    )
    with pytest.raises(PluginError, match="'wall_s' has the name of a column"):
        Host([path])


def test_python_m_odebench_is_the_command():
    done = subprocess.run([sys.executable, "-m", "odebench", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("odebench 0.")
