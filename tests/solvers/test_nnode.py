"""nnode: NeuralPDE's trial solution, derivative, losses and ways to end, and what they reach."""

import math

import numpy as np
import pytest
from helpers.hosts import HOST
from helpers.optional import lazy, optional

from odebench import IVP, Diverged, Monitor, Unsupported
from odebench.errors import BadParameter

torch = optional("torch", "the network needs torch")
nnode_training = lazy("odebench_plugins.support.nnode_training")
pytestmark = [pytest.mark.training, pytest.mark.usefixtures("one_thread")]

DECAY = HOST.problem("decay")()
FASTER = HOST.problem("decay")(rate=2.0, t0=1.0, t1=5.0)


def run(ivp=DECAY, seed=0, **parameters):
    return HOST.solver("nnode")(ivp, ivp.t_eval, seed=seed, **parameters)


def error(solution, ivp=DECAY):
    return np.abs(solution.y - ivp.exact(ivp.t_eval)).max()


def constant_error(ivp=DECAY):
    return np.abs(ivp.y0 - ivp.exact(ivp.t_eval)).max()


def trial(ivp=DECAY, autodiff=False, activation="sigmoid", width=5):
    return nnode_training.Trial(ivp, activation, width, 1, 0, autodiff=autodiff)


ADAM_CHOICES = [
    ({}, 0.03),
    ({"autodiff": True}, 0.03),
    ({"dt": 0.05}, 3e-3),
    ({"strategy": "grid"}, 3e-3),
    ({"strategy": "stochastic"}, 3e-3),
    ({"strategy": "weighted-interval"}, 3e-3),
]
SHORTER = {"learning_rate": 0.03, "epochs": 600}  # by Adam; as accurate as with the tutorial's 0.1 and 2000


@pytest.mark.parametrize(
    ("parameters", "bound"),
    [
        *((choice | SHORTER, bound) for choice, bound in ADAM_CHOICES),
        *(pytest.param(choice, bound, marks=pytest.mark.slow) for choice, bound in ADAM_CHOICES),
        ({"optimizer": "bfgs"}, 0.03),
        ({"optimizer": "lbfgs"}, 0.03),
        ({"optimizer": "bfgs", "dt": 0.02, "abstol": 1e-12}, 3e-4),
        ({"optimizer": "lbfgs", "dt": 0.02, "abstol": 1e-12}, 3e-4),
    ],
    ids=str,
)
def test_each_strategy_and_optimizer_solves_decay(parameters, bound):
    assert error(run(**parameters)) <= bound
    assert not error(run(**parameters | {"epochs": 1, "learning_rate": 1e-12, "optimizer": "adam"})) <= bound
    assert not constant_error() <= bound


def test_a_system():
    ivp = HOST.problem("harmonic-oscillator")(periods=0.5)
    parameters = {"optimizer": "bfgs", "dt": 0.05, "abstol": 1e-10, "width": 10}
    assert error(run(ivp, **parameters), ivp) <= 0.01
    assert not constant_error(ivp) <= 0.01


def test_the_initial_value_holds_whatever_the_weights():
    solution = run(FASTER, epochs=1)
    np.testing.assert_array_equal(solution.y[0], FASTER.y0)
    assert np.abs(solution.y[1:] - FASTER.y0).min() > 0


def test_the_trial_solution_is_y0_plus_elapsed_time_times_the_network():
    it = trial(FASTER)
    t = torch.linspace(1, 5, 7, dtype=torch.float64)[:, None]
    torch.testing.assert_close(it(t), float(FASTER.y0[0]) + (t - 1) * it.network(t), rtol=1e-15, atol=0)


def test_the_forward_difference_has_its_step_and_differs_from_the_exact_derivative_by_its_error():
    assert math.sqrt(2.0**-52) == nnode_training.FORWARD_STEP
    t = torch.linspace(0, 2, 11, dtype=torch.float64)[:, None]
    exact, differences = (trial(autodiff=autodiff).squares(t) for autodiff in (True, False))
    assert not torch.equal(exact, differences)
    torch.testing.assert_close(exact, differences, rtol=1e-5, atol=1e-7)


