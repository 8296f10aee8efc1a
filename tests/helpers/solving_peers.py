"""A problem for the peers' tests, what they make of it, and how far off that is."""

import numpy as np
import pytest

from helpers.hosts import HOST
from odebench import IVP
from odebench.accuracy import errors
from odebench.cases import Case, Task, Variant
from odebench.provenance import Conditions
from odebench.references import reference
from odebench.worker import Worker


def installed(*names):
    """Return those of these solvers that can run here; skip the test module if none can."""
    missing = {name: HOST.missing(HOST.solver(name)) for name in names}
    if all(missing.values()):
        pytest.skip("; ".join(f"{name} {reason}" for name, reason in missing.items()), allow_module_level=True)
    return [name for name in names if not missing[name]]


def open_heyokas_cache():
    """Let heyoka open its cache on disk, which it keeps open for as long as the process lasts."""
    if not HOST.missing(HOST.solver("heyoka")):
        solved("heyoka", HOST.problem("decay")())


def short():
    """Half a turn of the harmonic oscillator, which ends as far from its start as it gets."""
    return HOST.problem("harmonic-oscillator")(periods=0.5)


def jumping(breaks):
    """y' = 1 until t = 1, and 0 after."""

    def rhs(t, y, xp):
        left = (1 - t) + 2.0**-54
        return xp.stack([0.5 + 0.5 * (left / xp.sqrt(left * left)) + 0 * y[..., 0]], -1)

    return IVP(rhs, (0.0, 2.3), [0.0], lambda t: np.minimum(t, 1.0)[:, None], breaks=breaks)


def max_error(ivp, y):
    return errors(y, reference(ivp).y, ivp.weights)["max_abs_error"]


def standing(ivp):
    """The error of the control."""
    return max_error(ivp, constant(ivp))


def constant(ivp):
    """The control: a solver that never leaves y0."""
    return np.tile(ivp.y0, (ivp.t_eval.size, 1))


def solved(name, ivp, **parameters):
    return HOST.solver(name)(ivp, ivp.t_eval, **parameters)


def first_measurement(name):
    """The row of the first sample of a solver on a system, by a worker that has compiled nothing."""
    variant = Variant("lotka-volterra", HOST.problem("lotka-volterra").resolve({}))
    solver = Variant(name, HOST.solver(name).resolve({}))
    return Worker(HOST, Conditions("run")).measure(Task(Case(variant, solver), 0, 0))


def steps_over_a_jump_unless_told(name):
    """Whether the solver is right where it knows of the jump, and wrong (the control) where it does not."""
    told, untold = jumping([1.0]), jumping([])
    right = max_error(told, solved(name, told).y) <= 1e-12 < standing(told)
    return right and not max_error(untold, solved(name, untold).y) <= 1e-12
