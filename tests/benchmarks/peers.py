"""How long each takes to a maximum error of 1e-4 on y' = -y, [0, 2], y(0) = 1: `python peers.py NAME SEED SETTING`.

Each in a process of its own, as they set torch's defaults, float64, one thread. The clock runs while they train: not
for imports, nor for building the network, nor while the error is looked at, at 101 times. Prints JSON: seconds to 1e-4
(null where it never came there), the seconds of the whole training, and the smallest error seen.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

TARGET = 1e-4
TIMES = np.linspace(0, 2, 101)


class Clock:
    """Stands still while the error is looked at."""

    def __init__(self) -> None:
        self.reached: float | None = None
        self.best = float("inf")
        self.paused = 0.0
        self.began = time.perf_counter()

    def look(self, solution: Callable[[np.ndarray], np.ndarray]) -> bool:
        """Whether the error has come to the target."""
        now = time.perf_counter()
        self.best = min(self.best, float(np.abs(solution(TIMES) - np.exp(-TIMES)).max()))
        if self.best <= TARGET and self.reached is None:
            self.reached = now - self.began - self.paused
        self.paused += time.perf_counter() - now
        return self.reached is not None

    def result(self) -> dict[str, Any]:
        return {"to_target_s": self.reached, "all_s": time.perf_counter() - self.began - self.paused, "best": self.best}


def odebench(seed: int, setting: dict[str, Any]) -> dict[str, Any]:
    from odebench import Monitor
    from odebench.host import Host

    class Looking(Monitor):
        def __call__(self, step: int, loss: float | None, dense: Any, **others: Any) -> None:
            clock.look(lambda t: dense(t)[:, 0])

    host = Host()
    solver, ivp = host.solver("pinn-autograd"), host.problem("decay")()
    solver(ivp, ivp.t_eval, seed=seed + 1, epochs=2)  # what is imported and allocated once
    clock = Clock()
    solver(ivp, ivp.t_eval, seed=seed, monitor=Looking(), **setting)
    return clock.result()


def deepxde(seed: int, setting: dict[str, Any]) -> dict[str, Any]:
    """Adam, then L-BFGS, as its documentation recommends; hard or soft initial condition."""
    os.environ["DDE_BACKEND"] = "pytorch"
    import deepxde as dde

    dde.config.set_default_float("float64")
    dde.config.set_random_seed(seed)
    time_domain = dde.geometry.TimeDomain(0, 2)
    conditions = [] if setting["hard"] else [dde.icbc.IC(time_domain, lambda t: 1.0, lambda _, initial: initial)]
    data = dde.data.PDE(
        time_domain,
        lambda t, y: dde.grad.jacobian(y, t) + y,
        conditions,
        num_domain=setting["points"],
        num_boundary=0 if setting["hard"] else 2,
    )
    network = dde.nn.FNN([1, *[setting["width"]] * setting["depth"], 1], "tanh", "Glorot normal")
    if setting["hard"]:
        network.apply_output_transform(lambda t, y: 1 + t * y)
    model = dde.Model(data, network)

    class Looking(dde.callbacks.Callback):  # type: ignore[misc]  # deepxde has no types
        calls, every = 0, 10

        def on_epoch_end(self) -> None:
            self.calls += 1
            if self.calls % self.every == 0 and clock.look(lambda t: model.predict(t[:, None])[:, 0]):
                self.model.stop_training = True

    looking = Looking()
    model.compile("adam", lr=setting["rate"])
    dde.optimizers.set_LBFGS_options(maxiter=setting["lbfgs"])
    dde.optimizers.config.LBFGS_options.update(iter_per_step=10, fun_per_step=25)  # looked at every ten
    clock = Clock()
    model.train(iterations=setting["adam"], callbacks=[looking], display_every=10**9, verbose=0)
    if clock.reached is None:
        model.compile("L-BFGS")
        looking.every = 1
        model.train(callbacks=[looking], display_every=10**9, verbose=0)
    return clock.result()


def neurodiffeq(seed: int, setting: dict[str, Any]) -> dict[str, Any]:
    """Adam, as its documentation has it; its trial solution 1 + (1 - exp(-t)) N(t) holds the solution, at N = -1."""
    import torch
    from neurodiffeq import diff
    from neurodiffeq.conditions import IVP
    from neurodiffeq.generators import Generator1D
    from neurodiffeq.networks import FCNN
    from neurodiffeq.solvers import Solver1D

    torch.set_default_dtype(torch.float64)
    torch.manual_seed(seed)
    network = FCNN(hidden_units=[setting["width"]] * setting["depth"])
    solver = Solver1D(
        ode_system=lambda y, t: [diff(y, t) + y],
        conditions=[IVP(0.0, 1.0)],
        t_min=0.0,
        t_max=2.0,
        nets=[network],
        optimizer=torch.optim.Adam(network.parameters(), lr=setting["rate"]),
        train_generator=Generator1D(setting["points"], 0.0, 2.0, method=setting["method"]),
        n_batches_valid=0,
    )

    def look(solver: Any) -> None:
        if solver.global_epoch % 10 == 0:
            solution = solver.get_solution(copy=False, best=False)
            if clock.look(lambda t: solution(torch.tensor(t), to_numpy=True)):
                solver._stop_training = True

    clock = Clock()
    solver.fit(setting["adam"], callbacks=[look], tqdm_file=None)
    return clock.result()


if __name__ == "__main__":
    import torch

    torch.set_num_threads(1)
    name, seed, setting = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
    print(json.dumps({"odebench": odebench, "deepxde": deepxde, "neurodiffeq": neurodiffeq}[name](seed, setting)))
