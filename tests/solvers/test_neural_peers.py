"""DeepXDE and neurodiffeq as solvers: what they learn, and that the process is as they found it."""

import math
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest
from helpers.hosts import HOST
from helpers.optional import optional
from helpers.solving_peers import installed

from odebench import IVP, Diverged, Monitor, Unsupported
from odebench.cases import Case, Task, Variant
from odebench.provenance import Conditions
from odebench.watching import Enough, Stopping
from odebench.worker import Worker

torch = optional("torch", "the networks need torch")
INSTALLED = installed("deepxde", "neurodiffeq")
pytestmark = [pytest.mark.peers, pytest.mark.usefixtures("one_thread")]

DECAY = HOST.problem("decay")(rate=2.0, t0=1.0, t1=2.0)
OSCILLATOR = HOST.problem("harmonic-oscillator")(periods=0.25)
SHORT = {"width": 10, "epochs": 5}
PEERS = pytest.mark.parametrize("peer", INSTALLED)


def run(peer, ivp=DECAY, **parameters):
    if peer not in INSTALLED:
        pytest.skip(f"{peer} is not installed")
    return HOST.solver(peer)(ivp, ivp.t_eval, **parameters)


def error(solution, ivp):
    return np.abs(solution.y - ivp.exact(ivp.t_eval)).max()


@pytest.mark.parametrize(
    ("peer", "problem", "parameters", "bound"),
    [
        ("deepxde", "decay", {"width": 20, "epochs": 300}, 0.03),
        ("deepxde", "decay", {"width": 20, "optimizer": "lbfgs", "lbfgs_epochs": 50, "dtype": "float64"}, 0.003),
        ("deepxde", "oscillator", {"width": 20, "optimizer": "adam-lbfgs", "epochs": 20, "lbfgs_epochs": 50}, 0.02),
        ("deepxde", "oscillator", {"width": 20, "epochs": 150, "network": "parallel"}, 0.1),
        (
            "deepxde",
            "oscillator",
            {"width": 20, "epochs": 100, "initial_condition": "hard", "autodiff": "forward"},
            0.1,
        ),
        ("neurodiffeq", "decay", {"epochs": 150, "validation_batches": 1}, 0.03),
        ("neurodiffeq", "decay", {"optimizer": "lbfgs", "epochs": 10, "validation_batches": 1}, 0.003),
        ("neurodiffeq", "oscillator", {"optimizer": "lbfgs", "epochs": 10, "validation_batches": 1}, 0.01),
        ("neurodiffeq", "oscillator", {"optimizer": "lbfgs", "epochs": 10, "network": "shared"}, 0.01),
    ],
    ids=str,
)
def test_each_learns_an_equation_and_a_system(peer, problem, parameters, bound):
    ivp = {"decay": DECAY, "oscillator": OSCILLATOR}[problem]
    solution = run(peer, ivp, seed=1, **parameters)
    assert error(solution, ivp) <= bound
    assert not np.abs(ivp.y0 - ivp.exact(ivp.t_eval)).max() <= bound
    untrained = {"optimizer": "adam", "epochs": 1, "learning_rate": 1e-12}
    assert not error(run(peer, ivp, seed=1, **parameters | untrained), ivp) <= bound


@PEERS
def test_states_are_float64_and_the_dense_output_gives_them_after_the_defaults_are_back(peer):
    solution = run(peer, OSCILLATOR, **SHORT)
    assert solution.y.dtype == np.float64
    assert solution.y.shape == (101, 2)
    np.testing.assert_array_equal(solution.dense(OSCILLATOR.t_eval), solution.y)
    between = solution.dense(np.array([0.3, 0.7]))
    assert between.shape == (2, 2)
    assert solution.stats["epochs"] == 5
    assert solution.stats["n_parameters"] > 100
    assert 0 < solution.stats["final_loss"] < 100


