"""How long the founding comparison takes, and its networks."""

import subprocess
import sys
import time

import pytest

from odebench.host import Host


def test_founding_comparison(benchmark, figure, tmp_path):
    pytest.importorskip("torch", reason="two of the four are networks")
    command = [sys.executable, "-m", "odebench", "run", "-o", str(tmp_path / "run")]
    start = time.perf_counter()
    benchmark.pedantic(lambda: subprocess.run(command, check=True, capture_output=True), rounds=1)
    figure("odebench run alone", time.perf_counter() - start, "s", 30)


def test_pinn_autograd(benchmark, figure):
    torch = pytest.importorskip("torch", reason="a network")
    torch.set_num_threads(1)
    host = Host()
    ivp = host.problem("decay")()
    seeds = iter(range(100))
    benchmark.pedantic(
        lambda: host.solver("pinn-autograd")(ivp, ivp.t_eval, seed=next(seeds)), rounds=7, warmup_rounds=1
    )
    figure("pinn-autograd at its defaults on decay, slowest of 7 seeds", benchmark.stats.stats.max, "s", 3)
