"""First-order and quasi-Newton methods: they see the loss and its gradient, and nothing of what it is made of."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch

from .objective import Objective
from .progress import Progress

SCHEDULES: dict[str, Callable[[float], float]] = {
    "cosine": lambda done: (1 + math.cos(math.pi * done)) / 2,
    "exponential": lambda done: 1e-3**done,
    "constant": lambda done: 1.0,
}
"""From the part of the training that is done to the part of the learning rate that is left."""


def adam(objective: Objective, epochs: int, progress: Progress, rate: float, schedule: str) -> None:
    """Kingma & Ba, ICLR 2015: each weight moves by its gradient's mean over its root mean square, both recent."""
    optimizer = torch.optim.Adam(objective.trial.network.parameters(), rate)
    for epoch in range(epochs):
        objective.value_and_gradient()
        if progress(objective.plain_loss):
            return
        for group in optimizer.param_groups:
            group["lr"] = rate * SCHEDULES[schedule](epoch / epochs)
        optimizer.step()
        progress.epoch += 1
        objective.after_epoch(epoch + 1)


def lbfgs(objective: Objective, epochs: int, progress: Progress, rate: float) -> None:
    """L-BFGS: the last 50 steps stand for the matrix of second derivatives; each step's length by a line search.

    Liu & Nocedal, Math. Program. 45 (1989) 503. It stops where no step makes the loss any smaller.
    """
    weights = list(objective.trial.network.parameters())
    at_once = min(epochs, 20) if objective.changes else epochs  # its steps rest on each other: one loss for all of them
    optimizer = torch.optim.LBFGS(
        weights,
        rate,
        max_iter=at_once,
        max_eval=25 * at_once,  # as many as the line search can take
        history_size=50,
        line_search_fn="strong_wolfe",
        tolerance_grad=0,
        tolerance_change=0,
    )
    begun = -1

    def closure() -> torch.Tensor:
        nonlocal begun
        loss = objective.value_and_gradient()
        progress.epoch = optimizer.state[weights[0]].get("n_iter", 0)
        if progress.epoch > begun:  # the first point that the line search tries, and most often the one it takes
            begun = progress.epoch
            if progress(objective.plain_loss):
                raise StopIteration
        return objective.points.new_tensor(loss)

    done = -1
    try:
        while done < progress.epoch < epochs:
            done = progress.epoch
            optimizer.step(closure)
            progress.epoch = optimizer.state[weights[0]]["n_iter"]
            objective.after_epoch(progress.epoch)
    except StopIteration:
        return


def ssbroyden(objective: Objective, epochs: int, progress: Progress, rate: float) -> None:
    """The self-scaled Broyden method, on a full approximate inverse H of the matrix of second derivatives.

    H is scaled down in each step as far as the step calls for, before it is corrected. Urban, Stefanou & Pons, J.
    Comput. Phys. 523 (2025) 113656, whose formulas these are, after Al-Baali. Where the loss itself becomes another
    (new points, new weights of its parts), H is kept. It stops where the line search finds nothing.
    """
    network = objective.trial.network
    n = len(network.flat)
    inverse = rate * torch.eye(n, dtype=network.flat.dtype, device=network.flat.device)
    loss, gradient = objective.value_and_gradient(), network.flat_gradient.clone()
    while True:
        if progress(objective.plain_loss) or progress.epoch == epochs:
            return
        direction = -inverse @ gradient
        if not float(direction @ gradient) < 0:  # by rounding
            inverse = rate * torch.eye(n, dtype=network.flat.dtype, device=network.flat.device)
            direction = -rate * gradient
        length, loss = _line_search(objective, direction, loss, gradient)
        if length == 0:
            return
        s, y = length * direction, network.flat_gradient - gradient
        inverse = self_scaled(inverse, s, y, length * gradient)
        gradient = network.flat_gradient.clone()
        progress.epoch += 1
        if objective.after_epoch(progress.epoch):
            loss, gradient = objective.value_and_gradient(), network.flat_gradient.clone()


def self_scaled(inverse: torch.Tensor, s: torch.Tensor, y: torch.Tensor, bs: torch.Tensor) -> torch.Tensor:
    """H after a step s over which the gradient changed by y; bs: minus the inverse of H times s.

    The names are the paper's: b = s' B s / y' s and h = y' H y / y' s, of which a = b h - 1 is zero where H was right
    in the plane of s and y.
    """
    hy = inverse @ y
    ys, yhy, sbs = float(y @ s), float(y @ hy), float(-(s @ bs))
    if not (ys > 0 and yhy > 0 and sbs > 0):
        return inverse
    b, h = sbs / ys, yhy / ys
    a = max(h * b - 1, 1e-300)
    rho = min(1.0, h * (1 - math.sqrt(a / (a + 1))))
    least, most = (rho - 1) / a, 1 / rho
    theta = max(least, min(most, (1 - b) / b))
    sigma = 1 + a * theta
    shrunk = abs(sigma) ** (-1 / (len(s) - 1))
    tau = min(1.0, 1 / b)
    tau *= min(shrunk, 1 / theta) if theta > 0 else 1.0
    tau = tau if theta > 0 else min(tau * shrunk, sigma)
    phi = (1 - theta) / (1 + a * theta)
    v = math.sqrt(yhy) * (s / ys - hy / yhy)
    return (inverse - torch.outer(hy, hy) / yhy + phi * torch.outer(v, v)) / tau + torch.outer(s, s) / ys


def _line_search(
    objective: Objective, direction: torch.Tensor, loss: float, gradient: torch.Tensor
) -> tuple[float, float]:
    """How far to go: a length after which the loss is lower and its slope flatter, as Wolfe (1969) asks.

    Returns it, 0 where there is none, and the loss there, where the weights are left. By doubling until one is too
    long, and halving between (Lewis & Overton, Math. Program. 141 (2013) 135).
    """
    network = objective.trial.network
    begin, slope = network.flat.clone(), float(direction @ gradient)
    short, long, length = 0.0, math.inf, 1.0
    for _ in range(50):
        network.flat.copy_(begin + length * direction)
        trial = objective.value_and_gradient()
        if not trial <= loss + 1e-4 * length * slope:
            long = length
        elif float(direction @ network.flat_gradient) < 0.9 * slope:
            short = length
        else:
            return length, trial
        length = 2 * length if long == math.inf else (short + long) / 2
    network.flat.copy_(begin + short * direction)
    return short, objective.value_and_gradient()
