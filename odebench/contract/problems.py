"""The contract's own problems: small, smooth, solved by a formula, so that a right solver finds nothing hard in them.

Test data of the contract alone: they are registered nowhere and no run measures them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..backends import Array
from ..model import IVP


@dataclass(frozen=True)
class ContractProblem:
    """A right-hand side with its solution by a formula; `ivp` makes it, moved in time or with a larger start."""

    name: str
    rhs: Callable[[Any, Any, Any], Any]
    y0: tuple[float, ...]
    solution: Callable[[Array], Sequence[Array]]
    """Times (n,) -> one array (n,) a component, from t = 0."""
    t1: float = 2.0
    formula_given: bool = True
    """Whether the solver is told the formula, which only an oracle looks at."""

    def ivp(self, *, shift: float = 0.0, scale: float = 1.0, t_eval: Sequence[float] | None = None) -> IVP:
        """The problem from t = `shift` on instead of 0, from `scale` times y0, asked for at `t_eval` (before shifting).

        A problem with `scale` has a formula only where it is linear.
        """
        import numpy as np

        return IVP(
            rhs=lambda t, y, xp: self.rhs(t - shift, y, xp) if shift else self.rhs(t, y, xp),
            t_span=(shift, shift + self.t1),
            y0=[scale * y for y in self.y0],
            exact=(lambda t: scale * self.truth(t - shift)) if self.formula_given else None,
            t_eval=None if t_eval is None else np.asarray(t_eval) + shift,
        )

    def truth(self, t: Array) -> Array:
        """The solution at times (n,), as (n, d)."""
        import numpy as np

        return np.stack([np.broadcast_to(component, np.shape(t)) for component in self.solution(t)], axis=-1)


def _exp(t: Array) -> Array:
    import numpy as np

    return np.exp(t)


def _cos(t: Array) -> Array:
    import numpy as np

    return np.cos(t)


def _sin(t: Array) -> Array:
    import numpy as np

    return np.sin(t)


def _spiral(t: Any, y: Any, xp: Any) -> Any:
    a, b = y[..., 0], y[..., 1]
    return xp.stack([-0.5 * a + b, -a - 0.5 * b], -1)


def _chain(t: Any, y: Any, xp: Any) -> Any:
    a, b = y[..., 0], y[..., 1]
    return xp.stack([-a, a - b, b], -1)


def _forced(t: Any, y: Any, xp: Any) -> Any:
    return xp.stack([xp.cos(t) - y[..., 0]], -1)


def _forced_pair(t: Any, y: Any, xp: Any) -> Any:
    return xp.stack([xp.cos(t) - y[..., 0], y[..., 0] - y[..., 1]], -1)


def _tabulated(t: Any, y: Any, xp: Any) -> Any:
    import numpy as np

    return -np.interp(t, [0.0, 1.0, 2.0], [1.0, 2.0, 1.0])[..., None] * y


def _tabulated_solution(t: Array) -> list[Array]:
    import numpy as np

    return [np.exp(-np.where(t < 1, t + t**2 / 2, 1.5 + 3 * (t - 1) - (t**2 - 1) / 2))]


def _kink(t: Any, y: Any, xp: Any) -> Any:
    return xp.where(y > 0.5, -y, -0.5 + 0 * y)


def _kink_solution(t: Array) -> list[Array]:
    import numpy as np

    return [np.where(t < math.log(2), np.exp(-t), 0.5 - 0.5 * (t - math.log(2)))]


PROBLEMS = {
    problem.name: problem
    for problem in (
        # y' = -y
        ContractProblem("decay", lambda t, y, xp: -y, (1.0,), lambda t: [_exp(-t)]),
        # a damped rotation
        ContractProblem("spiral", _spiral, (1.0, 0.0), lambda t: [_exp(-t / 2) * _cos(t), -_exp(-t / 2) * _sin(t)]),
        # one substance becomes a second, and that a third
        ContractProblem("chain", _chain, (1.0, 0.0, 0.0), lambda t: [_exp(-t), t * _exp(-t), 1 - (1 + t) * _exp(-t)]),
        # y' = y (1 - y)
        ContractProblem("logistic", lambda t, y, xp: y * (1 - y), (0.25,), lambda t: [1 / (1 + 3 * _exp(-t))]),
        # y' = cos t - y: the slope depends on the time; no derivative at t = 0 is 0, which Taylor methods stumble on
        ContractProblem("forced", _forced, (2.0,), lambda t: [(_cos(t) + _sin(t) + 3 * _exp(-t)) / 2]),
        ContractProblem(
            "forced-pair",
            _forced_pair,
            (2.0, 0.0),
            lambda t: [(_cos(t) + _sin(t) + 3 * _exp(-t)) / 2, (_sin(t) + 3 * t * _exp(-t)) / 2],
        ),
        # no formula, as most problems have none
        ContractProblem("no-formula", lambda t, y, xp: -y, (1.0,), lambda t: [_exp(-t)], formula_given=False),
        # y' = -max(y, 1/2): a branch, which cannot be traced
        ContractProblem("branch", _kink, (1.0,), _kink_solution),
        # y' = -r(t) y, with r from a table: only numpy can evaluate it
        ContractProblem("only-numpy", _tabulated, (1.0,), _tabulated_solution),
    )
}
