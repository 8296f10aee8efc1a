"""A solver on a problem, examined: solved once a seed under the doctor's eyes, and with the remedy once more."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .. import references
from ..cases import Case, Variant, Variants, seed_for
from ..errors import BadSelection, Diverged, OdebenchError, SolverFailed, Unsupported, one_line
from ..host import Host
from ..model import IVP, Solution
from ..parameters import NamedFunction
from ..references import Reference
from .diagnosis import Diagnosis
from .examination import Examination, Examiner, badness
from .findings import over_seeds


class Unexaminable(OdebenchError):
    """A solver that cannot run here, or does not do this problem."""


@dataclass(frozen=True, eq=False)
class Checkup:
    """What was seen of a case, and what is wrong with it."""

    case: Case
    examinations: tuple[Examination, ...]
    """One a seed; one of a solver without chance."""
    diagnoses: tuple[Diagnosis, ...]
    """The root cause first; empty where nothing is wrong."""

    @property
    def worst(self) -> Examination:
        """The examination with the largest error."""
        return max(self.examinations, key=badness)

    @property
    def remedy(self) -> Mapping[str, Any] | None:
        """The parameters of the first diagnosis that has any."""
        return next((d.parameters for d in self.diagnoses if d.parameters is not None), None)


@dataclass(frozen=True, eq=False)
class Trial:
    """A remedy, and what came of it."""

    changed: Mapping[str, Any]
    """All parameters that are other than at first."""
    checkup: Checkup


def one_variant(selection: str, look_up: Callable[[str], NamedFunction[Any]]) -> Variant:
    """The one variant selected, as 'pinn-autograd[epochs=5]' does.

    Raises `BadSelection` where it sweeps, and what `Variants` raises.
    """
    variants = Variants([selection], look_up)
    if len(variants) != 1:
        raise BadSelection(
            f"expected one value a parameter, received {selection!r}, which are {len(variants)} variants."
        )
    return next(iter(variants))


def examine(
    host: Host,
    problem: Variant,
    solver: Variant,
    *,
    seeds: int = 3,
    base_seed: int = 0,
    reference: Reference | None = None,
    on_solved: Callable[[int], None] = lambda solved: None,
) -> Checkup:
    """Solve the case in this process, once a seed, and say what is wrong; `on_solved` hears how many are done.

    The seeds are those of a run's samples of the case. Raises `Unexaminable` where the solver cannot run or says that
    the problem is not for it; what else ends a solve is part of what was seen.
    """
    method = host.solver(solver.name)
    if reason := host.missing(method):
        raise Unexaminable(f"solver {solver.name!r} cannot run here: it {reason}.")
    ivp = host.problem(problem.name)(**problem.params)
    known = reference or references.reference(ivp)
    case = Case(problem, solver)
    examinations = []
    for k in range(seeds if method.uses_chance else 1):
        seed = seed_for(base_seed, case.id, k) if method.uses_chance else None
        arguments = {**solver.params, **({"seed": seed} if method.uses_chance else {})}
        examinations.append(_watched(ivp, known, method.function, arguments, solver, seed, method.reports))
        on_solved(k + 1)
    return Checkup(case, tuple(examinations), tuple(over_seeds(examinations, method)))


def treat(host: Host, checkup: Checkup, *, rounds: int = 4, base_seed: int = 0) -> list[Trial]:
    """Try the first remedy that is a parameter, then that of what is found next, until nothing is or nothing is new."""
    first = checkup.case.solver.params
    reference = references.reference(host.problem(checkup.case.problem.name)(**checkup.case.problem.params))
    method = host.solver(checkup.case.solver.name)
    trials: list[Trial] = []
    tried = {checkup.case.solver.key}
    for _ in range(rounds):
        remedy = checkup.remedy
        if remedy is None:
            break
        solver = Variant(method.name, method.resolve({**checkup.case.solver.params, **remedy}))
        if solver.key in tried:
            break
        tried.add(solver.key)
        seeds = len(checkup.examinations)
        checkup = examine(host, checkup.case.problem, solver, seeds=seeds, base_seed=base_seed, reference=reference)
        changed = {name: value for name, value in solver.params.items() if value != first[name]}
        trials.append(Trial(changed, checkup))
    return trials


def _watched(
    ivp: IVP,
    reference: Reference,
    solve: Callable[..., Solution],
    arguments: dict[str, Any],
    solver: Variant,
    seed: int | None,
    reports: bool,
) -> Examination:
    import numpy as np

    examiner = Examiner(ivp)
    solution, ended = None, None
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            solution = solve(ivp, ivp.t_eval, **arguments, **({"monitor": examiner} if reports else {}))
        except Unsupported as error:
            raise Unexaminable(f"solver {solver.name!r} does not do this problem: {one_line(error)}") from error
        except (Diverged, SolverFailed) as error:
            ended = one_line(error)
        return examiner.examination(solution, truth=reference.y, parameters=solver.params, seed=seed, ended=ended)
