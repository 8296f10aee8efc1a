"""Breaks the rule 'statistics'."""

from odebench_plugins.solvers.rk4 import rk4

from odebench import Solution, hookimpl, solver


@solver(order=4, ladder=[{"steps": 10 * 2**k} for k in range(5)])
def bad_statistics(ivp, t_eval, *, steps=100):
    """It claims an evaluation a step, and takes four. steps: their number."""
    good = rk4(ivp, t_eval, steps=steps)
    return Solution(good.y, good.dense, {"steps": steps, "rhs_calls": steps})


@hookimpl
def odebench_solvers():
    return [bad_statistics]
