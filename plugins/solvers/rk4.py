"""The classical Runge-Kutta method."""

import numpy as np

from odebench import IVP, Array, Diverged, Solution, Solver, hookimpl, solver


@solver(order=4, requires=["scipy"], tags=["explicit", "fixed-step"], ladder=[{"steps": 10 * 4**k} for k in range(6)])
def rk4(ivp: IVP, t_eval: Array, *, steps: int = 100) -> Solution:
    """The classical Runge-Kutta method: four slopes a step, with equal steps h = (t1 - t0) / steps.

    Order 4, no error control; cubic Hermite polynomials between the steps. Kutta, Z. Math. Phys. 46 (1901) 435-453.
    """
    from scipy.interpolate import CubicHermiteSpline

    if steps < 1:
        raise ValueError(f"expected steps of 1 or more, received {steps}")
    t = np.linspace(*ivp.t_span, steps + 1)
    y, slope = np.empty((2, steps + 1, ivp.n_states))
    y[0] = ivp.y0
    for n, h in enumerate(np.diff(t)):
        k1 = slope[n] = ivp.f(t[n], y[n])
        k2 = ivp.f(t[n] + h / 2, y[n] + h / 2 * k1)
        k3 = ivp.f(t[n] + h / 2, y[n] + h / 2 * k2)
        k4 = ivp.f(t[n] + h, y[n] + h * k3)
        y[n + 1] = y[n] + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    slope[-1] = ivp.f(t[-1], y[-1])
    if not (finite := np.isfinite(slope).all(axis=1)).all():
        raise Diverged(f"y is not finite from t = {t[np.argmin(finite)]:g} on; take more steps, or a stiff solver")
    dense = CubicHermiteSpline(t, y, slope)
    return Solution(dense(t_eval), dense, stats={"steps": steps, "rhs_calls": 4 * steps + 1})


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [rk4]