@pytest.mark.parametrize(
    ("peer", "parameters"),
    [("deepxde", {"initial_condition": "hard"}), ("deepxde", {"initial_condition": "hard", "trial": "tanh"})]
    + [("neurodiffeq", {"network": network}) for network in ("separate", "shared")],
    ids=str,
)
def test_a_hard_initial_condition_holds_whatever_the_weights(peer, parameters):
    solution = run(peer, OSCILLATOR, width=10, epochs=1, **parameters)
    np.testing.assert_array_equal(solution.y[0], OSCILLATOR.y0)
    assert np.abs(solution.y[1:] - OSCILLATOR.y0).min() > 0


def test_a_soft_one_does_not_hold_by_itself():
    assert np.abs(run("deepxde", width=10, epochs=1).y[0] - DECAY.y0).max() > 1e-3


@pytest.mark.parametrize(
    ("peer", "parameters"),
    [
        ("deepxde", {}),
        ("deepxde", {"distribution": "pseudo"}),
        ("deepxde", {"distribution": "lhs"}),
        ("neurodiffeq", {}),
    ],
    ids=str,
)
def test_one_seed_one_result_and_another_seed_another(peer, parameters):
    first, again, other = (run(peer, seed=seed, **SHORT, **parameters).y for seed in (2**40 + 1, 2**40 + 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def global_state(dde=None):
    own = (dde.config.default_float(), dde.config.autodiff, dict(dde.optimizers.LBFGS_options)) if dde else None
    return (
        torch.get_default_dtype(),
        torch.get_default_device(),
        len(torch.overrides._get_current_function_mode_stack()),  # a default device set by name is a mode
        torch.get_num_threads(),
        torch.random.get_rng_state().tolist(),
        [part.tolist() if isinstance(part, np.ndarray) else part for part in np.random.get_state()],
        dict(os.environ),
        list(warnings.filters),
        own,
    )


@PEERS
def test_what_is_global_is_left_as_it_was_found(peer):
    run(peer, **SHORT)
    dde = sys.modules.get("deepxde")
    torch.manual_seed(12)
    np.random.seed(34)
    before = global_state(dde)
    run(peer, seed=5, **SHORT)
    assert global_state(dde) == before
    with pytest.raises(ValueError, match="expected learning_rate above 0"):
        run(peer, learning_rate=0.0, epochs=2)
    assert global_state(dde) == before
    torch.rand(1)
    assert global_state(dde) != before


ALONE = """
import os, sys, warnings
os.environ |= {"DDE_BACKEND": "paddle"}
import numpy as np, torch, sympy  # sympy, which torch imports for its optimizers, has its warnings shown
from odebench.host import Host
host = Host()
ivp = host.problem("decay")()
def state():
    modes = len(torch.overrides._get_current_function_mode_stack())
    drawn = torch.random.get_rng_state().tolist(), np.random.get_state()[1].tolist()
    return torch.get_default_dtype(), modes, drawn, os.environ["DDE_BACKEND"], [*warnings.filters]
before = state()
for name in sys.argv[1:]:
    host.solver(name)(ivp, ivp.t_eval, epochs=2, width=4)
    assert state() == before, (name, state(), before)
"""


def test_importing_them_leaves_no_trace_either(tmp_path):
    environment = os.environ | {"HOME": str(tmp_path), "MPLCONFIGDIR": str(tmp_path / "matplotlib")}
    command = [sys.executable, "-c", ALONE, *reversed(INSTALLED)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (tmp_path / ".deepxde").exists()


class Looking(Monitor):
    """Keeps what it hears; ends the solve after so many reports."""

    def __init__(self, most=10**9):
        self.steps, self.losses, self.errors, self.most = [], [], [], most

    def __call__(self, step, loss, dense, *, network=None, points=None):
        self.steps.append(step)
        self.losses.append(loss)
        self.errors.append(np.abs(dense(DECAY.t_eval) - DECAY.exact(DECAY.t_eval)).max())
        self.network, self.points = network, points
        assert all(weight.grad is not None for weight in network.parameters())
        if len(self.steps) == self.most:
            raise Enough("time-budget", "enough", None)


@pytest.mark.parametrize(
    ("peer", "parameters"),
    [
        ("deepxde", {"epochs": 60}),
        ("deepxde", {"optimizer": "adam-lbfgs", "epochs": 20, "lbfgs_epochs": 40, "report_every": 5}),
        ("neurodiffeq", {"epochs": 60, "validation_batches": 1}),
        ("neurodiffeq", {"optimizer": "lbfgs", "epochs": 5}),
    ],
    ids=str,
)
def test_a_monitor_sees_the_loss_fall_and_changes_no_digit(peer, parameters):
    seen = Looking()
    solution = run(peer, width=10, monitor=seen, **parameters)
    np.testing.assert_array_equal(solution.y, run(peer, width=10, **parameters).y)
    assert seen.steps[0] == 0
    assert seen.steps == sorted(set(seen.steps))
    assert len(seen.steps) >= 5
    assert seen.losses[-1] < seen.losses[0] / 2
    assert seen.errors[-1] < seen.errors[0]
    assert isinstance(seen.network, torch.nn.Module)
    assert 10 <= len(seen.points) <= 40


@PEERS
def test_what_is_reported_is_of_one_moment(peer):
    """The loss, recomputed from the dense output at the points, is that reported; so it is of the same weights."""

    class Checking(Monitor):
        ratios = ()

        def __call__(self, step, loss, dense, *, network=None, points=None):
            h = 1e-5
            slopes = (dense(points + h) - dense(points - h)) / (2 * h)
            residual = float(((slopes + 2.0 * dense(points)) ** 2).mean())
            start = 0.0 if peer == "neurodiffeq" else float(((dense(DECAY.t_eval[:1]) - DECAY.y0) ** 2).mean())
            self.ratios = (*self.ratios, (residual + start) / loss)

    checking = Checking()
    run(peer, width=10, epochs=30, learning_rate=0.01, dtype="float64", monitor=checking)
    assert len(checking.ratios) == 30
    assert max(abs(ratio - 1) for ratio in checking.ratios) < 1e-4


@pytest.mark.parametrize("batches", [1, 0])
def test_the_final_loss_of_neurodiffeq_is_one_that_training_had(batches):
    seen = Looking()
    how = {"width": 10, "epochs": 60, "learning_rate": 0.05, "validation_batches": batches}
    stats = run("neurodiffeq", monitor=seen, **how).stats
    assert stats["final_loss"] in seen.losses
    assert ("validation_loss" in stats) == (batches > 0)
    assert stats.get("validation_loss") not in seen.losses  # at other points


def test_the_final_loss_of_neurodiffeq_by_lbfgs_is_no_validation_loss():
    seen = Looking()
    stats = run("neurodiffeq", width=10, epochs=5, optimizer="lbfgs", monitor=seen).stats
    assert 0 < stats["final_loss"] < seen.losses[0]
    assert stats["final_loss"] != stats["validation_loss"]


def test_reporting_more_often_changes_no_digit_of_lbfgs():
    often, seldom = (
        run("deepxde", width=10, optimizer="lbfgs", lbfgs_epochs=40, dtype="float64", report_every=n).y for n in (4, 40)
    )
    np.testing.assert_array_equal(often, seldom)


def test_lbfgs_ends_where_its_gradient_is_small_enough():
    ivp = IVP(rhs=lambda t, y, xp: 0 * y, t_span=(0, 1), y0=[0.0])
    solution = run("deepxde", ivp, width=2, depth=1, optimizer="lbfgs", lbfgs_epochs=10**6, dtype="float64")
    assert solution.stats["epochs"] < 10**4
    assert np.abs(solution.y).max() < 1e-3


@PEERS
def test_a_solve_that_is_ended_puts_everything_back(peer):
    run(peer, **SHORT)
    before = global_state(sys.modules.get("deepxde"))
    seen = Looking(most=3)
    with pytest.raises(Enough):
        run(peer, width=10, epochs=10**6, monitor=seen)
    assert len(seen.steps) == 3
    assert global_state(sys.modules.get("deepxde")) == before


@PEERS
def test_a_time_budget_ends_it_and_nothing_is_printed(peer, capfd):
    worker = Worker(HOST, Conditions("run", stopping=Stopping(time_budget_s=0.2)))
    variants = [Variant("decay", {}), Variant(peer, HOST.solver(peer).resolve({"epochs": 10**6}))]
    row = worker.measure(Task(Case(*variants), 0, 3))
    assert (row.status, row.stopped_by) == ("ok", "time-budget"), row.reason
    assert row.trace[-1][1] >= 0.2
    assert row.epochs == row.trace[-1][0]
    assert row.trace[-1][2] < row.trace[0][2]
    assert capfd.readouterr() == ("", "")


@PEERS
def test_a_right_hand_side_that_takes_no_tensors_is_unsupported(peer):
    ivp = IVP(rhs=lambda t, y, xp: -y if xp is np else xp.no_such_thing(y), t_span=(0, 1), y0=[1])
    with pytest.raises(Unsupported, match="tensors: AttributeError"):
        run(peer, ivp, **SHORT)


@PEERS
def test_a_loss_that_is_never_finite_is_divergence(peer):
    ivp = IVP(rhs=lambda t, y, xp: xp.exp(1e3 * (0.0 if xp is np else t[..., None]) + 0 * y), t_span=(0, 1), y0=[1])
    with pytest.raises(Diverged, match="finite"):
        run(peer, ivp, **SHORT)


def failing_after(calls):
    left = iter(range(calls))

    def rhs(t, y, xp):
        return -y if xp is np or next(left, None) is not None else math.nan * y

    return IVP(rhs=rhs, t_span=(0, 1), y0=[1])


def test_a_loss_that_is_no_longer_finite_ends_the_training():
    with pytest.warns(UserWarning, match=r"the loss is not finite at epoch \d+, and training ended"):
        solution = run("neurodiffeq", failing_after(101), width=4, epochs=50)
    assert solution.stats["epochs"] < 50
    assert np.isfinite(solution.y).all()  # what it had before
    with pytest.raises(Diverged, match=r"not finite at epoch \d+; the last finite loss was"):
        run("deepxde", failing_after(20), width=4, epochs=50)


@pytest.mark.parametrize(
    ("peer", "bad", "said"),
    [
        ("deepxde", {"width": 0}, "expected width of 1 or more, received 0"),
        ("deepxde", {"points": 0}, "expected points of 1 or more, received 0"),
        ("deepxde", {"epochs": 0}, "expected epochs of 1 or more, received 0"),
        ("deepxde", {"resample_every": 0}, "expected resample_every of 1 or more, received 0"),
        ("deepxde", {"report_every": 0}, "expected report_every of 1 or more, received 0"),
        ("deepxde", {"boundary_points": 0}, "expected boundary_points of 2, .* received 0"),
        ("deepxde", {"initial_weight": 0.0}, "expected weights above 0"),
        ("neurodiffeq", {"depth": 0}, "expected depth of 1 or more, received 0"),
        ("neurodiffeq", {"validation_batches": -1}, "expected validation_batches of 0 or more, received -1"),
        ("neurodiffeq", {"epochs": 0}, "expected epochs of 1 or more, received 0"),
    ],
    ids=str,
)
def test_bad_parameters_are_refused(peer, bad, said):
    with pytest.raises(ValueError, match=said):
        run(peer, **bad)


def test_points_on_a_logarithm_need_times_above_zero():
    run("neurodiffeq", DECAY, generator="log-spaced", **SHORT)
    with pytest.raises(ValueError, match="expected another generator than log-spaced for a time span from 0"):
        run("neurodiffeq", OSCILLATOR, generator="log-spaced", **SHORT)


@PEERS
def test_a_gpu_that_is_not_there_is_unsupported(peer, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(Unsupported, match="torch sees no GPU on this machine; take device=cpu"):
        run(peer, device="cuda", **SHORT)
