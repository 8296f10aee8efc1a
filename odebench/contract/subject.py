"""A solver under examination: it is called here, on the contract's problems, and every call can be pasted."""

from __future__ import annotations

import importlib.util
import inspect
import time
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import checks
from ..backends import Array
from ..errors import BadSolution, Diverged, SolverFailed, Unsupported, one_line
from ..model import IVP, Monitor, Solution, Solver
from .elsewhere import PATIENCE_S, Elsewhere, elsewhere
from .problems import PROBLEMS
from .rule import Broken, DoesNotApply, Finding
from .surroundings import Surroundings, one_thread

_ROUNDING = {"float64": 1e-9, "float32": 1e-5}
SEED = 1
ACCURACY = 0.1
"""The error, as a part of the solution's size, up to which a solution is taken for one: y0 for ever is off by 0.6."""


@dataclass(frozen=True, eq=False)
class Solved:
    """One call and what it returned."""

    ivp: IVP
    solution: Solution
    y: Array
    """At `ivp.t_eval`, (n, d), float64."""
    size: float
    """The largest component of the true solution."""
    error: float
    """The largest error at `ivp.t_eval`, as a part of `size`."""
    seconds: float


class Subject:
    """A solver with the parameters that it is to be examined with.

    `accuracy` is the error, as a part of the solution's size, up to which a solution is taken for one.
    """

    def __init__(
        self,
        solver: Solver,
        parameters: Mapping[str, Any] | None = None,
        *,
        accuracy: float = ACCURACY,
        locate: str | None = None,
        patience_s: float = PATIENCE_S,
    ) -> None:
        """`locate`: lines of Python that set `solver`, for what is to be pasted; found out where they are not given.

        `patience_s` is what it may take to be found and called in another process.
        """
        self.solver, self.accuracy = solver, accuracy
        self.parameters = solver.resolve(parameters or {})
        self._given = dict(parameters or {})
        self.rounding = _ROUNDING.get(str(self.parameters.get("dtype")), _ROUNDING["float64"])
        """What two solutions may differ by, of the solution's size, beside the error that they have anyway; more where
        a parameter `dtype` says that float32 is computed in."""
        self._locate, self._patience_s = locate, patience_s
        self._ivps: dict[str, IVP] = {}
        self._solved: dict[str, Solved] = {}
        self._elsewhere: dict[str, Elsewhere] = {}
        self.touched: list[str] = []
        """The calls, as Python, that changed their input."""
        self.changes: list[str] = []
        """What the calls have changed in the process; each was put back."""

    # -- solving ----------------------------------------------------------------------------------------------

    def solve(
        self,
        problem: str,
        *,
        seed: int = SEED,
        again: bool = False,
        bare: bool = False,
        parameters: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Solved:
        """The solution of a problem of the contract, with these `options` of it; kept, unless `again` asks anew.

        `bare` leaves numpy's error handling and the warnings' filters as they are.

        Raises `DoesNotApply` where the solver does not do the problem, `Broken` where it does anything else than
        return a solution.
        """
        call = self.call(problem, seed=seed, parameters=parameters, **options)
        if again or call not in self._solved:
            try:
                solved = self.attempt(problem, seed=seed, bare=bare, parameters=parameters, **options)
            except Unsupported as error:
                raise DoesNotApply(f"it does not do {problem!r}: {one_line(error)}") from error
            except (BadSolution, Diverged, SolverFailed) as error:
                raise Broken(Finding(f"on {problem!r}: {one_line(error)}.", call)) from error
            except Exception as error:
                raise Broken(
                    Finding(f"on {problem!r} it raised {type(error).__name__}: {one_line(error)}.", call)
                ) from error
            if again:
                return solved
            self._solved[call] = solved
        return self._solved[call]

    def attempt(
        self,
        problem: str,
        *,
        seed: int = SEED,
        bare: bool = False,
        parameters: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Solved:
        """One call; raises whatever the solver does, and what `checks.states` does."""
        import numpy as np

        key = f"{problem} {options!r}"
        if key not in self._ivps:
            self._ivps[key] = PROBLEMS[problem].ivp(**options)
        ivp = self._ivps[key]
        before = _look(ivp)
        began = time.perf_counter()
        try:
            solution = self.solve_ivp(ivp, seed=seed, bare=bare, parameters=parameters)
        finally:
            seconds = time.perf_counter() - began
            if _look(ivp) != before:
                self.touched.append(self.call(problem, seed=seed, parameters=parameters, **options))
                ivp = self._ivps[key] = PROBLEMS[problem].ivp(**options)
        y, _ = checks.states(solution, ivp)
        truth = PROBLEMS[problem].truth(before.t_eval - options.get("shift", 0.0)) * options.get("scale", 1.0)
        size = float(np.abs(truth).max())
        return Solved(ivp, solution, y, size, float(np.abs(y - truth).max()) / size, seconds)

    def solve_ivp(
        self, ivp: IVP, *, seed: int = SEED, bare: bool = False, parameters: Mapping[str, Any] | None = None
    ) -> Solution:
        """The call as the host makes it, on one thread; raises whatever the solver does."""
        arguments = self.solver.resolve({**self._given, **(parameters or {})})
        if self.solver.uses_chance:
            arguments["seed"] = seed
        if self.solver.reports:
            arguments["monitor"] = Monitor()
        with one_thread(), nullcontext() if bare else _quietly(), self._watched():
            return self.solver.function(ivp, ivp.t_eval, **arguments)

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Note what is changed in the process meanwhile, and put it back."""
        surroundings = Surroundings()
        with warnings.catch_warnings():
            try:
                yield
            finally:
                if changes := surroundings.changes():
                    self.changes += [change for change in changes if change not in self.changes]
                    surroundings.restore()
                surroundings.rewind()

    def first_supported(self, *problems: str) -> str:
        """The first of these problems that the solver does; raises `DoesNotApply` where it does none."""
        for problem in problems:
            try:
                self.solve(problem)
            except DoesNotApply as error:
                why = error
            else:
                return problem
        raise why

    # -- what can be pasted -----------------------------------------------------------------------------------

    @property
    def locate(self) -> str:
        """Lines of Python that set `solver`; `DoesNotApply` where no other process could find it."""
        if self._locate is None:
            self._locate = _locate(self.solver)
        return self._locate

    @property
    def located(self) -> str:
        """`locate`, or where there is none a line that says so."""
        try:
            return self.locate
        except DoesNotApply:
            return f"solver = ...  # {self.solver.name}"

    def rung(self, rung: Mapping[str, Any]) -> dict[str, Any]:
        """The parameters that the ladder is about, at this rung: they come before those that were given."""
        defaults = self.solver.resolve({})
        climbing = [k for k in rung if any(other[k] != defaults[k] for other in self.solver.ladder)]
        return {k: rung[k] for k in climbing}

    def call(
        self,
        problem: str,
        *last: str,
        seed: int = SEED,
        parameters: Mapping[str, Any] | None = None,
        name: str = "solution",
        **options: Any,
    ) -> str:
        """The call as Python to paste; `last` are lines that show what came of it."""
        return "\n".join(
            [
                "from odebench.testing import PROBLEMS",
                self.located,
                *self.call_lines(problem, seed=seed, parameters=parameters, name=name, **options),
                *last,
            ]
        )

    def call_lines(
        self,
        problem: str,
        *,
        seed: int = SEED,
        parameters: Mapping[str, Any] | None = None,
        name: str = "solution",
        **options: Any,
    ) -> list[str]:
        """The problem and the call alone, for a snippet that makes several."""
        given = {**self._given, **(parameters or {}), **({"seed": seed} if self.solver.uses_chance else {})}
        arguments = "".join(f", {key}={value!r}" for key, value in given.items())
        made = ", ".join(f"{key}={value!r}" for key, value in options.items())
        return [f"ivp = PROBLEMS[{problem!r}].ivp({made})", f"{name} = solver(ivp, ivp.t_eval{arguments})"]

    def elsewhere(self, problem: str) -> Elsewhere:
        """A solve in a new process, done once; `DoesNotApply` where no other process can find the solver."""
        if problem not in self._elsewhere:
            lines = self.call_lines(problem)
            self._elsewhere[problem] = elsewhere(self.locate, lines, patience_s=self._patience_s)
        return self._elsewhere[problem]

    def imported(self) -> Elsewhere:
        """What came with the solver in a new process, where nothing is solved unless that has been done already."""
        for done in self._elsewhere.values():
            if done.imported is not None:
                return done
        return elsewhere(self.locate, patience_s=self._patience_s)


@contextmanager
def _quietly() -> Iterator[None]:
    """As the host calls a solver."""
    import numpy as np

    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@dataclass(frozen=True)
class _Looks:
    """What a problem looked like before a solver saw it."""

    y0: bytes
    t_eval: Any
    rest: tuple[object, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Looks) and self.everything == other.everything

    @property
    def everything(self) -> tuple[object, ...]:
        return self.y0, self.t_eval.tobytes(), self.rest


def _look(ivp: IVP) -> _Looks:
    return _Looks(ivp.y0.tobytes(), ivp.t_eval.copy(), (ivp.t_span, ivp.rhs, ivp.exact, ivp.f))


def _locate(solver: Solver) -> str:
    """The solver by its module's name, or else by its file."""
    function = solver.function
    name, module = function.__qualname__, function.__module__
    if not name.isidentifier():
        raise DoesNotApply("the solver is made inside a function, where no other process can find it")
    path = inspect.getsourcefile(function)
    spec = _spec(module)
    if spec is not None and path and spec.origin and Path(spec.origin).resolve() == Path(path).resolve():
        return f"from {module} import {name} as solver"
    if path is None or not Path(path).is_file():
        raise DoesNotApply("the solver has no source file, where another process could find it")
    return f"import runpy; solver = runpy.run_path({str(Path(path).resolve())!r})[{name!r}]"


def _spec(module: str) -> Any:
    try:
        return None if module == "__main__" else importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None


def locate_by_name(name: str, files: Sequence[Path]) -> str:
    """Lines of Python that set `solver` to the one registered under that name, with these plugin files."""
    host = f"Host({[str(file) for file in files]!r})" if files else "Host()"
    return f"from odebench.host import Host; solver = {host}.solver({name!r})"
