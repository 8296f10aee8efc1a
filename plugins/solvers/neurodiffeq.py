"""neurodiffeq's networks, on torch."""

from __future__ import annotations

from typing import Literal

from odebench import IVP, Array, Monitor, Solution, Solver, hookimpl, solver


@solver(
    requires=["neurodiffeq>=0.6.3,<1", "torch>=2.2,<3"],
    tags=["neural"],
    ladder=[{"width": width, "epochs": epochs} for width, epochs in ((8, 100), (16, 300), (32, 1000), (32, 3000))],
    source=(
        "Chen et al., J. Open Source Softw. 5 (2020) 1931; its README's Lotka-Volterra example; "
        "Lagaris et al., IEEE Trans. Neural Netw. 9 (1998) 987"
    ),
)
def neurodiffeq(
    ivp: IVP,
    t_eval: Array,
    *,
    network: Literal["separate", "shared"] = "separate",
    width: int = 32,
    depth: int = 2,
    activation: Literal["tanh", "sin", "swish", "aptx", "sigmoid", "gelu", "relu"] = "tanh",
    generator: Literal[
        "equally-spaced-noisy",
        "equally-spaced",
        "uniform",
        "latin-hypercube",
        "chebyshev1",
        "chebyshev2",
        "chebyshev2-noisy",
        "log-spaced",
        "log-spaced-noisy",
    ] = "equally-spaced-noisy",
    points: int = 32,
    validation_batches: int = 4,
    loss: Literal["l2", "l1", "infinity", "h1", "h1-semi"] = "l2",
    optimizer: Literal["adam", "adamax", "nadam", "rmsprop", "sgd", "lbfgs"] = "adam",
    learning_rate: float | None = None,
    epochs: int = 3000,
    dtype: Literal["float64", "float32"] = "float64",
    device: Literal["cpu", "cuda"] = "cpu",
    seed: int = 0,
    monitor: Monitor | None = None,
) -> Solution:
    """neurodiffeq: y0 + (1 - exp(t0 - t)) N(t), a network for each state, trained on points drawn anew each epoch.

    The initial condition is built in, so that it holds whatever the weights; the factor is 1 from a few units of time
    on, and a span that is long against 1 asks for much. The defaults are its own (two layers of 32 tanh, 32 points with
    noise, 4 batches of validation, torch's Adam at 0.001, float64), and 3000 epochs as in its README's example. The
    networks of the lowest validation loss are the result, as there.

    network: separate ones, or one with an output for each state. width, depth, activation: of the hidden layers.
    generator, points: the times at which the equation is to hold; the noisy ones, uniform and latin-hypercube are new
    each epoch. validation_batches: an epoch, each of 32 times; 0 for the training loss to choose the result by.
    loss: the norm of the residual, with h1 and h1-semi also of its derivative. optimizer, epochs: one of torch's, and
    how many of its steps; a step of lbfgs is up to 20 of its own. learning_rate: none for torch's own, 0.001 for adam.
    dtype: of weights and times. device: cuda for a GPU.
    """
    from ..support import guests, neurodiffeq_training

    with guests.lent(neurodiffeq_training.load, dtype, device, seed) as library:
        shared = network == "shared"
        nets = neurodiffeq_training.networks(
            library, ivp, shared=shared, width=width, depth=depth, activation=activation
        )
        options = {"loss_fn": loss.replace("-", " "), "n_batches_valid": validation_batches}
        options["optimizer"] = neurodiffeq_training.optimizer(nets, optimizer, learning_rate)
        built_in = neurodiffeq_training.conditions(library, ivp, shared=shared)
        made = neurodiffeq_training.solver(library, ivp, nets, built_in, points=points, generator=generator, **options)
        return neurodiffeq_training.train(made, t_eval, epochs, monitor)


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [neurodiffeq]
