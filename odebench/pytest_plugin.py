"""`pytest --odebench`: cases as benchmarks of pytest-benchmark, with its autosave, compare and compare-fail.

pytest loads this module in every run of an environment that has odebench: it imports nothing of it until asked.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .cases import Case
    from .host import Host
    from .references import Reference


def pytest_addoption(parser: pytest.Parser) -> None:
    """What is to be measured, as `odebench run` is told it."""
    group = parser.getgroup("odebench", "odebench: solvers on initial value problems, as benchmarks")
    group.addoption("--odebench", action="store_true", help="Collect cases as benchmarks, in place of tests.")
    group.addoption(
        "--odebench-solver",
        action="append",
        metavar="SOLVER",
        help="NAME or NAME[param=value,other=[swept,values]]; may be repeated. Default: the founding solvers.",
    )
    group.addoption("--odebench-problem", action="append", metavar="PROBLEM", help="The same for problems.")
    group.addoption("--odebench-ladder", action="store_true", help="Each solver at every rung of its ladder.")
    group.addoption("--odebench-plugin", action="append", metavar="FILE", help="Load solvers and problems from a file.")
    group.addoption("--odebench-seed", type=int, default=0, help="Base seed, for solvers that use chance.")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to go on without pytest-benchmark."""
    if config.getoption("odebench") and not config.pluginmanager.has_plugin("benchmark"):
        raise pytest.UsageError("--odebench needs pytest-benchmark: pip install pytest-benchmark")


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Where cases are asked for, no file is looked at for tests."""
    return True if config.getoption("odebench") else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(session: pytest.Session, config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give pytest the cases."""
    if config.getoption("odebench"):
        items[:] = _Cases.from_parent(session, name="odebench", nodeid="odebench").collect()


class _Cases(pytest.Collector):
    """Every selected solver on every selected problem."""

    def collect(self) -> list[pytest.Item]:
        from .errors import OdebenchError
        from .host import Host
        from .runner import FOUNDING_PROBLEMS, FOUNDING_SOLVERS, Plan, Sampling

        option = self.config.getoption
        try:
            host = Host(option("odebench_plugin") or ())
            plan = Plan(
                host,
                Sampling(repeats=1, seeds=1, base_seed=option("odebench_seed")),
                problems=option("odebench_problem") or FOUNDING_PROBLEMS,
                solvers=option("odebench_solver") or FOUNDING_SOLVERS,
                ladder=option("odebench_ladder"),
            )
        except OdebenchError as error:
            raise pytest.UsageError(str(error)) from error
        return list(self._items(host, plan))

    def _items(self, host: Host, plan: Any) -> Iterator[pytest.Item]:
        from .cases import label

        for task in plan:
            problem, solver = task.case.problem, task.case.solver
            of_problem = label(problem.name, problem.params, host.problem(problem.name).resolve({}))
            of_solver = label(solver.name, solver.params, host.solver(solver.name).resolve({}))
            function = _benchmark(host, task.case, task.seed, of_problem)
            yield pytest.Function.from_parent(self, name=f"{of_problem}/{of_solver}", callobj=function)


def _benchmark(host: Host, case: Case, seed: int | None, group: str) -> Any:
    """A test function that benchmarks one case; its errors and counts stand in extra_info."""

    def bench(benchmark: Any) -> None:
        from . import environment, measurement, references
        from .cases import Task
        from .errors import Unsupported
        from .provenance import Conditions
        from .worker import blank, call_arguments, enter_errors, enter_reference, enter_solution

        solver = host.solver(case.solver.name)
        if reason := host.missing(solver):
            pytest.skip(reason)
        environment.limit_threads(1)
        ivp = host.problem(case.problem.name)(**case.problem.params)
        _ = ivp.f  # traced before any clock runs
        reference: Reference = references.reference(ivp)
        task = Task(case, 0, seed)
        arguments = call_arguments(solver, task)
        benchmark.group = group
        try:
            solution = benchmark(solver.function, ivp, ivp.t_eval, **arguments)
        except Unsupported as error:
            pytest.skip(str(error))
        row = blank(host, task, Conditions("pytest"))
        enter_reference(row, solver, reference)
        enter_errors(row, enter_solution(row, solution, ivp), ivp, reference)
        said = (
            "case_id",
            "problem",
            "problem_params",
            "solver",
            "solver_params",
            "seed",
            "reference",
            "reference_error",
        )
        ends = ("abs_error", "rel_error", "digits", "drift")
        errors = tuple(name for name in measurement.COLUMNS if name.endswith(ends))
        for name in (*said, *errors, *measurement.STATS):
            value = getattr(row, name)
            if value is not None:
                benchmark.extra_info[name] = value

    return bench
