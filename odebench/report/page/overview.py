"""What ran, where and how, and what did not work: the first thing on the page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ... import measurement, text
from ...analysis import circumstances
from ...journal import Run
from ...results import Results

if TYPE_CHECKING:
    import pandas as pd

MOST_GROUPS = 50
_MOST_NAMES = 4
_PACKAGES = ("numpy", "scipy", "pandas", "torch", "jax", "heyoka", "scikit-sundae", "diffrax", "numba", "CyRK")
_NUMBER = re.compile(r"(?<![A-Za-z_])[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")


def runs(results: Results) -> list[dict[str, Any]]:
    """Each run as what stands in its box: a heading and pairs of words."""
    return [{"id": run.id, "facts": _facts(run)} for run in results.runs]


def _facts(run: Run) -> dict[str, str]:
    meta, environment = run.meta, run.meta.get("environment", {})
    versions = environment.get("versions", {})
    memory = environment.get("memory_mb")
    facts = {
        "directory": run.directory.name,
        "began": _moment(meta.get("started_at")),
        "ended": _moment(meta.get("finished_at")) or "not yet",
        "status": str(meta.get("status", "")),
        "odebench": " ".join(filter(None, [environment.get("odebench"), _commit(environment)])),
        "machine": ", ".join(
            filter(
                None,
                [
                    environment.get("cpu"),
                    text.count(environment["cores"], "core") if environment.get("cores") else None,
                    f"{memory / 1024:.0f} GiB" if isinstance(memory, int | float) else None,
                    environment.get("architecture"),
                ],
            )
        ),
        "system": str(environment.get("system", "")),
        "Python": " ".join(filter(None, [environment.get("implementation"), environment.get("python")])),
        "libraries": ", ".join(f"{name} {versions[name]}" for name in _PACKAGES if name in versions),
        "plugins": ", ".join(
            f"{p['name']} {p['version']}" for p in meta.get("plugins", ()) if p.get("source") != "built-in"
        ),
        "protocol": _words(meta.get("protocol", {})),
        "asked": _words(meta.get("asked", {})),
    }
    if len(machines := meta.get("machines", {})) > 1:
        facts["machine"] += f" (and {len(machines) - 1} more)"
    return {key: value for key, value in facts.items() if value}


def _commit(environment: Mapping[str, Any]) -> str:
    return f"(commit {environment['commit']})" if environment.get("commit") else ""


def _moment(stamp: object) -> str:
    return f"{stamp[:10]} {stamp[11:19]} UTC" if isinstance(stamp, str) else ""


def _words(said: object) -> str:
    if not isinstance(said, Mapping):
        return ""
    words = {k: ", ".join(map(str, v)) if isinstance(v, list) else v for k, v in said.items()}
    return "; ".join(f"{k.replace('_', ' ')}: {v}" for k, v in words.items() if v not in (None, "", False))


def failures(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The cases that were not done, by status and reason, the most frequent first.

    Reasons that differ in their numbers alone are one; the first stands for all.
    """
    bad = table[table["status"] != measurement.OK]
    alike = bad["reason"].fillna("").astype(str).str.replace(_NUMBER, "#", regex=True)
    groups = [
        {
            "status": str(status),
            "reason": next((r for r in rows["reason"] if isinstance(r, str)), ""),
            "several": rows["reason"].nunique() > 1,
            "cases": len(rows),
            "solvers": _some(rows["curve"]),
            "problems": _some(rows["problem_label"]),
        }
        for (status, _), rows in bad.groupby(["status", alike], sort=False)
    ]
    return sorted(groups, key=lambda group: -group["cases"])


def _some(names: pd.Series[str]) -> str:
    distinct = list(dict.fromkeys(names))
    more = len(distinct) - _MOST_NAMES
    return ", ".join(distinct[:_MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def warnings(results: Results, table: pd.DataFrame) -> list[str]:
    """What has to be known before any number is believed, a sentence each."""
    said = list(circumstances.warnings(results.runs))
    ok = table[table["status"] == measurement.OK]
    unstable = int((ok["unstable"] == True).sum())  # noqa: E712  (pandas' own true)
    if unstable:
        said.append(f"The times of {unstable} of {len(ok)} solved cases scatter: marked unstable.")
    if floor := int((ok["at_reference_floor"] == True).sum()):  # noqa: E712
        said.append(
            f"{floor} of {len(ok)} solved cases {'is' if floor == 1 else 'are'} as accurate as the reference itself: "
            "the error is given as the reference's, marked ≤, and may be less."
        )
    if oracles := sorted(set(ok.loc[ok["oracle"], "solver"])):
        said.append(f"Told the solution, and so not ranked (oracle): {', '.join(oracles)}.")
    return said
