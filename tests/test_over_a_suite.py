"""What a run says over its problems, asked of `odebench.load`: of runs that real solvers made."""

import math
import subprocess
import sys

import numpy as np
import pytest

import odebench


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Two methods of known order and one with tolerances, on three problems, and a solver that fails on all."""
    directory = tmp_path_factory.mktemp("suite")
    (directory / "broken.py").write_text(
        "import odebench\n\n\n@odebench.solver\ndef broken(ivp, t_eval, *, steps=10):\n"
        "    raise odebench.SolverFailed('as it should')\n\n\n"
        "@odebench.hookimpl\ndef odebench_solvers():\n    return [broken]\n"
    )
    command = [sys.executable, "-m", "odebench", "run", "-q", "-o", "run", "--executor", "inline", "--quick"]
    solvers = ["analytic", "euler[steps=[10,40,160,640]]", "rk4[steps=[10,40,160,640]]", "broken[steps=[10,20]]"]
    solvers += ["scipy-ivp[method=[RK45,DOP853],rtol=[1e-3,1e-5,1e-7,1e-9]]"]
    chosen = [f"-s{name}" for name in solvers] + [f"-p{name}" for name in ("decay", "logistic", "harmonic-oscillator")]
    subprocess.run([*command, *chosen, "--plugin", "broken.py"], cwd=directory, check=True, capture_output=True)
    return odebench.load(directory / "run")


def test_orders_stand_beside_the_declared_ones(run):
    found = run.orders()
    assert set(found["curve"]) == {"euler", "rk4", "broken"}
    working = found[found["curve"] != "broken"]
    assert len(working) == 6
    assert (working["order"] - working["declared"]).abs().max() < 0.3
    assert (working["order"] - 2.5).abs().min() > 1  # neither is of the other's
    broken = found[found["curve"] == "broken"]
    assert broken["order"].isna().all()
    assert set(broken["remark"]) == {"0 rungs above the floor: three make an order"}


def test_tolerances_are_those_of_adaptive_methods(run):
    found = run.tolerance_proportionality()
    assert set(found["curve"]) == {"scipy-ivp[method=RK45]", "scipy-ivp[method=DOP853]"}
    assert found["slope"].between(0.5, 1.5).all()
    assert set(found["by"]) == {"rtol"}
    assert not np.isfinite(run.orders().query("curve == 'scipy-ivp'")["order"]).any()


def test_a_run_without_networks_has_none_to_pay_for_and_none_to_train(run):
    assert run.break_even().empty
    with pytest.raises(odebench.OdebenchError, match="a parameter 'epochs'"):
        run.error_split()
    split = run.error_split(effort="steps")  # any effort will do
    euler = split[(split["solver"] == "euler") & (split["problem"] == "decay")]
    assert euler["optimisation"].iloc[-1] == 0
    assert not euler["settled"].any()
    assert math.isfinite(euler["share"].iloc[0])
