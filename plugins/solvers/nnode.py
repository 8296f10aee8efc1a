"""NeuralPDE.jl's algorithm for ordinary differential equations, NNODE, without Julia."""

from __future__ import annotations

from typing import Literal

from odebench import IVP, Array, Monitor, Solution, Solver, hookimpl, solver


@solver(
    requires=["torch>=2.2", "scipy>=1.11"],
    tags=["neural"],
    ladder=[{"epochs": epochs} for epochs in (20, 60, 200, 600, 2000, 6000)],
    source=(
        "NeuralPDE.jl's manual and tutorial on NNODE, docs.sciml.ai/NeuralPDE; "
        "Lagaris et al., IEEE Trans. Neural Netw. 9 (1998) 987"
    ),
)
def nnode(
    ivp: IVP,
    t_eval: Array,
    *,
    strategy: Literal["quadrature", "grid", "stochastic", "weighted-interval"] | None = None,
    dt: float | None = None,
    points: int = 100,
    weights: tuple[float, ...] = (0.7, 0.2, 0.1),
    autodiff: bool = False,
    activation: Literal["sigmoid", "tanh", "gelu", "relu"] = "sigmoid",
    width: int = 5,
    depth: int = 1,
    optimizer: Literal["adam", "bfgs", "lbfgs"] = "adam",
    epochs: int = 2000,
    learning_rate: float = 0.1,
    abstol: float = 1e-6,
    reltol: float = 1e-3,
    device: Literal["cpu", "cuda"] = "cpu",
    seed: int = 0,
    monitor: Monitor | None = None,
) -> Solution:
    """NeuralPDE.jl's NNODE: y0 + (t - t0) N(t), its slope a forward difference, trained by an adaptive integral.

    Reproduced are the trial solution, the derivative (y(t + e) - y(t)) / e with e = sqrt(2.2e-16), the four strategies,
    the initial weights of Lux.jl, float64, and the ways training ends: at a loss below abstol, or after all epochs,
    then with the weights that had the least loss. The defaults are its own where it has any (no strategy, autodiff
    off, abstol 1e-6, reltol 1e-3), and else its tutorial's: one layer of 5 sigmoids, Adam at 0.1, 2000 epochs.

    strategy: where the residual r = y' - f(t, y) is taken. quadrature: the integral over the time span of |r|^4 (the
    square of the square: so it is in NeuralPDE's source), by adaptive Gauss-Kronrod quadrature to abstol or reltol in
    at most `epochs` points. The others take the mean of |r|^2: grid, over t0, t0 + dt, ...; stochastic, over `points`
    random times, new in each epoch; weighted-interval, over `points` random times drawn once, shared among equal parts
    of the time span as `weights` says. None: grid if dt is given, else quadrature. dt: for grid; none for a 99th of
    the time span. autodiff: the exact derivative instead, which NeuralPDE has for quadrature alone. epochs: maxiters
    there. learning_rate: of adam; bfgs and lbfgs search along lines (SciPy's search, where Julia has Hager & Zhang's).

    Left out: additional losses, data and the estimation of parameters, complex numbers, and `batch`, which is about
    speed.

    activation, width, depth: of the hidden layers. optimizer: adam, or SciPy's bfgs or lbfgs. device: cuda for a GPU.
    """
    from ..support import nnode_training

    if strategy is None:
        strategy = "quadrature" if dt is None else "grid"
    if dt is not None and strategy != "grid":
        raise ValueError(f"dt is for strategy=grid, received strategy={strategy}; leave out either")
    trial = nnode_training.Trial(ivp, activation, width, depth, seed, autodiff=autodiff, device=device)
    if strategy == "quadrature":
        loss = nnode_training.quadrature(trial, abstol, reltol, most=epochs)
    elif strategy == "grid":
        loss = nnode_training.on_grid(trial, dt)
    elif strategy == "stochastic":
        loss = nnode_training.stochastic(trial, points)
    else:
        loss = nnode_training.weighted_interval(trial, points, weights)
    return nnode_training.train(
        trial, t_eval, loss, optimizer, epochs=epochs, learning_rate=learning_rate, abstol=abstol, monitor=monitor
    )


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [nnode]
