"""Which cases are rungs of one ladder of effort, and so points of one curve."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import pandas as pd

from ..backends import Array
from ..text import differing, variant

_Params: TypeAlias = Mapping[str, Any]
_KEPT = 0.75  # of the variants are more than any product of two sweeps has along one ladder: the others are strays
_MOST_FOR_STRAYS = 400
_FASTER = math.log(1.1)  # a rung, on average, of a ladder that is told the wrong way round


def assign(cases: pd.DataFrame, ladder_parameters: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    """`cases` with `curve` and `rung`: the curve's name, and the position along its ladder from 0, in order of effort.

    `ladder_parameters` names, by solver, the parameters that its ladder varies. A curve is a solver with those of
    its parameters that differ within `cases` and are not of the ladder, such as `scipy-ivp[method=DOP853]`; a rung is
    the same parameters on every problem. Where the ladder's parameters were swept one against the other, the first
    is the ladder; where a few cases alone stray from it, these are curves of their own. Of a solver without a ladder,
    whole numbers and tolerances make one where they were swept together, and nothing does where they were not.
    Effort rises with whole numbers and falls with others, but for ladders whose measured times clearly say otherwise.
    """
    variants: dict[str, dict[str, _Params]] = {}
    for solver, text in cases[["solver", "solver_params"]].drop_duplicates().itertuples(index=False):
        variants.setdefault(solver, {})[text] = json.loads(text)
    found = {
        (solver, text): (name, k, len(texts) - 1)
        for solver, of_solver in variants.items()
        for name, texts in _curves(solver, of_solver, ladder_parameters.get(solver, ()))
        for k, text in enumerate(texts)
    }
    places = [found[key] for key in zip(cases["solver"], cases["solver_params"], strict=True)]
    table = cases.assign(curve=[name for name, _, _ in places], rung=[k for _, k, _ in places])
    table["rung"] = table["rung"].astype("int64")
    turned = _gets_faster(table)
    last = table["rung"] * 0 + [last for _, _, last in places]
    table["rung"] = table["rung"].where(~turned, last - table["rung"])
    return table


def _curves(solver: str, variants: Mapping[str, _Params], declared: Sequence[str]) -> list[tuple[str, list[str]]]:
    """Each curve's name, and its variants along the ladder."""
    varying = differing(variants.values())
    ladder = [name for name in declared or varying if name in varying and _is_number(name, variants, declared)]
    groups = _by(variants, [name for name in varying if name not in ladder])
    strays: set[str] = set()
    if ladder:
        chains = [longest_chain(group, variants, ladder) for group in groups]
        if all(len(chain) > _KEPT * len(group) for chain, group in zip(chains, groups, strict=True)):
            strays = {text for chain, group in zip(chains, groups, strict=True) for text in group if text not in chain}
            groups = chains
        else:
            ladder = list(ladder[:1]) if declared else []
            groups = [longest_chain(group, variants, ladder) for group in _by(variants, _without(varying, ladder))]
    found = [(variant(solver, variants[group[0]], _without(varying, ladder)), group) for group in groups]
    return found + [(variant(solver, variants[text], varying), [text]) for text in variants if text in strays]


def _is_number(name: str, variants: Mapping[str, _Params], declared: Sequence[str]) -> bool:
    """Whether a parameter can be a ladder's: a number; where nobody says so, a whole one or a tolerance."""
    numbers = [params.get(name) for params in variants.values()]
    kinds = (int, float) if declared or "tol" in name else (int,)
    return all(isinstance(number, kinds) and not isinstance(number, bool) for number in numbers)


def _by(variants: Mapping[str, _Params], names: Sequence[str]) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for text, params in variants.items():
        groups.setdefault(json.dumps([(params[n], n) for n in names if n in params]), []).append(text)
    return list(groups.values())


def _without(names: Sequence[str], left_out: Sequence[str]) -> list[str]:
    return [name for name in names if name not in left_out]


def longest_chain(group: list[str], variants: Mapping[str, _Params], ladder: Sequence[str]) -> list[str]:
    """Return the longest sequence of variants, in order of effort, in which no parameter of the ladder turns back."""
    import numpy as np

    if not ladder:
        return group
    points = np.array([[variants[text][name] for name in ladder] for text in group], dtype=float)
    whole = all(isinstance(variants[text][ladder[0]], int) for text in group)
    points[:, 0] *= 1 if whole else -1
    for k in range(1, len(ladder)):  # the way it goes with the first
        steps = np.sign(points[:, None, (0, k)] - points[None, :, (0, k)])
        points[:, k] *= -1 if steps.prod(axis=2).sum() < 0 else 1
    order = np.lexsort(points.T[::-1])
    rising = points[order]
    if (np.diff(rising, axis=0) >= 0).all():
        return [group[k] for k in order]
    return [] if len(group) > _MOST_FOR_STRAYS else [group[order[k]] for k in _longest(rising)]


def _longest(points: Array) -> list[int]:
    """The longest subsequence along which no coordinate falls, of points that are sorted by the first."""
    import numpy as np

    length, before = np.ones(len(points), dtype=int), np.full(len(points), -1)
    for k in range(1, len(points)):
        below = np.where((points[:k] <= points[k]).all(axis=1), length[:k], 0)
        if below.max():
            before[k] = below.argmax()
            length[k] = below.max() + 1
    chain = [int(length.argmax())]
    while before[chain[-1]] >= 0:
        chain.append(int(before[chain[-1]]))
    return chain[::-1]


def _gets_faster(table: pd.DataFrame) -> pd.Series[bool]:
    """Whether a case's curve gets clearly faster along its ladder, as it would the wrong way round."""
    seconds = table["wall_s_median"].astype("float64")
    seconds = seconds.where((seconds > 0) & (seconds < math.inf)).map(math.log, na_action="ignore")
    ladder = [table[name] for name in ("problem", "problem_params", "curve")]
    place = table["rung"].where(seconds.notna()).astype("float64")
    away = place - place.groupby(ladder).transform("mean")
    together, alone = ((away * other).groupby(table["curve"]).transform("sum") for other in (seconds, away))
    return together < -_FASTER * alone
