"""What `nnode` is made of: the trial solution, the losses of its training strategies, and the training."""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import torch

from odebench import IVP, Array, Diverged, Monitor, Solution, Unsupported

from . import torch_tools

Loss: TypeAlias = Callable[[], tuple[torch.Tensor, torch.Tensor]]
"""The loss as the weights are now, and the times (m, 1) it took the residual at."""

FORWARD_STEP = math.sqrt(float(np.finfo(np.float64).eps))
GAINS = {"sigmoid": 1.0, "tanh": 5 / 3, "gelu": 1.0, "relu": math.sqrt(2), "identity": 1.0}

# Gauss-Kronrod, 7 and 15 points on [-1, 1]: Piessens et al., QUADPACK (1983), qk15
_NODES = (
    0.991455371120812639206854697526329,
    0.949107912342758524526189684047851,
    0.864864423359769072789712788640926,
    0.741531185599394439863864773280788,
    0.586087235467691130294144838258730,
    0.405845151377397166906606412076961,
    0.207784955007898467600689403773245,
)
_KRONROD = (
    0.022935322010529224963732008058970,
    0.063092092629978553290700663189204,
    0.104790010322250183839876322541518,
    0.140653259715525918745189590510238,
    0.169004726639267902826583426598550,
    0.190350578064785409913256402421014,
    0.204432940075298892414161999234649,
)
_GAUSS = (
    0.0,
    0.129484966168869693270611432679082,
    0.0,
    0.279705391489276667901467771423780,
    0.0,
    0.381830050505118944950369775488975,
    0.0,
)
NODES = torch.tensor([*(-x for x in _NODES), 0.0, *reversed(_NODES)], dtype=torch.float64)
KRONROD = torch.tensor([*_KRONROD, 0.209482141084727828012999174891714, *reversed(_KRONROD)], dtype=torch.float64)
GAUSS = torch.tensor([*_GAUSS, 0.417959183673469387755102040816327, *reversed(_GAUSS)], dtype=torch.float64)


class Trial:
    """y0 + (t - t0) N(t), which has the initial value whatever the weights of the network N."""

    def __init__(
        self, ivp: IVP, activation: str, width: int, depth: int, seed: int, *, autodiff: bool, device: str = "cpu"
    ) -> None:
        torch_tools.at_least_one(width=width, depth=depth)
        if device == "cuda" and not torch.cuda.is_available():
            raise Unsupported("device=cuda, and torch sees no GPU on this machine; take device=cpu")
        self.ivp, self.autodiff, self.device = ivp, autodiff, device
        self.chance = torch.Generator().manual_seed(seed)  # of weights and times: nothing else draws from it
        self.network = _network(ivp.n_states, activation, width, depth, self.chance).to(device)
        self._t0, self._y0 = (value.to(device) for value in torch_tools.initial(ivp))

    def __call__(self, t: torch.Tensor) -> torch.Tensor:
        """The states (n, d) at times (n, 1)."""
        y: torch.Tensor = self._y0 + (t - self._t0) * self.network(t)
        return y

    def squares(self, t: torch.Tensor) -> torch.Tensor:
        """The residual's square |y' - f(t, y)|^2 at times (n, 1), summed over the states: (n,)."""
        if self.autodiff:
            y, slope = torch_tools.time_derivative(self, t)
        else:
            y = self(t)
            slope = (self(t + FORWARD_STEP) - y) / FORWARD_STEP
        return (slope - self.ivp.rhs(t[:, 0], y, torch)).square().sum(dim=1)

    def dense(self, t: Array) -> Array:
        """The states (n, d) at times (n,), in numpy."""
        with torch.no_grad():
            y: Array = self(torch.tensor(t.tolist(), dtype=torch.float64, device=self.device)[:, None]).cpu().numpy()
        return y

    def uniform(self, n: int, low: float, high: float) -> torch.Tensor:
        """Random times between two, (n, 1)."""
        return low + (high - low) * torch.rand(n, 1, generator=self.chance, dtype=torch.float64).to(self.device)


def _network(n_states: int, activation: str, width: int, depth: int, chance: torch.Generator) -> torch.nn.Sequential:
    """A chain of dense layers with the initial weights of Lux.jl 1: He's rule with the activation's gain."""

    def draw(dense: torch.nn.Linear, activation: str) -> None:
        limit = 1 / math.sqrt(dense.in_features)
        reach = GAINS[activation] * math.sqrt(3) * limit
        torch.nn.init.uniform_(dense.weight, -reach, reach, generator=chance)
        torch.nn.init.uniform_(dense.bias, -limit, limit, generator=chance)

    return torch_tools.dense_layers([1, *[width] * depth, n_states], [*[activation] * depth, "identity"], draw)[:-1]


