"""What the doctor found, for the terminal and as data."""

from __future__ import annotations

import json
import math
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, TYPE_CHECKING, Any

from .. import text
from ..cases import value_text
from ..doctor import Checkup, Diagnosis, Examination, Treatment
from ..measurement import DiagnosisRow, Measurement

if TYPE_CHECKING:
    from rich.console import Console

_WIDTH_IN_A_FILE = 110
_MOST_LINES = 12


def print_checkup(title: str, checkup: Checkup, file: IO[str] | None = None) -> None:
    """What was found, the root cause first, and what could not be examined."""
    console = _console(file)
    console.print(title, style="bold")
    for examination in checkup.examinations:
        console.print(f"  {_summary(examination)}", style="dim")
    console.print()
    if not checkup.diagnoses and checkup.worst.is_good:
        console.print("nothing was found", style="bold green")
    elif not checkup.diagnoses:
        error = checkup.worst.error
        of = "" if error is None or math.isinf(error) else f" of {error:.2g} of the solution's size"
        console.print(f"nothing was found that explains the error{of}", style="bold")
    for number, diagnosis in enumerate(checkup.diagnoses, 1):
        _print_diagnosis(console, number, diagnosis)
    for unseen in checkup.examinations[0].unseen:
        console.print(f"not examined: {text.plain(unseen)}", style="dim")


def print_treatments(before: Checkup, treatments: Sequence[Treatment], file: IO[str] | None = None) -> None:
    """Error, loss and findings before and after each remedy; of several seeds, the worst."""
    from rich import box
    from rich.table import Table

    table = Table(title="the remedies, tried", title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    table.padding = (0, 1, 0, 0)
    table.add_column("")
    table.add_column("changed", overflow="fold")
    for heading in ("max error", "loss"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("findings", overflow="fold")
    table.add_row("before", "", *_came_to(before))
    for treatment in treatments:
        table.add_row("after", _values(treatment.changed), *_came_to(treatment.checkup))
    _console(file).print(table)


def summary(rows: Iterable[Measurement]) -> str:
    """What the doctor found in a run, a line a case and pathology; the first dozen of them."""
    samples: Counter[str] = Counter()
    found: Counter[tuple[str, str, str]] = Counter()
    for row in rows:
        samples[row.case_id] += 1
        # read from a journal they are plain lists
        for pathology in dict.fromkeys(DiagnosisRow._make(found).pathology for found in row.diagnoses):
            found[f"{row.solver} on {row.problem}", row.case_id, pathology] += 1
    lines = [
        f"the doctor: {case}: {pathology} in {count} of {text.count(samples[case_id], 'sample')}"
        for (case, case_id, pathology), count in found.items()
    ]
    if len(lines) > _MOST_LINES:
        lines[_MOST_LINES:] = [f"the doctor: and {len(lines) - _MOST_LINES} more in diagnoses.csv"]
    return "\n".join(lines) or "the doctor: nothing was found"


def _came_to(checkup: Checkup) -> tuple[str, str, str]:
    worst = checkup.worst
    error = "no solution" if worst.ended else text.error(worst.max_abs_error)
    found = ", ".join(d.pathology for d in checkup.diagnoses) or "none"
    return error, text.error(worst.final_loss), found


def _values(parameters: Mapping[str, Any]) -> str:
    """'points=84,width=32'."""
    return ",".join(f"{name}={value_text(value)}" for name, value in parameters.items())


def as_data(checkup: Checkup) -> dict[str, Any]:
    """The same for programs: JSON holds it."""
    worst = checkup.worst
    return {
        "solver": checkup.case.solver.name,
        "solver_params": dict(checkup.case.solver.params),
        "problem": checkup.case.problem.name,
        "problem_params": dict(checkup.case.problem.params),
        "seeds": [e.seed for e in checkup.examinations],
        "max_abs_error": [_finite(e.max_abs_error) for e in checkup.examinations],
        "final_loss": [_finite(e.final_loss) for e in checkup.examinations],
        "ended": worst.ended,
        "findings": [diagnosis.data() for diagnosis in checkup.diagnoses],
        "not_examined": worst.unseen,
    }


def to_json(data: Any) -> str:
    """As text."""
    return json.dumps(data, indent=2, ensure_ascii=False, allow_nan=False)


def _console(file: IO[str] | None) -> Console:
    from rich.console import Console

    file = file or sys.stdout
    width = None if file.isatty() or "COLUMNS" in os.environ else _WIDTH_IN_A_FILE
    return Console(file=file, width=width, highlight=False, markup=False, emoji=False)


def _print_diagnosis(console: Console, number: int, diagnosis: Diagnosis) -> None:
    from rich.padding import Padding
    from rich.table import Table

    seeds = f" ({diagnosis.seeds})" if diagnosis.seeds else ""
    console.print(f"{number}. {diagnosis.pathology}{seeds}", style="bold yellow" if number > 1 else "bold red")
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("finding", diagnosis.finding)
    grid.add_row("signal", f"{diagnosis.value:.3g}, above {diagnosis.threshold:g}: {diagnosis.signal}")
    grid.add_row("remedy", diagnosis.remedy)
    if diagnosis.parameters is not None:
        grid.add_row("try", _values(diagnosis.parameters))
    console.print(Padding(grid, (0, 0, 1, 3), expand=False))


def _summary(examination: Examination) -> str:
    parts = [] if examination.seed is None else [f"seed {examination.seed}"]
    if examination.ended is not None:
        parts.append(f"ended: {text.plain(examination.ended)}")
    error = examination.max_abs_error
    if error is not None:
        parts.append(f"max error {error:.2e}")
    if examination.final_loss is not None:
        parts.append(f"loss {examination.final_loss:.6g}")
    if examination.losses:
        parts.append(f"{examination.losses[-1][0]} steps, {len(examination.looks)} looks")
    return ", ".join(parts)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
