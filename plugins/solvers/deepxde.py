"""DeepXDE's physics-informed networks, on torch."""

from __future__ import annotations

from typing import Literal

from odebench import IVP, Array, Monitor, Solution, Solver, hookimpl, solver


@solver(
    requires=["deepxde>=1.14,<2", "torch>=2.2,<3"],
    tags=["neural"],
    ladder=[
        {"width": width, "epochs": epochs}
        for width, epochs in ((10, 300), (20, 1000), (50, 3000), (50, 10000), (50, 20000))
    ],
    source="Lu, Meng, Mao & Karniadakis, SIAM Review 63 (2021) 208; its demo of a simple ODE system",
)
def deepxde(
    ivp: IVP,
    t_eval: Array,
    *,
    initial_condition: Literal["soft", "hard"] = "soft",
    trial: Literal["linear", "tanh"] = "linear",
    points: int = 35,
    boundary_points: int = 2,
    distribution: Literal["hammersley", "uniform", "pseudo", "lhs", "halton", "sobol"] = "hammersley",
    resample_every: int | None = None,
    residual_weight: float = 1.0,
    initial_weight: float = 1.0,
    network: Literal["shared", "parallel"] = "shared",
    width: int = 50,
    depth: int = 3,
    activation: Literal["tanh", "sin", "sigmoid", "silu", "gelu", "elu", "selu", "relu"] = "tanh",
    initializer: Literal["glorot-uniform", "glorot-normal", "he-uniform", "he-normal"] = "glorot-uniform",
    autodiff: Literal["reverse", "forward"] = "reverse",
    optimizer: Literal["adam", "rmsprop", "sgd", "lbfgs", "adam-lbfgs"] = "adam",
    epochs: int = 20000,
    learning_rate: float = 1e-3,
    lbfgs_epochs: int = 15000,
    report_every: int = 100,
    dtype: Literal["float32", "float64"] = "float32",
    device: Literal["cpu", "cuda"] = "cpu",
    seed: int = 0,
    monitor: Monitor | None = None,
) -> Solution:
    """DeepXDE: a fully connected network, its residual and initial condition in one loss, by Adam, L-BFGS or both.

    The defaults are those of its demo "A simple ODE system": a soft initial condition, 35 times within the span and its
    two ends, three layers of 50 tanh, Adam at 0.001 for 20000 iterations; and its own float32, distribution of points
    and limits of L-BFGS. It trains a network of the time since t0 as it is: a long span asks for much.

    initial_condition: soft, a term of the loss for each state; or hard, y0 + g(t - t0) N(t), with trial the g: linear,
    or tanh as in its Lotka-Volterra example. points, boundary_points: times within the span and at its ends (2, or with
    hard also 0). distribution: of those within; lhs and pseudo are random. resample_every: epochs between new ones.
    residual_weight, initial_weight: of the loss's terms, one each a state. network: one for all states, or one for each
    in parallel. width, depth, activation, initializer: of its hidden layers. autodiff: how y' is taken; forward goes
    through the network once for all states. optimizer: adam-lbfgs is one after the other. epochs, learning_rate: of all
    but L-BFGS, which makes lbfgs_epochs at most. report_every: after how many of L-BFGS's it reports and can be
    stopped; the others do after each. dtype: of weights and times. device: cuda for a GPU.
    """
    from ..support import deepxde_model

    with deepxde_model.library(dtype, device, seed, autodiff, lbfgs_epochs, report_every) as dde:
        hard = trial if initial_condition == "hard" else None
        data = deepxde_model.data(dde, ivp, hard, points, boundary_points, distribution)
        made = deepxde_model.network(dde, ivp, hard, network, width, depth, activation, initializer)
        train = deepxde_model.Training(dde, ivp, dde.Model(data, made), residual_weight, initial_weight, monitor)
        if optimizer != "lbfgs":
            train(optimizer.removesuffix("-lbfgs"), resample_every, learning_rate, epochs)
        if optimizer.endswith("lbfgs"):
            train("L-BFGS", resample_every)
        return train.solution(t_eval)


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [deepxde]
