"""What `deepxde` is made of: DeepXDE on torch without its traces, the equation in its terms, and its training."""

from __future__ import annotations

import io
import math
import os
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any

import torch

from odebench import IVP, Array, Monitor, Solution, SolverFailed

from . import guests, torch_tools

DISTRIBUTIONS = {
    "hammersley": "Hammersley",
    "uniform": "uniform",
    "pseudo": "pseudo",
    "lhs": "LHS",
    "halton": "Halton",
    "sobol": "Sobol",
}


def load() -> Any:
    """Import DeepXDE with torch as its backend.

    Where DDE_BACKEND says nothing it would choose one, write that into the home directory, and say so on stdout.
    """
    before = os.environ.get("DDE_BACKEND")
    os.environ["DDE_BACKEND"] = "pytorch"
    try:
        # what it and its own dependencies warn of on import is no affair of the solve
        with warnings.catch_warnings(action="ignore"), redirect_stderr(io.StringIO()):
            import deepxde
    finally:
        del os.environ["DDE_BACKEND"]
        if before is not None:
            os.environ["DDE_BACKEND"] = before
    if deepxde.backend.backend_name != "pytorch":
        raise SolverFailed(
            f"expected DeepXDE with the backend pytorch, and it is already imported in this process with "
            f"{deepxde.backend.backend_name}; solve in a process where nothing else imports it"
        )
    return deepxde


@contextmanager
def library(dtype: str, device: str, seed: int, autodiff: str, lbfgs_epochs: int, report_every: int) -> Iterator[Any]:
    """DeepXDE, set up as asked; its own settings for the whole process are put back, too."""
    torch_tools.at_least_one(lbfgs_epochs=lbfgs_epochs, report_every=report_every)
    with warnings.catch_warnings(), guests.lent(load, dtype, device, seed) as dde:
        options = dde.optimizers.LBFGS_options
        before = dde.config.default_float(), dde.config.autodiff, dict(options)
        try:
            _set(dde, dtype, autodiff)
            # torch's own, where forward mode is used for the first time in a process
            warnings.filterwarnings("ignore", r"`torch\.jit\.script`", DeprecationWarning)
            # of integrals, and asks for a power of 2
            warnings.filterwarnings("ignore", "The balance properties of Sobol' points", UserWarning)
            dde.optimizers.set_LBFGS_options(maxiter=lbfgs_epochs)
            options["iter_per_step"] = min(report_every, lbfgs_epochs)
            yield dde
        finally:
            _set(dde, *before[:2])
            options.update(before[2])


def _set(dde: Any, dtype: str, autodiff: str) -> None:
    with redirect_stdout(io.StringIO()):  # both say what they have done
        dde.config.set_default_float(dtype)
        dde.config.set_default_autodiff(autodiff)


def data(dde: Any, ivp: IVP, hard: str | None, points: int, boundary_points: int, distribution: str) -> Any:
    """The equation in the time since t0, a soft initial condition, and the times at which both are to hold."""
    torch_tools.at_least_one(points=points)
    if boundary_points not in ((2,) if hard is None else (0, 2)):
        raise ValueError(
            f"expected boundary_points of 2, both ends of the time span, or 0 with initial_condition=hard, received "
            f"{boundary_points}"
        )
    torch_tools.expect_batches(ivp, torch.linspace(*ivp.t_span, 3, dtype=torch.float64)[:, None])
    t0, t1 = ivp.t_span
    domain = dde.geometry.TimeDomain(0.0, t1 - t0)
    starts = ivp.y0.tolist() if hard is None else []
    conditions = [
        dde.icbc.IC(domain, _always(value), lambda t, at_start: at_start, component=i) for i, value in enumerate(starts)
    ]

    def residuals(t: torch.Tensor, y: Any) -> list[torch.Tensor]:
        states, forward = (y[0], True) if isinstance(y, tuple) else (y, False)
        slopes = [dde.grad.jacobian(y, t, i=i) for i in range(ivp.n_states)]
        wanted = guests.columns(ivp.rhs(t[:, 0] + t0 if t0 else t[:, 0], states, torch))
        return [(dy[0] if forward else dy) - f for dy, f in zip(slopes, wanted, strict=True)]

    return dde.data.PDE(domain, residuals, conditions, points, boundary_points, DISTRIBUTIONS[distribution])


