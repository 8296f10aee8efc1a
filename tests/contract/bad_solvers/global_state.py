"""Breaks the rule 'global-state'."""

import numpy as np
from odebench_plugins.solvers.rk4 import rk4

from odebench import Solution, hookimpl, solver


@solver(order=4, ladder=[{"steps": 10 * 2**k} for k in range(5)])
def bad_global_state(ivp, t_eval, *, steps=100):
    """It seeds the generator that the whole process draws from. steps: their number."""
    good = rk4(ivp, t_eval, steps=steps)
    np.random.seed(0)
    return Solution(good.y * (1 + 1e-12 * np.random.rand()), stats=good.stats)


@hookimpl
def odebench_solvers():
    return [bad_global_state]
