"""The rule about what a process shares."""

from __future__ import annotations

from collections.abc import Iterator

from .rule import Broken, Finding, rule
from .subject import Subject
from .surroundings import other_surroundings

_STIRRED = "\n".join(
    [
        "import os, random, sys, tempfile, numpy as np",
        "np.random.seed(987); random.seed(987); np.seterr(divide='raise', over='raise', invalid='raise')",
        "os.chdir(tempfile.mkdtemp()); os.environ['LANG'] = os.environ['LC_ALL'] = 'de_DE.UTF-8'",
        "if torch := sys.modules.get('torch'):",
        "    torch.manual_seed(987); torch.set_default_dtype(torch.float64)",
        "if jax := sys.modules.get('jax'):",
        "    jax.config.update('jax_enable_x64', not jax.config.jax_enable_x64)",
    ]
)


@rule(needs=["states", "same-seed", "run-twice"])
def global_state(subject: Subject) -> Iterator[Finding]:
    """It neither depends on the process's global state nor changes it.

    The state: the generators of random, numpy and torch, np.seterr, torch's default dtype, JAX's x64 mode, the working
    directory, the environment, the locale, the decimal precision, the warnings' filters.
    """
    problem = subject.first_supported("decay", "spiral")
    before = subject.solve(problem)
    if subject.changes:
        yield Finding(
            f"it changes what the whole process shares, and does not put it back: {'; '.join(subject.changes)}.",
            subject.call(problem),
        )
    call = "\n".join(
        [
            subject.call(problem, name="first"),
            _STIRRED,
            *subject.call_lines(problem, name="second"),
            "print(abs(first.y - second.y).max())",
        ]
    )
    try:
        with other_surroundings():
            after = subject.solve(problem, again=True, bare=True)
    except Broken as broken:
        yield Finding(f"in other surroundings, {broken.finding.text}", call)
        return
    if before.y.tobytes() != after.y.tobytes():
        off = abs(before.y - after.y).max()
        yield Finding(
            f"with the process's global state changed, its values differ by {off:.2g}: {_WHAT}.",
            call,
        )


_WHAT = (
    "name the dtype of every tensor, draw from generators of its own, and depend on no working directory, environment "
    "variable or locale"
)
