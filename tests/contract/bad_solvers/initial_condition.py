"""Breaks the rule 'initial-condition'."""

from odebench_plugins.solvers.rk4 import rk4

from odebench import Solution, hookimpl, solver


@solver(ladder=[{"steps": 10 * 2**k} for k in range(5)])
def bad_initial_condition(ivp, t_eval, *, steps=100):
    """It begins almost at y0. steps: their number."""
    good = rk4(ivp, t_eval, steps=steps)
    good.y[0] *= 1 + 1e-7
    return Solution(good.y, stats=good.stats)


@hookimpl
def odebench_solvers():
    return [bad_initial_condition]
