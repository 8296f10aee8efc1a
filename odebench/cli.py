"""The commands; no logic of their own. Rooms are imported inside the commands, so that help is instant."""

from __future__ import annotations

import io
import os
import signal
import sys
import warnings
from dataclasses import asdict, replace
from math import isfinite
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from . import __version__
from .errors import OdebenchError

USAGE_ERROR, INTERNAL_ERROR, INTERRUPTED = 2, 3, 130


class Commands(click.Group):
    """Turns what odebench refuses into a message and exit status 2; a traceback is shown only with --debug."""

    def invoke(self, ctx: click.Context) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # a terminal or pipe that knows no ≤ shows a question mark
        warnings.showwarning = lambda message, *_: click.echo(f"Warning: {message}", err=True)
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except OdebenchError as error:
            _report(ctx, str(error), USAGE_ERROR)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            _report(
                ctx,
                f"internal error: {type(error).__name__}: {error}\nRun it again with --debug to see where.",
                INTERNAL_ERROR,
            )


def _report(ctx: click.Context, message: str, status: int) -> None:
    if ctx.meta.get("odebench.debug"):
        raise
    click.echo(f"Error: {message}", err=True)
    ctx.exit(status)


def _debug(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    ctx.meta["odebench.debug"] = value


debug_option = click.option("--debug", is_flag=True, expose_value=False, callback=_debug, help="Show tracebacks.")
plugin_option = click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="FILE",
    help="Load solvers and problems from a Python file; may be repeated.",
)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, "-V", "--version", prog_name="odebench", message="%(prog)s %(version)s")
def main() -> None:
    """Compare ODE solvers: exact formulas, classical integrators and networks, on one clock and one yardstick.

    \b
    Examples:
      odebench run                                           the founding comparison
      odebench run -p lotka-volterra -s scipy-ivp --ladder   a work-precision sweep
      odebench run -s 'scipy-ivp[method=[RK45,DOP853]]' -p 'decay[rate=[1,10]]'
      odebench run --plugin my_solver.py -s my-solver -s scipy-ivp -p decay
      odebench list solvers
      odebench show scipy-ivp
    """


