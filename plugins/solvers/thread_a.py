"""The thread's first program, as it was asked about: "the loss remains at 2.0 and I get an output of zero"."""

from __future__ import annotations

from typing import Literal

from odebench import IVP, Array, Monitor, Solution, Solver, hookimpl, solver


@solver(
    requires=["torch>=2.2"],
    tags=["neural", "frozen", "soft-initial-condition"],
    ladder=[{"epochs": 10 * 2**k} for k in range(8)],
    source="the thread told in docs/thread.md: the question",
)
def thread_a(
    ivp: IVP,
    t_eval: Array,
    *,
    derivative: Literal["prediction", "time"] = "prediction",
    activation: Literal["relu", "tanh"] = "relu",
    output_activation: Literal["relu", "tanh", "identity"] = "relu",
    width: int = 16,
    depth: int = 2,
    step: float = 0.1,
    epochs: int = 1000,
    learning_rate: float = 0.01,
    seed: int = 0,
    monitor: Monitor | None = None,
) -> Solution:
    """The question's network, fault and all: relu on every layer, and a derivative taken by the wrong variable.

    The loss is mean((y' - f(t, y))^2) + (y(t0) - y0)^2 on t0, t0 + step, ..., t1. But what stands for y' is the
    gradient of sum(prediction) by the prediction itself, which is 1 whatever the weights. On y' = -y, y(0) = 1 the loss
    asks for y = -1 everywhere but at 0. The relu at the output cannot go below 0; where it is 0 it passes no gradient
    back, and there training ends: loss (1 + 0)^2 + (0 - 1)^2 = 2 exactly. docs/thread.md measures it.

    The defaults are the thread's program, and stay so. derivative: prediction, as there, or time, as was meant.
    activation, width, depth: of the hidden layers; output_activation: of the last. step: of the grid. epochs: steps of
    Adam, at this learning_rate. Of systems the squares of the initial condition are summed.
    """
    import torch

    from ..support import flux, torch_tools

    network = flux.chain(width, depth, ivp.n_states, activation, output_activation, seed)
    ts = torch_tools.grid(ivp, step)
    start, y0 = torch_tools.initial(ivp)

    def loss() -> torch.Tensor:
        if derivative == "time":
            prediction, slope = torch_tools.time_derivative(network, ts)
        else:
            prediction = network(ts)
            itself = prediction.detach().requires_grad_()
            (slope,) = torch.autograd.grad(itself.sum(), itself)  # ones: this is the fault
        residual = slope - ivp.rhs(ts[:, 0], prediction, torch)
        return residual.square().mean() + (network(start) - y0).square().sum()

    return flux.train(ivp, t_eval, network, ts, loss, epochs=epochs, learning_rate=learning_rate, monitor=monitor)


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [thread_a]
