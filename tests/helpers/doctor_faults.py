"""Small networks for y' = f(t, y), each with one fault planted on request, and healthy without."""

from __future__ import annotations

import itertools
from typing import Literal

import numpy as np

from helpers.optional import lazy
from odebench import Monitor, Solution, solver

torch = lazy("torch")
ACTIVATIONS = {"tanh": "Tanh", "relu": "ReLU", "sigmoid": "Sigmoid"}


def layers(sizes, activation, output, dtype):
    """A multilayer perceptron; output: with the activation at its end too."""
    parts = []
    for a, b in itertools.pairwise(sizes):
        parts += [torch.nn.Linear(a, b, dtype=dtype), getattr(torch.nn, ACTIVATIONS[activation])()]
    return torch.nn.Sequential(*(parts if output else parts[:-1]))


@solver(requires=["torch"])
def planted(
    ivp,
    t_eval,
    *,
    derivative: Literal["prediction", "time", "detached", "scaled-time", "sum", "backward", "forward"] = "time",
    step=1e-6,  # of the forward difference
    residual="one",  # pairs
    initial_condition: Literal["hard", "soft"] = "hard",
    condition_weight=1.0,
    residual_weight=1.0,
    activation: Literal["tanh", "relu", "sigmoid"] = "tanh",
    relu_output=False,
    output_bias=0.0,
    width=16,
    depth=1,
    points=21,
    time="scaled",  # raw
    start="as drawn",  # captured: trained towards y = rest first
    rest=0.0,
    weight_scale=1.0,
    zero_grad=True,
    weighted=False,  # what is made small weighs early points more than what is reported
    dtype: Literal["float64", "float32"] = "float64",
    optimizer="lbfgs",  # adam
    learning_rate=0.0,
    decay=1.0,  # of the learning rate, a step
    epochs=150,
    seed=0,
    monitor: Monitor | None = None,
):
    """A physics-informed network of the plainest kind, with whatever fault is asked for."""
    kind = getattr(torch, dtype)
    torch.manual_seed(seed)
    t0, t1 = ivp.t_span
    network = layers([1, *[width] * depth, ivp.n_states], activation, relu_output, kind)
    with torch.no_grad():
        for p in network.parameters():
            p.mul_(weight_scale)
        next(m for m in reversed(network) if isinstance(m, torch.nn.Linear)).bias.add_(output_bias)
    y0 = torch.tensor(ivp.y0.tolist(), dtype=kind)
    grid = torch.linspace(t0, t1, points, dtype=kind)[:, None]

    def scaled(t):
        return t if time == "raw" else 2 * (t - t0) / (t1 - t0) - 1

    def predict(t):
        output = network(scaled(t))
        return y0 + (t - t0) / (t1 - t0) * output if initial_condition == "hard" else output

    def slope(t):
        t = t.clone().requires_grad_()
        y = predict(t)
        if derivative == "prediction":
            return y, torch.autograd.grad(y.sum(), y)[0]
        if derivative == "forward":
            return y, (predict(t + step) - y) / step
        if derivative == "sum":
            return y, torch.autograd.grad(y.sum(), t, create_graph=True)[0].expand_as(y)
        parts = [torch.autograd.grad(c.sum(), t, create_graph=True)[0] for c in y.unbind(1)]
        dy_dt = torch.cat(parts, dim=1)
        if derivative == "scaled-time":
            dy_dt = dy_dt * (t1 - t0)
        return y, dy_dt.detach() if derivative == "detached" else dy_dt

    def loss():
        if derivative == "backward":
            y = predict(grid)
            off = y.diff(dim=0) / grid.diff(dim=0) - ivp.rhs(grid[1:, 0], y[1:], torch)
        else:
            y, dy_dt = slope(grid)
            f = ivp.rhs(grid[:, 0], y, torch)
            off = dy_dt - f[:, 0] if residual == "pairs" else dy_dt - f
        square = residual_weight * off.square().mean()
        if weighted and torch.is_grad_enabled():
            weights = torch.linspace(2, 0, len(off), dtype=kind)[:, None]
            made_small = (weights * off.square()).mean()
            square = made_small + (square - made_small).detach()
        if initial_condition == "soft":
            square = square + condition_weight * (predict(grid[:1]) - y0).square().mean()
        return square

    def dense(t):
        with torch.no_grad():
            return predict(torch.tensor(t.tolist(), dtype=kind)[:, None]).double().numpy()

    times = (grid[1:] if derivative == "backward" else grid)[:, 0].double().numpy()

    def report(epoch, value):
        if monitor is not None:
            monitor(epoch, value.item(), dense, network=network, points=times)

    if start == "captured":
        _train_towards(predict, y0, rest, grid, t0, network)
    weights = list(network.parameters())
    done = _lbfgs if optimizer == "lbfgs" else _adam
    done(loss, weights, epochs, learning_rate, decay, zero_grad, report)
    y = dense(np.asarray(t_eval))
    return Solution(y, dense, {"epochs": epochs, "final_loss": float(loss().item())})


def _adam(loss, weights, epochs, rate, decay, zero_grad, report):
    method = torch.optim.Adam(weights, rate or 0.01)
    schedule = torch.optim.lr_scheduler.ExponentialLR(method, decay)
    for epoch in range(epochs):
        if zero_grad:
            method.zero_grad()
        value = loss()
        value.backward()
        report(epoch, value)
        method.step()
        schedule.step()


def _lbfgs(loss, weights, epochs, rate, decay, zero_grad, report):
    method = torch.optim.LBFGS(
        weights,
        rate or 1.0,
        max_iter=epochs,
        max_eval=25 * epochs,
        history_size=50,
        line_search_fn="strong_wolfe",
        tolerance_grad=0,
        tolerance_change=0,
    )
    begun = -1

    def closure():
        nonlocal begun
        method.zero_grad()
        value = loss()
        value.backward()
        epoch = method.state[weights[0]].get("n_iter", 0)
        if epoch > begun:
            report(epoch, value)
            begun = epoch
        return value

    method.step(closure)


def _train_towards(predict, y0, rest, grid, t0, network):
    """Bring the network to where it leaves y0 at once and rests at `rest`."""
    span = float(grid[-1] - grid[0])
    target = rest + (y0 - rest) * torch.exp(-(grid - t0) / (0.05 * span))
    method = torch.optim.LBFGS(network.parameters(), max_iter=500, line_search_fn="strong_wolfe")

    def closure():
        method.zero_grad()
        value = (predict(grid) - target).square().mean()
        value.backward()
        return value

    method.step(closure)
