"""Breaks the rule 'imports'."""

import scipy.interpolate
from odebench_plugins.solvers.rk4 import rk4

from odebench import hookimpl, solver


@solver(requires=["scipy"], order=4, ladder=[{"steps": 10 * 2**k} for k in range(5)])
def bad_imports(ivp, t_eval, *, steps=100):
    """It imports scipy when it is listed. steps: their number."""
    assert scipy.interpolate.CubicHermiteSpline
    return rk4(ivp, t_eval, steps=steps)


@hookimpl
def odebench_solvers():
    return [bad_imports]
