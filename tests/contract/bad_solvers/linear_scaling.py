"""Breaks the rule 'linear-scaling'."""

import numpy as np
from odebench_plugins.solvers.rk4 import rk4

from odebench import Solution, hookimpl, solver


@solver(order=4, ladder=[{"steps": 10 * 2**k} for k in range(5)])
def bad_linear_scaling(ivp, t_eval, *, steps=100):
    """It takes states to lie above -1.5. steps: their number."""
    good = rk4(ivp, t_eval, steps=steps)
    return Solution(np.maximum(good.y, -1.5), stats=good.stats)


@hookimpl
def odebench_solvers():
    return [bad_linear_scaling]
