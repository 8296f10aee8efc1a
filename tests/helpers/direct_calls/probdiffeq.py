"""probdiffeq as its documentation calls it."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
from probdiffeq import ivpsolve, probdiffeq

PROBLEM = "lotka-volterra"


def decay(y, /, *, t):
    return -y


def lotka_volterra(y, /, *, t):
    prey, predators = y
    return jnp.stack([1.5 * prey - prey * predators, -3.0 * predators + prey * predators])


@cache
def compiled(problem, t0, order):
    """For all tolerances."""
    field = {"decay": decay, "lotka-volterra": lotka_volterra}[problem]
    ode = probdiffeq.ode(field, jacobian=probdiffeq.jacobian_materialize())
    ssm = probdiffeq.state_space_model_dense()
    constraint = ssm.constraint_residual(probdiffeq.residual_from_ode(ode))
    solver = probdiffeq.solver_mle(strategy=probdiffeq.strategy_smoother_fixedpoint(), constraint=constraint)
    error = probdiffeq.error_residual_std(constraint=constraint)
    solve_at = ivpsolve.solve_adaptive_save_at(solver=solver, error=error)
    jetexpand = probdiffeq.jetexpand_ode_padded_scan(num=order)

    @jax.jit
    def solve(u0, save_at, rtol, atol):
        tcoeffs, _ = jetexpand(ode, (u0,), t=t0)
        dt0 = ivpsolve.dt0_adaptive(field, (u0,), t0=t0, error_contraction_rate=order + 1, rtol=rtol, atol=atol)
        prior = ssm.prior_wiener_integrated(tcoeffs)
        return solve_at(prior, save_at=save_at, atol=atol, rtol=rtol, dt0=dt0).u.mean[0]  # nothing else is wanted

    return solve


def direct(problem, ivp, *, rtol, atol, order=4, **parameters):
    solve = compiled(problem, ivp.t_span[0], order)
    with jax.enable_x64(True):
        u0, save_at = jnp.asarray(ivp.y0), jnp.asarray(ivp.t_eval)
        solve(u0, save_at, rtol, atol)

    def call():
        with jax.enable_x64(True):
            return np.asarray(solve(u0, save_at, rtol, atol))

    return call
