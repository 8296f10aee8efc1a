"""What a method makes once for a problem and uses in every solve of it, such as compiled code."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from .model import IVP

Arguments = ParamSpec("Arguments")
Made = TypeVar("Made")

COMPILED = "_compiled"
"""Where a problem keeps it."""
COMPILING = "_compiling"
"""How many such functions are at work for a problem."""


def compile_once(function: Callable[Concatenate[IVP, Arguments], Made]) -> Callable[Concatenate[IVP, Arguments], Made]:
    """Keep what `function(ivp, ...)` returns for as long as that problem lives; for other arguments it is made anew.

    The first case of the problem in a process pays for it, in `first_s`; later ones find it there, and no sample pays.
    It is for what a user would also make once and solve with many times, never for a solution. The arguments beside the
    problem have to be hashable. What is kept is shared by all cases of the problem in a process: it must not remember
    from one solve what changes the next.
    """

    @wraps(function)
    def kept(ivp: IVP, /, *args: Arguments.args, **kwargs: Arguments.kwargs) -> Made:
        everything = vars(ivp).setdefault(COMPILED, {})
        key = (function, args, tuple(sorted(kwargs.items())))
        if key not in everything:
            vars(ivp)[COMPILING] = vars(ivp).get(COMPILING, 0) + 1
            try:
                everything[key] = function(ivp, *args, **kwargs)
            finally:
                vars(ivp)[COMPILING] -= 1
        made: Made = everything[key]
        return made

    return kept
