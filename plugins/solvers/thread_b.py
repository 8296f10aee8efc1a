"""The thread's second program, the answer: "might I suggest a finite difference approach instead"."""

from __future__ import annotations

from typing import Literal

from odebench import IVP, Array, Monitor, Solution, Solver, hookimpl, solver


@solver(
    requires=["torch>=2.2"],
    tags=["neural", "frozen", "soft-initial-condition"],
    ladder=[{"epochs": 10 * 2**k} for k in range(8)],
    source="the thread told in docs/thread.md: the answer",
)
def thread_b(
    ivp: IVP,
    t_eval: Array,
    *,
    difference: Literal["backward", "forward", "central"] = "backward",
    reduction: Literal["sum", "mean"] = "sum",
    activation: Literal["tanh", "relu"] = "tanh",
    output_activation: Literal["identity", "tanh", "relu"] = "identity",
    width: int = 8,
    depth: int = 1,
    step: float = 0.1,
    epochs: int = 1000,
    learning_rate: float = 0.01,
    seed: int = 0,
    monitor: Monitor | None = None,
) -> Solution:
    """The answer's network: differences of the prediction over the grid stand for y', 1-8-1 tanh.

    The loss is the sum of ((y_n - y_{n-1}) / step - f(t_n, y_n))^2 over the grid, plus (y(t0) - y0)^2. It is zero for
    the implicit Euler method's solution, so that is what training comes to, with its error: 0.0177 on y' = -y and step
    0.1, whatever the network.

    The defaults are the thread's program, and stay so; it says "tanh activations" and leaves open whether the output
    has one: by default it has none. difference: where the difference is held against f: at the end of each step
    (backward, as there), at its start (forward, explicit Euler) or, with the mean of both states, in its middle
    (central, the implicit midpoint rule). reduction: the residuals are summed, as there, or averaged. activation,
    output_activation, width, depth, epochs, learning_rate: as in thread-a.
    """
    import torch

    from ..support import flux, torch_tools

    network = flux.chain(width, depth, ivp.n_states, activation, output_activation, seed)
    t = torch_tools.grid(ivp, step)
    start, y0 = torch_tools.initial(ivp)

    def loss() -> torch.Tensor:
        prediction = network(t)
        slope = prediction.diff(dim=0) / t.diff(dim=0)
        if difference == "backward":
            at, y = t[1:], prediction[1:]
        elif difference == "forward":
            at, y = t[:-1], prediction[:-1]
        else:
            at, y = (t[1:] + t[:-1]) / 2, (prediction[1:] + prediction[:-1]) / 2
        squares = (slope - ivp.rhs(at[:, 0], y, torch)).square()
        return (squares.sum() if reduction == "sum" else squares.mean()) + (network(start) - y0).square().sum()

    return flux.train(ivp, t_eval, network, t, loss, epochs=epochs, learning_rate=learning_rate, monitor=monitor)


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [thread_b]
