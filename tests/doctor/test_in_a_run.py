"""`odebench run --doctor`: what is wrong with a solve stands beside its row, and the clock is not charged for it."""

import json

from helpers.commands import read_csv

MINE = """
import time
import numpy as np
from odebench import Diverged, Monitor, Solution, hookimpl, solver

PAUSE_S = 0.02

@solver
def stuck_at_zero(ivp, t_eval, *, monitor: Monitor):
    def nothing(t):
        time.sleep(PAUSE_S)
        with open("calls.txt", "a") as file:
            file.write("x")
        return np.zeros((t.size, ivp.n_states))
    for step in range(1, 40):
        monitor(step, 2.0, nothing, points=t_eval)
    return Solution(nothing(t_eval), nothing, {"final_loss": 2.0})

@solver
def right(ivp, t_eval, *, monitor: Monitor):
    for step in range(1, 40):
        monitor(step, 4.0 ** -step, lambda t: ivp.exact(t) + 2.0 ** -step * (t - t_eval[0])[:, None], points=t_eval)
    return Solution(ivp.exact(t_eval), ivp.exact, {"final_loss": 1e-24})

@solver
def exploding(ivp, t_eval, *, monitor: Monitor):
    for step in range(1, 40):
        monitor(step, 10.0 ** step, lambda t: ivp.exact(t) + 10.0 ** step, points=t_eval)
    raise Diverged("the loss is not finite at epoch 40")

@hookimpl
def odebench_solvers(): return [stuck_at_zero, right, exploding]
"""


PAUSE_S = 0.02  # as in MINE
INLINE = ("--executor", "inline")


def run(odebench, directory, *arguments):
    (directory / "mine.py").write_text(MINE)
    done = odebench("run", "--plugin", "mine.py", "-p", "decay", "--quick", "-o", "out", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_wrong_with_a_solve_stands_beside_it(odebench, tmp_path):
    shown = run(odebench, tmp_path, "-s", "stuck-at-zero", "-s", "right", "-s", "exploding", "--doctor")
    found = read_csv(tmp_path / "out/diagnoses.csv")
    by_solver = {name: [row for row in found if f"/{name}/" in row["case_id"]] for name in ("stuck-at-zero", "right")}
    assert by_solver["right"] == []  # the healthy control
    first = by_solver["stuck-at-zero"][0]
    assert first["pathology"] == "wrong-variable"
    assert float(first["value"]) > float(first["threshold"])
    assert first["finding"]
    assert first["remedy"]
    assert "the doctor: stuck-at-zero on decay: wrong-variable in 1 of 1 sample" in shown
    assert {row["status"] for row in found if "/exploding/" in row["case_id"]} == {"diverged"}
    journal = [json.loads(line) for line in (tmp_path / "out/measurements.jsonl").read_text().splitlines()]
    assert sum(len(row["diagnoses"]) for row in journal) == len(found)


def test_a_run_resumed_is_examined_as_it_was(odebench, tmp_path):
    run(odebench, tmp_path, "-s", "stuck-at-zero", "-s", "right", "--doctor", *INLINE)
    journal = tmp_path / "out/measurements.jsonl"
    rows = journal.read_text().splitlines(keepends=True)
    journal.write_text(next(row for row in rows if json.loads(row)["solver"] == "right"))
    done = odebench("run", "--plugin", "mine.py", "--resume", "out", *INLINE)
    assert done.returncode == 0, done.stderr
    assert {row["pathology"] for row in read_csv(tmp_path / "out/diagnoses.csv")} >= {"wrong-variable"}


def test_the_doctor_looks_only_when_asked_and_the_clock_stands_still_meanwhile(odebench, tmp_path):
    run(odebench, tmp_path, "-s", "stuck-at-zero", "--doctor", *INLINE)
    (row,) = read_csv(tmp_path / "out/measurements.csv")
    examined = len((tmp_path / "calls.txt").read_text())
    (tmp_path / "calls.txt").unlink()
    shown = run(odebench, tmp_path, "-s", "stuck-at-zero", "-o", "alone", *INLINE)
    assert not (tmp_path / "alone/diagnoses.csv").exists()
    assert "doctor" not in shown
    doctors_calls = examined - len((tmp_path / "calls.txt").read_text())
    assert doctors_calls >= 40
    # the solver's own call takes one pause; the doctor's, were they on the clock, would take all of theirs
    assert float(row["wall_s"]) < PAUSE_S * doctors_calls
