"""The rule about the solution between the times that were asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..errors import one_line
from .problems import PROBLEMS
from .rule import DoesNotApply, Finding, rule
from .subject import Subject

_BETWEEN = 100.0  # times the error at t_eval: an interpolant may be of lower order than its method
_COARSE = 1e-6  # of the solution's size, what it may be off between the times in any case


@rule(needs=["states", "systems-and-scalars"])
def dense_output(subject: Subject) -> Iterator[Finding]:
    """Its dense output gives the same values at t_eval, right ones between, for any times in any order, and for good.

    Between the times of t_eval it may be a hundred times as far off as there, or a millionth of the solution's size.
    """
    import numpy as np

    problem = subject.first_supported("spiral", "decay")
    solved = subject.solve(problem)
    dense = solved.solution.dense
    if dense is None:
        raise DoesNotApply("its solution has no dense output")
    t = solved.ivp.t_eval
    inside = (t[:-1] + t[1:]) / 2

    def evaluate(times: Any) -> Any:
        try:
            y = np.asarray(dense(times))
        except Exception as error:
            return f"raised {type(error).__name__}: {one_line(error)}"
        if y.shape != (len(times), solved.ivp.n_states):
            return f"returned shape {y.shape}"
        return y if np.isfinite(y).all() else "is not finite"

    asked = {
        "ivp.t_eval": t,
        "(ivp.t_eval[:-1] + ivp.t_eval[1:]) / 2": inside,
        "ivp.t_eval[::-1]": t[::-1],
        "ivp.t_eval[1:2]": t[1:2],
    }
    values = {}
    for written, times in asked.items():
        values[written] = y = evaluate(times)
        if isinstance(y, str):
            yield Finding(
                f"expected dense(t) of times (n,) as finite states (n, d); dense({written}) {y}.",
                subject.call(problem, f"print(solution.dense({written}).shape)"),
            )
            return
    at, between, backwards, one = values.values()
    off = float(np.abs(at - solved.y).max()) / solved.size
    if off > subject.rounding + 10 * solved.error:
        yield Finding(
            f"dense(t_eval) and y differ by {off:.2g} of the solution's size, and y is off by {solved.error:.2g} only.",
            subject.call(problem, "print(abs(solution.dense(ivp.t_eval) - solution.y).max())"),
        )
        return
    off = float(np.abs(between - PROBLEMS[problem].truth(inside)).max()) / solved.size
    if off > _COARSE + _BETWEEN * solved.error:
        yield Finding(
            f"between the times of t_eval dense(t) is off by {off:.2g} of the solution's size, and at them by "
            f"{solved.error:.2g}.",
            subject.call(
                problem,
                "t = (ivp.t_eval[:-1] + ivp.t_eval[1:]) / 2",
                "print(abs(solution.dense(t) - ivp.exact(t)).max())",
            ),
        )
        return
    if np.abs(backwards[::-1] - at).max() > subject.rounding * solved.size or np.abs(one - at[1:2]).max() > (
        subject.rounding * solved.size
    ):
        yield Finding(
            "dense(t) gives other values where the times fall, or where there is one: each is to be taken by itself.",
            subject.call(
                problem, "print(abs(solution.dense(ivp.t_eval[::-1])[::-1] - solution.dense(ivp.t_eval)).max())"
            ),
        )
        return
    other: dict[str, Any] = {"scale": 2.0}
    subject.solve(problem, **other)
    later = evaluate(t)
    if isinstance(later, str) or not np.array_equal(later, at):
        yield Finding(
            "the dense output of one solution changes when another problem is solved: keep what it needs in the "
            "solution, not in something that the next solve uses again.",
            "\n".join(
                [
                    subject.call(problem),
                    *subject.call_lines(problem, name="other", **other),
                    "print(abs(solution.dense(ivp.t_eval) - solution.y).max())",
                ]
            ),
        )