def test_the_strategies_take_the_loss_that_neuralpde_takes():
    it = trial()
    value, times = nnode_training.on_grid(it, 0.1)()
    assert times[:, 0].numpy() == pytest.approx(np.linspace(0, 2, 21))
    assert value.item() == pytest.approx(it.squares(times).mean().item(), rel=1e-14)

    fine = torch.linspace(0, 2, 20001, dtype=torch.float64)[:, None]
    fourth_power = torch.trapezoid(it.squares(fine).square(), fine[:, 0]).item()
    value, times = nnode_training.quadrature(it, 1e-6, 1e-3, most=2000)()
    assert value.item() == pytest.approx(fourth_power, rel=2e-3)
    assert fourth_power != pytest.approx(torch.trapezoid(it.squares(fine), fine[:, 0]).item(), rel=0.1)

    again = nnode_training.stochastic(it, 50)
    (_, first), (_, second) = again(), again()
    assert first.shape == second.shape == (50, 1)
    assert not torch.equal(first, second)
    assert 0 <= first.min() < 0.5
    assert 1.5 < first.max() <= 2

    once = nnode_training.weighted_interval(it, 100, (0.7, 0.2, 0.1))
    (_, first), (_, second) = once(), once()
    assert torch.equal(first, second)
    assert np.histogram(first.numpy(), [0, 2 / 3, 4 / 3, 2])[0].tolist() == [70, 20, 10]


def test_dt_chooses_the_grid_and_nothing_the_quadrature():
    seen = Points()
    run(dt=0.5, epochs=1, monitor=seen)
    assert seen.points[0].tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]
    run(epochs=1, monitor=seen)
    assert len(seen.points[1]) % 15 == 0
    with pytest.raises(ValueError, match="dt is for strategy=grid, received strategy=stochastic"):
        run(dt=0.5, strategy="stochastic")


class Points(Monitor):
    def __init__(self):
        self.steps, self.losses, self.points = [], [], []

    def __call__(self, step, loss, dense, *, network=None, points=None):
        self.steps.append(step)
        self.losses.append(loss)
        self.points.append(points)
        assert all(w.grad is not None for w in network.parameters())


@pytest.mark.parametrize("degree", [0, 1, 13, 22])
def test_the_kronrod_rule_is_exact_for_polynomials_to_degree_22_and_gauss_to_13(degree):
    exact = 2 / (degree + 1) if degree % 2 == 0 else 0.0
    assert (nnode_training.NODES**degree @ nnode_training.KRONROD).item() == pytest.approx(exact, abs=1e-15)
    if degree <= 13:
        assert (nnode_training.NODES**degree @ nnode_training.GAUSS).item() == pytest.approx(exact, abs=1e-15)
    assert (nnode_training.NODES**24 @ nnode_training.KRONROD).item() != pytest.approx(2 / 25, abs=1e-13)
    assert (nnode_training.NODES**14 @ nnode_training.GAUSS).item() != pytest.approx(2 / 15, abs=1e-13)


def test_the_integral_adapts_to_its_tolerance_and_stops_at_its_most_points():
    asked = []

    def peak(t):
        asked.append(t.numel())
        return 1 / (1e-4 + (t[:, 0] - 0.3) ** 2)

    exact = 100 * (math.atan(70) + math.atan(30))
    for reltol in (1e-3, 1e-6, 1e-9):
        value, times = nnode_training.integrate(peak, 0.0, 1.0, 0.0, reltol, 10_000)
        assert value.item() == pytest.approx(exact, rel=reltol)
        assert times.shape == (times.numel(), 1)
    assert sum(asked) > 300
    asked.clear()
    value, _ = nnode_training.integrate(peak, 0.0, 1.0, 0.0, 1e-9, 50)
    assert sum(asked) == 75
    assert value.item() != pytest.approx(exact, rel=1e-3)


def test_the_integral_is_differentiable():
    a = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    value, _ = nnode_training.integrate(lambda t: torch.exp(-a * t[:, 0]), 0.0, 1.0, 1e-12, 1e-12, 1000)
    value.backward()
    assert a.grad.item() == pytest.approx(-(1 - 3 * math.exp(-2)) / 4, rel=1e-10)


@pytest.mark.parametrize("optimizer", ["adam", "bfgs", "lbfgs"])
def test_training_ends_below_abstol_and_else_with_all_epochs_and_the_best_weights(optimizer):
    solution = run(optimizer=optimizer, strategy="grid", abstol=1e-3)
    assert solution.stats["final_loss"] < 1e-3
    assert solution.stats["epochs"] < 2000
    seen = Points()
    solution = run(optimizer=optimizer, strategy="grid", abstol=0.0, epochs=30, monitor=seen)
    assert solution.stats["epochs"] == 30
    assert solution.stats["final_loss"] == min(seen.losses)
    assert seen.steps == sorted(seen.steps)


