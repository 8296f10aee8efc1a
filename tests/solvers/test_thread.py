"""The thread's programs, run again: that each fails or works as it did, and of what."""

import itertools

import numpy as np
import pytest
from helpers.hosts import HOST
from helpers.optional import lazy, optional

from odebench import IVP, Diverged, Monitor, Unsupported, suites
from odebench.cases import Variant, Variants

torch = optional("torch", "the thread's networks need torch")
flux = lazy("odebench_plugins.support.flux")
torch_tools = lazy("odebench_plugins.support.torch_tools")
pytestmark = [pytest.mark.training, pytest.mark.usefixtures("one_thread")]

DECAY = HOST.problem("decay")()
FASTER = HOST.problem("decay")(rate=2.0, t0=1.0, t1=5.0)  # y' = -2y on [1, 5]
SLOW = pytest.mark.slow
SEEDS = [0, pytest.param(1, marks=SLOW), pytest.param(2, marks=SLOW)]  # results/thread has twenty
H = 0.1
GRID = H * np.arange(21)


def run(name, ivp=DECAY, seed=0, **parameters):
    return HOST.solver(name)(ivp, ivp.t_eval, seed=seed, **parameters)


def error(solution, ivp=DECAY):
    return np.abs(solution.y - ivp.exact(ivp.t_eval)).max()


def constant_error(ivp=DECAY):
    return np.abs(ivp.y0 - ivp.exact(ivp.t_eval)).max()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_ends_at_exactly_two_with_an_output_of_exactly_zero(seed):
    solution = run("thread-a", seed=seed, epochs=300)
    assert solution.stats["final_loss"] == 2.0
    assert not solution.y.any()
    assert solution.stats["last_gradient"] == 0.0
    assert solution.stats["epochs_without_gradient"] >= 250


@pytest.mark.parametrize("seed", SEEDS)
def test_a_with_the_right_derivative_alone_puts_out_zero_at_a_loss_of_one(seed):
    solution = run("thread-a", seed=seed, derivative="time", epochs=300)
    assert solution.stats["final_loss"] == 1.0
    assert not solution.y.any()


@pytest.mark.parametrize(
    ("activation", "epochs"), [("relu", 500), pytest.param("relu", 1000, marks=SLOW), ("tanh", 500)]
)
def test_a_without_relu_at_the_output_alone_reaches_the_least_that_the_wrong_loss_has(activation, epochs):
    """Of 21 points, -1 at all but the first, and there the best of both terms: 4 / 22."""
    solution = run("thread-a", activation=activation, output_activation="identity", epochs=epochs)
    least = min(((1 + y) ** 2 / 21 + (y - 1) ** 2, y) for y in np.linspace(0, 1, 10001))
    assert least[0] == pytest.approx(2 / 11, rel=1e-6)
    assert solution.stats["final_loss"] == pytest.approx(2 / 11, rel=0.02)
    assert solution.dense(GRID[-10:]) == pytest.approx(-1, abs=0.02)
    assert error(solution) > 1.5


@pytest.mark.parametrize(
    ("seed", "epochs"),
    [(0, 300), pytest.param(0, 1000, marks=SLOW), pytest.param(1, 1000, marks=SLOW), pytest.param(2, 1000, marks=SLOW)],
)
def test_a_with_both_mended_works(seed, epochs):
    mended = {"derivative": "time", "activation": "tanh", "output_activation": "identity"}
    assert error(run("thread-a", seed=seed, epochs=epochs, **mended)) <= 0.05
    assert not constant_error() <= 0.05
    assert not error(run("thread-a", seed=seed, epochs=epochs)) <= 0.05


def test_the_derivative_by_the_prediction_is_one_whatever_the_weights():
    """The loss of the untrained network is that of a slope of one, and is not that of its own slope."""
    network = flux.chain(16, 2, 1, "tanh", "identity", seed=3)
    ts = torch_tools.grid(DECAY, H)
    y, slope = torch_tools.time_derivative(network, ts)
    initial = (network(ts[:1]) - 1).square().sum()
    expected = {"prediction": (1 + y).square().mean() + initial, "time": (slope + y).square().mean() + initial}
    assert expected["prediction"].item() != pytest.approx(expected["time"].item(), rel=0.01)
    for derivative, value in expected.items():
        seen = Recorder()
        parameters = {"derivative": derivative, "activation": "tanh", "output_activation": "identity"}
        run("thread-a", seed=3, epochs=1, monitor=seen, **parameters)
        assert seen.losses == [pytest.approx(value.item(), rel=1e-12)]