def _always(value: float) -> Callable[[Any], float]:
    return lambda t: value


def network(
    dde: Any, ivp: IVP, hard: str | None, kind: str, width: int, depth: int, activation: str, initializer: str
) -> Any:
    """A fully connected network. hard: how the initial condition is built in, linear or tanh; None where it is soft."""
    torch_tools.at_least_one(width=width, depth=depth)
    hidden = [[width] * ivp.n_states if kind == "parallel" else width] * depth
    layers = dde.nn.PFNN if kind == "parallel" else dde.nn.FNN
    made = layers([1, *hidden, ivp.n_states], activation, initializer.replace("-", " ").capitalize())
    if hard is not None:
        y0 = torch.tensor(ivp.y0.tolist())
        grows = torch.tanh if hard == "tanh" else lambda elapsed: elapsed
        made.apply_output_transform(lambda t, y: y0 + grows(t) * y)
    return made


class Training:
    """One model through its optimizers, each report of which the monitor hears."""

    def __init__(
        self, dde: Any, ivp: IVP, model: Any, residual_weight: float, initial_weight: float, monitor: Monitor | None
    ) -> None:
        if not min(residual_weight, initial_weight) > 0:
            raise ValueError(f"expected weights above 0, received {residual_weight} and {initial_weight}")
        self.dde, self.ivp, self.model, self.monitor = dde, ivp, model, monitor
        given = [residual_weight] * ivp.n_states + [initial_weight] * len(model.data.bcs)
        self.weights = None if set(given) == {1.0} else given
        self.last = math.nan

    def __call__(
        self, optimizer: str, resample_every: int | None, learning_rate: float | None = None, epochs: int | None = None
    ) -> None:
        """Let one optimizer run; L-BFGS, which has neither a learning rate nor epochs here, to the end of its own."""
        if learning_rate is not None and not learning_rate > 0:
            raise ValueError(f"expected learning_rate above 0, received {learning_rate}")
        for name, number in {"epochs": epochs, "resample_every": resample_every}.items():
            torch_tools.at_least_one(**{name: 1 if number is None else number})
        model, callbacks = self.model, self.dde.callbacks
        model.compile(optimizer, lr=learning_rate, loss_weights=self.weights, verbose=0)
        guests.before_each_step(model.opt, self.report, lambda: math.nan)
        resampling = [] if resample_every is None else [callbacks.PDEPointResampler(resample_every)]
        model.train(iterations=epochs, callbacks=[*resampling, _endless(callbacks)], verbose=0)

    def report(self, loss: float) -> None:
        """Tell the monitor; raises `Diverged` where the loss is not finite."""
        step = self.model.train_state.step
        self.last = torch_tools.finite(loss, step, self.last)
        if self.monitor is not None:
            points = self.model.data.train_x_all[:, 0] + self.ivp.t_span[0]
            self.monitor(step, loss, self.dense, network=self.model.net, points=points)

    def dense(self, t: Array) -> Array:
        """The states (n, d) at times (n,)."""
        weight = next(self.model.net.parameters())
        with torch.no_grad():
            times = torch.tensor((t - self.ivp.t_span[0]).tolist(), dtype=weight.dtype, device=weight.device)[:, None]
            y: Array = self.model.net(times).double().cpu().numpy()
        return y

    def solution(self, t_eval: Array) -> Solution:
        """The network as it is now."""
        state = self.model.train_state
        final_loss = torch_tools.finite(float(state.loss_train.sum()), state.step, self.last)
        n_parameters = sum(w.numel() for w in self.model.net.parameters())
        stats = {"epochs": state.step, "n_parameters": n_parameters, "final_loss": final_loss}
        return Solution(self.dense(t_eval), self.dense, stats)


def _endless(callbacks: Any) -> Any:
    """Ends L-BFGS where its gradient is small enough: DeepXDE waits for a further step then, and there is none."""

    class Endless(callbacks.Callback):  # type: ignore[misc]  # DeepXDE has no types
        before = -1

        def on_epoch_end(self) -> None:
            step = self.model.train_state.step
            self.model.stop_training = self.model.stop_training or step == self.before
            self.before = step

    return Endless()
