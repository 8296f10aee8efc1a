"""Faults planted in networks are found and named first; without them nothing is found."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from odebench import hookimpl
from odebench.cases import Variant
from odebench.doctor import PATHOLOGIES, examine
from odebench.host import Host

torch = pytest.importorskip("torch", reason="the faults are planted in networks")

from doctor_faults import planted  # noqa: E402  (after the check for torch)

HOST = Host()
assert HOST.register(SimpleNamespace(odebench_solvers=hookimpl(lambda: [planted])), "test").error is None

SLOW_DECAY = {"rate": 0.01, "t0": 0.0, "t1": 100.0}
ADAM = {"optimizer": "adam", "epochs": 150}
SOFT = {"initial_condition": "soft"}
THREAD_A = {**SOFT, "activation": "relu", "relu_output": True, "depth": 2, "optimizer": "adam", "epochs": 300}
SYSTEM_A = THREAD_A | {"derivative": "prediction"}

# pathology, problem and its parameters, the faulty solver's parameters, those of the healthy control
FAULTS = [
    ("wrong-variable", "decay", {}, SOFT | {"derivative": "prediction"}, SOFT),
    ("wrong-variable", "decay", {"t1": 4.0}, {"derivative": "scaled-time"}, {}),
    ("wrong-variable", "harmonic-oscillator", {"periods": 0.5}, {"derivative": "sum"}, {"epochs": 300}),
    ("broadcast-residual", "decay", {}, {"residual": "pairs"}, {}),
    ("detached-derivative", "decay", {}, {"derivative": "detached"}, {}),
    ("detached-derivative", "decay", {}, ADAM | SOFT | {"derivative": "detached"}, SOFT),
    ("accumulated-gradient", "decay", {}, ADAM | {"zero_grad": False}, {}),
    ("learning-rate-too-high", "decay", {}, ADAM | {"learning_rate": 5.0}, {}),
    (
        "dead-units",
        "decay",
        {},
        THREAD_A | {"output_bias": -10.0},
        THREAD_A | {"activation": "tanh", "relu_output": False, "optimizer": "lbfgs"},
    ),
    ("unscaled-time", "decay", SLOW_DECAY, ADAM | {"time": "raw"}, {}),
    ("initial-condition-imbalance", "decay", {}, SOFT | {"condition_weight": 1e-8}, SOFT),
    ("initial-condition-imbalance", "decay", {}, ADAM | SOFT | {"condition_weight": 1e6}, SOFT),
    ("saturation", "decay", {}, ADAM | {"weight_scale": 100.0}, {}),
    ("difference-noise-floor", "decay", {}, {"derivative": "forward", "step": 1e-13}, {"derivative": "forward"}),
    ("discretisation-floor", "decay", {}, {"derivative": "backward"}, {}),
    (
        "discretisation-floor",
        "decay",
        {},
        {"derivative": "forward", "step": 5e-2, "epochs": 300},
        {"derivative": "forward"},
    ),
    ("float32-stall", "decay", {}, {"dtype": "float32", "epochs": 1000}, {"epochs": 1000}),
    ("learning-rate-decays-early", "decay", {}, ADAM | {"decay": 0.8}, {}),
    ("too-few-points", "harmonic-oscillator", {"periods": 0.5}, {"points": 4, "epochs": 300}, {"epochs": 300}),
    ("span-too-long", "harmonic-oscillator", {"periods": 10.0}, {"points": 201}, None),
    ("span-too-long", "decay", {"rate": 1e4, "t0": 0.0}, {}, {}),
    ("fixed-point-capture", "logistic", {}, ADAM | {"start": "captured", "learning_rate": 1e-3}, None),
    ("too-few-epochs", "decay", {}, {"epochs": 10}, {}),
]
CONTROLS = {
    # the same network on as much of the problem as it can take in
    "span-too-long": ("harmonic-oscillator", {"periods": 0.5}, {"epochs": 300}),
    "fixed-point-capture": ("logistic", {"t1": 5.0}, {"points": 41, "epochs": 300}),
}

WITHOUT_A_NETWORK = {"trivial-solution", "stalled-training", "low-loss-wrong-solution"}  # planted in test_doctor.py


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def checkup(name, problem, params=None, problem_params=None, **options):
    method = HOST.solver(name)
    problem_variant = Variant(problem, HOST.problem(problem).resolve(problem_params or {}))
    return examine(HOST, problem_variant, Variant(name, method.resolve(params or {})), **{"seeds": 1} | options)


def names(found):
    return [diagnosis.pathology for diagnosis in found.diagnoses]


@pytest.mark.parametrize(("pathology", "problem", "problem_params", "fault", "healthy"), FAULTS)
def test_a_planted_fault_is_found_and_named_first(pathology, problem, problem_params, fault, healthy):
    found = checkup("planted", problem, fault, problem_params)
    assert names(found)[:1] == [pathology]
    first = found.diagnoses[0]
    assert first.value > first.threshold
    assert first.finding
    assert first.remedy


@pytest.mark.parametrize(("pathology", "problem", "problem_params", "fault", "healthy"), FAULTS)
def test_without_the_fault_nothing_is_found(pathology, problem, problem_params, fault, healthy):
    if healthy is None:
        problem, problem_params, healthy = CONTROLS[pathology]
    elif problem_params.get("rate") == 1e4:
        problem_params = {}
    found = checkup("planted", problem, healthy, problem_params)
    assert names(found) == []
    assert found.worst.error <= 1e-2


def test_every_pathology_is_planted_somewhere():
    assert {name for name, *_ in FAULTS} | WITHOUT_A_NETWORK == {pathology.name for pathology in PATHOLOGIES}


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
