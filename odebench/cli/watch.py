"""`odebench watch`."""

from __future__ import annotations

from pathlib import Path

import click

from . import completers
from .options import debug_option, open_host, plugin_option


@click.command()
@click.argument("solver", required=False, metavar="[SOLVER]", shell_complete=completers.selections("solver"))
@click.option(
    "-p",
    "--problem",
    default=None,
    metavar="PROBLEM",
    shell_complete=completers.selections("problem"),
    help="NAME or 'NAME[param=value]'. [default: decay]",
)
@click.option("--seed", type=int, default=0, show_default=True, help="For a solver that uses chance.")
@click.option(
    "--run",
    "run_name",
    metavar="RUN",
    shell_complete=completers.runs,
    help="Instead of a solve: what a run has in its traces.csv.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="For the figures. [default: ., or RUN/figures]",
)
@click.option("--png", is_flag=True, help="As PNG too, which does not move.")
@plugin_option
@debug_option
def watch(
    solver: str | None,
    problem: str | None,
    seed: int,
    run_name: str | None,
    output: Path | None,
    png: bool,
    plugins: tuple[str, ...],
) -> None:
    """Draw how a method that trains or iterates comes to its solution. Needs matplotlib.

    Solves once, in this process, and writes convergence.svg (loss, residual and true error against time and steps) and
    learning.svg (the solution as it is learned, moving). With --run, convergence.svg of all that the run measured, a
    figure a problem. Solvers that report their progress have a `monitor`, as the networks do.

    \b
    Examples:
      odebench watch pinn-autograd
      odebench watch 'pinn-finite-difference[optimizer=adam,epochs=1000]' -p lotka-volterra --seed 3 -o figures --png
      odebench watch --run results/twenty-seeds
    """
    if (solver is None) == (run_name is None):
        raise click.UsageError("expected either a SOLVER to watch, or --run RUN.")
    if run_name is not None:
        if problem is not None or click.get_current_context().get_parameter_source("seed") is _GIVEN:
            raise click.UsageError("--run takes problems and seeds from the run. Leave out -p and --seed.")
        _of_run(run_name, output, png)
    elif solver is not None:
        _of_solve(solver, problem or "decay", seed, output or Path(), png, plugins)


_GIVEN = click.core.ParameterSource.COMMANDLINE


def _of_solve(solver: str, problem: str, seed: int, output: Path, png: bool, plugins: tuple[str, ...]) -> None:
    from .. import environment, recording, references
    from ..cases import one_variant
    from ..errors import BadSolution
    from ..report import animation, training
    from ..report.plots import style
    from ..report.progress import bar, live

    host = open_host(plugins)
    method, equation = one_variant(solver, host.solver), one_variant(problem, host.problem)
    found = host.solver(method.name)
    if reason := host.missing(found):
        raise BadSolution(f"{method.name} cannot run: {reason}")
    style.library()  # so that a missing matplotlib is said before the solve
    _expect_directory(output)
    environment.limit_threads(1)
    ivp = host.problem(equation.name)(**equation.params)
    with bar(f"reference of {equation.name}") as progress:
        reference = references.reference(ivp, progress)
    title = f"{solver} on {problem}"
    with live(title) as on_frame:
        recorded = recording.record(found, ivp, reference, method.params, seed, on_frame)
    frames, endings = recorded.frames, _endings(png)
    curve = training.Curve(solver, [frame.checkpoint for frame in frames])
    written = training.write({title: [curve]}, output, endings)
    written += animation.write(title, ivp, reference.y, frames, output, endings)
    click.echo(f"{title}: {animation.caption(frames[-1].checkpoint)}, {len(frames)} frames")
    _name(written)
    if recorded.failure:
        click.echo(f"Warning: it ended there: {recorded.failure}", err=True)


def _of_run(name: str, output: Path | None, png: bool) -> None:
    from .. import results
    from ..report import training
    from ..report.plots import style

    found = results.load(name)
    style.library()
    directory = _expect_directory(output or found.runs[0].directory / "figures")
    _name(training.write(training.curves(found), directory, _endings(png)))


def _endings(png: bool) -> tuple[str, ...]:
    return ("svg", "png") if png else ("svg",)


def _name(paths: list[Path]) -> None:
    for path in paths:
        click.echo(f"figure       {path}")


def _expect_directory(path: Path) -> Path:
    from ..errors import OutputError

    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"cannot write into '{path}': {error.strerror}. Name another directory with -o.") from None
    return path
