"""How much sooner than its peers pinn-autograd is at a maximum error of 1e-4 on y' = -y: run by `tox -e peers`.

Each stops there, looked at while the clock stands still; the median over seeds, of each peer with the best of the
settings below.
"""

import importlib.util
import statistics
import subprocess
import sys

import pytest
from helpers.commands import read_csv

HARD = "initial_condition=hard,boundary_points=0,points=30,width=32,depth=2,initializer=glorot-normal,dtype=float64"
TWO_OPTIMIZERS = f"{HARD},optimizer=adam-lbfgs,lbfgs_epochs=1000,report_every=10"
SETTINGS = {
    "deepxde": [
        f"{TWO_OPTIMIZERS},learning_rate=1e-3,epochs=1000",
        f"{TWO_OPTIMIZERS},learning_rate=1e-2,epochs=300",
        f"{TWO_OPTIMIZERS},learning_rate=1e-3,epochs=50",
        f"{HARD},optimizer=lbfgs,lbfgs_epochs=1000,report_every=10",
    ],
    "neurodiffeq": [
        "validation_batches=0,learning_rate=1e-3,epochs=5000",
        "validation_batches=0,learning_rate=1e-2,epochs=5000,generator=equally-spaced",
        "validation_batches=0,learning_rate=1e-2,epochs=5000,generator=equally-spaced,width=16,depth=1",
        "validation_batches=1,optimizer=lbfgs,epochs=200,generator=equally-spaced",
    ],
}


def run(out, *solvers):
    """The rows of each case."""
    command = [sys.executable, "-m", "odebench", "run", "-p", "decay", "--target-error", "1e-4", "--seeds", "3"]
    chosen = [option for solver in solvers for option in ("-s", solver)]
    subprocess.run([*command, *chosen, "-o", out], check=True)
    cases = {}
    for row in read_csv(out / "measurements.csv"):
        assert row["status"] == "ok", row["reason"]
        cases.setdefault(row["case_id"], []).append(row)
    return list(cases.values())


def seconds(case):
    """The median to the target; of a seed that never came there all of its time, as it would take no less."""
    return statistics.median(float(row["wall_s"]) for row in case)


@pytest.mark.parametrize("peer", SETTINGS)
def test_sooner_at_the_same_error_than(peer, figure, tmp_path):
    if importlib.util.find_spec(peer) is None:
        pytest.skip(f"{peer} is not installed: tox -e peers")
    ours, *theirs = run(tmp_path / "out", "pinn-autograd", *[f"{peer}[{setting}]" for setting in SETTINGS[peer]])
    assert {(row["solver"], row["stopped_by"]) for row in ours} == {("pinn-autograd", "target-error")}
    best = min(theirs, key=seconds)
    print(peer, best[0]["solver_params"], [(row["stopped_by"], row["wall_s"]) for row in best])
    figure(f"pinn-autograd's time to 1e-4 on decay, of {peer}'s", seconds(ours) / seconds(best), "", 1 / 30)
