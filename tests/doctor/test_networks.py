"""Faults planted in networks are found and named first; without them nothing is found."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import pytest
from helpers.doctor_faults import planted
from helpers.optional import optional
from helpers.runs import make_once

from odebench import hookimpl
from odebench.cases import Variant
from odebench.doctor import PATHOLOGIES, Diagnosis, examine
from odebench.host import Host

optional("torch", "the faults are planted in networks")
pytestmark = [pytest.mark.training, pytest.mark.usefixtures("one_thread")]

SLOW_DECAY = {"rate": 0.01, "t0": 0.0, "t1": 100.0}
ADAM = {"optimizer": "adam", "epochs": 500, "learning_rate": 0.05, "decay": 0.99}
LONG_ADAM = ADAM | {"epochs": 1000, "decay": 0.995}
SOFT = {"initial_condition": "soft"}
FORWARD = {"derivative": "forward", "epochs": 150}
THREAD_A = {**SOFT, "activation": "relu", "relu_output": True, "depth": 2, "optimizer": "adam", "epochs": 300}
WORKING = {"activation": "tanh", "relu_output": False, "optimizer": "lbfgs", "epochs": 150}
# from this start, training finds its way out of a shorter span
CAPTURED = {"start": "captured", "points": 41, "optimizer": "lbfgs", "epochs": 100}
SYSTEM_A = THREAD_A | {"derivative": "prediction", "epochs": 100}


NOTHING: Mapping[str, Any] = MappingProxyType({})


class Fault(NamedTuple):
    """A pathology, what brings it about, and what stays the same where it is absent."""

    pathology: str
    plant: dict[str, Any]
    """Of the solver's parameters."""
    base: dict[str, Any]
    """The other parameters: those of the control too."""
    problem: str = "decay"
    params: Mapping[str, Any] = NOTHING
    """The problem's."""
    too_much: Mapping[str, Any] = NOTHING
    """Of the problem's parameters, where they are the fault."""
    control: Mapping[str, Any] = NOTHING
    """What the control has beside the base, where the base alone has no fault but no good solution either."""
    slow: bool = False
    """Whether another fault of the same pathology stands for it by default."""


FAULTS = [
    Fault("wrong-variable", {"derivative": "prediction"}, SOFT),
    Fault("wrong-variable", {"derivative": "scaled-time"}, {}, params={"t1": 4.0}, slow=True),
    Fault("wrong-variable", {"derivative": "sum"}, {"epochs": 300}, "harmonic-oscillator", {"periods": 0.5}, slow=True),
    Fault("broadcast-residual", {"residual": "pairs"}, {}),
    Fault("detached-derivative", {"derivative": "detached"}, {}),
    Fault("detached-derivative", {"derivative": "detached"}, LONG_ADAM | SOFT, slow=True),
    Fault("accumulated-gradient", {"zero_grad": False}, ADAM),
    Fault("learning-rate-too-high", {"learning_rate": 5.0}, ADAM),
    Fault("dead-units", {"output_bias": -10.0}, THREAD_A, control=WORKING),
    Fault("unscaled-time", {"time": "raw"}, ADAM | {"epochs": 300, "decay": 0.985}, params=SLOW_DECAY),
    Fault("initial-condition-imbalance", {"condition_weight": 1e-8}, SOFT),
    Fault("initial-condition-imbalance", {"condition_weight": 1e6}, LONG_ADAM | SOFT, slow=True),
    Fault("saturation", {"weight_scale": 100.0}, ADAM),
    Fault("difference-noise-floor", {"step": 1e-13}, FORWARD),
    Fault("discretisation-floor", {"derivative": "backward"}, {}),
    Fault("discretisation-floor", {"step": 5e-2}, FORWARD | {"epochs": 300}, slow=True),
    Fault("float32-stall", {"dtype": "float32"}, {"epochs": 300}),
    Fault("learning-rate-decays-early", {"decay": 0.8}, ADAM),
    Fault("too-few-points", {"points": 4}, {"epochs": 300}, "harmonic-oscillator", {"periods": 0.5}),
    Fault(
        "span-too-long",
        {},
        {"points": 201, "epochs": 300},
        "harmonic-oscillator",
        {"periods": 0.5},
        too_much={"periods": 10.0},
        slow=True,
    ),
    Fault("span-too-long", {}, {}, too_much={"rate": 1e4, "t0": 0.0, "t1": 0.02}),
    Fault("fixed-point-capture", {}, CAPTURED, "logistic", {"t1": 5.0}, too_much={"t1": 10.0}),
    Fault("fixed-point-capture", {}, CAPTURED | LONG_ADAM, "logistic", {"t1": 5.0}, too_much={"t1": 10.0}, slow=True),
    Fault("too-few-epochs", {"epochs": 10}, {}),
]

