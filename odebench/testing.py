"""The contract of a solver plugin, for its author's tests.

```python
from odebench.testing import SolverContract
from my_package import my_solver

class TestMySolver(SolverContract):
    solver = my_solver
```

pytest then shows one test a rule; a rule that does not apply is skipped, and says why. docs/contract.md has the rules.
`odebench check my-solver` is the same without pytest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, ClassVar

from .contract import ACCURACY, Contract, Subject
from .contract import BROKEN as _BROKEN
from .contract import KEPT as _KEPT
from .contract import NOT_TRIED as _NOT_TRIED
from .contract import PROBLEMS as PROBLEMS
from .contract import RULES as RULES
from .contract import locate_by_name as _locate_by_name
from .host import Host
from .model import Solver


class SolverContract:
    """Subclass it, name a solver, and pytest has a test for each rule of the contract."""

    solver: ClassVar[Solver | str]
    """The solver, or the name under which an installed plugin registers it."""

    parameters: ClassVar[Mapping[str, Any]] = {}
    """Parameters that it is to be examined with, where the defaults take too long, say."""

    accuracy: ClassVar[float] = ACCURACY
    """The error, as a part of the solution's size, up to which what it returns is taken for a solution."""

    seconds: ClassVar[float] = 120.0
    """After so many, rules that are left are not tried, and skipped."""

    breaks: ClassVar[Mapping[str, str]] = {}
    """Rules that it is known to break, and why. One that it keeps after all fails: it is no longer needed."""

    _contract: ClassVar[Contract | None] = None

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls._contract = None
        if unknown := [name for name in cls.breaks if name not in RULES]:
            raise ValueError(f"expected rules as keys of {cls.__name__}.breaks, received {unknown[0]!r}; {list(RULES)}")

    @classmethod
    def contract(cls) -> Contract:
        """The solver of this class, held to the contract; the tests share it and what it has found out."""
        if cls._contract is None:
            solver = _solver(cls)
            if reason := _host().missing(solver):
                import pytest

                pytest.skip(f"{solver.name} {reason}")
            cls._contract = Contract(
                Subject(
                    solver,
                    cls.parameters,
                    accuracy=cls.accuracy,
                    locate=_locate_by_name(solver.name, ()) if isinstance(cls.solver, str) else None,
                ),
                seconds=cls.seconds,
            )
        return cls._contract


def _solver(cls: type[SolverContract]) -> Solver:
    solver = getattr(cls, "solver", None)
    if isinstance(solver, str):
        solver = _host().solver(solver)
    if not isinstance(solver, Solver):
        raise TypeError(
            f"expected {cls.__name__}.solver as a function decorated with @solver, or the name of one, "
            f"received {solver!r}"
        )
    return solver


@cache
def _host() -> Host:
    return Host()


def _test(name: str) -> Callable[[SolverContract], None]:
    def test(self: SolverContract) -> None:
        import pytest

        outcome = self.contract().outcome(name)
        findings = "\n".join(map(str, outcome.findings))
        if (reason := self.breaks.get(name)) is not None:
            if outcome.status == _BROKEN:
                pytest.xfail(f"{reason} ({outcome.findings[0].text})")
            if outcome.status != _NOT_TRIED:
                pytest.fail(f"the rule {name!r} is {outcome.status}: take it out of breaks, where it says {reason!r}")
        if outcome.status == _BROKEN:
            pytest.fail(findings, pytrace=False)
        if outcome.status != _KEPT:
            pytest.skip(f"{outcome.status}: {outcome.why}")

    test.__doc__ = RULES[name].title
    return test


for _name in RULES:
    setattr(SolverContract, f"test_{_name.replace('-', '_')}", _test(_name))
