"""What is made small: how far the trial solution is from satisfying the equation and the initial condition."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import torch

from odebench import IVP

from .derivatives import Derivative, Matrix
from .trial_solutions import Trial

Tensor: TypeAlias = torch.Tensor

LEAST_WEIGHT = 1e-12


@dataclass
class Objective:
    """The loss: the mean square of the residual over the points, plus that of y(t0) - y0 where the condition is soft.

    The residual is (t1 - t0) / 2 (y' - f(t, y)), y' and f per unit of the network's own time: a problem whose clock
    runs slower gives the same loss. The loss is the sum of the squared residuals, of which the second-order methods use
    each. Where its parts have weights, these change as training goes on; `plain_loss`, the loss without them, stays
    comparable.
    """

    ivp: IVP
    trial: Trial
    draw: Callable[[], Tensor]
    """New points, (n, 1), in the problem's time."""
    derivative: Derivative | None
    """By which y' is taken, and the autograd engine then asked for the gradient; None for all of it by hand."""
    matrix: Matrix | None
    """By hand: the differences that y' is taken by; None for the exact derivative."""
    weighting: str = "equal"
    causality: float = 1.0
    resampled_every: int | None = None

    point_weights: Tensor | None = field(init=False, default=None)
    start_weight: float = field(init=False, default=1.0)
    plain_loss: float = field(init=False, default=float("nan"))
    """As it was when `value_and_gradient` or `jacobian` was last asked."""

    def __post_init__(self) -> None:
        self.points = self.draw()
        self.start = self.points[:1]
        self.half_span = (self.trial.t1 - self.trial.t0) / 2
        self.soft = self.trial.form is None
        self._parameters = list(self.trial.network.parameters())

    def value(self) -> float:
        """The loss."""
        with torch.no_grad() if self.derivative is None else torch.enable_grad():
            residuals = self._weighted(self.states_and_residual()[2]).detach()
        return float(residuals @ residuals)

    def value_and_gradient(self) -> float:
        """The loss; its derivatives by the weights go into `network.flat_gradient`."""
        network = self.trial.network
        if self.derivative is None:
            return self._value_and_gradient_by_hand()
        residuals = self._weighted(self.states_and_residual()[2])
        self._keep_plain_loss(residuals)
        loss = residuals.square().sum()
        gradients = torch.autograd.grad(loss, self._parameters, materialize_grads=True)
        torch.cat([g.flatten() for g in gradients], out=network.flat_gradient)
        return float(loss.item())

    def jacobian(self) -> tuple[Tensor, Tensor]:
        """The residuals, (rows,), whose squares make up the loss; their derivatives by the weights, (rows, weights)."""
        if self.derivative is not None:
            residuals = self._weighted(self.states_and_residual()[2])
            each = torch.eye(len(residuals), dtype=residuals.dtype, device=residuals.device)
            blocks = torch.autograd.grad(
                residuals, self._parameters, each, is_grads_batched=True, materialize_grads=True
            )
            self._keep_plain_loss(residuals)
            return residuals.detach(), torch.cat([block.flatten(1) for block in blocks], dim=1)
        with torch.no_grad():
            t, y, residual = self.states_and_residual()
            m, d = residual.shape
            identity = torch.eye(d, dtype=y.dtype, device=y.device)[None]
            f_y = self.half_span * self.f_y(t, y)
            if self.matrix is None:
                by_weight = self.trial.jacobian(t, -f_y, identity.expand(m, d, d))
            else:
                left_out, matrix = self.matrix(self.points[:, 0])
                states = self.trial.jacobian(self.points, identity.expand(len(self.points), d, d))
                by_weight = torch.tensordot(self.half_span * matrix, states, dims=1) - f_y @ states[left_out:]
            rows = by_weight.flatten(0, 1) * self._scale(m, d)
            if self.soft:
                at_start = self.trial.jacobian(self.start, identity)[0]
                rows = torch.cat([rows, at_start * (self.start_weight / d) ** 0.5])
            residuals = self._weighted(residual)
            self._keep_plain_loss(residuals)
            return residuals, rows

    def _value_and_gradient_by_hand(self) -> float:
        """As `jacobian` does it, but for the one sum of all rows that the gradient is."""
        with torch.no_grad():
            t, y, residual = self.states_and_residual()
            m, d = residual.shape
            residuals = self._weighted(residual)
            self._keep_plain_loss(residuals)
            of_residual = 2 * (residuals[: m * d, None] * self._scale(m, d)).view(m, d)
            of_states = -self.half_span * self._pulled_back(t, y, of_residual)
            if self.matrix is None:
                gradient = self.trial.jacobian(t, of_states[:, None], of_residual[:, None]).sum(dim=0)
            else:
                left_out, matrix = self.matrix(self.points[:, 0])
                of_all = self.half_span * matrix.T @ of_residual
                of_all[left_out:] += of_states
                gradient = self.trial.jacobian(self.points, of_all[:, None]).sum(dim=0)
            if self.soft:
                of_start = 2 * residuals[m * d :] * (self.start_weight / d) ** 0.5
                gradient += self.trial.jacobian(self.start, of_start[None, None])[0]
            self.trial.network.flat_gradient.copy_(gradient[0])
            return float(residuals @ residuals)

    def _pulled_back(self, t: Tensor, y: Tensor, of_slopes: Tensor) -> Tensor:
        """The sum over i of `of_slopes`_i df_i/dy_j at every point, (m, d)."""
        with torch.enable_grad():
            y = y.detach().requires_grad_()
            f = self.ivp.rhs(t[:, 0], y, torch)
            if not f.requires_grad:  # f depends on t alone
                return torch.zeros_like(y)
            return torch.autograd.grad(f, y, of_slopes)[0]

    def f_y(self, t: Tensor, y: Tensor) -> Tensor:
        """df_i/dy_j at every point, (m, d, d): a backward pass a component, as each point's f is its own y's alone."""
        with torch.enable_grad():
            y = y.detach().requires_grad_()
            f = self.ivp.rhs(t[:, 0], y, torch)
            rows = [
                torch.autograd.grad(component.sum(), y, retain_graph=True, materialize_grads=True)[0]
                if component.requires_grad
                else torch.zeros_like(y)  # of a component that depends on t alone
                for component in f.unbind(dim=1)
            ]
        return torch.stack(rows, dim=1)

    @property
    def changes(self) -> bool:
        """Whether `after_epoch` ever makes another loss of it."""
        return self.resampled_every is not None or self.weighting != "equal"

    def after_epoch(self, epoch: int) -> bool:
        """Draw new points and set new weights, where they are due; returns whether the loss has become another."""
        resampled = self.resampled_every is not None and epoch % self.resampled_every == 0
        if resampled:
            self.points = self.draw()
        if self.weighting == "balanced":
            self._balance()
        elif self.weighting != "equal":
            self._weigh_points()
        return resampled or self.weighting != "equal"

    def states_and_residual(self) -> tuple[Tensor, Tensor, Tensor]:
        """t (m, 1), with y and the residual there (m, d)."""
        if self.derivative is not None:
            t, y, dy_dt = self.derivative(self.trial, self.points)
        elif self.matrix is None:
            t = self.points
            y, dy_dt = self.trial.with_rates(t)
        else:
            left_out, matrix = self.matrix(self.points[:, 0])
            t, y = self.points, self.trial(self.points)
            t, y, dy_dt = t[left_out:], y[left_out:], matrix @ y
        return t, y, self.half_span * (dy_dt - self.ivp.rhs(t[:, 0], y, torch))

    def _weighted(self, residual: Tensor) -> Tensor:
        """From the residual (m, d): all residuals, weighted, so that their squares add up to the loss.

        (m d,), and with a soft condition (m d + d,): the last d are how far y(t0) is from y0.
        """
        m, d = residual.shape
        residuals = residual.flatten() * self._scale(m, d)[:, 0]
        if not self.soft:
            return residuals
        mismatch = self.trial(self.start)[0] - self.trial.y0
        return torch.cat([residuals, mismatch * (self.start_weight / d) ** 0.5])

    def _keep_plain_loss(self, residuals: Tensor) -> None:
        """Keep the loss without the weights of its parts, from the weighted residuals."""
        parts = residuals.detach()
        if self.weighting != "equal":
            d = self.trial.y0.numel()
            m = len(parts) // d - self.soft
            equation, start = parts[: m * d] / self._scale(m, d)[:, 0], parts[m * d :] / self.start_weight**0.5
            parts = torch.cat([equation / (m * d) ** 0.5, start])
        self.plain_loss = float(parts @ parts)

    def _scale(self, m: int, d: int) -> Tensor:
        """What makes the sum of squares the weighted mean square, (m d, 1) or (1, 1)."""
        if self.point_weights is None:
            return self.points.new_full((1, 1), (m * d) ** -0.5)
        return (self.point_weights / (m * d)).sqrt().repeat_interleave(d)[:, None]

    def _balance(self, memory: float = 0.9) -> None:
        """Make both parts of a soft loss pull alike on the weights.

        The initial condition is weighed by the ratio of the lengths of the gradients, slowly (Wang, Teng & Perdikaris,
        SIAM J. Sci. Comput. 43 (2021) A3055).
        """
        residuals, jacobian = self.jacobian()
        d = self.trial.y0.numel()
        of_equation = residuals[:-d] @ jacobian[:-d]
        of_start = residuals[-d:] @ jacobian[-d:] / self.start_weight
        ratio = float(of_equation.norm() / of_start.norm())
        if 0 < ratio < float("inf"):
            self.start_weight = memory * self.start_weight + (1 - memory) * ratio

    def _weigh_points(self, memory: float = 0.9) -> None:
        """Set the weights of the points from the residuals there.

        Causal: a point counts once the points before it are satisfied (Wang, Sankaran & Perdikaris, Comput. Methods
        Appl. Mech. Eng. 421 (2024) 116813). Attention: a point counts by its share of the largest residual, slowly
        (Anagnostopoulos et al., the same journal, 421 (2024) 116805).
        """
        square = self.states_and_residual()[2].detach().square().mean(dim=1)
        if self.weighting == "causal":
            before = torch.cat([square.new_zeros(1), square[:-1].cumsum(dim=0)])
            self.point_weights = torch.exp(-self.causality * before).clamp_min(LEAST_WEIGHT)
            return
        share = (square / square.max().clamp_min(torch.finfo(square.dtype).tiny)).sqrt()
        old = torch.ones_like(share) if self.point_weights is None else self.point_weights
        self.point_weights = memory * old + (1 - memory) * share
