"""What the trained networks reach, and in what time."""

import math
import time

import numpy as np
import pytest

from odebench.host import Host
from odebench.references import reference

torch = pytest.importorskip("torch", reason="networks")

HOST = Host()
SEEDS = range(20)
ALLOWED = 1  # seeds of twenty that may miss


def solved(ivp, seed, **chosen):
    """Seconds, and the largest error."""
    torch.set_num_threads(1)
    start = time.perf_counter()
    y = HOST.solver("pinn-autograd")(ivp, ivp.t_eval, seed=seed, **chosen).y
    return time.perf_counter() - start, float(np.abs(y - reference(ivp, lambda done: None).y).max())


@pytest.mark.parametrize(
    ("name", "parameters", "bound", "most_s"),
    [("y' = -y, [0, 2]", {}, 1e-8, 1), ("y' = -2y, [1, 5]", {"rate": 2.0, "t0": 1.0, "t1": 5.0}, 1e-7, math.inf)],
    ids=["decay", "thread"],
)
def test_at_its_defaults(name, parameters, bound, most_s, figure):
    ivp = HOST.problem("decay")(**parameters)
    solved(ivp, 0)
    seconds, errors = map(sorted, zip(*(solved(ivp, seed) for seed in SEEDS), strict=True))
    counted = -1 - ALLOWED
    figure(f"pinn-autograd, {name}: error of the second worst of 20 seeds", errors[counted] / bound, f"x {bound:g}", 1)
    figure(f"pinn-autograd, {name}: the second slowest of 20 seeds", seconds[counted], "s", most_s)
    assert np.abs(ivp.y0 - ivp.exact(ivp.t_eval)).max() > bound


@pytest.mark.parametrize(
    ("name", "parameters", "windows"), [("lotka-volterra", {}, 10), ("lorenz", {"t1": 5.0}, 20)], ids=["lv", "lorenz"]
)
def test_systems_in_windows(name, parameters, windows, figure):
    ivp = HOST.problem(name)(**parameters)
    seconds, errors = zip(*(solved(ivp, seed, windows=windows) for seed in range(3)), strict=True)
    span = f"[0, {ivp.t_span[1]:g}], {windows} windows"
    figure(f"pinn-autograd, {name} {span}: error, worst of 3 seeds", max(errors) / 1e-4, "x 1e-4", 1)
    figure(f"pinn-autograd, {name} {span}: slowest of 3 seeds", max(seconds), "s")
    assert np.abs(ivp.y0 - reference(ivp, lambda done: None).y).max() > 1e-4


@pytest.mark.parametrize("derivative", ["forward", "reverse"])
def test_derivatives_by_hand_pay(derivative, figure, paired):
    ivp = HOST.problem("lotka-volterra")(t1=0.5)
    ratio = paired(
        lambda: solved(ivp, 1, epochs=5),
        lambda: solved(ivp, 1, epochs=5, derivative=derivative),
        7,
    )
    figure(f"five Levenberg-Marquardt steps by hand, of those by {derivative} mode", ratio, "", 1)
