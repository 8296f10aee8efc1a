"""Breaks the rule 'run-twice'."""

from odebench_plugins.solvers.rk4 import rk4

from odebench import Solution, hookimpl, solver

calls = []


@solver(order=4, ladder=[{"steps": 10 * 2**k} for k in range(5)])
def bad_run_twice(ivp, t_eval, *, steps=100):
    """It remembers how often it was called. steps: their number."""
    good = rk4(ivp, t_eval, steps=steps)
    calls.append(1)
    return Solution(good.y * (1 + 1e-14 * len(calls)), stats=good.stats)


@hookimpl
def odebench_solvers():
    return [bad_run_twice]