def on_grid(trial: Trial, dt: float | None) -> Loss:
    """GridTraining: the mean over t0, t0 + dt, ..."""
    t0, t1 = trial.ivp.t_span
    times = torch_tools.grid(trial.ivp, (t1 - t0) / 99 if dt is None else dt).to(trial.device)
    return lambda: (trial.squares(times).mean(), times)


def stochastic(trial: Trial, points: int) -> Loss:
    """StochasticTraining: the mean over random times, new ones whenever it is asked for."""
    torch_tools.at_least_one(points=points)

    def loss() -> tuple[torch.Tensor, torch.Tensor]:
        times = trial.uniform(points, *trial.ivp.t_span)
        return trial.squares(times).mean(), times

    return loss


def weighted_interval(trial: Trial, points: int, weights: Sequence[float]) -> Loss:
    """WeightedIntervalTraining: the mean over random times drawn once, a share of them in each part of the span."""
    numbers = all(isinstance(weight, (int, float)) for weight in weights)
    if not (weights and numbers and min(weights) >= 0 and sum(weights) > 0):
        raise ValueError(f"expected weights as numbers of 0 or more, one above 0, received {tuple(weights)}")
    edges = np.linspace(*trial.ivp.t_span, len(weights) + 1)
    shares = [int(points * weight / sum(weights)) for weight in weights]
    if sum(shares) < 1:
        raise ValueError(f"expected points enough for one in some part of the time span, received {points}")
    drawn = [trial.uniform(n, low, high) for n, (low, high) in zip(shares, itertools.pairwise(edges), strict=True)]
    times = torch.cat(drawn)
    return lambda: (trial.squares(times).mean(), times)


def quadrature(trial: Trial, abstol: float, reltol: float, most: int) -> Loss:
    """QuadratureTraining: the integral of the residual's fourth power, in at most about `most` points."""
    t0, t1 = trial.ivp.t_span
    return lambda: integrate(lambda t: trial.squares(t).square(), t0, t1, abstol, reltol, most, trial.device)


def integrate(
    f: Callable[[torch.Tensor], torch.Tensor],
    a: float,
    b: float,
    abstol: float,
    reltol: float,
    most: int,
    device: str = "cpu",
) -> tuple[torch.Tensor, torch.Tensor]:
    """The integral of f, times (n, 1) -> (n,), over [a, b], differentiable; and the times it was taken at, (m, 1).

    The part with the largest difference between Gauss's rule and Kronrod's is halved until their sum is within
    abstol, or reltol of the integral, or f has been asked for at `most` times. As QuadGK.jl does it, the error is not
    scaled down as in QUADPACK.
    """
    parts: list[tuple[float, float, float, torch.Tensor, torch.Tensor]] = []
    nodes, weights, weights_of_gauss = (values.to(device) for values in (NODES, KRONROD, GAUSS))
    asked, cuts = 0, [a, b]
    while True:
        edges = torch.tensor(cuts, dtype=torch.float64, device=device)
        centre, half = (edges[1:] + edges[:-1])[:, None] / 2, edges.diff()[:, None] / 2
        times = centre + half * nodes
        asked += times.numel()
        values = f(times.reshape(-1, 1)).reshape(times.shape)
        kronrod, gauss = half[:, 0] * (values @ weights), half[:, 0] * (values @ weights_of_gauss)
        errors = (kronrod - gauss).abs().detach().tolist()
        for k, (low, high) in enumerate(itertools.pairwise(cuts)):
            heapq.heappush(parts, (-errors[k], low, high, kronrod[k], times[k]))
        total = torch.stack([part[3] for part in parts]).sum()
        error = -sum(part[0] for part in parts)
        if not error > max(abstol, reltol * abs(total.item())) or asked >= most:  # also where it is not a number
            return total, torch.cat([part[4] for part in parts])[:, None]
        _, low, high, *_ = heapq.heappop(parts)
        cuts = [low, (low + high) / 2, high]