@main.command()
@click.option(
    "-s",
    "--solver",
    "solvers",
    multiple=True,
    metavar="SOLVER",
    help="NAME or 'NAME[param=value,other=[swept,values]]'.",
)
@click.option("-p", "--problem", "problems", multiple=True, metavar="PROBLEM", help="The same for problems.")
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
    "--resume",
    "resumed",
    metavar="RUN",
    help="Finish a run that was interrupted: take the samples it asked for and has not got.",
)
@click.option(
    "--reuse",
    is_flag=True,
    help="Take over samples of the runs beside this one that were taken by the same code, versions and protocol, "
    "with as many threads, on this machine.",
)
@click.option("--strict", is_flag=True, help="Exit with status 1 if any row is not ok.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no table.")
@plugin_option
@debug_option
def run(
    solvers: tuple[str, ...],
    problems: tuple[str, ...],
    ladder: bool,
    protocol: str | None,
    repeats: int | None,
    seeds: int | None,
    seed: int,
    threads: int,
    output: Path | None,
    resumed: str | None,
    reuse: bool,
    strict: bool,
    quiet: bool,
    executor: str,
    address: str | None,
    jobs: int,
    timeout: float,
    memory: float | None,
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
      odebench run --resume results/twenty-seeds
    """
    from . import results, runner
    from .executors import DaskExecutor, Executor, InlineExecutor, ProcessExecutor
    from .isolation import Limits
    from .journal import Run
    from .memory import share_mb
    from .provenance import Conditions
    from .report.progress import progress
    from .worker import Worker

    host = _host(plugins)
    if resumed is not None:
        _refuse_what_the_run_says()
        said = results.find(resumed).meta.get("protocol", {})
        executor, address = _unless_given("executor", said), _unless_given("address", said, "dask")
        address = address if executor == "dask" else _unless_given("address", {})
        jobs = _unless_given("jobs", said if executor != "inline" and address is None else {})
        timeout, memory = _unless_given("timeout", said, "timeout_s"), _unless_given("memory", said, "memory_mb")
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
    limits = Limits(timeout or None, memory)
    carried_out = {"executor": executor, "jobs": jobs, **(asdict(limits) if executor != "inline" else {})}
    if address is not None:
        carried_out["dask"] = address
    if resumed is not None:
        record, plan = runner.resume(host, results.find(resumed).directory, carried_out)
    else:
        effort = {"repeats": repeats, "seeds": seeds}
        sampling = replace(runner.PROTOCOLS[protocol or "normal"], **{k: v for k, v in effort.items() if v is not None})
        sampling = replace(sampling, base_seed=seed, threads=threads)
        asked: dict[str, Any] = {
            "solvers": list(solvers or runner.FOUNDING_SOLVERS),
            "problems": list(problems or runner.FOUNDING_PROBLEMS),
            "ladder": ladder,
        }
        plan = runner.Plan(host, sampling, **asked)
        record = Run.create(output, runner.describe(host, sampling, asked, carried_out))
    if jobs > 1:
        click.echo("Warning: cases that run side by side slow each other down; compare errors, not times.", err=True)
    executing: Executor
    conditions = Conditions(record.id, plan.sampling.threads, executor, jobs)
    if executor == "inline":
        executing = InlineExecutor(Worker(host, conditions))
    elif executor == "dask":
        executing = DaskExecutor(host, conditions, limits, address)
    else:
        executing = ProcessExecutor(host, conditions, limits)
    where = os.path.relpath(record.directory)
    for ending in {"SIGTERM", "SIGHUP"} & set(dir(signal)):
        if signal.getsignal(getattr(signal, ending)) is not signal.SIG_IGN:  # as nohup has it
            signal.signal(getattr(signal, ending), signal.default_int_handler)  # ends as Ctrl-C does: nothing is lost
    with progress(plan, quiet=quiet) as observe:
        earlier = runner.EarlierSamples(record, plan, host, conditions) if reuse else None
        runner.run(record, plan, executing, host, observe, earlier)

    if not quiet:
        from .report.terminal import print_tables

        print_tables(results.comparisons(record))
        click.echo(f"\nwritten to {where}: {', '.join(sorted(p.name for p in record.directory.iterdir()))}")
    if record.meta["status"] == "interrupted":
        click.echo(f"interrupted; everything measured so far is in {where}", err=True)
        sys.exit(INTERRUPTED)
    if strict and any((table["status"] != "ok").any() for table in results.comparisons(record)):
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
    for option in ("solvers", "problems", "ladder", "protocol", "repeats", "seeds", "seed", "threads", "output"):
        if context.get_parameter_source(option) is ParameterSource.COMMANDLINE:
            names = " and ".join(p.opts[-1] for p in context.command.params if p.name == option)
            raise click.UsageError(f"--resume takes what to measure from the run. Leave out {names}.")


@main.command("list")
@click.argument("what", type=click.Choice(["solvers", "problems", "plugins", "metrics"]), required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@plugin_option
@debug_option
def list_(what: str | None, as_json: bool, plugins: tuple[str, ...]) -> None:
    """Show what there is: solvers, problems, plugins and metrics.

    Solvers whose libraries are not installed are listed with the line that installs them, and plugins that could
    not be loaded with their error.

    \b
    Examples:
      odebench list
      odebench list solvers --json
      odebench list plugins --plugin my_solver.py
    """
    import json

    from .report import catalogue

    listing = catalogue.listing(_host(plugins, warn=False))
    chosen = {what: listing[what]} if what else listing
    if as_json:
        click.echo(json.dumps(chosen[what] if what else chosen, indent=2, ensure_ascii=False))
    else:
        click.echo(catalogue.text(chosen))


@main.command()
@click.argument("name")
@plugin_option
@debug_option
def show(name: str, plugins: tuple[str, ...]) -> None:
    """Show a solver or problem: what it is, its parameters, its ladder, its source.

    \b
    Examples:
      odebench show scipy-ivp
      odebench show van-der-pol
    """
    from .report import catalogue

    click.echo(catalogue.show(_host(plugins), name))


@main.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--format", "style", type=click.Choice(["rich", "markdown", "csv"]), default="rich", show_default=True)
@debug_option
def table(runs: tuple[str, ...], style: str) -> None:
    """Print the comparison of one or more runs: directories, or ids below results/. Default: the newest run there.

    Where several runs measured the same case, its samples are taken together.

    \b
    Examples:
      odebench table
      odebench table results/baseline --format markdown
      odebench table monday tuesday --format csv > both.csv
    """
    from . import analysis, results
    from .report import terminal

    found = {run.id: run for run in map(results.find, runs or (None,))}
    for run in found.values():
        if run.meta["status"] != "complete":
            click.echo(f"Warning: run {run.id} is not complete, but {run.meta['status']}.", err=True)
    comparison = analysis.compare(results.measurements(found.values()))
    if style == "csv":
        results.write_csv(comparison, sys.stdout)
    elif style == "markdown":
        click.echo(terminal.markdown(comparison))
    else:
        terminal.print_tables([comparison])


@main.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@debug_option
def env(as_json: bool) -> None:
    """Show the machine, the versions and the thread settings that a run records, and what would spoil timings.

    \b
    Examples:
      odebench env
      odebench env --json
    """
    import json

    from . import environment

    described, disturbances = environment.describe(), environment.disturbances()
    if as_json:
        click.echo(json.dumps({**described, "disturbances": disturbances}, indent=2))
        return
    versions = described.pop("versions")
    for key, value in described.items():
        click.echo(f"{key.replace('_', ' '):20} {value}")
    click.echo("versions")
    for name, version in versions.items():
        click.echo(f"  {name:26} {version}")
    click.echo("what would spoil timings" if disturbances else "nothing that would spoil timings was seen")
    for sentence in disturbances:
        click.echo(f"  {sentence}")


def _host(plugins: tuple[str, ...], *, warn: bool = True) -> Any:
    from .host import Host

    host = Host(plugins)
    if warn and host.broken:
        names = ", ".join(p.origin.location for p in host.broken)
        click.echo(f"Warning: not loaded: {names}; 'odebench list plugins' says why.", err=True)
    return host
