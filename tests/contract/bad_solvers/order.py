"""Breaks the rule 'order'."""

from odebench_plugins.solvers.rk4 import rk4

from odebench import hookimpl, solver


@solver(order=3, ladder=[{"steps": 10 * 2**k} for k in range(5)])
def bad_order(ivp, t_eval, *, steps=100):
    """It declares order 3 and is of order 4. steps: their number."""
    return rk4(ivp, t_eval, steps=steps)


@hookimpl
def odebench_solvers():
    return [bad_order]
