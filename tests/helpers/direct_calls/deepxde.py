"""DeepXDE called as its documentation does: its demo of an ODE system, with another equation in it."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import numpy as np
from helpers.commands import torch_as_found

PROBLEM = "decay"
RUNGS = [
    {"width": 10, "epochs": 100},
    {"width": 20, "epochs": 200},
    {"width": 30, "epochs": 300},
    {"optimizer": "adam-lbfgs", "epochs": 50, "lbfgs_epochs": 100, "dtype": "float64"},
]


def direct(
    problem: str,
    ivp: Any,
    *,
    seed: int = 0,
    width: int = 50,
    epochs: int = 20000,
    optimizer: str = "adam",
    lbfgs_epochs: int = 15000,
    dtype: str = "float32",
) -> Callable[[], np.ndarray]:
    """What solves it when called, the states (n, d) at `t_eval`."""
    with torch_as_found():
        os.environ["DDE_BACKEND"] = "pytorch"
        import deepxde as dde

        del os.environ["DDE_BACKEND"]

    def decay(t, y):
        return dde.grad.jacobian(y, t) + y

    def lotka_volterra(t, y):
        prey, predators = y[:, 0:1], y[:, 1:2]
        return [
            dde.grad.jacobian(y, t, i=0) - (1.5 * prey - prey * predators),
            dde.grad.jacobian(y, t, i=1) - (-3.0 * predators + prey * predators),
        ]

    def at_start(_, on_initial):
        return on_initial

    equation, y0 = {
        "decay": (decay, [lambda t: 1.0]),
        "lotka-volterra": (lotka_volterra, [lambda t: 1.0, lambda t: 1.0]),
    }[problem]

    def train() -> np.ndarray:
        dde.config.set_random_seed(seed)
        geom = dde.geometry.TimeDomain(*ivp.t_span)
        conditions = [dde.icbc.IC(geom, value, at_start, component=i) for i, value in enumerate(y0)]
        data = dde.data.PDE(geom, equation, conditions, 35, 2)
        net = dde.nn.FNN([1] + [width] * 3 + [len(y0)], "tanh", "Glorot uniform")
        model = dde.Model(data, net)
        model.compile("adam", lr=0.001, verbose=0)
        model.train(iterations=epochs, verbose=0)
        if optimizer == "adam-lbfgs":
            dde.optimizers.set_LBFGS_options(maxiter=lbfgs_epochs)
            dde.optimizers.LBFGS_options["iter_per_step"] = lbfgs_epochs
            model.compile("L-BFGS", verbose=0)
            model.train(verbose=0)
        return model.predict(np.array(ivp.t_eval)[:, None])

    def solve() -> np.ndarray:
        with torch_as_found(), redirect_stdout(io.StringIO()):
            dde.config.set_default_float(dtype)
            return train()

    return solve
