"""A run of very many samples, made up: what reading and aggregating it is measured on.

python tests/million.py DIR [SAMPLES]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from odebench import tables
from odebench.journal import Run
from odebench.measurement import BLANK

PROBLEMS, VARIANTS, SAMPLES_A_CASE = 50, 4, 5
_TRAINED = {"activation": "tanh", "depth": 1, "derivative": "by-hand", "dtype": "float64", "points": 32, "width": 24}


def write(directory: Path, samples: int) -> Run:
    """A run of so many samples in the journal, 5 a case, with parameters as long as a network's, and its tables.

    Each thousandth sample failed, and one solver in twenty is an oracle.
    """
    rng = np.random.default_rng(0)
    run = Run.create(directory, {"metrics": []})
    cases = -(-samples // SAMPLES_A_CASE)
    solvers = -(-cases // (PROBLEMS * VARIANTS))
    typical = rng.lognormal(-6, 2, cases), rng.lognormal(-12, 6, cases)
    with run.journal_path.open("w") as journal:
        for k in range(samples):
            case, repeat = k % cases, k // cases
            problem, solver = case // solvers, case % solvers
            seconds = typical[0][case] * rng.lognormal(0, 0.03)
            error = typical[1][case] * rng.lognormal(0, 0.1)
            failed = k % 1000 == 999
            times = {"wall_s": seconds, "cpu_s": 0.99 * seconds, "query_s": 0.01 * seconds, "peak_rss_mb": 0.25}
            errors = {"max": error, "rms": error / 2, "final": error / 3}
            row = {
                **BLANK,
                "run_id": run.id,
                "case_id": f"problem-{problem % PROBLEMS}/solver-{solver % 40}/{case:012x}",
                "problem": f"problem-{problem % PROBLEMS}",
                "problem_params": {"rate": float(problem // PROBLEMS), "t0": 0.0, "t1": 2.0},
                "solver": f"solver-{solver % 40}",
                "solver_params": {**_TRAINED, "epochs": solver // 40},
                "plugin": "odebench",
                "plugin_version": "0.1.0",
                "seed": k,
                "repeat": repeat,
                "loops": 1,
                "reference": "certified",
                "reference_error": 1e-15,
                "threads": 1,
                "dtype": "float64",
                "started_at": f"2026-11-28T10:{k // 60000 % 60:02}:{k // 1000 % 60:02}.{k % 1000:03}+00:00",
                "machine": "347399ad",
                "oracle": solver % 20 == 0,
                "context": "0123456789abcdef",
            }
            if failed:
                row |= {"status": "diverged", "reason": f"not finite at t = {error:.3g}"}
            else:
                row |= times | {f"{name}_abs_error": value for name, value in errors.items()}
                row |= {"max_rel_error": error, "rms_rel_error": error / 2, "significant_digits": -np.log10(error)}
                row |= {"rhs_calls": 100 + solver, "steps": 10 + solver, "epochs": solver, "final_loss": error**2}
                row |= {"first_s": 2 * seconds} if repeat == 0 else {}
            journal.write(json.dumps(row) + "\n")
    run.finish("complete")
    tables.write_tables(run, ["parquet"])
    return run


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
