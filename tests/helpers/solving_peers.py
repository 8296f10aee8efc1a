"""A problem for the peers' tests, what they make of it, and how far off that is."""

import numpy as np

from odebench.host import Host
from odebench.references import reference

HOST = Host()


def short():
    """Half a turn of the harmonic oscillator, which ends as far from its start as it gets."""
    return HOST.problem("harmonic-oscillator")(periods=0.5)


def max_error(ivp, y):
    return np.abs(y - reference(ivp).y).max()


def constant(ivp):
    """The control: a solver that never leaves y0."""
    return np.tile(ivp.y0, (ivp.t_eval.size, 1))


def solved(name, ivp, **parameters):
    return HOST.solver(name)(ivp, ivp.t_eval, **parameters)
