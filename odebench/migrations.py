"""What run.json said in older versions of odebench, brought up to what it says now: a function a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

SCHEMA_VERSION = 2
"""Of the run.json that is written."""

Meta = dict[str, Any]


def named_and_tagged(meta: Mapping[str, Any]) -> Meta:
    """1 to 2: which problems and solvers the run is of, with their tags; of an older run nobody knows them."""
    return {**meta, "problems": {}, "solvers": {}}


STEPS: dict[int, Callable[[Mapping[str, Any]], Meta]] = {1: named_and_tagged}
"""From a version to the next."""


def is_known(version: object) -> bool:
    """Whether it is the current version of run.json or a past one, and not that of a newer odebench, or none."""
    return type(version) is int and min(STEPS) <= version <= SCHEMA_VERSION


def migrate(meta: Meta) -> Meta:
    """What run.json would say had it been written today; what an older version did not record is empty."""
    for step in range(meta["schema_version"], SCHEMA_VERSION):
        meta = {**STEPS[step](meta), "schema_version": step + 1}
    return meta
