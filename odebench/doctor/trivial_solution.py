"""The solution is a constant where the true one is not."""

from __future__ import annotations

from . import losses
from .diagnosis import Evidence, pathology
from .examination import Examination

_CONSTANT = 1e-2  # of the true solution's variation


@pathology(
    kind="network",
    signal="part of the variation that the true solution has (without a reference: that f and y0 ask for) and this one "
    "lacks",
    threshold=0.99,
    remedy="build the initial condition into the trial solution (hard), so that the zero solution is none; a smooth "
    "activation; and first whatever is named above.",
)
def trivial_solution(examination: Examination) -> Evidence | None:
    """The solution is trivial: a constant, zero most often.

    The loss at which it stays names it. For y' = -r y from y0 = 1 with a soft initial condition: 1.0 is the output zero
    with the right derivative, r^2 / (1 + r^2) the best constant, 2.0 (r = 1) the output zero with dy/dt = 1.
    """
    import numpy as np

    y, ivp = examination.y, examination.ivp
    if y is None:
        return None
    varies = np.ptp(y, axis=0)
    if examination.truth is not None:
        wanted = np.ptp(examination.truth, axis=0)
    else:
        moved = np.abs(np.asarray(ivp.rhs(ivp.t_eval, y, np))).mean(axis=0) * examination.span
        wanted = np.maximum(moved, np.abs(y[0] - ivp.y0))
    scale = float(np.abs(y).max()) + float(np.abs(ivp.y0).max())
    if wanted.max() <= _CONSTANT * scale:
        return None
    moving = wanted > _CONSTANT * wanted.max()
    lacking = float((1 - varies[moving] / wanted[moving]).min())
    constant = y.mean(axis=0)
    zero = bool(np.abs(constant).max() <= 1e-3 * examination.size)
    said = f"The solution is {'zero' if zero else _few(constant)} at all times."
    return Evidence(
        lacking, said + _plateau(examination, zero), ({"initial_condition": "hard"}, {"activation": "tanh"})
    )


def _plateau(examination: Examination, zero: bool) -> str:
    """What the loss says about it."""
    import numpy as np

    loss, ivp = examination.final_loss, examination.ivp
    right = losses.match(examination, losses.RIGHT)
    if loss is None or (right is not None and right.condition_weight == 0):
        return ""

    def of_constant(c: object) -> float:
        states = np.broadcast_to(np.asarray(c, dtype=float), (ivp.t_eval.size, ivp.n_states))
        f = np.asarray(ivp.rhs(ivp.t_eval, states, np))
        return float(np.mean(f**2) + np.mean((states[0] - ivp.y0) ** 2))

    if zero and (at_zero := of_constant(np.zeros(ivp.n_states))) > 0 and abs(loss / at_zero - 1) < 1e-2:
        return (
            f" The loss stays at {loss:.4g}: that is the zero output's, with the right derivative (0), which leaves "
            "the mean square of f(t, 0) and the square of y0."
        )
    from scipy.optimize import minimize

    best = minimize(of_constant, np.zeros(ivp.n_states))
    if best.fun > 0 and abs(loss / best.fun - 1) < 1e-2:
        return (
            f" The loss stays at {loss:.4g}: that is the least of any constant, {_few(best.x)}, a compromise between "
            "the equation and the initial condition."
        )
    return f" The loss is {loss:.4g}."


def _few(values: object) -> str:
    import numpy as np

    numbers = np.atleast_1d(np.asarray(values, dtype=float))
    shown = ", ".join(f"{v:.3g}" for v in numbers[:3])
    return shown if numbers.size <= 3 else f"{shown}, ..."
