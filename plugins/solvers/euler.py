"""Euler's method: the shortest solver there is."""

import numpy as np

from odebench import IVP, Array, Solution, Solver, hookimpl, solver


@solver(order=1, tags=["explicit", "fixed-step"], ladder=[{"steps": 10 * 4**k} for k in range(8)])
def euler(ivp: IVP, t_eval: Array, *, steps: int = 1000) -> Solution:
    """Explicit Euler: y_{n+1} = y_n + h f(t_n, y_n), with equal steps h = (t1 - t0) / steps.

    Order 1, no error control; straight lines between the steps. Euler, Institutionum calculi integralis I (1768).
    """
    if steps < 1:
        raise ValueError(f"expected steps of 1 or more, received {steps}")
    t = np.linspace(*ivp.t_span, steps + 1)
    y = np.empty((steps + 1, ivp.n_states))
    y[0] = ivp.y0
    for n, h in enumerate(np.diff(t)):
        y[n + 1] = y[n] + h * ivp.f(t[n], y[n])

    def dense(at: Array) -> Array:
        return np.stack([np.interp(at, t, component) for component in y.T], axis=-1)

    return Solution(dense(t_eval), dense, stats={"steps": steps, "rhs_calls": steps})


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [euler]
