"""solve_ivp with a right-hand side that numba compiles, as its documentation has it."""

import numba
import numpy as np
from scipy.integrate import solve_ivp


@numba.njit
def decay(t, y):
    return -y


@numba.njit
def lotka_volterra(t, y):
    x, z = y[0], y[1]
    return np.array([1.5 * x - x * z, -3.0 * z + x * z])


def direct(problem, ivp, *, method, rtol, atol, max_step, dense_output):
    rhs = {"decay": decay, "lotka-volterra": lotka_volterra}[problem]
    y0, times = ivp.y0, ivp.t_eval
    return lambda: solve_ivp(rhs, ivp.t_span, y0, method=method, t_eval=times, rtol=rtol, atol=atol).y.T
