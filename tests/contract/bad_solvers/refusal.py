"""Breaks the rule 'refusal'."""

from odebench_plugins.solvers.rk4 import rk4

from odebench import Solution, hookimpl, solver


@solver(order=4, ladder=[{"steps": 10 * 2**k} for k in range(5)])
def bad_refusal(ivp, t_eval, *, steps=100):
    """It takes every right-hand side to have an analytic Jacobian. steps: their number."""
    stiffness = abs(ivp.jac(ivp.t_span[0], ivp.y0)).max()
    good = rk4(ivp, t_eval, steps=steps)
    return Solution(good.y, good.dense, {**good.stats, "stiffness": stiffness})


@hookimpl
def odebench_solvers():
    return [bad_refusal]
