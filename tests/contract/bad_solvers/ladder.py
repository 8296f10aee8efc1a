"""Breaks the rule 'ladder'."""

from odebench_plugins.solvers.rk4 import rk4

from odebench import Solution, hookimpl, solver


@solver(ladder=[{"rtol": 10.0**-k} for k in range(3, 8)])
def bad_ladder(ivp, t_eval, *, rtol=1e-3):
    """It takes 20 steps, whatever rtol says."""
    good = rk4(ivp, t_eval, steps=20)
    return Solution(good.y, good.dense, good.stats)


@hookimpl
def odebench_solvers():
    return [bad_ladder]
