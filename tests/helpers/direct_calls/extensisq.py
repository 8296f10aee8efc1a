"""extensisq as its documentation calls it."""

import extensisq
import numpy as np
from scipy.integrate import solve_ivp


def decay(t, y):
    return -y


def lotka_volterra(t, y):
    x, z = y
    return np.array([1.5 * x - x * z, -3.0 * z + x * z])


def direct(problem, ivp, *, method, rtol, atol, max_step, dense_output):
    rhs = {"decay": decay, "lotka-volterra": lotka_volterra}[problem]
    kind = getattr(extensisq, method)
    y0, times = ivp.y0, ivp.t_eval
    return lambda: solve_ivp(rhs, ivp.t_span, y0, method=kind, t_eval=times, rtol=rtol, atol=atol).y.T
