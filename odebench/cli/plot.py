"""`odebench plot`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from .. import text
from . import completers
from .options import debug_option, filter_options, load

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FIGURES = {
    "work-precision": "Error against time, with the front: a curve a ladder of effort.",
    "times": "The time of each case, with its error.",
    "convergence": "Error, residual and loss against time, of solvers that report them.",
    "pointwise-error": "The error along the solution.",
    "orders": "Error against steps, with the observed order.",
    "tolerance": "Error against the tolerance asked for.",
    "performance-profile": "On how many problems each is how much slower than the fastest.",
    "data-profile": "How many problems each has solved within what time.",
    "speedups": "How many times as fast as the strongest integrator, over all problems.",
    "cost-split": "First call, solve, and query of the dense solution.",
    "break-even": "How many queries until a network has paid for its training.",
    "error-split": "What longer training takes away of a network's error.",
}


_TO_AN_ERROR = ("performance-profile", "data-profile", "speedups")


def _figure_options(command: Callable[..., None]) -> Callable[..., None]:
    for name, said in reversed(FIGURES.items()):
        command = click.option(f"--{name}", is_flag=True, help=said)(command)
    return command


def _endings(_: click.Context, __: click.Parameter, value: str | None) -> tuple[str, ...]:
    endings = tuple(filter(None, (value or "").replace(" ", "").split(",")))
    if wrong := set(endings) - {"svg", "pdf", "png"}:
        raise click.BadParameter(f"expected svg, pdf or png, or several of them with commas; received {min(wrong)!r}.")
    return endings


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...", shell_complete=completers.runs)
@_figure_options
@click.option(
    "--against",
    "pairs",
    nargs=2,
    multiple=True,
    metavar="X Y",
    help="A statistic Y against another: columns of comparison.csv or measurements.csv, or parameters as problem.n.",
)
@click.option(
    "--at-error",
    type=float,
    default=1e-6,
    show_default=True,
    metavar="E",
    help="Of profiles and speed-ups: the error that counts as solved.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR|FILE",
    help="A directory for the figures, or one figure's file. [default: RUN/figures]",
)
@click.option(
    "--format", "endings", callback=_endings, metavar="FORMATS", help="svg, pdf, png, or several. [default: svg]"
)
@click.option(
    "--size",
    type=click.Choice(["column", "page", "slide"]),
    default="page",
    show_default=True,
    help="For a column or the whole width of a paper's page, or for a slide.",
)
@filter_options
@click.option("--rank-anew", is_flag=True, help="Draw the front among the cases that are shown alone.")
@debug_option
def plot(
    runs: tuple[str, ...],
    output: Path | None,
    endings: tuple[str, ...],
    size: str,
    pairs: tuple[tuple[str, str], ...],
    at_error: float,
    filters: dict[str, tuple[str, ...]],
    rank_anew: bool,
    **asked: bool,
) -> None:
    """Draw figures for papers and lectures: of one or more runs, as `table` takes them. Needs matplotlib.

    Without a figure's flag all are drawn that the runs have something for. SVG and PDF are vectors, their text is text,
    and the same runs give the same bytes. Curves differ in colour, which colour-blind eyes tell apart, and in markers
    and lines. What could not be drawn is counted below the figure.

    \b
    Examples:
      odebench plot
      odebench plot results/work-precision --work-precision --size column --format pdf -o paper
      odebench plot monday tuesday --times --convergence -o slides --size slide --format png
      odebench plot --work-precision -p lotka-volterra -s 'pinn-*' -s scipy-ivp -o front.svg
      odebench plot --against rhs_calls max_abs_error_median --performance-profile --at-error 1e-8
    """
    from ..errors import NothingToDraw
    from ..report import baselines, plots

    chosen = load(runs).select(**filters, rank_anew=rank_anew)
    results = baselines.beside(chosen)
    if added := len(results.cases) - len(chosen.cases):
        beside = f"{text.count(added, 'case')} of the strongest classical solvers"
        click.echo(f"Beside networks: {beside}; --rank-anew leaves them out.", err=True)
    wanted = [name for name in FIGURES if asked[name.replace("-", "_")]]
    single = output is not None and output.suffix != "" and not output.is_dir()
    other = [ending for ending in endings if output is None or output.suffix != f".{ending}"]
    if single and (len(wanted) + len(pairs) != 1 or other):
        raise click.UsageError(
            "expected one figure's flag, and no other --format, with -o FILE. Name a directory instead."
        )
    made: dict[str, Callable[[], Figure]] = {}
    for name in wanted or ([] if pairs else FIGURES):
        more = {"error": at_error} if name in _TO_AN_ERROR else {}
        made[name] = partial(getattr(plots, name.replace("-", "_")), results, size=size, **more)
    for x, y in pairs:
        made[f"{y}-against-{x}"] = partial(plots.against, results, x, y, size=size)
    directory = output or (results.runs[0].directory if len(results.runs) == 1 else Path()) / "figures"
    drawn = 0
    for name, make in made.items():
        try:
            figure = make()
        except NothingToDraw as nothing:
            if wanted or pairs:
                raise
            click.echo(f"not drawn    {name}: {nothing}", err=True)
            continue
        drawn += 1
        for path in [output] if single and output else [directory / f"{name}.{e}" for e in endings or ("svg",)]:
            plots.save(figure, path)
            click.echo(f"figure       {path}")
    if not drawn:
        raise NothingToDraw("none of the figures can be drawn of these runs, as said above.")
