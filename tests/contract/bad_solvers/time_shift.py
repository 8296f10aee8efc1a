"""Breaks the rule 'time-shift'."""

from odebench_plugins.solvers.rk4 import rk4

from odebench import IVP, hookimpl, solver


@solver(order=4, ladder=[{"steps": 10 * 2**k} for k in range(5)])
def bad_time_shift(ivp, t_eval, *, steps=100):
    """It counts the time from the start of the span. steps: their number."""
    t0, t1 = ivp.t_span
    from_zero = IVP(ivp.rhs, (0.0, t1 - t0), ivp.y0)
    return rk4(from_zero, t_eval - t0, steps=steps)


@hookimpl
def odebench_solvers():
    return [bad_time_shift]
