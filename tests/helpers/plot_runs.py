"""Runs whose figures have a known answer."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from odebench.journal import Run
from odebench.measurement import Measurement
from odebench.results import Results

NETWORKS = ("network", "other-network")
LADDERS = {"euler": ["steps"], "rk4": ["steps"], "network": ["width"], "other-network": ["width"]}


def described(solver: str) -> dict[str, Any]:
    """What run.json says of a solver."""
    tags = ["neural"] if solver in NETWORKS else []
    oracle = solver == "analytic"
    return {"tags": tags, "order": None, "oracle": oracle, "ladder": LADDERS.get(solver, [])}


def sample(
    solver: str, seconds: float | None, error: float | None, problem: str = "decay", **others: Any
) -> Measurement:
    """One sample; parameters of the solver by `params`."""
    params = others.pop("params", {})
    fields = {
        "run_id": "r", "case_id": f"{problem}/{solver}/{json.dumps(params)}", "problem": problem, "problem_params": {},
        "solver": solver, "solver_params": params, "plugin": "p", "plugin_version": "1", "seed": None, "repeat": 0,
        "wall_s": seconds, "max_abs_error": error, "rms_abs_error": error, "final_abs_error": error,
        "reference": "exact", "reference_error": 1e-16, "started_at": f"2026-01-01T00:00:00+00:00 {solver} {params}",
    }  # fmt: skip
    return Measurement(**fields | others)


def results(directory: Path, rows: Iterable[Measurement]) -> Results:
    """A run of these rows, read back."""
    rows = list(rows)
    solvers = {row.solver: described(row.solver) for row in rows}
    problems = {row.problem: {"tags": [], "source": ""} for row in rows}
    run = Run.create(directory, {"solvers": solvers, "problems": problems})
    for row in rows:
        run.append(row)
    run.close()
    return Results([run])


def ladder(solver: str, parameter: str, slope: float, first: float, problem: str = "decay") -> list[Measurement]:
    """Five rungs, each twice the time of the one before, whose error falls with that power of the time."""
    return [
        sample(solver, 1e-3 * 2.0**k, first * 2.0 ** (-slope * k), problem, params={parameter: 10 * 2**k})
        for k in range(5)
    ]
