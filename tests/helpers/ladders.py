"""Ladders whose times and errors are known: what several tests of statements about them start from."""

from __future__ import annotations

from typing import Any

import numpy as np

from helpers.optional import lazy

pd = lazy("pandas")


def curve(
    name: str,
    errors: list[float],
    seconds: list[float],
    *,
    solver: str = "",
    problem: str = "decay",
    floor: float = 0.0,
    failed: tuple[int, ...] = (),
    ranked: bool = True,
    marks: str = "",
) -> pd.DataFrame:
    """One curve as `ladders.assign` returns it; rungs that `failed` have neither time nor error, as in a run."""
    n = len(errors)
    worked = ~np.isin(np.arange(n), failed)
    floored = np.maximum(errors, floor)
    table: dict[str, Any] = {
        "case_id": [f"{problem}/{name}/{k}" for k in range(n)],
        "problem": problem,
        "problem_params": "{}",
        "solver": solver or name,
        "solver_params": [f'{{"rung": {k}}}' for k in range(n)],
        "curve": name,
        "rung": range(n),
        "status": np.where(worked, "ok", "timeout"),
        "wall_s_median": np.where(worked, seconds, np.nan),
        "max_abs_error_median": np.where(worked, floored, np.nan),
        "at_reference_floor": worked & (floored <= floor),
        "slowdown_vs_best_at_this_error": np.where(worked & ranked, 1.0, np.nan),
        "marks": marks,
    }
    return pd.DataFrame(table)


def power_law(name: str, c: float, p: float, rungs: int = 8, **others: Any) -> pd.DataFrame:
    """A curve on which the time to an error e is c e^-p exactly."""
    errors = 10.0 ** -np.arange(2, 2 + rungs)
    return curve(name, list(errors), list(c * errors**-p), **others)
