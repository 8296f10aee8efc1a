"""Breaks the rule 'input-untouched'."""

import ctypes

from odebench_plugins.solvers.rk4 import rk4

from odebench import Solution, hookimpl, solver


@solver(order=4, ladder=[{"steps": 10 * 2**k} for k in range(5)])
def bad_input_untouched(ivp, t_eval, *, steps=100):
    """It uses y0 as its working memory, from C, where numpy cannot stop it. steps: their number."""
    good = rk4(ivp, t_eval, steps=steps)
    last = good.y[-1].copy()
    ctypes.memmove(ivp.y0.ctypes.data, last.ctypes.data, last.nbytes)
    return Solution(good.y, good.dense, good.stats)


@hookimpl
def odebench_solvers():
    return [bad_input_untouched]
