"""What solvers on JAX have in common: 64 bits whatever the session's setting, and what JAX cannot trace."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import jax
import jax.numpy as jnp

from odebench import IVP, Unsupported

from .reasons import why


def in_float64() -> AbstractContextManager[None]:
    """Within it JAX computes in 64 bits; outside it the session's own setting holds, as before."""
    context: AbstractContextManager[None] = jax.enable_x64(True)
    return context


def slope(ivp: IVP) -> Callable[[Any, Any], Any]:
    """The right-hand side as a function of JAX's time and state (d,), in float64.

    Raises `Unsupported` where JAX cannot trace it, as it does once here: nothing is computed.
    """

    def f(t: Any, y: Any) -> Any:
        return jnp.asarray(ivp.rhs(t, y, jnp), jnp.float64)

    try:
        shape = jax.eval_shape(f, ivp.t_span[0], ivp.y0).shape
    except Exception as error:  # it may fail in any way a right-hand side can
        raise Unsupported(
            f"JAX cannot trace its right-hand side: {why(error)}; write it with arithmetic and functions of xp alone, "
            "xp.where in place of a branch"
        ) from error
    if shape != ivp.y0.shape:
        raise Unsupported(f"its right-hand side is of shape {shape} with JAX, not {ivp.y0.shape}")
    return f
