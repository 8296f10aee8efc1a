"""Run the suite `thread`, and make the tables and figures of docs/thread.md from it.

python docs/thread.py                 # all of it; a run that was interrupted goes on
python docs/thread.py --tables        # the tables alone, from the committed results/thread
"""

import argparse
import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from odebench import IVP
from odebench.cases import selection_text
from odebench.host import Host

ROOT = Path(__file__).parents[1]
KEPT = ("run.json", "measurements.csv", "comparison.csv")
GRADIENTS = ("first_gradient", "last_gradient", "epochs_without_gradient")
HOST = Host(from_environment=False)


# -- the run, and what is kept of it --------------------------------------------------------------------------------


def measure(directory: Path, suite: str, seeds: int | None) -> None:
    """Run the suite into a directory; go on with a run that is there already."""
    if (directory / "run.json").exists():
        arguments = ["--resume", str(directory)]
    else:
        arguments = ["--suite", suite, "-o", str(directory), *(["--seeds", str(seeds)] if seeds else [])]
    subprocess.run([sys.executable, "-m", "odebench", "run", *arguments], check=True)


def keep(run: Path, directory: Path) -> None:
    """Copy the tables, and beside them what the journal alone holds: the norms of gradients."""
    directory.mkdir(parents=True, exist_ok=True)
    for name in KEPT:
        shutil.copyfile(run / name, directory / name)
    with (directory / "gradients.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["case_id", "repeat", *GRADIENTS])
        for line in (run / "measurements.jsonl").read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if row["other_stats"]:
                writer.writerow([row["case_id"], row["repeat"], *(row["other_stats"][name] for name in GRADIENTS)])


# -- tables ---------------------------------------------------------------------------------------------------------


def read(directory: Path) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """The samples of each case that are ok, by problem and solver as they would be typed, without defaults."""
    with (directory / "gradients.csv").open(encoding="utf-8") as file:
        gradients = {(row["case_id"], row["repeat"]): row for row in csv.DictReader(file)}
    cases: dict[tuple[str, str], list[dict[str, Any]]] = {}
    with (directory / "measurements.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["status"] != "ok":
                raise SystemExit(f"expected every sample to be ok, received {row['case_id']}: {row['reason']}")
            made = HOST.problem(row["problem"])(**json.loads(row["problem_params"]))
            numbers = {name: float(row[name]) for name in ("max_abs_error", "rms_abs_error", "final_abs_error")}
            numbers |= {name: float(row[name]) for name in ("final_loss", "wall_s") if row[name]}
            more = gradients.get((row["case_id"], row["repeat"]), {})
            numbers |= {name: float(more[name]) for name in GRADIENTS if name in more}
            numbers["zero"] = _is_zero(numbers, made)
            key = (_typed("problem", row), _typed("solver", row))
            cases.setdefault(key, []).append(numbers)
    return cases


def _typed(kind: str, row: dict[str, str]) -> str:
    function = HOST.problem(row[kind]) if kind == "problem" else HOST.solver(row[kind])
    defaults = function.resolve({})
    return selection_text(row[kind], {k: v for k, v in json.loads(row[f"{kind}_params"]).items() if v != defaults[k]})


def _is_zero(errors: dict[str, float], ivp: IVP) -> bool:
    """Whether the errors are those of an output of zero at all times."""
    assert ivp.exact is not None
    y = np.abs(ivp.exact(ivp.t_eval))
    zero = {"max_abs_error": y.max(), "rms_abs_error": np.sqrt((y**2).mean()), "final_abs_error": y[-1].max()}
    return all(abs(errors[name] - value) <= 1e-14 for name, value in zero.items())


HEADER = (
    "| solver | loss at the end | max error | output zero | no gradient in the last epoch | none from the first |\n"
    "|---|---|---|---|---|---|"
)


def table(cases: dict[tuple[str, str], list[dict[str, Any]]], problem: str, solver: str) -> str:
    """A row a variant of the solver on the problem: the median over its samples, and the least and largest."""
    lines = [HEADER]
    for (on, typed), samples in cases.items():
        if on == problem and typed.partition("[")[0] == solver:
            n = len(samples)
            zero = sum(s["zero"] for s in samples)
            dead = sum(s["last_gradient"] == 0 for s in samples)
            from_the_start = sum(s["first_gradient"] == 0 for s in samples)
            cells = [f"`{typed}`", *(spread(s[name] for s in samples) for name in ("final_loss", "max_abs_error"))]
            lines.append(f"| {' | '.join(cells)} | {zero} of {n} | {dead} of {n} | {from_the_start} of {n} |")
    return "\n".join(lines)


def spread(values: Iterable[float]) -> str:
    """The median, and in brackets the least and the largest."""
    least, median, largest = np.quantile(list(values), [0, 0.5, 1])
    return f"{median:.3g}" if least == largest else f"{median:.3g} ({least:.3g} to {largest:.3g})"


def tables(directory: Path) -> dict[str, str]:
    """Each table of the page, by its name."""
    cases = read(directory)
    problems = list(dict.fromkeys(problem for problem, _ in cases))
    made = {
        f"{solver} on {problem}": table(cases, problem, solver)
        for problem in problems
        for solver in ("thread-a", "thread-b", "thread-c")
    }
    classical = [
        f"| `{problem}` | {spread(s['max_abs_error'] for s in samples)} "
        f"| {min(s['wall_s'] for s in samples) * 1e3:.1f} ms |"
        for (problem, typed), samples in cases.items()
        if typed == "scipy-ivp"
    ]
    made["scipy-ivp"] = "\n".join(["| problem | max error | time |", "|---|---|---|", *classical])
    return made


def enter(page: Path, made: dict[str, str]) -> None:
    """Put each table between its two marks."""
    text = page.read_text(encoding="utf-8")
    for name, lines in made.items():
        begin, end = f"<!-- table: {name} -->\n", "<!-- end -->"
        before, mark, rest = text.partition(begin)
        if mark:
            text = f"{before}{begin}{lines}\n{end}{rest.partition(end)[2]}"
    page.write_text(text, encoding="utf-8")


def main() -> None:
    """Run, keep, tabulate and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, default=ROOT / "results/thread-run", help="where the whole run is or goes")
    parser.add_argument("--suite", default="thread", help="another suite of the same solvers, to try this out")
    parser.add_argument("--seeds", type=int, help="fewer than the suite's 20, to try this out")
    parser.add_argument("--longest", type=int, default=4000, help="epochs a figure may take, to try this out")
    parser.add_argument("--kept", type=Path, default=ROOT / "results/thread", help="where what is committed goes")
    parser.add_argument("--page", type=Path, default=ROOT / "docs/thread.md", help="the page with the tables' places")
    parser.add_argument("--tables", action="store_true", help="make the tables alone, from what is kept")
    asked = parser.parse_args()
    if not asked.tables:
        measure(asked.run, asked.suite, asked.seeds)
        keep(asked.run, asked.kept)
    enter(asked.page, tables(asked.kept))
    if not asked.tables:
        from thread_figures import draw  # beside this file

        draw(asked.page.parent / "figures", asked.seeds or 20, asked.longest)


if __name__ == "__main__":
    main()
