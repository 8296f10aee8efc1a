"""The last layer by least squares: what training the others has left to be gained by it alone."""

from __future__ import annotations

import torch

from odebench import SolverFailed

from .objective import Objective

MOST_STEPS = 10


def refit(objective: Objective) -> None:
    """Gauss-Newton steps on the weights of the output layer, while the loss falls.

    The trial solution is linear in these weights: on a linear equation the first step ends at the least loss there
    is for the hidden layers as they stand. The system is often singular to working precision, as units are nearly
    alike, or dead; of all solutions that are equally good the shortest step is taken, by a singular value
    decomposition that leaves out what lies below the rounding. Raises `SolverFailed` where that fails.
    """
    network = objective.trial.network
    n_output = sum(p.numel() for p in network.layers[-1].parameters())
    loss = objective.value()
    for _ in range(MOST_STEPS):
        residual, jacobian = objective.jacobian()
        columns = jacobian[:, -n_output:].double().cpu()
        scale = columns.norm(dim=0)
        scale = scale.where(scale > 0, torch.ones_like(scale))
        try:
            step = torch.linalg.lstsq(
                columns / scale,
                -residual.double().cpu()[:, None],
                rcond=torch.finfo(residual.dtype).eps,
                driver="gelsd",
            ).solution[:, 0]
        except RuntimeError as error:  # torch's LinAlgError is one
            raise SolverFailed(
                f"the least-squares system of the output layer cannot be solved ({error}); use refit=false, or "
                "another activation or seed"
            ) from error
        before = network.flat.clone()
        network.flat[-n_output:] += (step / scale).to(network.flat)
        fresh = objective.value()
        if not fresh < loss:
            network.flat.copy_(before)
            return
        loss = fresh
