"""From an initial value problem to a trained network, window by window."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch

from odebench import IVP, Array, Monitor, Solution, Unsupported

from ..torch_tools import slopes
from . import levenberg_marquardt, optimizers, output_layer
from .derivatives import Derivative, Matrix
from .networks import Network
from .objective import Objective
from .points import collocation_points
from .progress import Progress
from .trial_solutions import Trial

FLOAT32_TOLERANCE = 1e-5
MOST_GIB = 0.5  # of a Jacobian; its factorisation takes as much again, twice
LEARNING_RATES = {"adam": 0.01, "lbfgs": 1.0, "ssbroyden": 1.0}
UNSOLVED = 0.01  # a root mean square residual of this part of y', and
FAILED = 0.5  # where it is said whatever the span
MOST_WINDOWS = 500  # that one would still train
LONG = 5.0  # a window of so many of the problem's own time scales: one network has not bent often enough


@dataclass(frozen=True)
class Settings:
    """How to train: the parameters that both networks have; pinn-autograd says what they mean."""

    initial_condition: str
    trial: str
    collocation: str
    points: int
    resample_every: int
    weighting: str
    causality: float
    windows: int
    warm_start: bool
    activation: str
    width: int
    depth: int
    steepness: float | None
    optimizer: str
    epochs: int
    learning_rate: float | None
    schedule: str
    damping: float
    tolerance: float
    refit: bool
    dtype: str
    device: str

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Settings:
        """Those among a solver's own values that are about training; the others are passed over."""
        return cls(**{field.name: values[field.name] for field in fields(cls)})

    def __post_init__(self) -> None:
        """Raise `ValueError` for what cannot be, `Unsupported` for what this machine cannot."""
        for name, least in (
            ("width", 1),
            ("depth", 1),
            ("points", 3),
            ("epochs", 1),
            ("windows", 1),
            ("resample_every", 1),
        ):
            if (value := getattr(self, name)) < least:
                raise ValueError(f"expected {name} of {least} or more, received {value}")
        for name in ("learning_rate", "steepness", "damping"):
            if (rate := getattr(self, name)) is not None and not rate > 0:
                raise ValueError(f"expected {name} above 0, received {rate}")
        for name in ("tolerance", "causality"):
            if not (number := getattr(self, name)) >= 0:
                raise ValueError(f"expected {name} of 0 or more, received {number}")
        if self.dtype == "float32" and 0 < self.tolerance < FLOAT32_TOLERANCE:
            raise ValueError(
                f"expected tolerance of {FLOAT32_TOLERANCE:g} or more with dtype=float32, received {self.tolerance:g}: "
                "the residual's own rounding is larger; use dtype=float64, or 0 for as far as it goes"
            )
        if self.weighting == "balanced" and self.initial_condition == "hard":
            raise ValueError(
                "expected initial_condition=soft with weighting=balanced, received hard: that leaves one term"
            )
        if self.learning_rate is not None and self.optimizer not in LEARNING_RATES:
            raise ValueError(
                f"expected no learning_rate with optimizer={self.optimizer}, received {self.learning_rate}: it "
                f"finds the length of its steps itself, from damping on; one is taken by {', '.join(LEARNING_RATES)}"
            )
        if self.device == "cuda" and not torch.cuda.is_available():
            raise Unsupported("device=cuda was asked for, and torch sees no GPU on this machine; use device=cpu")


def solve(
    ivp: IVP,
    t_eval: Array,
    settings: Settings,
    *,
    seed: int,
    monitor: Monitor | None = None,
    derivative: Derivative | None = None,
    matrix: Matrix | None = None,
) -> Solution:
    """Train a network a window, each from the end of the one before, and evaluate them at `t_eval`.

    derivative: by which y' is taken, through the autograd engine; or matrix: the differences it is taken by; or
    neither, for the exact derivative by hand. Raises `Unsupported` for a right-hand side that torch cannot evaluate.
    """
    options = {"dtype": getattr(torch, settings.dtype), "device": torch.device(settings.device)}
    y0 = torch.tensor(ivp.y0.tolist(), **options)
    t0, t1 = ivp.t_span
    f0 = slopes(ivp, torch.tensor([t0], **options), y0[None])[0]
    ends = [t0 + (t1 - t0) * n / settings.windows for n in range(settings.windows)] + [t1]
    chance = torch.Generator().manual_seed(seed)
    trained: list[Trial] = []
    epochs, losses = 0, []
    for begin, end in itertools.pairwise(ends):
        network = Network(
            ivp.n_states,
            settings.width,
            settings.depth,
            settings.activation,
            steepness=settings.steepness,
            seed=seed,
            **options,
        )
        if trained and settings.warm_start:
            network.flat.copy_(trained[-1].network.flat)
        trial = Trial(network, begin, end, y0, f0, None if settings.initial_condition == "soft" else settings.trial)
        trained.append(trial)

        def draw(begin: float = begin, end: float = end) -> torch.Tensor:
            own = collocation_points(settings.collocation, settings.points, chance).to(**options)
            return begin + (end - begin) * (own + 1) / 2

        objective = Objective(
            ivp,
            trial,
            draw,
            derivative,
            matrix,
            settings.weighting,
            settings.causality,
            settings.resample_every if settings.collocation == "resampled" else None,
        )
        _expect_memory(objective, settings)
        epochs, loss = _train(objective, settings, trained, monitor, epochs)
        losses.append(loss)
        _warn_of_a_bad_fit(objective, settings)
        last = torch.tensor([[end]], **options)
        with torch.no_grad():
            y0 = trial(last)[0]
        f0 = slopes(ivp, last[0], y0[None])[0]

    stats = {"epochs": epochs, "n_parameters": len(trained) * len(trained[0].network.flat), "final_loss": max(losses)}
    return Solution(_evaluate(trained, t_eval, t1), lambda t: _evaluate(trained, t, t1), stats)