def test_weights_are_drawn_as_lux_draws_them():
    for activation, gain in (("sigmoid", 1), ("tanh", 5 / 3), ("relu", 2**0.5)):
        first, _, last = trial(activation=activation, width=10000).network
        for layer, bound, fan_in in ((first, gain * 3**0.5, 1), (last, (3 / 10000) ** 0.5, 10000)):
            assert layer.weight.abs().max().item() == pytest.approx(bound, rel=1e-3)
            assert layer.bias.abs().max().item() <= fan_in**-0.5


def test_one_seed_one_result_and_another_seed_another():
    for strategy in ("quadrature", "stochastic", "weighted-interval"):
        first, again, other = (run(seed=seed, epochs=20, strategy=strategy).y for seed in (1, 1, 2))
        np.testing.assert_array_equal(first, again)
        assert not np.array_equal(first, other)


@pytest.mark.parametrize("bad", [{"width": 0}, {"depth": -1}, {"epochs": 0}], ids=str)
def test_sizes_below_one_are_refused(bad):
    ((name, value),) = bad.items()
    with pytest.raises(ValueError, match=f"expected {name} of 1 or more, received {value}"):
        run(**bad)


def test_other_bad_parameters_are_refused():
    with pytest.raises(ValueError, match="expected learning_rate above 0, received 0"):
        run(learning_rate=0.0)
    with pytest.raises(ValueError, match="expected abstol of 0 or more, received -1"):
        run(abstol=-1.0)
    with pytest.raises(ValueError, match="expected points of 1 or more, received 0"):
        run(strategy="stochastic", points=0)
    for weights in ((0.0, 0.0), (), (-1.0, 2.0), ("much", "little")):
        with pytest.raises(ValueError, match="expected weights as numbers of 0 or more"):
            run(strategy="weighted-interval", weights=weights)
    with pytest.raises(ValueError, match="expected points enough for one in some part of the time span, received 1"):
        run(strategy="weighted-interval", weights=(0.5, 0.5), points=1)
    with pytest.raises(ValueError, match="expected a step above 0"):
        run(dt=-0.1)
    with pytest.raises(BadParameter, match="'sigmoid', 'tanh', 'gelu', 'relu'"):
        HOST.solver("nnode").resolve({"activation": "swish"})


@pytest.mark.parametrize("strategy", ["quadrature", "grid"])
def test_a_loss_that_overflows_is_divergence_at_an_epoch(strategy):
    with pytest.raises(Diverged, match=r"not finite at epoch \d+; the last finite loss was"):
        run(HOST.problem("bernoulli")(), learning_rate=1e100, strategy=strategy)


@pytest.mark.parametrize("optimizer", ["bfgs", "lbfgs"])
def test_a_loss_that_is_infinite_from_the_start_is_divergence_too(optimizer):
    def rhs(t, y, xp):
        return xp.exp(1e3 * (0.0 if xp is np else t[..., None]) + 0 * y)

    ivp = IVP(rhs, t_span=(0, 1), y0=[1])
    with pytest.raises(Diverged, match="not finite at epoch 0, with the first weights"):
        run(ivp, optimizer=optimizer, strategy="grid")


def test_a_right_hand_side_that_takes_no_tensors_is_unsupported():
    ivp = IVP(rhs=lambda t, y, xp: -y if xp is np else xp.no_such_thing(y), t_span=(0, 1), y0=[1])
    with pytest.raises(Unsupported, match=r"tensors: AttributeError: .*write it with arithmetic and functions of xp"):
        run(ivp)
    ivp = IVP(rhs=lambda t, y, xp: -y if xp is np else y[..., 0], t_span=(0, 1), y0=[1])
    with pytest.raises(Unsupported, match=r"returned shape \(3,\), not \(3, 1\)"):
        run(ivp)


def test_a_gpu_that_is_not_there_is_unsupported(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(Unsupported, match="torch sees no GPU on this machine; take device=cpu"):
        run(device="cuda")


def test_on_a_gpu():
    if not torch.cuda.is_available():
        pytest.skip("torch sees no GPU on this machine")
    for parameters in ({}, {"strategy": "stochastic"}, {"optimizer": "bfgs", "dt": 0.05}):
        assert error(run(device="cuda", **parameters)) <= 0.03, parameters
