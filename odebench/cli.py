"""The commands; no logic of their own. Rooms are imported inside the commands, so that help is instant."""

from __future__ import annotations

import io
import os
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

import click

from . import __version__
from .errors import OdebenchError

FOUNDING_SOLVERS = ("analytic", "scipy-ivp", "pinn-autograd", "pinn-finite-difference")
FOUNDING_PROBLEMS = ("decay",)

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
@click.option(
    "--repeats", type=click.IntRange(1), default=5, show_default=True, help="Samples of a solver without chance."
)
@click.option(
    "--seeds", type=click.IntRange(1), default=3, show_default=True, help="Samples of a solver that uses chance."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Base seed; each sample's own is derived from it.")
@click.option("--threads", type=click.IntRange(1), default=1, show_default=True, help="Threads a solver may use.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="New directory for the run. [default: results/<run-id>]",
)
@click.option("--strict", is_flag=True, help="Exit with status 1 if any row is not ok.")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no table.")
@plugin_option
@debug_option
def run(
    solvers: tuple[str, ...],
    problems: tuple[str, ...],
    ladder: bool,
    repeats: int,
    seeds: int,
    seed: int,
    threads: int,
    output: Path | None,
    strict: bool,
    quiet: bool,
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
    """
    from . import results, runner
    from .executors import InlineExecutor
    from .journal import Run
    from .report.progress import progress
    from .worker import Worker

    host = _host(plugins)
    sampling = runner.Sampling(repeats=repeats, seeds=seeds, base_seed=seed, threads=threads)
    asked: dict[str, Any] = {
        "solvers": list(solvers or FOUNDING_SOLVERS),
        "problems": list(problems or FOUNDING_PROBLEMS),
        "ladder": ladder,
    }
    plan = runner.Plan(host, sampling, **asked)
    record = Run.create(output, runner.describe(host, sampling, asked))
    where = os.path.relpath(record.directory)
    for ending in {"SIGTERM", "SIGHUP"} & set(dir(signal)):
        signal.signal(getattr(signal, ending), signal.default_int_handler)  # ends as Ctrl-C does: nothing is lost
    with progress(plan, quiet=quiet) as observe:
        runner.run(record, plan, InlineExecutor(Worker(host, record.id, threads)), host, observe)

    if not quiet:
        from .report.terminal import print_tables

        print_tables(results.comparisons(record))
        click.echo(f"\nwritten to {where}: {', '.join(sorted(p.name for p in record.directory.iterdir()))}")
    if record.meta["status"] == "interrupted":
        click.echo(f"interrupted; everything measured so far is in {where}", err=True)
        sys.exit(INTERRUPTED)
    if strict and any((table["status"] != "ok").any() for table in results.comparisons(record)):
        sys.exit(1)


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

    \b
    Examples:
      odebench table
      odebench table results/baseline --format markdown
      odebench table monday tuesday --format csv > both.csv
    """
    from . import analysis, results
    from .report import terminal

    comparison = analysis.compare(results.measurements([results.find(name) for name in runs or (None,)]))
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
    """Show the machine, the versions and the thread settings that a run records.

    \b
    Examples:
      odebench env
      odebench env --json
    """
    import json

    from . import environment

    described = environment.describe()
    if as_json:
        click.echo(json.dumps(described, indent=2))
        return
    versions = described.pop("versions")
    for key, value in described.items():
        click.echo(f"{key.replace('_', ' '):20} {value}")
    click.echo("versions")
    for name, version in versions.items():
        click.echo(f"  {name:26} {version}")


def _host(plugins: tuple[str, ...], *, warn: bool = True) -> Any:
    from .host import Host

    host = Host(plugins)
    if warn and host.broken:
        names = ", ".join(p.origin.location for p in host.broken)
        click.echo(f"Warning: not loaded: {names}; 'odebench list plugins' says why.", err=True)
    return host
