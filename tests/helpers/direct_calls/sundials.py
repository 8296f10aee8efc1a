"""CVODE as scikit-sundae's documentation calls it."""

import warnings

from sksundae.cvode import CVODE


def decay(t, y, yp):
    yp[0] = -y[0]


def decay_jacobian(t, y, yp, jac):
    jac[0, 0] = -1.0


def lotka_volterra(t, y, yp):
    x, z = y
    yp[0] = 1.5 * x - x * z
    yp[1] = -3.0 * z + x * z


def lotka_volterra_jacobian(t, y, yp, jac):
    x, z = y
    jac[0, 0] = 1.5 - z
    jac[0, 1] = -x
    jac[1, 0] = z
    jac[1, 1] = -3.0 + x


def direct(problem, ivp, *, method, linear_solver, rtol, atol, max_step, max_steps):
    rhs, jacobian = {"decay": (decay, decay_jacobian), "lotka-volterra": (lotka_volterra, lotka_volterra_jacobian)}[
        problem
    ]
    with warnings.catch_warnings(action="ignore"):
        solver = CVODE(rhs, method=method, rtol=rtol, atol=atol, jacfn=jacobian, max_num_steps=max_steps)
    y0, times = ivp.y0, ivp.t_eval
    return lambda: solver.solve(times, y0).y
