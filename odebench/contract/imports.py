"""The rule about what importing a plugin costs."""

from __future__ import annotations

import json
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
_CODE = """
import json, sys
import numpy, odebench.testing, odebench.host, runpy
before = set(sys.modules)
{locate}
print(json.dumps(sorted({{name.partition(".")[0] for name in set(sys.modules) - before}})))
"""


@rule()
def imports(subject: Subject) -> Iterator[Finding]:
    """Importing it imports no torch and nothing else that is heavy: that is left to the call."""
    locate = subject.locate
    printed = subject.elsewhere(_CODE.format(locate=locate)).splitlines()
    imported = set(json.loads(printed[-1])) if printed else set()
    named = [re.split(r"[^\w-]", requirement, maxsplit=1)[0] for requirement in subject.solver.requires]
    required = {name.replace("-", "_") for name in named}
    if found := sorted(imported & (HEAVY | required - {"numpy"})):
        yield Finding(
            f"importing it imports {', '.join(found)}, so that merely listing solvers takes as long; import them "
            "inside the function.",
            f"import sys\n{locate}\nprint({found[0]!r} in sys.modules)",
        )
