"""Breaks the rule 'systems-and-scalars'."""

from odebench_plugins.solvers.rk4 import rk4

from odebench import Solution, hookimpl, solver


@solver(order=4, ladder=[{"steps": 10 * 2**k} for k in range(5)])
def bad_systems_and_scalars(ivp, t_eval, *, steps=100):
    """It knows of two states, and leaves a third where it was. steps: their number."""
    good = rk4(ivp, t_eval, steps=steps)
    good.y[:, 2:] = ivp.y0[2:]
    return Solution(good.y, stats=good.stats)


@hookimpl
def odebench_solvers():
    return [bad_systems_and_scalars]