WITHOUT_A_NETWORK = {"trivial-solution", "stalled-training", "low-loss-wrong-solution"}  # planted in test_doctor.py


def with_slow_marks(faults):
    marks = {True: [pytest.mark.slow], False: []}
    return [pytest.param(f, marks=marks[f.slow], id=f"{FAULTS.index(f)}-{f.pathology}") for f in faults]


class Found(NamedTuple):
    """The part of a checkup that is tested here, and that workers can hand to each other."""

    diagnoses: tuple[Diagnosis, ...]
    error: float
    final_loss: float


@pytest.fixture(scope="module")
def host_with_planted():
    host = Host(from_environment=False)
    assert host.register(SimpleNamespace(odebench_solvers=hookimpl(lambda: [planted])), "test").error is None
    return host


@pytest.fixture
def checkup(host_with_planted, shared):
    """Return a function that examines `planted`: once per test session, however many tests ask for the same."""
    host = host_with_planted

    def found(problem, params, problem_params=NOTHING, **options):
        problem_variant = Variant(problem, host.problem(problem).resolve(dict(problem_params)))
        variant = Variant("planted", host.solver("planted").resolve(params))
        asked = {"seeds": 1} | options

        def make(directory):
            seen = examine(host, problem_variant, variant, **asked)
            kept = Found(seen.diagnoses, seen.worst.error, seen.worst.final_loss)
            (directory / "found.pickle").write_bytes(pickle.dumps(kept))

        key = hashlib.sha256(repr((problem_variant, variant, asked)).encode()).hexdigest()[:16]
        return pickle.loads((make_once(shared, f"checkup-{key}", make) / "found.pickle").read_bytes())

    return found


def names(found):
    return [diagnosis.pathology for diagnosis in found.diagnoses]


@pytest.mark.parametrize("fault", with_slow_marks(FAULTS))
def test_a_planted_fault_is_found_and_named_first(fault, checkup):
    found = checkup(fault.problem, fault.base | fault.plant, fault.params | fault.too_much)
    assert names(found)[:1] == [fault.pathology]
    first = found.diagnoses[0]
    assert first.value > first.threshold
    assert first.finding
    assert first.remedy


@pytest.mark.parametrize("fault", with_slow_marks(FAULTS))
def test_without_the_fault_nothing_is_found(fault, checkup):
    """All else is the same: the optimizer, its steps, the problem."""
    found = checkup(fault.problem, fault.base | fault.control, fault.params)
    assert names(found) == []
    assert found.error <= 1e-2


@pytest.mark.parametrize("fault", with_slow_marks([fault for fault in FAULTS if fault.control]))
def test_without_what_was_planted_it_is_not_named_where_the_rest_is_no_good_either(fault, checkup):
    assert fault.pathology not in names(checkup(fault.problem, fault.base, fault.params))


def test_every_pathology_is_planted_somewhere():
    by_default = [fault for fault in FAULTS if not fault.slow]
    planted_here = {fault.pathology for fault in by_default}
    assert planted_here | WITHOUT_A_NETWORK == {pathology.name for pathology in PATHOLOGIES}


def test_system_a_is_named_on_every_seed(checkup):
    """The thread's question: relu everywhere, the derivative by the prediction, Adam."""
    found = checkup("decay", SYSTEM_A, seeds=3)
    assert names(found)[0] == "wrong-variable"
    assert found.diagnoses[0].seeds == "3 of 3 seeds"
    assert found.diagnoses[0].parameters == {"derivative": "time"}


def test_system_a_that_has_died_is_explained_from_its_loss_of_two(checkup):
    found = checkup("decay", SYSTEM_A | {"output_bias": -10.0})
    assert names(found) == ["wrong-variable", "dead-units", "trivial-solution"]
    assert found.final_loss == 2.0
    assert "that is the loss of 2." in found.diagnoses[0].finding
    assert "would look the same" in found.diagnoses[0].finding  # it never moved, and one number has two readings
    right = checkup("decay", SYSTEM_A | {"output_bias": -10.0, "derivative": "time"})
    assert names(right) == ["dead-units", "trivial-solution"]
    assert right.final_loss == 1.0
    assert "the zero output's, with the right derivative" in right.diagnoses[1].finding
