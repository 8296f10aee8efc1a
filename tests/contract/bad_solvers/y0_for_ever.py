"""Breaks the rule 'systems-and-scalars' in the other way: the control of every accuracy."""

import numpy as np

from odebench import Solution, hookimpl, solver


@solver
def bad_y0_for_ever(ivp, t_eval):
    """It stays at y0."""
    return Solution(np.tile(ivp.y0, (t_eval.size, 1)))


@hookimpl
def odebench_solvers():
    return [bad_y0_for_ever]
