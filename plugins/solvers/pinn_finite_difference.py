"""A physics-informed network whose time derivative comes from differences of its own prediction."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from odebench import IVP, Array, Monitor, Solution, Solver, hookimpl, solver

if TYPE_CHECKING:
    import torch

    from ._pinn import Prediction


def backward_difference(predict: Prediction, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(y_n - y_{n-1}) / h at every grid point but the first: order 1."""
    y = predict(t)
    return t[1:], y[1:], y.diff(dim=0) / t.diff(dim=0)


def central_difference(predict: Prediction, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """(y_{n+1} - y_{n-1}) / 2h inside the grid, one-sided with three points at its ends: order 2."""
    import torch

    y = predict(t)
    (dy_dt,) = torch.gradient(y, spacing=(t[:, 0],), dim=0, edge_order=2)
    return t, y, dy_dt


@solver(
    requires=["torch>=2.2"],
    tags=["neural"],
    ladder=[{"points": 10 * 2**k + 1} for k in range(6)],
    source="the thread that the project comes from",
)
def pinn_finite_difference(
    ivp: IVP,
    t_eval: Array,
    *,
    difference: Literal["backward", "central"] = "backward",
    initial_condition: Literal["hard", "soft"] = "hard",
    activation: Literal["tanh", "sin", "gelu", "relu"] = "tanh",
    width: int = 16,
    depth: int = 2,
    points: int = 21,
    optimizer: Literal["lbfgs", "adam"] = "lbfgs",
    epochs: int = 300,
    learning_rate: float | None = None,
    seed: int = 0,
    monitor: Monitor | None = None,
) -> Solution:
    """A network y(t), trained until its differences on the grid satisfy the equation.

    With backward differences the loss is zero exactly where (y_n - y_{n-1}) / h = f(t_n, y_n), and those are the
    equations of the implicit Euler method. So the better the network is trained, the nearer it comes to implicit
    Euler's solution, and its error to implicit Euler's error, of order h. That is a floor which no width, depth or
    number of epochs lowers: on y' = -y with h = 0.1 it is 0.0177. Central differences leave an error of order h^2,
    autograd none.

    difference: backward or central. points: of the grid on which the differences are taken. All else is as in
    pinn-autograd.
    """
    from . import _pinn

    return _pinn.solve(
        ivp,
        t_eval,
        backward_difference if difference == "backward" else central_difference,
        initial_condition=initial_condition,
        activation=activation,
        width=width,
        depth=depth,
        points=points,
        optimizer=optimizer,
        epochs=epochs,
        learning_rate=learning_rate,
        seed=seed,
        monitor=monitor,
    )


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [pinn_finite_difference]
