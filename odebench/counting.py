"""How often a solver evaluates the right-hand side and its Jacobian, counted by the host and not by the solver."""

from __future__ import annotations

import copy
import math
import mmap
import os
import sys
from functools import wraps
from typing import Any

from .backends import Array
from .compiling import COMPILED, COMPILING
from .errors import Untraceable
from .model import IVP

_TRACED = "it traces the equation, as a method does that compiles it, and evaluates it out of the host's sight"
_FORKED = "it evaluates the equation in other processes"


class Counts:
    """What was evaluated of one problem so far, but for what `compile_once` made of it: that is not of the solve."""

    def __init__(self, ivp: IVP) -> None:
        self._ivp = ivp
        self.rhs_calls = 0
        """States at which the right-hand side was evaluated, by `ivp.f` or `ivp.rhs`, whatever for: a batch of m states
        counts m times, and so do those that a Jacobian by differences or by complex steps takes."""
        self.jac_calls = 0
        """Calls of `ivp.jac`, each of which is one matrix; what that evaluates itself is counted nowhere else."""
        self._traced: str | None = None
        self._process = os.getpid()
        self._forked = mmap.mmap(-1, 1)  # a byte that processes forked from this one write to as well

    @property
    def uncounted(self) -> str | None:
        """Why the numbers do not say all; None where they do."""
        return _FORKED if self._forked[0] else self._traced

    def evaluated(self, t: Any, y: Any) -> None:
        """The right-hand side is asked for at these times (...) and states (..., d)."""
        if not (_has_values(t) and _has_values(y)):
            self._traced = _TRACED
        elif self._is_solve():
            states, times = tuple(y.shape[:-1]), tuple(getattr(t, "shape", ()))
            self.rhs_calls += math.prod(states if len(states) >= len(times) else times)

    def traced(self, *_: Any, **__: Any) -> Any:
        """In place of `ivp.trace`: a method that can do without it is counted, and one that cannot says so."""
        raise Untraceable(_TRACED)

    def called(self, *, jac: bool) -> None:
        """`ivp.jac` is called, or `ivp.f`."""
        if self._is_solve():
            self.jac_calls += jac
            self.rhs_calls += not jac

    def _is_solve(self) -> bool:
        if os.getpid() != self._process:
            self._forked[0] = 1
        return not vars(self._ivp).get(COMPILING)


def counted(ivp: IVP) -> tuple[IVP, Counts]:
    """The same problem, which counts what is evaluated of it, and the counts.

    It is for one untimed solve: counting takes time, and what was compiled for the problem is not that of this one. A
    method that evaluates the equation elsewhere than by `ivp.f`, `ivp.jac` and `ivp.rhs` cannot be counted, and
    `Counts.uncounted` says so: one that traces it as JAX does, or that forks. `ivp.trace` raises `Untraceable`, so that
    a method that takes `ivp.f` for what cannot be traced is counted as it does that.
    """
    twin = copy.copy(ivp)
    counts = Counts(twin)
    rhs, f, jac = ivp.rhs, ivp.f, ivp.jac

    @wraps(rhs)
    def counting_rhs(t: Any, y: Any, xp: Any) -> Any:
        counts.evaluated(t, y)
        return rhs(t, y, xp)

    def counting_f(t: float, y: Array) -> Array:
        counts.called(jac=False)
        return f(t, y)

    def counting_jac(t: float, y: Array) -> Any:
        counts.called(jac=True)
        assert jac is not None
        return jac(t, y)

    vars(twin).pop(COMPILED, None)
    # found already, and by a tracing that is not the solver's
    vars(twin)["sparsity"] = ivp.sparsity
    vars(twin).update(trace=counts.traced, rhs=counting_rhs, f=counting_f, jac=None if jac is None else counting_jac)
    return twin, counts


def _has_values(x: Any) -> bool:
    """Whether these are numbers, and not what stands for them while a method writes the equation down."""
    import numpy as np

    if isinstance(x, (int, float, complex, np.generic)):
        return True
    if isinstance(x, np.ndarray):
        return not x.dtype.hasobject
    if (torch := sys.modules.get("torch")) is not None and isinstance(x, torch.Tensor):
        if torch.compiler.is_compiling() or torch.jit.is_tracing():
            return False
        # of torch.func, such as vmap, under which one call is many
        wrapped = torch._C._functorch.is_functorch_wrapped_tensor(x)
        return type(x) in (torch.Tensor, torch.nn.Parameter) and not (wrapped or x.is_meta)
    jax = sys.modules.get("jax")
    return jax is not None and isinstance(x, jax.Array) and not isinstance(x, jax.core.Tracer)
