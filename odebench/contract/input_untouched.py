"""The rule about what is handed over."""

from __future__ import annotations

from collections.abc import Iterator

from .rule import Finding, rule
from .subject import Subject


@rule(needs=["states"])
def input_untouched(subject: Subject) -> Iterator[Finding]:
    """It leaves y0, t_eval and the problem as they are, by torch or C as well, which numpy's flag does not stop."""
    for problem in (subject.first_supported("decay", "spiral"), subject.first_supported("spiral", "decay")):
        subject.solve(problem)
    for call in subject.touched[:1]:
        yield Finding(
            "it changed its input (y0, t_eval or the problem's own attributes): work on a copy, such as "
            "np.array(ivp.y0) or torch.tensor(ivp.y0); torch.from_numpy shares the memory.",
            f"{call}\nprint(ivp.y0, ivp.t_eval)",
        )
