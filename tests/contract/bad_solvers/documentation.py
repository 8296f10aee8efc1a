"""Breaks the rule 'documentation'."""

from odebench_plugins.solvers.rk4 import rk4

from odebench import hookimpl, solver


@solver(order=4, ladder=[{"steps": 10 * 2**k} for k in range(5)])
def bad_documentation(ivp, t_eval, *, steps=100):
    """It does not say what its parameter is."""
    return rk4(ivp, t_eval, steps=steps)


@hookimpl
def odebench_solvers():
    return [bad_documentation]
