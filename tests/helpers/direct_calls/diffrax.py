"""diffrax as its documentation calls it."""

from functools import cache

import diffrax
import jax
import jax.numpy as jnp
import numpy as np


def decay(t, y, args):
    return -y


def lotka_volterra(t, y, args):
    prey, predators = y
    return jnp.stack([1.5 * prey - prey * predators, -3.0 * predators + prey * predators])


@cache
def compiled(problem, t0, t1, method):
    """For all tolerances."""
    term = diffrax.ODETerm({"decay": decay, "lotka-volterra": lotka_volterra}[problem])

    @jax.jit
    def solve(y0, ts, rtol, atol):
        return diffrax.diffeqsolve(
            term,
            getattr(diffrax, method)(),
            t0=t0,
            t1=t1,
            dt0=None,
            y0=y0,
            saveat=diffrax.SaveAt(ts=ts),
            stepsize_controller=diffrax.PIDController(rtol=rtol, atol=atol),
            max_steps=100_000,
        ).ys  # nothing else is wanted

    return solve


def direct(problem, ivp, *, method, rtol, atol, batch, max_steps, dense_output):
    solve = compiled(problem, *ivp.t_span, method)
    with jax.enable_x64(True):
        y0, ts = jnp.asarray(ivp.y0), jnp.asarray(ivp.t_eval)
        solve(y0, ts, rtol, atol)

    def call():
        with jax.enable_x64(True):
            return np.asarray(solve(y0, ts, rtol, atol))

    return call
