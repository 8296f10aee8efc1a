"""neurodiffeq called as its README does, for two equations."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from helpers.commands import torch_as_found

PROBLEM = "decay"
RUNGS = [{"width": 8, "epochs": 50}, {"width": 16, "epochs": 100}, {"width": 32, "epochs": 200}]


def direct(problem: str, ivp: Any, *, seed: int = 0, width: int = 32, epochs: int = 3000) -> Callable[[], np.ndarray]:
    """What solves it when called, the states (n, d) at `t_eval`."""
    with torch_as_found(), warnings.catch_warnings(action="ignore"):
        import torch
        from neurodiffeq import diff
        from neurodiffeq.conditions import IVP
        from neurodiffeq.networks import FCNN
        from neurodiffeq.solvers import Solver1D

    def decay(y, t):
        return [diff(y, t) + y]

    def lotka_volterra(u, v, t):
        return [diff(u, t) - (1.5 * u - u * v), diff(v, t) - (-3.0 * v + u * v)]

    equation, y0 = {"decay": (decay, [1.0]), "lotka-volterra": (lotka_volterra, [1.0, 1.0])}[problem]
    t0, t1 = ivp.t_span

    def train() -> np.ndarray:
        torch.manual_seed(seed)
        conditions = [IVP(t_0=t0, u_0=value) for value in y0]
        nets = [FCNN(hidden_units=(width, width)) for _ in y0]
        solver = Solver1D(equation, conditions, t_min=t0, t_max=t1, nets=nets)
        solver.fit(max_epochs=epochs, tqdm_file=None)
        states = solver.get_solution()(ivp.t_eval, to_numpy=True)
        return np.stack(states if isinstance(states, list) else [states], axis=1)

    def solve() -> np.ndarray:
        with torch_as_found():
            torch.set_default_dtype(torch.float64)  # as neurodiffeq has it once it is imported
            return train()

    return solve
