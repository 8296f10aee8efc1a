"""Heun's method, a problem whose slope depends on time, and a metric: all that a plugin may bring."""

import numpy as np

from odebench import IVP, Solution, hookimpl, problem, solver


@solver(order=2, tags=["explicit", "fixed-step"], ladder=[{"steps": 10 * 4**k} for k in range(6)])
def heun(ivp, t_eval, *, steps=100):
    """Heun's method: the mean of the slopes at both ends of a step, the far end predicted by Euler's method.

    Order 2, no error control; straight lines between the steps, which are of order 2 as well.
    Heun, Z. Math. Phys. 45 (1900) 23-38.
    """
    t = np.linspace(*ivp.t_span, steps + 1)
    y = np.empty((steps + 1, ivp.n_states))
    y[0] = ivp.y0
    for n, h in enumerate(np.diff(t)):
        k1 = ivp.f(t[n], y[n])
        k2 = ivp.f(t[n + 1], y[n] + h * k1)
        y[n + 1] = y[n] + h / 2 * (k1 + k2)

    def dense(at):
        return np.stack([np.interp(at, t, component) for component in y.T], axis=-1)

    return Solution(dense(t_eval), dense, stats={"steps": steps, "rhs_calls": 2 * steps})


@problem(tags=["linear", "scalar", "nonstiff"], source="the bell curve")
def heun_demo(*, t0=-1.0, t1=2.0):
    """y' = -2 t y, from the solution that is 1 at t = 0: y = exp(-t^2)."""
    return IVP(
        rhs=lambda t, y, xp: xp.stack([-2 * t * y[..., 0]], -1),
        t_span=(t0, t1),
        y0=[np.exp(-(t0**2))],
        exact=lambda t: np.exp(-(t**2))[:, None],
    )


def median_abs_error(y, y_ref):
    """The error that half of all values stay below."""
    return float(np.median(np.abs(y - y_ref)))


@hookimpl
def odebench_solvers():
    return [heun]


@hookimpl
def odebench_problems():
    return [heun_demo]


@hookimpl
def odebench_metrics():
    return {"median_abs_error": median_abs_error}
