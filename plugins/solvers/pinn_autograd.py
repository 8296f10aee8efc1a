"""A physics-informed network whose time derivative comes from the autograd engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from odebench import IVP, Array, Monitor, Solution, Solver, hookimpl, solver

if TYPE_CHECKING:
    import torch

    from ._pinn import Prediction


def autograd_derivative(predict: Prediction, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """dy/dt at every point, exact for the network as it stands.

    It is the *prediction* that is differentiated, with respect to *time*. (By the prediction itself the derivative
    is 1, whatever the weights.) Each state depends on its own time alone, so the gradient of a sum over points
    holds the derivative at each point. `create_graph` keeps the derivative differentiable: training needs its
    gradient with respect to the weights.
    """
    import torch

    t = t.detach().requires_grad_()
    y = predict(t)
    columns = [torch.autograd.grad(component.sum(), t, create_graph=True)[0] for component in y.unbind(dim=1)]
    return t, y, torch.cat(columns, dim=1)


@solver(
    requires=["torch>=2.2"],
    tags=["neural"],
    ladder=[{"epochs": 10 * 2**k} for k in range(8)],
    source="Lagaris et al., IEEE Trans. Neural Netw. 9 (1998) 987; Raissi et al., J. Comput. Phys. 378 (2019) 686",
)
def pinn_autograd(
    ivp: IVP,
    t_eval: Array,
    *,
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
    """A network y(t), trained until y'(t) = f(t, y(t)) at the collocation points; y' by automatic differentiation.

    initial_condition: hard, y0 + (t - t0) / (t1 - t0) N(t), which holds whatever the weights; or soft, a second term of
    the loss. activation, width, depth: of the hidden layers. points: collocation points, equally spaced over the time
    span. epochs: steps of the optimizer. learning_rate: none for the optimizer's usual, 1 for lbfgs and 0.01 for adam.
    """
    from . import _pinn

    return _pinn.solve(
        ivp,
        t_eval,
        autograd_derivative,
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
    return [pinn_autograd]
