"""heyoka as its documentation calls it."""

import heyoka as hy


def decay():
    y = hy.make_vars("y")
    return [(y, -y)]


def lotka_volterra():
    x, z = hy.make_vars("x", "z")
    return [(x, 1.5 * x - x * z), (z, -3.0 * z + x * z)]


def direct(problem, ivp, *, tol, high_accuracy, compact_mode, max_step, dense_output):
    system = {"decay": decay, "lotka-volterra": lotka_volterra}[problem]()
    y0 = ivp.y0.tolist()
    ta = hy.taylor_adaptive(system, y0, tol=tol, high_accuracy=high_accuracy, compact_mode=bool(compact_mode))
    t0, times = ivp.t_span[0], ivp.t_eval

    def call():
        ta.time = t0
        ta.state[:] = y0
        return ta.propagate_grid(times)[-1]

    return call
