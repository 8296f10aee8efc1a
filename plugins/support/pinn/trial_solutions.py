"""How the network's output becomes a solution: what is built in, and what is left to training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch

from .networks import Network

Tensor: TypeAlias = torch.Tensor

Form: TypeAlias = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Own time s (n, 1), from -1 to 1 -> the factor of the network's output there, and its derivative by s."""


def _exponential(s: Tensor) -> tuple[Tensor, Tensor]:
    return -torch.expm1(-(s + 1)), torch.exp(-(s + 1))


FORMS: dict[str, Form] = {
    "linear": lambda s: ((s + 1) / 2, torch.full_like(s, 0.5)),
    "exponential": _exponential,
    "taylor": lambda s: (((s + 1) / 2) ** 2, (s + 1) / 2),
}


@dataclass(frozen=True)
class Trial:
    """y(t) = y0 + factor(t) N(t) on the window from t0 to t1, the factor zero at t0; or y(t) = N(t).

    Where the factor is zero, the initial condition holds whatever the weights: a hard condition. Forms: linear, the
    part of the window that has passed (Lagaris et al. 1998); exponential, 1 - exp(-(s + 1)), which levels off
    (Mattheakis et al. 2022); taylor, y0 + (t - t0) f(t0, y0) and the square of the linear factor, which has the
    solution's slope at t0 built in too; none, for a soft condition, which training has to meet.
    """

    network: Network
    t0: float
    t1: float
    y0: Tensor
    """(d,)"""
    f0: Tensor
    """The slope at t0, (d,)."""
    form: str | None

    def own_time(self, t: Tensor) -> Tensor:
        """s, from -1 at t0 to 1 at t1."""
        return 2 * (t - self.t0) / (self.t1 - self.t0) - 1

    def __call__(self, t: Tensor) -> Tensor:
        """Times (n, 1) -> states (n, d)."""
        s = self.own_time(t)
        outputs: Tensor = self.network(s)
        if self.form is None:
            return outputs
        states = self.y0 + FORMS[self.form](s)[0] * outputs
        return states + (t - self.t0) * self.f0 if self.form == "taylor" else states

    def with_rates(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """The states and their derivatives by t, (n, d) each, by forward mode: exact for the network as it stands."""
        s = self.own_time(t)
        outputs, rates = self.network.with_rates(s)
        per_t = 2 / (self.t1 - self.t0)
        if self.form is None:
            return outputs, per_t * rates
        factor, change = FORMS[self.form](s)
        states, slopes = self.y0 + factor * outputs, per_t * (change * outputs + factor * rates)
        if self.form == "taylor":
            return states + (t - self.t0) * self.f0, slopes + self.f0
        return states, slopes

    def jacobian(self, t: Tensor, u: Tensor, v: Tensor | None = None) -> Tensor:
        """The derivatives by every weight of u y(t) + v dy/ds, s the own time; u and v (n, k, d) -> (n, k, weights)."""
        s = self.own_time(t)
        if self.form is not None:
            factor, change = (x[:, :, None] for x in FORMS[self.form](s))
            u, v = (factor * u, None) if v is None else (factor * u + change * v, factor * v)
        return self.network.jacobian(s, u, v)
