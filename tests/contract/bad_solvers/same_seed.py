"""Breaks the rule 'same-seed'."""

import numpy as np
from odebench_plugins.solvers.rk4 import rk4

from odebench import Solution, hookimpl, solver


@solver(ladder=[{"steps": 10 * 2**k} for k in range(5)])
def bad_same_seed(ivp, t_eval, *, steps=100, seed=0):
    """It takes a seed and draws from another. steps: their number."""
    good = rk4(ivp, t_eval, steps=steps)
    return Solution(good.y * (1 + 1e-11 * np.random.default_rng().random()), stats=good.stats)


@hookimpl
def odebench_solvers():
    return [bad_same_seed]