class Recorder(Monitor):
    def __init__(self):
        self.steps, self.losses, self.gradients, self.points = [], [], [], []

    def __call__(self, step, loss, dense, *, network=None, points=None):
        self.steps.append(step)
        self.losses.append(loss)
        self.gradients.append(sum(w.grad.abs().sum().item() for w in network.parameters()))
        self.points.append(points)


@pytest.mark.parametrize(
    ("difference", "scheme"),
    [
        ("backward", (1 + H) ** -np.arange(21.0)),
        ("forward", (1 - H) ** np.arange(21.0)),
        ("central", ((1 - H / 2) / (1 + H / 2)) ** np.arange(21.0)),
    ],
)
def test_b_comes_to_the_solution_of_the_scheme_whose_residual_it_takes(difference, scheme):
    # in longer steps than the thread's, so that training is done, and the scheme can be told from the others
    solution = run("thread-b", difference=difference, learning_rate=0.03, epochs=700)
    assert np.abs(solution.dense(GRID)[:, 0] - scheme).max() <= 0.003
    others = [(1 + H) ** -np.arange(21.0), (1 - H) ** np.arange(21.0), np.exp(-GRID)]
    apart = [np.abs(solution.dense(GRID)[:, 0] - other).max() for other in others]
    wrong = {"backward": apart[1:], "forward": [apart[0], apart[2]], "central": apart[:2]}[difference]
    assert min(wrong) > 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_b_as_written_ends_near_implicit_eulers_error(seed):
    floor = np.abs((1 + H) ** -np.arange(21.0) - np.exp(-GRID)).max()
    assert floor == pytest.approx(0.0177, abs=5e-5)
    assert floor - 0.005 <= error(run("thread-b", seed=seed)) <= floor + 0.015
    assert not constant_error() <= floor + 0.015


@pytest.mark.parametrize("seed", SEEDS)
def test_b_with_relu_at_the_output_puts_out_zero_without_a_gradient(seed):
    solution = run("thread-b", seed=seed, activation="relu", output_activation="relu", width=16, depth=2, epochs=300)
    assert solution.stats["final_loss"] == 1.0
    assert not solution.y.any()
    assert solution.stats["epochs_without_gradient"] >= 250


