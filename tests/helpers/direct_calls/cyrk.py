"""CyRK's integrators from Python with a function that numba compiles, as its documentation has it."""

import CyRK
import numpy as np


@CyRK.cyjit
def decay(dy, t, y, args):
    dy[0] = -y[0]


@CyRK.cyjit
def lotka_volterra(dy, t, y, args):
    x, z = y[0], y[1]
    dy[0] = 1.5 * x - x * z
    dy[1] = -3.0 * z + x * z


def direct(problem, ivp, *, method, rtol, atol):
    address = {"decay": decay, "lotka-volterra": lotka_volterra}[problem].address
    span, y0, times = ivp.t_span, np.array(ivp.y0), np.array(ivp.t_eval)

    def call():
        out = CyRK.nbsolve2_ivp(address, span, y0, method, times, False, rtol=rtol, atol=atol)
        y = out.y.T.copy()
        out.free()
        return y

    return call
