"""How much sooner than its peers pinn-autograd is at a maximum error of 1e-4 on y' = -y: run by `tox -e peers`.

Each peer at the best of the settings below, tried on one seed; then both on the same seeds, in turn.
"""

import importlib.util
import json
import math
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

SEEDS = [1, 2, 3]
SETTINGS = {
    "deepxde": [
        {"hard": True, "width": 32, "depth": 2, "points": 30, "rate": 1e-3, "adam": 1000, "lbfgs": 3000},
        {"hard": True, "width": 32, "depth": 2, "points": 30, "rate": 1e-2, "adam": 300, "lbfgs": 3000},
        {"hard": True, "width": 32, "depth": 2, "points": 30, "rate": 1e-3, "adam": 50, "lbfgs": 3000},
    ],
    "neurodiffeq": [
        {"width": 32, "depth": 2, "points": 32, "rate": 1e-3, "adam": 5000, "method": "equally-spaced-noisy"},
        {"width": 32, "depth": 2, "points": 32, "rate": 1e-2, "adam": 5000, "method": "equally-spaced"},
        {"width": 16, "depth": 1, "points": 32, "rate": 1e-2, "adam": 5000, "method": "equally-spaced"},
    ],
}


def run(name, seed, setting):
    command = [sys.executable, "-W", "ignore", Path(__file__).with_name("peers.py"), name, str(seed)]
    done = subprocess.run([*command, json.dumps(setting)], capture_output=True, text=True, check=True, timeout=120)
    result = json.loads(done.stdout.splitlines()[-1])
    print(name, seed, setting, result)
    return result


@pytest.mark.parametrize("peer", SETTINGS)
def test_sooner_at_the_same_error_than(peer, figure):
    if importlib.util.find_spec(peer) is None:
        pytest.skip(f"{peer} is not installed: tox -e peers")
    best = min(SETTINGS[peer], key=lambda setting: run(peer, 0, setting)["to_target_s"] or math.inf)
    ratios = []
    for seed in SEEDS:
        ours, theirs = run("odebench", seed, {}), run(peer, seed, best)
        assert ours["to_target_s"] is not None
        ratios.append(ours["to_target_s"] / (theirs["to_target_s"] or theirs["all_s"]))  # in vain: at least so long
    figure(f"pinn-autograd's time to 1e-4 on decay, of {peer}'s", statistics.median(ratios), "", 1 / 30)
