"""Taylor's method, compiled for the problem: heyoka."""

import math
import sys
from typing import Any

import numpy as np

from odebench import IVP, Array, Diverged, Solution, Solver, compile_once, hookimpl, solver

FEW = 100  # operations and operands; of more, straight-line code takes seconds to compile, loops tenths of one
NATURAL = range(2, 17)  # powers that are written as products


@solver(
    requires=["heyoka>=7,<8"],
    tags=["adaptive", "compiled"],
    ladder=[{"tol": 10.0**-k} for k in range(2, 17)],
    source="Biscani & Izzo, Mon. Not. R. Astron. Soc. 504 (2021) 2614-2628",
)
def heyoka(
    ivp: IVP,
    t_eval: Array,
    *,
    tol: float = sys.float_info.epsilon,
    high_accuracy: bool = False,
    compact_mode: bool | None = None,
    max_step: float | None = None,
    dense_output: bool = False,
) -> Solution:
    """The solution's Taylor series in each step, summed to order p = 1 - ln(tol) / 2, rounded up.

    y(t + h) = sum over k of y_k h^k, where the y_k follow from the equation by automatic differentiation, and h from
    the last two of them (Jorba & Zou, Experimental Mathematics 14 (2005) 99-117): order 20 for double precision. Each
    step is explicit and none is ever taken back, so that on stiff problems the steps are many, and a slope that jumps
    goes unnoticed. So does the end of the slope's domain, beyond which the numbers may be finite and mean nothing: past
    y = 0 on y' = -sqrt(y), say. The equation has to be traceable; it is compiled once, by LLVM, in the first call.

    tol: the error of a step, relative to |y|, or absolute where |y| < 1. high_accuracy: sums with compensation for
    rounding. compact_mode: loops in place of straight-line code, which are compiled far sooner and run up to six times
    slower; none: only where the equation has more than 100 operations and operands. max_step: in units of t; none for
    no limit. dense_output: keep the series of every step.
    """
    integrator = _integrator(ivp, tol, high_accuracy, compact_mode)
    integrator.time, integrator.state[:] = ivp.t_span[0], ivp.y0
    options = {} if max_step is None else {"max_delta_t": max_step}
    propagate = _propagate_by_pieces if ivp.breaks else _propagate
    return propagate(integrator, ivp, t_eval, dense_output, options)


def _propagate(integrator: Any, ivp: IVP, times: Array, dense_output: bool, options: dict[str, float]) -> Solution:
    from heyoka import taylor_outcome

    if dense_output:
        outcome, *_, steps, dense, y = integrator.propagate_until(times[-1], c_output=True, **options)
    else:
        outcome, *_, steps, dense, y = integrator.propagate_grid(times, **options)
    if outcome != taylor_outcome.time_limit:
        raise Diverged(f"the Taylor series is not finite at t = {integrator.time:g}, after {steps} more steps")
    return Solution(dense(times) if dense_output else y, dense, {"steps": steps})


def _propagate_by_pieces(
    integrator: Any, ivp: IVP, t_eval: Array, dense_output: bool, options: dict[str, float]
) -> Solution:
    """Anew from the first number after each break: a series knows nothing of a jump within its step."""
    pieces, rows = [], []
    for end in (*ivp.breaks, ivp.t_span[1]):
        start = integrator.time
        times = np.array([start, *t_eval[(start < t_eval) & (t_eval < end)], end])
        pieces.append(_propagate(integrator, ivp, times, dense_output, options))
        rows.append(pieces[-1].y[np.isin(times, t_eval)])
        integrator.time = math.nextafter(end, math.inf)

    def dense(t: Array) -> Array:
        piece = np.searchsorted(ivp.breaks, t)
        y = np.empty((t.size, ivp.n_states))
        for k in np.unique(piece):
            y[piece == k] = pieces[k].dense(t[piece == k])
        return y

    steps = sum(piece.stats["steps"] for piece in pieces)
    return Solution(np.concatenate(rows), dense if dense_output else None, {"steps": steps})


@compile_once
def _integrator(ivp: IVP, tol: float, high_accuracy: bool, compact_mode: bool | None) -> Any:
    import heyoka as hy

    class Number(hy.expression):  # type: ignore[misc]  # a library without types
        def __rpow__(self, base: Any) -> Any:
            """A product for a natural power, as heyoka's own power has no series where its base is zero."""
            exponent = float(str(self))
            if exponent not in NATURAL:
                return base ** hy.expression(exponent)
            return base * base ** Number(exponent - 1) if exponent > 2 else base * base

    states = [hy.expression(f"y{j}") for j in range(ivp.n_states)]
    slopes = ivp.trace(hy.time, states, vars(hy), Number)
    if compact_mode is None:
        compact_mode = sum(map(len, slopes)) > FEW
    equations = list(zip(states, slopes, strict=True))
    return hy.taylor_adaptive(
        equations, ivp.y0.tolist(), tol=tol, high_accuracy=high_accuracy, compact_mode=compact_mode
    )


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [heyoka]
