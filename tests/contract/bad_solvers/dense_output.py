"""Breaks the rule 'dense-output'."""

import numpy as np
from odebench_plugins.solvers.rk4 import rk4

from odebench import Solution, hookimpl, solver


@solver(order=4, ladder=[{"steps": 10 * 2**k} for k in range(5)])
def bad_dense_output(ivp, t_eval, *, steps=100):
    """Between the times of its output it takes the nearest of them. steps: their number."""
    good = rk4(ivp, t_eval, steps=steps)
    return Solution(good.y, lambda t: good.y[np.abs(t_eval - t[:, None]).argmin(axis=1)], good.stats)


@hookimpl
def odebench_solvers():
    return [bad_dense_output]
