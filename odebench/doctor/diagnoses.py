"""From examinations to diagnoses: every pathology is looked for, and the cause is named before what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..model import Solver
from .accumulated_gradient import accumulated_gradient
from .broadcast_residual import broadcast_residual
from .courses import variation
from .dead_units import dead_units
from .detached_derivative import detached_derivative
from .diagnosis import Diagnosis, Pathology
from .difference_noise_floor import difference_noise_floor
from .discretisation_floor import discretisation_floor
from .examination import Examination, badness
from .fixed_point_capture import fixed_point_capture
from .float32_stall import float32_stall
from .initial_condition_imbalance import initial_condition_imbalance
from .learning_rate_decays_early import learning_rate_decays_early
from .learning_rate_too_high import learning_rate_too_high
from .low_loss_wrong_solution import low_loss_wrong_solution
from .saturation import saturation
from .seed_luck import seed_luck
from .span_too_long import span_too_long
from .stalled_training import stalled_training
from .too_few_epochs import too_few_epochs
from .too_few_points import too_few_points
from .trivial_solution import trivial_solution
from .unscaled_time import unscaled_time
from .wrong_variable import wrong_variable

PATHOLOGIES: tuple[Pathology, ...] = (
    wrong_variable,
    broadcast_residual,
    detached_derivative,
    accumulated_gradient,
    dead_units,
    unscaled_time,
    initial_condition_imbalance,
    difference_noise_floor,
    discretisation_floor,
    float32_stall,
    too_few_points,
    span_too_long,
    learning_rate_too_high,
    learning_rate_decays_early,
    saturation,
    trivial_solution,
    fixed_point_capture,
    too_few_epochs,
    stalled_training,
    low_loss_wrong_solution,
)
"""In the order in which they are named where several are found: causes before what follows from them."""


def diagnoses(examination: Examination, solver: Solver | None = None) -> list[Diagnosis]:
    """What is wrong with one solve, the root cause first; empty where nothing is.

    solver: the one that was examined, for remedies as its parameters. Where the fault lies in the code, settings are
    not blamed, but what has become of the network is still told.
    """
    found: list[Diagnosis] = []
    kinds: set[str] = set()
    for pathology in PATHOLOGIES:
        if pathology.kind == "method" and "code" in kinds:
            continue
        if pathology.kind == "rest" and kinds:
            continue
        if pathology is fixed_point_capture and any(d.pathology == discretisation_floor.name for d in found):
            continue  # what damps a solution out is the scheme
        if (diagnosis := pathology.diagnose(examination, solver)) is not None:
            found.append(diagnosis)
            kinds.add(pathology.kind)
    return found


def over_seeds(examinations: Sequence[Examination], solver: Solver | None = None) -> list[Diagnosis]:
    """What is wrong with several solves of one case: each finding once, as it is in the worst solve that has it."""
    # of several that are equally bad, one whose training moved has more to tell
    worst_first = sorted(examinations, key=lambda e: (float(f"{badness(e):.3e}"), variation(e)), reverse=True)
    each = [diagnoses(examination, solver) for examination in worst_first]
    order = {pathology.name: k for k, pathology in enumerate(PATHOLOGIES)}
    named: dict[str, list[Diagnosis]] = {}
    for diagnosis in (d for found in each for d in found):
        named.setdefault(diagnosis.pathology, []).append(diagnosis)
    joined = []
    for name in sorted(named, key=order.__getitem__):
        seeds = f"{len(named[name])} of {len(each)} seeds" if len(each) > 1 else ""
        joined.append(replace(named[name][0], seeds=seeds))
    if (luck := seed_luck.diagnose(examinations)) is not None:
        joined.append(luck)
    return joined
