"""Paths in the checkout that tests read."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = ROOT / "tests"
BAD_SOLVERS = TESTS / "contract" / "bad_solvers"
DIRECT_CALLS = TESTS / "helpers" / "direct_calls"
OLD_RUNS = TESTS / "storage" / "runs"
