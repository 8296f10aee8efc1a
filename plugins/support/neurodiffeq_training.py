"""What `neurodiffeq` is made of: its networks, its conditions, the equation in its terms, and its training."""

from __future__ import annotations

import math
import warnings
from typing import Any

import torch

from odebench import IVP, Array, Diverged, Monitor, Solution

from . import guests, torch_tools

OPTIMIZERS = {
    "adam": torch.optim.Adam,
    "adamax": torch.optim.Adamax,
    "nadam": torch.optim.NAdam,
    "rmsprop": torch.optim.RMSprop,
    "sgd": torch.optim.SGD,
    "lbfgs": torch.optim.LBFGS,
}


def load() -> Any:
    """Import neurodiffeq, which also sets torch's defaults and has all its own warnings shown."""
    # what it and its own dependencies warn of on import is no affair of the solve
    with warnings.catch_warnings(action="ignore"):
        import neurodiffeq
    return neurodiffeq


def networks(library: Any, ivp: IVP, *, shared: bool, width: int, depth: int, activation: str) -> list[Any]:
    """A network for each state, or one for all."""
    torch_tools.at_least_one(width=width, depth=depth)
    own = {"sin": library.networks.SinActv, "swish": library.networks.Swish, "aptx": library.networks.APTx}
    layer = own.get(activation) or torch_tools.ACTIVATIONS[activation]
    outputs = [ivp.n_states] if shared else [1] * ivp.n_states
    return [library.networks.FCNN(1, n, actv=layer, hidden_units=(width,) * depth) for n in outputs]


def conditions(library: Any, ivp: IVP, *, shared: bool) -> list[Any]:
    """y0 + (1 - exp(t0 - t)) N(t), for each network."""
    each = [library.conditions.IVP(ivp.t_span[0], value) for value in ivp.y0.tolist()]
    return [library.conditions.EnsembleCondition(*each)] if shared else each


def solver(
    library: Any, ivp: IVP, nets: list[Any], built_in: list[Any], *, points: int, generator: str, **options: Any
) -> Any:
    """Its `Solver1D`. options: those that it takes as they are."""
    torch_tools.at_least_one(points=points)
    if generator.startswith("log") and not ivp.t_span[0] > 0:
        raise ValueError(f"expected another generator than {generator} for a time span from {ivp.t_span[0]:g}: no log")
    if options["n_batches_valid"] < 0:
        raise ValueError(f"expected validation_batches of 0 or more, received {options['n_batches_valid']}")
    torch_tools.expect_batches(ivp, torch.linspace(*ivp.t_span, 3, dtype=torch.float64)[:, None])

    def residuals(*states_and_time: torch.Tensor) -> list[torch.Tensor]:
        *states, t = states_and_time
        y = states[0] if len(states) == 1 else torch.cat(states, dim=1)
        wanted = guests.columns(ivp.rhs(t[:, 0], y, torch))
        # not those of the joined states: the way back through them would lead through all networks for each
        own = guests.columns(states[0]) if len(states) == 1 else states
        return [library.diff(state, t) - f for state, f in zip(own, wanted, strict=True)]

    return library.solvers.Solver1D(
        residuals,
        built_in,
        *ivp.t_span,
        nets=nets,
        train_generator=library.generators.Generator1D(points, *ivp.t_span, method=generator),
        **options,
    )


def optimizer(nets: list[Any], name: str, learning_rate: float | None) -> torch.optim.Optimizer:
    """One of torch's, at torch's own learning rate where none is given."""
    if learning_rate is not None and not learning_rate > 0:
        raise ValueError(f"expected learning_rate above 0, received {learning_rate}")
    weights = [weight for net in nets for weight in net.parameters()]
    rate = {} if learning_rate is None else {"lr": learning_rate}
    made: torch.optim.Optimizer = OPTIMIZERS[name](weights, **rate)
    return made


def train(made: Any, t_eval: Array, epochs: int, monitor: Monitor | None) -> Solution:
    """Train for so many epochs; then the networks of the lowest validation loss are taken, as neurodiffeq does.

    Raises `Diverged` where no loss was finite.
    """
    torch_tools.at_least_one(epochs=epochs)
    if monitor is not None:
        network = made.nets[0] if len(made.nets) == 1 else torch.nn.ModuleList(made.nets)
        now = _dense(made.get_solution(copy=False, best=False), made.nets)

        def report(loss: float) -> None:
            points: Array = made.batch["train"][0][:, 0].detach().double().cpu().numpy()
            monitor(made.local_epoch - 1, loss, now, network=network, points=points)

        guests.before_each_step(made.optimizer, report, lambda: made.metrics_history["train_loss"][-1])
    made.fit(epochs, callbacks=[_stop_where_not_finite], tqdm_file=None)
    if not math.isfinite(made.lowest_loss):
        raise Diverged("no loss was finite; try a lower learning_rate, or a shorter span")
    if not math.isfinite(made.metrics_history["train_loss"][-1]):
        warnings.warn(
            f"the loss is not finite at epoch {made.global_epoch}, and training ended; taken are the networks of the "
            "lowest validation loss before. Try a lower learning_rate, or a shorter span",
            stacklevel=2,
        )
    dense = _dense(made.get_solution(copy=False), made.best_nets)
    n_parameters = sum(weight.numel() for net in made.nets for weight in net.parameters())
    stats = {"epochs": made.global_epoch, "n_parameters": n_parameters, "final_loss": _training_loss(made)}
    if made.n_batches["valid"]:
        stats["validation_loss"] = made.lowest_loss
    return Solution(dense(t_eval), dense, stats)


def _training_loss(made: Any) -> float:
    """That of the networks that are taken, or of the step before where none followed that would have computed it."""
    history = made.metrics_history
    best = history["valid_loss" if made.n_batches["valid"] else "train_loss"].index(made.lowest_loss)
    # an epoch's validation loss is that after its step; its training loss that before, or the last within one of L-BFGS
    until = best + (1 if isinstance(made.optimizer, torch.optim.LBFGS) else 2)
    known: list[float] = [loss for loss in history["train_loss"][:until] if math.isfinite(loss)]
    return known[-1] if known else math.nan


def _stop_where_not_finite(made: Any) -> None:
    made._stop_training = not math.isfinite(made.metrics_history["train_loss"][-1])


def _dense(solution: Any, nets: list[Any]) -> Any:
    def dense(t: Array) -> Array:
        """The states (n, d) at times (n,)."""
        weight = next(nets[0].parameters())
        with torch.no_grad():
            times = torch.tensor(t.tolist(), dtype=weight.dtype, device=weight.device)
            states = solution(times, no_reshape=True)
            columns = states if isinstance(states, list) else [states]
            y: Array = torch.cat(columns, dim=1).double().cpu().numpy()
        return y

    return dense
