"""The two networks: what they reach, what they cannot, and that the derivative is what makes the difference."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the networks need torch")

from odebench_plugins.solvers import _pinn, pinn_autograd, pinn_finite_difference  # noqa: E402  (after the check for torch)

from odebench.errors import BadParameter  # noqa: E402  (after the check for torch)
from odebench.host import Host  # noqa: E402

HOST = Host()
DECAY = HOST.problem("decay")()
THREAD = HOST.problem("decay")(rate=2.0, t0=1.0, t1=5.0)  # the thread's second case: y' = -2y on [1, 5]
SEEDS = [0, 1, 2]
DEFAULTS = {name: p.default for name, p in HOST.solver("pinn-autograd").parameters.items()}


def error(ivp, solution):
    return np.abs(solution.y - ivp.exact(ivp.t_eval)).max()


def constant_error(ivp):
    return np.abs(ivp.y0 - ivp.exact(ivp.t_eval)).max()


def trained_with(derivative, ivp, **parameters):
    return _pinn.solve(ivp, ivp.t_eval, derivative, **DEFAULTS | {"seed": 0} | parameters)


def without_gradient(derivative):
    """The control: the right derivative, cut off from the weights."""

    def detached(predict, t):
        t, y, dy_dt = derivative(predict, t)
        return t, y, dy_dt.detach()

    return detached


@pytest.fixture(autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("ivp", "bound"), [(DECAY, 1e-3), (THREAD, 1e-2)], ids=["y' = -y", "the thread's y' = -2y"])
def test_autograd_at_its_defaults_solves_both_cases_of_the_thread(ivp, bound, seed):
    assert error(ivp, HOST.solver("pinn-autograd")(ivp, ivp.t_eval, seed=seed)) <= bound
    assert not constant_error(ivp) <= bound
    assert not error(ivp, trained_with(without_gradient(pinn_autograd.autograd_derivative), ivp, seed=seed)) <= bound


@pytest.mark.parametrize("seed", SEEDS)
def test_backward_differences_end_at_implicit_eulers_error(seed):
    h = 0.1
    implicit_euler = (1 + h) ** -np.arange(21.0)
    floor = np.abs(implicit_euler - np.exp(-h * np.arange(21))).max()
    assert floor == pytest.approx(0.0177, abs=5e-5)
    solution = HOST.solver("pinn-finite-difference")(DECAY, DECAY.t_eval, seed=seed)
    assert error(DECAY, solution) == pytest.approx(floor, rel=0.02)
    assert (
        np.abs(solution.y[::5, 0] - implicit_euler).max() <= 0.02 * floor
    )  # not only as wrong, but wrong in the same way
    assert constant_error(DECAY) != pytest.approx(floor, rel=0.02)
    cut_off = trained_with(without_gradient(pinn_finite_difference.backward_difference), DECAY, seed=seed)
    assert error(DECAY, cut_off) != pytest.approx(floor, rel=0.02)


@pytest.mark.parametrize("seed", SEEDS)
def test_central_differences_end_far_below_that_floor(seed):
    solution = HOST.solver("pinn-finite-difference")(DECAY, DECAY.t_eval, difference="central", seed=seed)
    assert error(DECAY, solution) <= 0.0177 / 10
    cut_off = trained_with(without_gradient(pinn_finite_difference.central_difference), DECAY, seed=seed)
    assert not error(DECAY, cut_off) <= 0.0177 / 10
    assert not constant_error(DECAY) <= 0.0177 / 10


@pytest.mark.parametrize(
    ("derivative", "order"),
    [(pinn_finite_difference.backward_difference, 1), (pinn_finite_difference.central_difference, 2)],
)
def test_the_differences_have_their_order(derivative, order):
    steps, errors = [20, 40, 80], []
    for n in steps:
        t, _, dy_dt = derivative(torch.sin, torch.linspace(0, 2, n + 1, dtype=torch.float64)[:, None])
        errors.append(float((dy_dt - torch.cos(t)).abs().max()))
    assert -np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(order, abs=0.15)


def test_the_autograd_derivative_is_exact_for_each_component():
    def predict(t):
        return torch.cat([torch.sin(t), t**3, torch.exp(-t)], dim=1)

    t, _, dy_dt = pinn_autograd.autograd_derivative(predict, torch.linspace(0, 2, 9, dtype=torch.float64)[:, None])
    expected = torch.cat([torch.cos(t), 3 * t**2, -torch.exp(-t)], dim=1)
    torch.testing.assert_close(dy_dt, expected, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("initial_condition", ["hard", "soft"])
@pytest.mark.parametrize("name", ["pinn-autograd", "pinn-finite-difference"])
def test_systems_and_other_time_spans(name, initial_condition):
    solver = HOST.solver(name)
    points = {"points": 201} if name == "pinn-finite-difference" else {}
    for ivp in (HOST.problem("harmonic-oscillator")(periods=0.5), HOST.problem("decay")(rate=1e-6, t0=1e6, t1=3e6)):
        assert error(ivp, solver(ivp, ivp.t_eval, seed=0, initial_condition=initial_condition, **points)) <= 0.03
        assert not constant_error(ivp) <= 0.03


def test_the_hard_condition_holds_whatever_the_weights_and_the_soft_one_only_after_training():
    untrained = {"epochs": 1, "optimizer": "adam", "learning_rate": 1e-12, "seed": 0}
    solver = HOST.solver("pinn-autograd")
    assert solver(DECAY, DECAY.t_eval, **untrained).y[0, 0] == 1.0
    assert abs(solver(DECAY, DECAY.t_eval, initial_condition="soft", **untrained).y[0, 0] - 1) > 0.01


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_one_seed_one_result_and_another_seed_another(optimizer):
    solver = HOST.solver("pinn-autograd")
    runs = [solver(DECAY, DECAY.t_eval, epochs=20, optimizer=optimizer, seed=seed).y for seed in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.abs(runs[0] - runs[2]).max() > 0


def test_every_activation_width_and_depth_is_used():
    solver = HOST.solver("pinn-autograd")
    results = {
        (activation, width, depth): solver(
            DECAY, DECAY.t_eval, activation=activation, width=width, depth=depth, epochs=5, seed=0
        )
        for activation, width, depth in [
            ("tanh", 8, 1),
            ("sin", 8, 1),
            ("gelu", 8, 1),
            ("relu", 8, 1),
            ("tanh", 9, 1),
            ("tanh", 8, 3),
        ]
    }
    assert results["tanh", 8, 1].stats["n_parameters"] == 8 + 8 + 8 + 1
    assert results["tanh", 8, 3].stats["n_parameters"] == 8 + 8 + 2 * (64 + 8) + 8 + 1
    assert len({solution.y.tobytes() for solution in results.values()}) == len(results)


@pytest.mark.parametrize("bad", [{"width": 0}, {"depth": 0}, {"points": 2}, {"epochs": 0}, {"epochs": -5}], ids=str)
def test_sizes_below_the_least_are_refused(bad):
    ((name, value),) = bad.items()
    with pytest.raises(ValueError, match=rf"expected {name} of . or more, received {value}"):
        HOST.solver("pinn-autograd")(DECAY, DECAY.t_eval, seed=0, **bad)


def test_an_unknown_activation_is_refused():
    with pytest.raises(BadParameter, match="'tanh', 'sin', 'gelu', 'relu'"):
        HOST.solver("pinn-autograd").resolve({"activation": "swish"})
