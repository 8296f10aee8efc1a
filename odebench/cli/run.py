"""`odebench run`."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from dataclasses import asdict, replace
from math import isfinite
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from . import completers
from .options import INTERRUPTED, debug_option, formats_option, open_host, plugin_option


@click.command()
@click.option(
    "-s",
    "--solver",
    "solvers",
    multiple=True,
    metavar="SOLVER",
    shell_complete=completers.selections("solver"),
    help="NAME or 'NAME[param=value,other=[swept,values]]'.",
)
@click.option(
    "-p",
    "--problem",
    "problems",
    multiple=True,
    metavar="PROBLEM",
    shell_complete=completers.selections("problem"),
    help="The same for problems.",
)
@click.option(
    "--suite",
    metavar="NAME|FILE",
    shell_complete=completers.suites,
    help="Solvers, problems and effort from a suite; see 'odebench list suites'.",
)
@click.option("--ladder", is_flag=True, help="Run each solver at every rung of its ladder of effort.")
@click.option("--quick", "protocol", flag_value="quick", help="One sample a case.")
@click.option(
    "--rigorous", "protocol", flag_value="rigorous", help="20 samples a case, of 10 seeds where chance is used."
)
@click.option("--repeats", type=click.IntRange(1), help="Samples of a solver without chance. [default: 5]")
@click.option("--seeds", type=click.IntRange(1), help="Samples of a solver that uses chance. [default: 3]")
@click.option("--seed", type=int, default=0, show_default=True, help="Base seed; each sample's own is derived from it.")
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True, help="Threads a solver may use.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="New directory for the run. [default: results/<run-id>]",
)
@click.option(
    "--executor",
    type=click.Choice(["process", "inline", "dask"]),
    default="process" if os.name == "posix" else "inline",
    show_default=True,
    help="Where solvers run: in a process of their own; to debug one, in this; or in processes on a Dask cluster.",
)
@click.option("--dask", "address", metavar="ADDRESS", help="Scheduler of a Dask cluster. [default: a local one of -j]")
@click.option("-j", "--jobs", type=click.IntRange(1), default=1, show_default=True, help="Cases at a time.")
@click.option(
    "--timeout",
    type=click.FloatRange(0),
    default=600,
    show_default=True,
    metavar="S",
    help="Seconds a solve may take; 0 for no limit.",
)
@click.option(
    "--memory",
    type=click.FloatRange(0, min_open=True),
    metavar="MB",
    help="Resident memory a solver's process may take. [default: 80 % of what is free, shared by the jobs]",
)
@click.option(
    "--target-error",
    type=click.FloatRange(0, min_open=True),
    metavar="E",
    help="Stop a solver that reports its progress once its largest error is E or less.",
)
@click.option(
    "--time-budget",
    type=click.FloatRange(0, min_open=True),
    metavar="S",
    help="Stop a solver that reports its progress after S seconds, and take what it has come to.",
)
@click.option(
    "--patience",
    type=click.IntRange(1),
    metavar="N",
    help="Stop a solver that reports its progress where its loss has not fallen for N steps.",
)
@click.option(
    "--certificate",
    is_flag=True,
    help="Where a solver has dense output, find a bound on its error without the reference, outside all clocks.",
)
@click.option(
    "--doctor",
    is_flag=True,
    help="Have each solve examined, outside all clocks, and write what is wrong with it into diagnoses.csv.",
)
@click.option(
    "--count",
    is_flag=True,
    help="Count, in one more, untimed solve a case, how often a solver evaluates the equation and its Jacobian.",
)
@click.option(
    "--resume",
    "resumed",
    metavar="RUN",
    shell_complete=completers.runs,
    help="Finish a run that was interrupted: take the samples it asked for and has not got.",
)
@click.option(
    "--reuse",
    is_flag=True,
    help="Take over samples of the runs beside this one that were taken by the same code, versions and protocol, "
    "with as many threads, on this machine.",
)
@formats_option(("csv", "parquet"), "Of the tables: parquet stands beside csv. Needs pyarrow. [default: csv]")
@click.option("--strict", is_flag=True, help="Exit with status 1 if any row is not ok.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no table.")
@plugin_option
@debug_option
def run(
    solvers: tuple[str, ...],
    problems: tuple[str, ...],
    suite: str | None,
    ladder: bool,
    protocol: str | None,
    repeats: int | None,
    seeds: int | None,
    seed: int,
    threads: int,
    output: Path | None,
    resumed: str | None,
    reuse: bool,
    formats: tuple[str, ...],
    strict: bool,
    quiet: bool,
    executor: str,
    address: str | None,
    jobs: int,
    timeout: float,
    memory: float | None,
    target_error: float | None,
    time_budget: float | None,
    patience: int | None,
    certificate: bool,
    doctor: bool,
    count: bool,
    plugins: tuple[str, ...],
) -> None:
    """Measure every selected solver on every selected problem.

    Without selections: the four founding solvers on y' = -y. Exit status: 0 done; 1 with --strict, a row is not ok;
    2 usage; 3 a fault of odebench itself; 130 interrupted, with everything measured so far on disk.

    \b
    Examples:
      odebench run
      odebench run -p van-der-pol -s 'scipy-ivp[method=[Radau,BDF,LSODA]]' --ladder
      odebench run -s pinn-autograd --seeds 20 -o results/twenty-seeds
      odebench run --suite stiff --quick
      odebench run -s pinn-autograd --target-error 1e-4 --time-budget 60
      odebench run -s 'scipy-ivp[dense_output=true]' -s pinn-autograd --certificate
      odebench run -s 'scipy-ivp[method=[RK45,Radau]]' -p van-der-pol --count
      odebench run -s rk4 -s scipy-ivp -p lotka-volterra --ladder --format parquet
      odebench run --resume results/twenty-seeds
    """
    from .. import parquet, results, runner, suites, tables
    from ..executors import DaskExecutor, Executor, InlineExecutor, ProcessExecutor
    from ..isolation import Limits
    from ..journal import Run
    from ..memory import share_mb
    from ..provenance import Conditions
    from ..report.progress import progress
    from ..watching import Stopping
    from ..worker import Worker

    host = open_host(plugins)
    if resumed is not None:
        _refuse_what_the_run_says()
        said = results.find(resumed).meta.get("protocol", {})
        executor, address = _unless_given("executor", said), _unless_given("address", said, "dask")
        address = address if executor == "dask" else _unless_given("address", {})
        jobs = _unless_given("jobs", said if executor != "inline" and address is None else {})
        timeout, memory = _unless_given("timeout", said, "timeout_s"), _unless_given("memory", said, "memory_mb")
        target_error, patience = _unless_given("target_error", said), _unless_given("patience", said)
        certificate, doctor = _unless_given("certificate", said), _unless_given("doctor", said)
        count = _unless_given("count", said)
        formats = _unless_given("formats", results.find(resumed).meta)
        time_budget = _unless_given("time_budget", said, "time_budget_s")
    if "parquet" in formats:
        parquet.require()
    if executor != "inline" and os.name != "posix":
        raise click.UsageError("processes of their own need POSIX. Leave out --executor.")
    if executor == "inline" and jobs > 1:
        raise click.UsageError("--executor inline takes one case at a time. Leave out -j, or --executor.")
    if address is not None and executor != "dask":
        raise click.UsageError("--dask names a cluster for --executor dask. Add that, or leave out --dask.")
    if address is not None and jobs > 1:
        raise click.UsageError("-j is for a local cluster; that of --dask has its own size. Leave out either.")
    given = click.get_current_context().get_parameter_source
    if executor == "inline" and ParameterSource.COMMANDLINE in (given("timeout"), given("memory")):
        raise click.UsageError("--executor inline cannot end a solver. Leave out --timeout and --memory.")
    timeout = timeout or 0
    if not (isfinite(timeout) and isfinite(memory or 0)):
        raise click.UsageError("--timeout and --memory take finite numbers; --timeout 0 is for no limit.")
    if memory is None and address is None:  # of a cluster's machines we know nothing
        memory = share_mb(jobs)
    limits, stopping = Limits(timeout or None, memory), Stopping(target_error, time_budget, patience)
    carried_out = {"executor": executor, "jobs": jobs, **(asdict(limits) if executor != "inline" else {})}
    carried_out |= {name: value for name, value in asdict(stopping).items() if value is not None}
    also = {"certificate": certificate, "doctor": doctor, "count": count}
    carried_out |= {name: True for name, asked in also.items() if asked}
    if address is not None:
        carried_out["dask"] = address
    if resumed is not None:
        record, plan = runner.resume(host, results.find(resumed).directory, carried_out)
    else:
        chosen = suites.load(suite) if suite is not None else None
        if chosen is not None:
            solvers, problems = solvers or chosen.solvers, problems or tuple(chosen.selected_problems(host))
            ladder = ladder or chosen.ladder
            if protocol is None:
                repeats, seeds = repeats or chosen.repeats, seeds or chosen.seeds
        effort = {"repeats": repeats, "seeds": seeds}
        sampling = replace(runner.PROTOCOLS[protocol or "normal"], **{k: v for k, v in effort.items() if v is not None})
        sampling = replace(sampling, base_seed=seed, threads=threads)
        asked: dict[str, Any] = {
            "solvers": list(solvers or runner.FOUNDING_SOLVERS),
            "problems": list(problems or runner.FOUNDING_PROBLEMS),
            "ladder": ladder,
        }
        plan = runner.Plan(host, sampling, **asked)
        record = Run.create(
            output, {"suite": suite, "formats": list(formats), **runner.describe(host, plan, asked, carried_out)}
        )
    record.meta["formats"] = list(formats)
    if jobs > 1:
        click.echo("Warning: cases that run side by side slow each other down; compare errors, not times.", err=True)
    conditions = Conditions(record.id, plan.sampling.threads, executor, jobs, stopping, **also)
    where = os.path.relpath(record.directory)
    for ending in {"SIGTERM", "SIGHUP"} & set(dir(signal)):
        if signal.getsignal(getattr(signal, ending)) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(getattr(signal, ending), signal.default_int_handler)  # ends as Ctrl-C does: nothing is lost
    with progress(plan, quiet=quiet) as observe:
        executing: Executor
        if executor == "inline":
            worker = Worker(
                host,
                conditions,
                on_certifying=observe.certifying,
                on_checkpoint=lambda case, call, checkpoint: observe.training(case, checkpoint),
            )
            executing = InlineExecutor(worker)
        elif executor == "dask":
            executing = DaskExecutor(host, conditions, limits, address)
        else:
            executing = ProcessExecutor(host, conditions, limits, observe.certifying, observe.training)
        earlier = runner.EarlierSamples(record, plan, host, conditions) if reuse else None
        runner.run(record, plan, executing, host, observe, earlier)

    if not quiet:
        from ..report import comparison, diagnosis

        comparison.write(tables.comparisons(record))
        if doctor:
            click.echo(diagnosis.summary(record.measurements()))
        written = f"written to {where}: {', '.join(sorted(p.name for p in record.directory.iterdir()))}"
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else len(written)
        click.echo(f"\n{click.wrap_text(written, width, subsequent_indent='  ')}")
    if record.meta["status"] == "interrupted":
        click.echo(f"interrupted; everything measured so far is in {where}", err=True)
        sys.exit(INTERRUPTED)
    if strict and any((table["status"] != "ok").any() for table in tables.comparisons(record)):
        sys.exit(1)


def _unless_given(option: str, said: dict[str, Any], key: str = "") -> Any:
    """An option of the command line; where it was not given, what the run said that is resumed."""
    context = click.get_current_context()
    if context.get_parameter_source(option) is ParameterSource.COMMANDLINE:
        return context.params[option]
    return said.get(key or option, context.params[option])


def _refuse_what_the_run_says() -> None:
    """With --resume, what is measured stands in the run."""
    context = click.get_current_context()
    for option in (
        "solvers",
        "problems",
        "suite",
        "ladder",
        "protocol",
        "repeats",
        "seeds",
        "seed",
        "threads",
        "output",
    ):
        if context.get_parameter_source(option) is ParameterSource.COMMANDLINE:
            names = " and ".join(p.opts[-1] for p in context.command.params if p.name == option)
            raise click.UsageError(f"--resume takes what to measure from the run. Leave out {names}.")
