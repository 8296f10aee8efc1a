"""The rule about what importing a plugin costs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .rule import Finding, rule
from .subject import Subject

HEAVY = {
    "torch",
    "jax",
    "tensorflow",
    "scipy",
    "pandas",
    "matplotlib",
    "sympy",
    "numba",
    "heyoka",
    "sksundae",
    "diffrax",
    "equinox",
    "torchdiffeq",
    "extensisq",
    "probdiffeq",
    "deepxde",
    "neurodiffeq",
}


@rule()
def imports(subject: Subject) -> Iterator[Finding]:
    """Importing it imports no torch and nothing else that is heavy: that is left to the call."""
    there = subject.imported()
    if there.imported is None:
        yield Finding(f"importing it in another process {there.failure}.", f"{subject.locate}\nprint(solver)")
        return
    named = [re.split(r"[^\w-]", requirement, maxsplit=1)[0] for requirement in subject.solver.requires]
    required = {name.replace("-", "_") for name in named}
    if found := sorted(there.imported & (HEAVY | required - {"numpy"})):
        yield Finding(
            f"importing it imports {', '.join(found)}, so that merely listing solvers takes as long; import them "
            "inside the function.",
            f"import sys\n{subject.locate}\nprint({found[0]!r} in sys.modules)",
        )