def train(
    trial: Trial,
    t_eval: Array,
    loss: Loss,
    optimizer: str,
    *,
    epochs: int,
    learning_rate: float,
    abstol: float,
    monitor: Monitor | None,
) -> Solution:
    """Train until the loss is below `abstol` or all epochs are done; then the best weights seen are taken.

    Raises `Diverged` where the loss is no longer finite.
    """
    torch_tools.at_least_one(epochs=epochs)
    if not learning_rate > 0:
        raise ValueError(f"expected learning_rate above 0, received {learning_rate}")
    if not abstol >= 0:
        raise ValueError(f"expected abstol of 0 or more, received {abstol}")
    few = torch.linspace(*trial.ivp.t_span, 3, dtype=torch.float64, device=trial.device)[:, None]
    torch_tools.expect_batches(trial.ivp, few)

    def report(epoch: int, value: float, times: torch.Tensor) -> None:
        if monitor is not None:
            monitor(epoch, value, trial.dense, network=trial.network, points=times[:, 0].detach().cpu().numpy())

    if optimizer == "adam":
        final_loss, done = _adam(trial, loss, epochs, learning_rate, abstol, report)
    else:
        final_loss, done = _quasi_newton(trial, loss, optimizer, epochs, abstol, report)
    n_parameters = sum(w.numel() for w in trial.network.parameters())
    stats = {"epochs": done, "n_parameters": n_parameters, "final_loss": final_loss}
    return Solution(trial.dense(t_eval), trial.dense, stats)


Report: TypeAlias = Callable[[int, float, torch.Tensor], None]


def _adam(
    trial: Trial, loss: Loss, epochs: int, learning_rate: float, abstol: float, report: Report
) -> tuple[float, int]:
    """As OptimizationOptimisers.jl goes about it. Returns the loss and the epochs done."""
    weights = list(trial.network.parameters())
    optimizer = torch.optim.Adam(weights, learning_rate)
    last, least, best = math.nan, math.inf, [w.detach().clone() for w in weights]
    for epoch in range(epochs):
        optimizer.zero_grad()
        value, times = loss()
        value.backward()
        last = torch_tools.finite(value.item(), epoch, last)
        report(epoch, last, times)
        if last < abstol:
            return last, epoch
        if last < least:
            least, best = last, [w.detach().clone() for w in weights]
        optimizer.step()
    with torch.no_grad():
        for weight, found in zip(weights, best, strict=True):
            weight.copy_(found)
    return least, epochs


def _quasi_newton(
    trial: Trial, loss: Loss, optimizer: str, epochs: int, abstol: float, report: Report
) -> tuple[float, int]:
    """BFGS or limited-memory BFGS, by SciPy, ended as in Optim.jl at a gradient below 1e-8. As `_adam` else."""
    from scipy import optimize

    weights = list(trial.network.parameters())
    latest = torch.empty(0, 1, dtype=torch.float64)
    done = 0

    def set_weights(x: Array) -> None:
        torch.nn.utils.vector_to_parameters(torch.tensor(x.tolist(), dtype=torch.float64, device=trial.device), weights)

    def value_and_gradient(x: Array) -> tuple[float, Array]:
        nonlocal latest
        set_weights(x)
        trial.network.zero_grad()
        value, latest = loss()
        value.backward()
        gradient = torch.cat([w.grad.flatten() for w in weights if w.grad is not None])
        if not (math.isfinite(value.item()) and gradient.isfinite().all()):
            return math.inf, np.zeros(x.size)  # the line search went too far
        return value.item(), gradient.cpu().numpy()

    def after_a_step(intermediate_result: Any) -> None:
        nonlocal done
        done += 1
        set_weights(intermediate_result.x)
        report(done, float(intermediate_result.fun), latest)
        if intermediate_result.fun < abstol:
            raise StopIteration

    start = torch.cat([w.detach().flatten() for w in weights]).cpu().numpy()
    first, _ = value_and_gradient(start)
    if not math.isfinite(first):
        raise Diverged("the loss is not finite at epoch 0, with the first weights. Try a shorter span, or another seed")
    report(0, first, latest)
    options: dict[str, Any] = {"maxiter": epochs, "gtol": 1e-8}
    if optimizer == "lbfgs":
        options |= {"maxcor": 10, "ftol": 0.0, "maxfun": 50 * epochs}
    minimize: Any = optimize.minimize  # whose many overloads know no optional method
    found = minimize(
        value_and_gradient,
        start,
        jac=True,
        method="L-BFGS-B" if optimizer == "lbfgs" else "BFGS",
        callback=after_a_step,
        options=options,
    )
    set_weights(found.x)
    return float(found.fun), done