def test_b_takes_the_sum_as_the_answer_has_it_or_the_mean():
    losses = {}
    for reduction in ("sum", "mean"):
        seen = Recorder()
        run("thread-b", reduction=reduction, epochs=1, monitor=seen)
        losses[reduction] = seen.losses[0] - 1  # zero biases: y(0) = 0, so the initial condition is 1
    assert losses["sum"] == pytest.approx(20 * losses["mean"], rel=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_c_needs_a_hundred_epochs_for_what_is_claimed_of_ten(seed):
    errors = [error(run("thread-c", FASTER, seed, epochs=epochs), FASTER) for epochs in (10, 100, 1000)]
    assert errors[0] > 0.05  # y starts at 0.135
    assert errors[1] <= 0.05
    assert errors[2] <= 0.01
    assert not constant_error(FASTER) <= 0.05


@pytest.mark.parametrize("name", ["thread-a", "thread-b", "thread-c"])
def test_the_defaults_are_the_threads(name):
    """Frozen: what would change these would change what the measurements are about."""
    a_and_b = {"step": 0.1, "epochs": 1000, "learning_rate": 0.01}
    frozen = {
        "thread-a": a_and_b
        | {
            "derivative": "prediction",
            "activation": "relu",
            "output_activation": "relu",
            "width": 16,
            "depth": 2,
        },
        "thread-b": a_and_b
        | {
            "difference": "backward",
            "reduction": "sum",
            "activation": "tanh",
            "output_activation": "identity",
            "width": 8,
            "depth": 1,
        },
        "thread-c": {
            "activation": "tanh",
            "output_activation": "identity",
            "width": 8,
            "depth": 1,
            "step": 0.1,
            "epochs": 100,
            "learning_rate": 0.1,
        },
    }
    assert HOST.solver(name).resolve({}) == frozen[name]
    parameters = {"thread-a": 16 + 16 + 16 * 16 + 16 + 16 + 1, "thread-b": 25, "thread-c": 25}
    assert run(name, epochs=1).stats["n_parameters"] == parameters[name]


@pytest.mark.parametrize("name", ["thread-a", "thread-b", "thread-c"])
def test_systems_run_too(name):
    ivp = HOST.problem("harmonic-oscillator")(periods=0.5)
    solution = run(name, ivp, epochs=3)
    assert solution.y.shape == (101, 2)
    assert np.isfinite(solution.y).all()


def test_weights_are_drawn_as_flux_draws_them():
    network = flux.chain(2000, 2, 1, "tanh", "identity", seed=0)
    for layer, (inputs, outputs) in zip(network[::2], itertools.pairwise([1, 2000, 2000, 1]), strict=True):
        limit = (6 / (inputs + outputs)) ** 0.5
        assert not layer.bias.any()
        assert layer.weight.abs().max().item() == pytest.approx(limit, rel=0.01)
        assert layer.weight.std().item() == pytest.approx(limit / 3**0.5, rel=0.05)
        assert layer.weight.dtype == torch.float64


@pytest.mark.parametrize(("ivp", "n"), [(DECAY, 21), (FASTER, 41)])
def test_the_grid_is_julias_range(ivp, n):
    t = torch_tools.grid(ivp, 0.1)
    assert t.shape == (n, 1)
    assert t[-1].item() == ivp.t_span[1]
    assert t[:, 0].numpy() == pytest.approx(np.linspace(*ivp.t_span, n), rel=1e-14)
    assert torch_tools.grid(DECAY, 0.3)[-1].item() == pytest.approx(1.8)  # t1 is no whole number of steps away


def test_what_the_monitor_is_handed():
    seen = Recorder()
    solution = run("thread-c", FASTER, epochs=5, monitor=seen)
    assert seen.steps == [0, 1, 2, 3, 4]
    assert min(seen.gradients) > 0
    assert seen.points[0].shape == (41,)
    np.testing.assert_array_equal(solution.y, run("thread-c", FASTER, epochs=5).y)
    assert not np.array_equal(solution.y, run("thread-c", FASTER, seed=1, epochs=5).y)


@pytest.mark.parametrize("bad", [{"width": 0}, {"depth": 0}, {"epochs": 0}], ids=str)
def test_sizes_below_one_are_refused(bad):
    ((name, value),) = bad.items()
    with pytest.raises(ValueError, match=f"expected {name} of 1 or more, received {value}"):
        run("thread-a", **bad)


@pytest.mark.parametrize("step", [0.0, -0.1, 3.0, 1e-9])
def test_a_step_that_makes_no_grid_is_refused(step):
    with pytest.raises(ValueError, match="expected a step above 0 that divides the time span of 2 into"):
        run("thread-b", step=step)


def test_a_loss_that_overflows_is_divergence_at_an_epoch():
    with pytest.raises(Diverged, match=r"not finite at epoch \d+; the last finite loss was .* lower learning_rate"):
        run("thread-c", HOST.problem("bernoulli")(), learning_rate=1e100)


def test_a_right_hand_side_that_takes_no_tensors_is_unsupported():
    ivp = IVP(
        rhs=lambda t, y, xp: np.sin(np.asarray(y)) * 1.0 if xp is np else xp.no_such_thing(y), t_span=(0, 1), y0=[1]
    )
    with pytest.raises(Unsupported, match=r"tensors: AttributeError: .*write it with arithmetic and functions of xp"):
        run("thread-a", ivp)


def test_the_suite_holds_the_programs_as_written_and_runs_each_on_twenty_seeds():
    suite = suites.load("thread")
    assert suite.seeds == 20
    variants = Variants(suite.solvers, HOST.solver)
    keys = {variant.key for variant in variants}
    for name in ("thread-a", "thread-b", "thread-c"):
        assert Variant(name, HOST.solver(name).resolve({})).key in keys
