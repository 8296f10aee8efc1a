"""Breaks the rule 'another-process'."""

import numpy as np
from odebench_plugins.solvers.rk4 import rk4

from odebench import Solution, hookimpl, solver

DRAWN = np.random.default_rng().random()


@solver(order=4, ladder=[{"steps": 10 * 2**k} for k in range(5)])
def bad_another_process(ivp, t_eval, *, steps=100):
    """It draws something when it is imported. steps: their number."""
    good = rk4(ivp, t_eval, steps=steps)
    return Solution(good.y * (1 + 1e-12 * DRAWN), stats=good.stats)


@hookimpl
def odebench_solvers():
    return [bad_another_process]
