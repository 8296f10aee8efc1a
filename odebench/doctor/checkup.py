"""A solver on a problem, examined: solved once a seed under the doctor's eyes, and with the remedy once more."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .. import checks, references
from ..backends import Array
from ..cases import Case, Variant, seed_for
from ..cases import one_variant as one_variant
from ..errors import Diverged, OdebenchError, SolverFailed, Unsupported, one_line
from ..host import Host
from ..model import IVP, Solver
from ..references import Reference
from .diagnoses import over_seeds
from .diagnosis import Diagnosis
from .examination import Examination, badness
from .examiner import Examiner


class Unexaminable(OdebenchError):
    """A solver that cannot run here, does not do this problem, or refuses its parameters."""


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
    def remedies(self) -> list[Mapping[str, Any]]:
        """The parameters that the diagnoses prescribe, of the root cause first."""
        return [d.parameters for d in self.diagnoses if d.parameters is not None]


@dataclass(frozen=True, eq=False)
class Treatment:
    """A remedy, and what came of it."""

    changed: Mapping[str, Any]
    """All parameters that are other than at first."""
    checkup: Checkup


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
        examinations.append(_watched(ivp, known.y, method, solver.params, arguments))
        on_solved(k + 1)
    return Checkup(case, tuple(examinations), tuple(over_seeds(examinations, method)))


def treat(
    host: Host,
    checkup: Checkup,
    *,
    rounds: int = 4,
    base_seed: int = 0,
    on_round: Callable[[float], None] = lambda done: None,
) -> list[Treatment]:
    """Try the first remedy that is a parameter, then that of what is found next, until nothing is or nothing is new.

    A remedy that the solver refuses, beside its other parameters, is passed over. `on_round` hears which part of the
    rounds is done.
    """
    case, seeds = checkup.case, len(checkup.examinations)
    reference = references.reference(host.problem(case.problem.name)(**case.problem.params))
    method = host.solver(case.solver.name)
    tried = {case.solver.key}
    treatments: list[Treatment] = []
    while len(treatments) < rounds:
        for remedy in checkup.remedies:
            solver = Variant(method.name, method.resolve({**checkup.case.solver.params, **remedy}))
            if solver.key in tried:
                continue
            tried.add(solver.key)
            with suppress(Unexaminable):
                checkup = examine(host, case.problem, solver, seeds=seeds, base_seed=base_seed, reference=reference)
                changed = {name: value for name, value in solver.params.items() if value != case.solver.params[name]}
                treatments.append(Treatment(changed, checkup))
                on_round(len(treatments) / rounds)
                break
        else:
            break
    return treatments


def _watched(
    ivp: IVP, truth: Array, method: Solver, parameters: Mapping[str, Any], arguments: Mapping[str, Any]
) -> Examination:
    """One solve; what is raised after the first report is part of what was seen."""
    import numpy as np

    examiner = Examiner(ivp)
    seen: dict[str, Any] = {"truth": truth, "parameters": parameters, "seed": arguments.get("seed")}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            watch = {"monitor": examiner} if method.reports else {}
            solution = method.function(ivp, ivp.t_eval, **arguments, **watch)
            checks.states(solution, ivp)
            return examiner.examination(solution, **seen)
        except Unsupported as error:
            raise Unexaminable(f"solver {method.name!r} does not do this problem: {one_line(error)}") from error
        except (Diverged, SolverFailed) as error:
            return examiner.examination(None, ended=one_line(error), **seen)
        except OdebenchError as error:
            raise Unexaminable(f"solver {method.name!r}: {one_line(error)}") from error
        except Exception as error:
            raised = f"raised {type(error).__name__}: {one_line(error)}"
            if not examiner.looks:
                raise Unexaminable(f"solver {method.name!r} {raised}") from error
            return examiner.examination(None, ended=raised, **seen)
