"""A physics-informed network, whose time derivative is exact.

A network stands for the solution. It is never shown one: it is trained until it satisfies the equation y' = f(t, y) at
the collocation points, and the initial condition. What happens, in the order in which it happens, and where
in `support/pinn`:

1. `networks`: a small network N(t) is drawn at random.
2. `trial_solutions`: y(t) = y0 + (t - t0) / (t1 - t0) N(t) satisfies the initial condition whatever the weights.
3. `points`: some times are chosen, at which the equation is to hold.
4. dy/dt there, the one thing that is easily got wrong: `Network.with_rates`, and `Objective.jacobian` for
   its derivatives by the weights, all written out. The two functions below give the same numbers in readable form; they
   are what runs with `derivative=reverse` and `derivative=forward`.
5. `objective`: the residual y' - f(t, y) at these times; the mean of its square is the loss.
6. `levenberg_marquardt` or `optimizers`: the weights are changed until the loss is as small as it will get.
7. `training` does these in turn, window by window where the span is cut into windows, and evaluates the result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from odebench import IVP, Array, Monitor, Solution, Solver, hookimpl, solver

if TYPE_CHECKING:
    import torch

    from ..support.pinn.trial_solutions import Trial


def reverse_mode(predict: Trial, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """dy/dt at every point, by going back through the network from its output to its input.

    It is the *prediction* that is differentiated, with respect to *time*: see `torch_tools.time_derivative`.
    """
    from ..support import torch_tools

    return t, *torch_tools.time_derivative(predict, t)


def forward_mode(predict: Trial, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """The same numbers, by going through the network once from its input on.

    Time changes at the rate 1, and each layer hands on at what rate its output changes then: one pass for all
    components, where reverse mode takes one for each. `Network.with_rates` has it written out; torch.func.jvp does the
    same for any function, in several times the time.
    """
    y, dy_dt = predict.with_rates(t)
    return t, y, dy_dt


@solver(
    requires=["torch>=2.2"],
    tags=["neural"],
    ladder=[{"width": width, "points": max(8, 2 * width)} for width in (2, 4, 6, 8, 12, 16, 24, 32)],
    source="Lagaris et al., IEEE Trans. Neural Netw. 9 (1998) 987; Raissi et al., J. Comput. Phys. 378 (2019) 686",
)
def pinn_autograd(
    ivp: IVP,
    t_eval: Array,
    *,
    derivative: Literal["by-hand", "forward", "reverse"] = "by-hand",
    initial_condition: Literal["hard", "soft"] = "hard",
    trial: Literal["linear", "exponential", "taylor"] = "linear",
    collocation: Literal["grid", "chebyshev", "random", "resampled"] = "chebyshev",
    points: int = 32,
    resample_every: int = 10,
    weighting: Literal["equal", "balanced", "attention", "causal"] = "causal",
    causality: float = 1.0,
    windows: int = 1,
    warm_start: bool = False,
    activation: Literal["tanh", "sin", "gelu", "silu", "softplus", "relu"] = "tanh",
    width: int = 24,
    depth: int = 1,
    steepness: float | None = 1.5,
    optimizer: Literal["levenberg-marquardt", "ssbroyden", "lbfgs", "adam"] = "levenberg-marquardt",
    epochs: int = 200,
    learning_rate: float | None = None,
    schedule: Literal["cosine", "exponential", "constant"] = "cosine",
    damping: float = 0.01,
    tolerance: float = 0.0,
    refit: bool = False,
    dtype: Literal["float64", "float32"] = "float64",
    device: Literal["cpu", "cuda"] = "cpu",
    seed: int = 0,
    monitor: Monitor | None = None,
) -> Solution:
    """A network y(t), trained until y'(t) = f(t, y(t)) at the collocation points; y' by automatic differentiation.

    derivative: forward or reverse mode, torch's autograd then differentiating by the weights; or by-hand, forward mode
    and the derivatives by the weights written out too, for all points at once. The numbers are the same, the times not.
    initial_condition: hard, which holds whatever the weights, or soft, a second term of the loss. trial: how a hard one
    is built in: y0 + (t - t0) / (t1 - t0) N(t), linear; the factor 1 - exp(-2 (t - t0) / (t1 - t0)), exponential; or
    taylor, with the slope at t0 built in too.
    collocation, points: where the equation is to hold. resample_every: epochs between new points, for resampled.
    weighting: of the loss's parts: equal; balanced, a soft initial condition against the equation; attention, to the
    points where the residual is large; causal, later points once the earlier ones are satisfied, the more strictly the
    larger causality. windows: so many networks one after another, each on its part of the span;
    warm_start: each begins with the weights of the one before.
    activation, width, depth: of the hidden layers. steepness: of the first layer's units, spread over the window; none
    for PyTorch's usual weights.
    optimizer, epochs: so many of its steps a window at most. learning_rate: none for the optimizer's usual, 0.01 for
    adam and 1 for lbfgs and ssbroyden. schedule: of adam's learning rate. damping: levenberg-marquardt's first.
    tolerance: training stops at this root mean square of the residual (times half a window); 0, as far as it goes.
    refit: the output layer by least squares at the end. dtype: of the training. device: cuda for a GPU.
    """
    from ..support.pinn import training

    settings = training.Settings.of(locals())
    by = {"by-hand": None, "forward": forward_mode, "reverse": reverse_mode}[derivative]
    return training.solve(ivp, t_eval, settings, seed=seed, monitor=monitor, derivative=by)


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [pinn_autograd]
