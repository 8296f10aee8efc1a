"""Other packages through odebench: the digits of a direct call of each, and what it cannot do.

A module of `direct_calls` has the name of its plugin and `direct(problem, ivp, **parameters)`, which prepares all that
is compiled and returns the call. It may name another `PROBLEM`, the `RUNGS` to try where the ladder is slow, and the
`BOUND` that its last rung keeps.
"""

import importlib
import inspect

import numpy as np
import pytest
from helpers.hosts import HOST
from helpers.paths import DIRECT_CALLS
from helpers.solving_peers import open_heyokas_cache

from odebench import Unsupported
from odebench.accuracy import errors
from odebench.references import reference

pytestmark = pytest.mark.peers

PEERS = sorted(path.stem for path in DIRECT_CALLS.glob("*.py"))


@pytest.fixture(scope="module", autouse=True)
def _heyokas_cache_is_open():
    open_heyokas_cache()


class Peer:
    """A plugin beside the direct call of its library."""

    def __init__(self, name):
        self.plugin = HOST.solver(name.replace("_", "-"))
        if reason := HOST.missing(self.plugin):
            pytest.skip(reason)
        self.module = importlib.import_module(f"helpers.direct_calls.{name}")
        self.problem = getattr(self.module, "PROBLEM", "lotka-volterra")
        self.ivp = HOST.problem(self.problem)()
        self.rungs = [self.plugin.resolve(rung) for rung in getattr(self.module, "RUNGS", self.plugin.ladder)]

    def solve(self, rung):
        seed = {"seed": 0} if self.plugin.uses_chance else {}
        return self.plugin(self.ivp, self.ivp.t_eval, **rung, **seed)

    def direct(self, rung):
        taken = inspect.signature(self.module.direct).parameters
        return self.module.direct(self.problem, self.ivp, **{k: v for k, v in rung.items() if k in taken})


@pytest.fixture(params=PEERS)
def peer(request):
    return Peer(request.param)


def test_every_rung_has_the_digits_of_the_direct_call_and_an_accuracy_of_its_own(peer):
    found = []
    for rung in peer.rungs:
        y = peer.solve(rung).y
        assert y.dtype == np.float64
        np.testing.assert_array_equal(y, peer.direct(rung)(), err_msg=str(rung))
        found.append(y)
    assert len({y.tobytes() for y in found}) > len(found) / 2  # other parameters, other digits
    truth = reference(peer.ivp).y
    off = [errors(y, truth)["max_abs_error"] for y in found]
    standing = errors(np.tile(peer.ivp.y0, (len(truth), 1)), truth)["max_abs_error"]
    bound = getattr(peer.module, "BOUND", 1e-6 if len(off) == len(peer.plugin.ladder) else standing / 2)
    assert off[-1] <= bound < standing
    assert off[-1] < off[0]


@pytest.mark.slow
def test_the_whole_ladder_has_the_digits_of_the_direct_calls(peer):
    """Of those that train, for minutes, which the quick rungs of the test above are not on."""
    if not hasattr(peer.module, "RUNGS"):
        pytest.skip("the test above went up all of it")
    for rung in map(peer.plugin.resolve, peer.plugin.ladder):
        np.testing.assert_array_equal(peer.solve(rung).y, peer.direct(rung)(), err_msg=str(rung))


CANNOT = [
    ("heyoka", "detest-f1", {}, "branches"),
    ("scipy-ivp-numba", "detest-f1", {}, "branches"),
    ("sundials", "detest-f1", {"linear_solver": "band"}, "linear_solver=dense"),
    ("extensisq", "lotka-volterra", {"method": "Fi4N"}, "positions"),
    ("extensisq", "damped-oscillator", {"method": "MR6NN"}, "speeds"),
]


@pytest.mark.parametrize(
    ("name", "problem", "parameters", "reason"), [case for case in CANNOT if not HOST.missing(HOST.solver(case[0]))]
)
def test_what_it_cannot_do_is_unsupported_with_a_reason(name, problem, parameters, reason):
    solver, ivp = HOST.solver(name), HOST.problem(problem)()
    with pytest.raises(Unsupported, match=reason):
        solver(ivp, ivp.t_eval, **parameters)
