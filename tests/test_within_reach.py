"""Every problem is solved to its reference by scipy: by Radau where it is stiff, by DOP853 where it is not."""

import numpy as np
import pytest

from odebench import references
from odebench.host import Host

HOST = Host()
WANTED = 1e-8  # relative to the largest value of the solution
TIGHT = {"Radau": (1e-10, 1e-14), "DOP853": (3e-14, 1e-14)}  # rtol, atol
OWN_TIGHT = {
    "e5": (1e-10, 1e-28),  # components of 1e-24
    "emep": (1e-9, 1e-3),  # of 1e5 to 1e12 molecules
    "medical-akzo-nobel": (1e-9, 1e-12),
    "stiff-detest-e4": (1e-10, 1e-12),  # differences of states of 27 decay to nothing
}
SLOWEST = ("beam", "emep", "medical-akzo-nobel", "orego", "stiff-detest-b1", "vdpol")  # most of the time of all
OWN_LOOSE = {"e5": (1e-2, 1e-24)}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.sweep] if name in SLOWEST else []) for name in sorted(HOST.problems)],
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
