"""The thread's third program, the happy end: "the following code gives fantastic results in 10 epochs"."""

from __future__ import annotations

from typing import Literal

from odebench import IVP, Array, Monitor, Solution, Solver, hookimpl, solver


@solver(
    requires=["torch>=2.2"],
    tags=["neural", "frozen", "soft-initial-condition"],
    ladder=[{"epochs": epochs} for epochs in (10, 30, 100, 300, 1000, 3000)],
    source="the thread told in docs/thread.md: the last post",
)
def thread_c(
    ivp: IVP,
    t_eval: Array,
    *,
    activation: Literal["tanh", "relu"] = "tanh",
    output_activation: Literal["identity", "tanh", "relu"] = "identity",
    width: int = 8,
    depth: int = 1,
    step: float = 0.1,
    epochs: int = 100,
    learning_rate: float = 0.1,
    seed: int = 0,
    monitor: Monitor | None = None,
) -> Solution:
    """The last post's network: the gradient of the prediction by time stands for y', 1-8-1 tanh, Adam at 0.1.

    The loss is mean((f(t, y) - y')^2) over t0, t0 + step, ..., t1, plus mean((y(t0) - y0)^2). In the thread the
    equation is y' = -2y on [1, 5], which here is the problem decay[rate=2,t0=1,t1=5].

    The defaults are the thread's program, and stay so; of its second layer only `Dense(8, 1)` can be told, so it has
    no activation. epochs: the code says 100, the post speaks of 10. activation, output_activation, width, depth,
    step, learning_rate: as in thread-a.
    """
    import torch

    from ..support import flux, torch_tools

    network = flux.chain(width, depth, ivp.n_states, activation, output_activation, seed)
    x = torch_tools.grid(ivp, step)
    start, y0 = torch_tools.initial(ivp)

    def loss() -> torch.Tensor:
        prediction, slope = torch_tools.time_derivative(network, x)
        bulk = torch.nn.functional.mse_loss(ivp.rhs(x[:, 0], prediction, torch), slope)
        return bulk + (network(start) - y0).square().mean()

    return flux.train(ivp, t_eval, network, x, loss, epochs=epochs, learning_rate=learning_rate, monitor=monitor)


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [thread_c]
