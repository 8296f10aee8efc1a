"""Faults planted in networks are found and named first; without them nothing is found."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType, SimpleNamespace
from typing import Any, NamedTuple

import pytest

from odebench import hookimpl
from odebench.cases import Variant
from odebench.doctor import PATHOLOGIES, examine
from odebench.host import Host

torch = pytest.importorskip("torch", reason="the faults are planted in networks")

from helpers.doctor_faults import planted  # noqa: E402  (after the check for torch)

pytestmark = pytest.mark.training

HOST = Host()
assert HOST.register(SimpleNamespace(odebench_solvers=hookimpl(lambda: [planted])), "test").error is None

SLOW_DECAY = {"rate": 0.01, "t0": 0.0, "t1": 100.0}
ADAM = {"optimizer": "adam", "epochs": 1000, "learning_rate": 0.05, "decay": 0.995}
SOFT = {"initial_condition": "soft"}
FORWARD = {"derivative": "forward", "epochs": 300}
THREAD_A = {**SOFT, "activation": "relu", "relu_output": True, "depth": 2, "optimizer": "adam", "epochs": 300}
SYSTEM_A = THREAD_A | {"derivative": "prediction"}


FOUND: dict[str, Any] = {}
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


FAULTS = [
    Fault("wrong-variable", {"derivative": "prediction"}, SOFT),
    Fault("wrong-variable", {"derivative": "scaled-time"}, {}, params={"t1": 4.0}),
    Fault("wrong-variable", {"derivative": "sum"}, {"epochs": 300}, "harmonic-oscillator", {"periods": 0.5}),
    Fault("broadcast-residual", {"residual": "pairs"}, {}),
    Fault("detached-derivative", {"derivative": "detached"}, {}),
    Fault("detached-derivative", {"derivative": "detached"}, ADAM | SOFT),
    Fault("accumulated-gradient", {"zero_grad": False}, ADAM),
    Fault("learning-rate-too-high", {"learning_rate": 5.0}, ADAM),
    Fault("dead-units", {"output_bias": -10.0}, THREAD_A, control=ADAM | {"activation": "tanh", "relu_output": False}),
    Fault("unscaled-time", {"time": "raw"}, ADAM, params=SLOW_DECAY),
    Fault("initial-condition-imbalance", {"condition_weight": 1e-8}, SOFT),
    Fault("initial-condition-imbalance", {"condition_weight": 1e6}, ADAM | SOFT),
    Fault("saturation", {"weight_scale": 100.0}, ADAM),
    Fault("difference-noise-floor", {"step": 1e-13}, FORWARD),
    Fault("discretisation-floor", {"derivative": "backward"}, {}),
    Fault("discretisation-floor", {"step": 5e-2}, FORWARD),
    Fault("float32-stall", {"dtype": "float32"}, {"epochs": 1000}),
    Fault("learning-rate-decays-early", {"decay": 0.8}, ADAM),
    Fault("too-few-points", {"points": 4}, {"epochs": 300}, "harmonic-oscillator", {"periods": 0.5}),
    Fault(
        "span-too-long",
        {},
        {"points": 201, "epochs": 300},
        "harmonic-oscillator",
        {"periods": 0.5},
        too_much={"periods": 10.0},
    ),
    Fault("span-too-long", {}, {}, too_much={"rate": 1e4, "t0": 0.0, "t1": 0.02}),
    # from the same captured start, training finds its way out of the shorter span
    Fault(
        "fixed-point-capture",
        {},
        ADAM | {"start": "captured", "points": 41},
        "logistic",
        {"t1": 5.0},
        too_much={"t1": 10.0},
    ),
    Fault("too-few-epochs", {"epochs": 10}, {}),
]

WITHOUT_A_NETWORK = {"trivial-solution", "stalled-training", "low-loss-wrong-solution"}  # planted in test_doctor.py


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def checkup(name, problem, params=None, problem_params=None, **options):
    """What is found; examined once, however many tests ask for it."""
    asked = repr((name, problem, params, dict(problem_params or {}), options))
    if asked not in FOUND:
        FOUND[asked] = examined(name, problem, params, problem_params, **options)
    return FOUND[asked]


def examined(name, problem, params, problem_params, **options):
    method = HOST.solver(name)
    problem_variant = Variant(problem, HOST.problem(problem).resolve(problem_params or {}))
    return examine(HOST, problem_variant, Variant(name, method.resolve(params or {})), **{"seeds": 1} | options)


def names(found):
    return [diagnosis.pathology for diagnosis in found.diagnoses]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found_and_named_first(fault):
    found = checkup("planted", fault.problem, fault.base | fault.plant, fault.params | fault.too_much)
    assert names(found)[:1] == [fault.pathology]
    first = found.diagnoses[0]
    assert first.value > first.threshold
    assert first.finding
    assert first.remedy


@pytest.mark.parametrize("fault", FAULTS)
def test_without_what_was_planted_it_is_not_named(fault):
    """All else is the same: the optimizer, its steps, the problem."""
    assert fault.pathology not in names(checkup("planted", fault.problem, fault.base, fault.params))


@pytest.mark.parametrize("fault", FAULTS)
def test_without_the_fault_nothing_is_found(fault):
    found = checkup("planted", fault.problem, fault.base | fault.control, fault.params)
    assert names(found) == []
    assert found.worst.error <= 1e-2


def test_every_pathology_is_planted_somewhere():
    assert {fault.pathology for fault in FAULTS} | WITHOUT_A_NETWORK == {pathology.name for pathology in PATHOLOGIES}


def test_system_a_is_named_on_every_seed():
    """The thread's question: relu everywhere, the derivative by the prediction, Adam."""
    found = checkup("planted", "decay", SYSTEM_A, seeds=3)
    assert names(found)[0] == "wrong-variable"
    assert found.diagnoses[0].seeds == "3 of 3 seeds"
    assert found.diagnoses[0].parameters == {"derivative": "time"}


def test_system_a_that_has_died_is_explained_from_its_loss_of_two():
    found = checkup("planted", "decay", SYSTEM_A | {"output_bias": -10.0})
    assert names(found) == ["wrong-variable", "dead-units", "trivial-solution"]
    assert found.worst.final_loss == 2.0
    assert "that is the loss of 2." in found.diagnoses[0].finding
    assert "would look the same" in found.diagnoses[0].finding  # it never moved, and one number has two readings
    right = checkup("planted", "decay", SYSTEM_A | {"output_bias": -10.0, "derivative": "time"})
    assert names(right) == ["dead-units", "trivial-solution"]
    assert right.worst.final_loss == 1.0
    assert "the zero output's, with the right derivative" in right.diagnoses[1].finding
