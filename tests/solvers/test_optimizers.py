"""What training rests on: derivatives by hand, damped least squares, quasi-Newton matrices and difference weights."""

import itertools
import math

import numpy as np
import pytest
from helpers.hosts import HOST
from helpers.optional import lazy, optional

torch = optional("torch", "the networks need torch")
pinn_autograd = lazy("odebench_plugins.solvers.pinn_autograd")
derivatives = lazy("odebench_plugins.support.pinn.derivatives")
levenberg_marquardt = lazy("odebench_plugins.support.pinn.levenberg_marquardt")
networks = lazy("odebench_plugins.support.pinn.networks")
objectives = lazy("odebench_plugins.support.pinn.objective")
optimizers = lazy("odebench_plugins.support.pinn.optimizers")
point_sets = lazy("odebench_plugins.support.pinn.points")
progress_of = lazy("odebench_plugins.support.pinn.progress")
trial_solutions = lazy("odebench_plugins.support.pinn.trial_solutions")

pytestmark = [pytest.mark.training, pytest.mark.usefixtures("one_thread")]

ACTIVATIONS = ("tanh", "sin", "gelu", "silu", "softplus", "relu")


def in_float64():
    return {"dtype": torch.float64, "device": torch.device("cpu")}


def network(activation="tanh", n_states=2, width=5, depth=2, **options):
    return networks.Network(
        n_states, width, depth, activation, **{"steepness": 1.5, "seed": 1} | in_float64() | options
    )


def objective(problem="lotka-volterra", form="linear", derivative=None, matrix=None, seed=1, **options):
    ivp = HOST.problem(problem)()
    y0 = torch.tensor(ivp.y0.tolist(), **in_float64())
    f0 = ivp.rhs(torch.tensor([0.0]), y0[None], torch)[0]
    trial = trial_solutions.Trial(network(n_states=ivp.n_states, seed=seed), 0.0, 1.0, y0, f0, form)
    draw = lambda: (1 + point_sets.collocation_points("chebyshev", 7, torch.Generator())) / 2  # noqa: E731
    return objectives.Objective(ivp, trial, draw, derivative, matrix, **options)


