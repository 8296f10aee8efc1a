"""Breaks the rule 'global-state' in the other way: it changes nothing, and depends on it."""

import os

from odebench_plugins.solvers.rk4 import rk4

from odebench import Solution, hookimpl, solver


@solver(ladder=[{"steps": 10 * 2**k} for k in range(5)])
def bad_reads_its_surroundings(ivp, t_eval, *, steps=100):
    """What it computes depends on the working directory. steps: their number."""
    good = rk4(ivp, t_eval, steps=steps)
    return Solution(good.y * (1 + 1e-14 * sum(os.getcwd().encode())), stats=good.stats)


@hookimpl
def odebench_solvers():
    return [bad_reads_its_surroundings]
