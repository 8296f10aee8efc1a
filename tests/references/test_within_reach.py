"""Every problem is solved to its reference by scipy: by Radau where it is stiff, by DOP853 where it is not."""

import numpy as np
import pytest
from helpers.hosts import HOST

from odebench import references

pytestmark = pytest.mark.numerics

WANTED = 1e-8  # relative to the largest value of the solution
TIGHT = {"Radau": (1e-10, 1e-14), "DOP853": (3e-14, 1e-14)}  # rtol, atol
OWN_TIGHT = {
    "e5": (1e-10, 1e-28),  # components of 1e-24
    "emep": (1e-9, 1e-3),  # of 1e5 to 1e12 molecules
    "medical-akzo-nobel": (1e-9, 1e-12),
    "stiff-detest-e4": (1e-10, 1e-12),  # differences of states of 27 decay to nothing
}
# one problem of each family, each solved in less than a second; the slow set has all
REPRESENTATIVES = {
    *("decay", "logistic", "cosine-growth", "harmonic-oscillator", "van-der-pol", "lotka-volterra", "rigid-body"),
    *("detest-a2", "detest-b1", "detest-c1", "detest-d1", "detest-e2", "detest-f2"),
    *("stiff-linear", "robertson", "hires", "stiff-detest-a1", "stiff-detest-c2", "stiff-detest-d1", "stiff-detest-e1"),
}
OWN_LOOSE = {"e5": (1e-2, 1e-24)}


@pytest.mark.parametrize(
    "name",
    [pytest.param(n, marks=[] if n in REPRESENTATIVES else [pytest.mark.slow]) for n in sorted(HOST.problems)],
)
def test_a_classical_method_comes_within_1e_8_of_the_reference_and_a_loose_one_does_not(name):
    problem = HOST.problem(name)
    ivp = problem()
    y_ref = references.reference(ivp).y
    size = np.abs(y_ref).max()
    method = "Radau" if "stiff" in problem.tags else "DOP853"

    def error(rtol, atol):
        y = HOST.solver("scipy-ivp")(ivp, ivp.t_eval, method=method, rtol=rtol, atol=atol).y
        return np.abs(y - y_ref).max() / size

    assert error(*OWN_TIGHT.get(name, TIGHT[method])) <= WANTED
    loose = error(*OWN_LOOSE.get(name, (1e-2, 1e-5 * size)))  # the control
    assert np.isfinite(loose)
    assert loose > WANTED
