"""Breaks the rule 'states'."""

import numpy as np
from odebench_plugins.solvers.rk4 import rk4

from odebench import Solution, hookimpl, solver


@solver(order=4, ladder=[{"steps": 10 * 2**k} for k in range(5)])
def bad_states(ivp, t_eval, *, steps=100):
    """It returns as many states as it is asked for, but equally spaced ones. steps: their number."""
    good = rk4(ivp, t_eval, steps=steps)
    return Solution(good.dense(np.linspace(*ivp.t_span, t_eval.size)), stats=good.stats)


@hookimpl
def odebench_solvers():
    return [bad_states]