def test_the_activations_are_those_tested_here():
    assert tuple(networks.ACTIVATIONS) == ACTIVATIONS


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_the_derivatives_of_an_activation_are_autograds(name):
    z = torch.linspace(-4, 4, 41, **in_float64()).add(0.01).requires_grad_()
    a = networks.ACTIVATIONS[name].value(z)
    (first,) = torch.autograd.grad(a.sum(), z, create_graph=True)
    second = torch.autograd.grad(first.sum(), z)[0] if first.requires_grad else torch.zeros_like(z)
    ours = networks.ACTIVATIONS[name].derivatives(z.detach(), a.detach())
    torch.testing.assert_close(ours[0], first.detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(ours[1], second, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("form", ["linear", "exponential", "taylor", None])
@pytest.mark.parametrize("problem", ["lotka-volterra", "cosine-integral", "lagaris-3"])
@pytest.mark.parametrize("matrix", [None, "backward", "fourth-order"])
def test_by_hand_and_by_autograd_are_the_same(problem, form, matrix):
    """Residual, loss, gradient and Jacobian; at random weights, so that no part happens to be zero."""
    matrix = matrix and derivatives.MATRICES[matrix]
    derivative = pinn_autograd.reverse_mode if matrix is None else derivatives.differences(matrix)
    hand, auto = objective(problem, form, None, matrix), objective(problem, form, derivative)
    close = {"rtol": 1e-10, "atol": 1e-12}
    for ours, theirs in zip(hand.jacobian(), auto.jacobian(), strict=True):
        torch.testing.assert_close(ours, theirs, **close)
    assert hand.value_and_gradient() == pytest.approx(auto.value_and_gradient(), rel=1e-12)
    torch.testing.assert_close(hand.trial.network.flat_gradient, auto.trial.network.flat_gradient, **close)
    assert hand.value() == pytest.approx(auto.value(), rel=1e-12)
    other = objective(problem, form, None, matrix, seed=2)
    assert not torch.allclose(hand.jacobian()[1], other.jacobian()[1], rtol=1e-3)


def test_reverse_mode_is_exact_for_each_component():
    def predict(t):
        return torch.cat([torch.sin(t), t**3, torch.exp(-t)], dim=1)

    times = torch.linspace(0, 2, 9, **in_float64())[:, None]
    expected = torch.cat([torch.cos(times), 3 * times**2, -torch.exp(-times)], dim=1)
    torch.testing.assert_close(pinn_autograd.reverse_mode(predict, times)[2].detach(), expected, rtol=1e-14, atol=1e-14)


@pytest.mark.parametrize("form", ["linear", "exponential", "taylor", None])
def test_forward_mode_is_reverse_mode(form):
    trial = objective(form=form).trial
    times = torch.linspace(0, 1, 9, **in_float64())[:, None]
    for forward, reverse in zip(
        pinn_autograd.forward_mode(trial, times), pinn_autograd.reverse_mode(trial, times), strict=True
    ):
        torch.testing.assert_close(forward, reverse, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize(("name", "order"), [("backward", 1), ("central", 2), ("fourth-order", 4)])
@pytest.mark.parametrize("stretch", [0.0, 0.3], ids=["equal", "unequal"])
def test_the_differences_have_their_order(name, order, stretch):
    steps, errors = [20, 40, 80], []
    for n in steps:
        own = torch.linspace(0, 2, n + 1, **in_float64())
        t = (own + stretch * torch.sin(math.pi * own))[:, None]
        t, _, dy_dt = derivatives.differences(derivatives.MATRICES[name])(torch.sin, t)
        errors.append(float((dy_dt - torch.cos(t)).abs().max()))
    assert -np.polyfit(np.log(steps), np.log(errors), 1)[0] == pytest.approx(order, abs=0.25)


@pytest.mark.parametrize(("name", "degree"), [("central", 2), ("fourth-order", 4), ("spectral", 11)])
def test_the_differences_are_exact_for_polynomials_of_their_degree_and_no_higher(name, degree):
    t = point_sets.collocation_points("chebyshev", 12, torch.Generator())[:, 0]
    matrix = derivatives.MATRICES[name](t)[1]
    torch.testing.assert_close(matrix @ t**degree, degree * t ** (degree - 1), rtol=0, atol=1e-10)
    assert (matrix @ t ** (degree + 1) - (degree + 1) * t**degree).abs().max() > 1e-3


@pytest.mark.parametrize("placement", ["grid", "chebyshev", "random", "resampled"])
def test_points_rise_from_end_to_end(placement):
    for count in (3, 4, 50):
        points = point_sets.collocation_points(placement, count, torch.Generator().manual_seed(1))[:, 0]
        assert (len(points), float(points[0]), float(points[-1])) == (count, -1.0, 1.0)
        assert (points.diff() > 0).all()


def test_units_are_spread_over_the_window():
    first = network(width=20, depth=1, steepness=2.0).layers[0]
    slopes = first.weight.detach()[:, 0]
    places = sorted((-first.bias.detach() / slopes).tolist())
    assert all(-1 + n / 10 <= place <= -1 + (n + 1) / 10 for n, place in enumerate(places))
    assert ((slopes.abs() >= 1) & (slopes.abs() <= 2)).all()
    usual = network(width=20, depth=1, steepness=None).layers[0]
    assert (usual.bias.detach() / usual.weight.detach()[:, 0]).abs().max() > 1


@pytest.mark.parametrize("shape", [(30, 8), (8, 30)], ids=["tall", "wide"])
def test_the_damped_step_is_the_minimum(shape):
    chance = torch.Generator().manual_seed(3)
    jacobian = torch.randn(shape, generator=chance, **in_float64())
    residual = torch.randn(shape[0], generator=chance, **in_float64())
    damping = torch.rand(shape[1], generator=chance, **in_float64()) + 0.1
    step = levenberg_marquardt.damped_step(jacobian, residual, damping)
    gradient = jacobian.T @ (jacobian @ step + residual) + damping**2 * step
    assert gradient.abs().max() < 1e-12
    assert step.abs().max() > 1e-2


def test_the_self_scaled_matrix_maps_the_change_of_gradient_to_the_step():
    """The secant equation; the matrix stays positive definite; and where it is right it is left alone."""
    chance = torch.Generator().manual_seed(5)
    root = torch.randn(6, 6, generator=chance, **in_float64())
    hessian = root @ root.T + torch.eye(6, **in_float64())
    inverse = torch.eye(6, **in_float64())
    for _ in range(30):
        s = torch.randn(6, generator=chance, **in_float64())
        y = hessian @ s
        inverse = optimizers.self_scaled(inverse, s, y, -torch.linalg.solve(inverse, s))
        torch.testing.assert_close(inverse @ y, s, rtol=1e-9, atol=1e-9)
        assert torch.linalg.eigvalsh((inverse + inverse.T) / 2).min() > 0
    right = torch.linalg.inv(hessian)
    torch.testing.assert_close(optimizers.self_scaled(right, s, y, -y), right, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("optimizer", ["levenberg-marquardt", "ssbroyden"])
def test_the_loss_only_falls(optimizer):
    losses = []
    trained = objective("lagaris-3")
    progress = progress_of.Progress(trained.trial.network, 0.0, lambda epoch, loss: losses.append(loss), 0)
    if optimizer == "ssbroyden":
        optimizers.ssbroyden(trained, 60, progress, 1.0)
    else:
        levenberg_marquardt.minimise(trained, 60, progress, 0.01)
    assert all(later < sooner for sooner, later in itertools.pairwise(losses))
    assert losses[-1] < 1e-4 * losses[0]
    assert trained.value() == pytest.approx(losses[-1], rel=1e-6)


def test_causal_weights_hold_later_points_back_and_attention_follows_the_residual():
    causal = objective(weighting="causal", causality=10.0)
    causal.after_epoch(1)
    assert (causal.point_weights.diff() <= 0).all()
    assert causal.point_weights[0] == 1 > 0.9 > causal.point_weights[-1]
    attention = objective(weighting="attention")
    for epoch in range(1, 200):
        attention.after_epoch(epoch)
    size = attention.states_and_residual()[2].detach().square().mean(dim=1).sqrt()
    torch.testing.assert_close(attention.point_weights, size / size.max(), rtol=1e-3, atol=1e-3)


def test_balanced_weights_make_both_gradients_as_long():
    balanced = objective(form=None, weighting="balanced")
    for epoch in range(1, 300):
        balanced.after_epoch(epoch)
    vector, jacobian = balanced.jacobian()
    equation, start = (vector[part] @ jacobian[part] for part in (slice(0, -2), slice(-2, None)))
    assert float(equation.norm() / start.norm()) == pytest.approx(1, rel=1e-6)
    assert balanced.start_weight != pytest.approx(1, rel=0.1)


def test_points_are_drawn_anew_when_they_are_due():
    trained = objective(resampled_every=5)
    chance = torch.Generator().manual_seed(1)
    trained.draw = lambda: point_sets.collocation_points("resampled", 7, chance)
    before = trained.points
    assert not trained.after_epoch(4)
    assert trained.points is before
    assert trained.after_epoch(5)
    assert not torch.equal(trained.points, before)