def _expect_memory(objective: Objective, settings: Settings) -> None:
    """Raise `Unsupported` where the Jacobian would not fit into what a machine has."""
    rows, columns = len(objective.points) * objective.ivp.n_states, len(objective.trial.network.flat)
    size = rows * columns * objective.points.element_size() / 2**30
    if settings.optimizer == "levenberg-marquardt" and size > MOST_GIB:
        raise Unsupported(
            f"the Jacobian of {rows} residuals by {columns} weights would take {size:.1f} GiB; use optimizer=lbfgs, "
            "fewer points or a smaller width"
        )


def _train(
    objective: Objective, settings: Settings, trained: list[Trial], monitor: Monitor | None, done: int
) -> tuple[int, float]:
    """Train the last of the networks; returns the epochs so far and the loss."""
    network = objective.trial.network

    def report(epoch: int, loss: float) -> None:
        if monitor is not None:
            points: Array = objective.points[:, 0].double().cpu().numpy()
            monitor(
                epoch, loss, lambda t: _evaluate(trained, t, objective.ivp.t_span[1]), network=network, points=points
            )

    progress = Progress(network, settings.tolerance, report, done)
    rate = settings.learning_rate or LEARNING_RATES.get(settings.optimizer, 0.0)
    match settings.optimizer:
        case "adam":
            optimizers.adam(objective, settings.epochs, progress, rate, settings.schedule)
        case "lbfgs":
            optimizers.lbfgs(objective, settings.epochs, progress, rate)
        case "ssbroyden":
            optimizers.ssbroyden(objective, settings.epochs, progress, rate)
        case _:
            levenberg_marquardt.minimise(objective, settings.epochs, progress, settings.damping)
    if settings.refit:
        output_layer.refit(objective)
    objective.value_and_gradient()
    progress.check(objective.plain_loss)
    return done + progress.epoch, objective.plain_loss


def _evaluate(trained: list[Trial], t: Array, end: float) -> Array:
    """The states at times (n,), as (n, d), each by the network of its window.

    Where there are windows yet to be trained, as only a monitor sees it, the end of the last one stands for them.
    """
    first = trained[0]
    times = torch.tensor(t.tolist(), dtype=first.y0.dtype, device=first.y0.device)
    inner = times.new_tensor([trial.t1 for trial in trained[:-1]])
    window = torch.bucketize(times, inner)
    if trained[-1].t1 < end:
        times = times.clamp(max=trained[-1].t1)
    states = times.new_empty(len(times), len(first.y0))
    with torch.no_grad():
        for n, trial in enumerate(trained):
            chosen = window == n
            if chosen.any():
                states[chosen] = trial(times[chosen][:, None])
    result: Array = states.double().cpu().numpy()
    return result


def _warn_of_a_bad_fit(objective: Objective, settings: Settings) -> None:
    """Say so where the equation is not satisfied, and what to try where the window holds many of its time scales."""
    t, y, residual = objective.states_and_residual()
    y = y.detach()
    slope: Any = objective.half_span * objective.ivp.rhs(t[:, 0], y, torch)
    size, total = float(residual.detach().square().mean()), float(slope.square().mean())
    if size <= UNSOLVED**2 * total:
        return
    t0, y0 = objective.start, objective.trial.y0[None]  # known, where the rest is what the network got wrong
    scales = 2 * objective.half_span * float(torch.linalg.matrix_norm(objective.f_y(t0, y0)[0], ord=2))
    part = math.sqrt(size / total) if total > 0 else math.inf
    said = f"the network does not satisfy the equation (a residual of {part:.1%} of y')"
    windows = max(2 * settings.windows, math.ceil(settings.windows * scales / LONG))
    if not scales > LONG:
        if part < FAILED:
            return
        said += ": try more windows, epochs, points or width, or another optimizer"
    else:
        length = objective.trial.t1 - objective.trial.t0
        said += f", and its window of {length:.3g} is about {scales:.0f} of the problem's own time scales long: try "
        said += f"windows={windows}" if windows <= MOST_WINDOWS else "an implicit method, as the problem is stiff"
    warnings.warn(said, stacklevel=2)
