"""The Levenberg-Marquardt method: Gauss-Newton steps on all weights, as short as the loss asks for."""

from __future__ import annotations

import math

import torch

from odebench import SolverFailed

from .objective import Objective
from .progress import Progress

GROWTH, MOST_DAMPING = 2.0, 1e30
RELIEF = 1e-9  # of the output layer's damping: see below
ROUNDING = 64  # in units of the last digit: a damping below it would be none
SOLVED = 1e-12  # of the first loss: from here on only digits are gained
PATIENCE, PATIENCE_ONCE_SOLVED = (30, 0.9), (10, 0.5)  # stop when so many steps do not bring the loss to this part


def minimise(objective: Objective, epochs: int, progress: Progress, damping: float) -> None:
    """Make the loss |r|^2 small by steps that solve J step = -r in the sense of least squares.

    Where r is linear in the weights, one such step, Gauss and Newton's, ends at the least loss there is. Levenberg
    (1944) and Marquardt (1963) add damping |D step|^2, D the lengths of J's columns, in which the units of the
    weights cancel. The damping falls while the loss falls as predicted, and rises where it does not (Nielsen 1999).

    - Least squares are solved by QR of J with the damping's rows below it. J^T J would square the condition number,
      and half of the digits would be lost before the first step.
    - The trial solution is linear in the weights of the output layer, so that on a linear equation so is r: their
      steps need no damping, and get a billionth of it, so that in each step the output layer is the best there is for
      the hidden layers as they stand. Damped like the others, the method crawls at losses a million times higher. On a
      nonlinear equation the damping grows until it holds these weights too.
    """
    network = objective.trial.network
    n_output = sum(p.numel() for p in network.layers[-1].parameters())
    relief = torch.ones_like(network.flat)
    relief[-n_output:] = RELIEF
    floor = ROUNDING * torch.finfo(relief.dtype).eps
    residual, jacobian = objective.jacobian()
    loss = float(residual @ residual)
    lengths = jacobian.norm(dim=0)
    history = [objective.plain_loss]
    while True:
        torch.mv(jacobian.T, 2 * residual, out=network.flat_gradient)
        if progress(objective.plain_loss) or progress.epoch == epochs:
            return
        lengths = torch.maximum(lengths, jacobian.norm(dim=0))  # never shorter again (More 1978)
        scale = lengths.clamp_min(1e-12 * float(lengths.max()) + torch.finfo(lengths.dtype).tiny)
        scaled = jacobian / scale
        before, growth = network.flat.clone(), GROWTH
        while True:
            step = damped_step(scaled, residual, (math.sqrt(damping) * relief).clamp_min(floor))
            network.flat.copy_(before + step / scale)
            gained = loss - objective.value()
            if gained > 0:
                break
            damping, growth = damping * growth, growth * GROWTH
            if not damping <= MOST_DAMPING:  # no step, however short, makes it any smaller
                network.flat.copy_(before)
                return
        predicted = loss - float((residual + scaled @ step).square().sum())
        trust = gained / predicted if predicted > 0 else 0.0
        damping = max(damping * min(GROWTH, max(0.1, 1 - (2 * trust - 1) ** 3)), floor**2)
        objective.after_epoch(progress.epoch + 1)
        residual, jacobian = objective.jacobian()
        loss = float(residual @ residual)
        progress.epoch += 1
        history.append(objective.plain_loss)
        solved = history[-1] <= SOLVED * history[0]
        patience, worthwhile = PATIENCE_ONCE_SOLVED if solved else PATIENCE
        if progress.epoch >= patience and history[-1] > worthwhile * history[-1 - patience]:
            progress(objective.plain_loss)
            return


def damped_step(jacobian: torch.Tensor, residual: torch.Tensor, damping: torch.Tensor) -> torch.Tensor:
    """The s that makes |J s + r|^2 + |damping s|^2 least.

    With more weights than rows it is the same, and less work, to seek u = damping s and v with J s + v = -r and least
    |u|^2 + |v|^2.
    """
    m, n = jacobian.shape
    step: torch.Tensor
    if m < n:
        identity = torch.eye(m, dtype=jacobian.dtype, device=jacobian.device)
        q, r = torch.linalg.qr(torch.cat([(jacobian / damping).T, identity]))
        step = q[:n] @ torch.linalg.solve_triangular(r.T, -residual[:, None], upper=False)[:, 0] / damping
        return step
    rows = torch.cat([jacobian, damping.diag()])
    right = torch.cat([-residual, torch.zeros_like(damping)])
    try:
        step = torch.linalg.lstsq(rows, right[:, None], driver="gels").solution[:, 0]
    except RuntimeError as error:  # torch's LinAlgError is one
        raise SolverFailed(
            f"the least-squares system of a Levenberg-Marquardt step cannot be solved ({error}); try a larger damping, "
            "another seed, or optimizer=lbfgs"
        ) from error
    return step
