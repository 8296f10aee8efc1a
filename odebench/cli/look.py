"""What there is and what was measured: `odebench list`, `show`, `table` and `env`."""

from __future__ import annotations

from pathlib import Path

import click

from . import completers
from .options import debug_option, filter_options, load, open_host, plugin_option


@click.command("list")
@click.argument("what", type=click.Choice(["solvers", "problems", "suites", "plugins", "metrics"]), required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.option("--retry", is_flag=True, help="Load plugins again whose import crashed or hung the last time.")
@plugin_option
@debug_option
def list_(what: str | None, as_json: bool, retry: bool, plugins: tuple[str, ...]) -> None:
    """Show what there is: solvers, problems, suites, plugins and metrics.

    Solvers whose libraries are not installed are listed with the line that installs them, and plugins that could
    not be loaded with their error.

    \b
    Examples:
      odebench list
      odebench list solvers --json
      odebench list plugins --plugin my_solver.py
    """
    import json

    from .. import importing
    from ..report import catalogue

    if retry:
        importing.forget()
    listing = catalogue.listing(open_host(plugins, warn=False))
    chosen = {what: listing[what]} if what else listing
    if as_json:
        click.echo(json.dumps(chosen[what] if what else chosen, indent=2, ensure_ascii=False))
    else:
        click.echo(catalogue.text(chosen))


@click.command()
@click.argument("name", metavar="NAME[PARAMETERS]", shell_complete=completers.selections("solver", "problem"))
@click.option("--latex", is_flag=True, help="Only the problem's equations, as LaTeX.")
@click.option(
    "--plot",
    type=click.Path(path_type=Path),
    metavar="FILE",
    is_flag=False,
    flag_value=Path(),
    help="Draw the problem's solution into FILE (.png, .svg or .pdf). Needs matplotlib. [default: its name, .png]",
)
@plugin_option
@debug_option
def show(name: str, latex: bool, plot: Path | None, plugins: tuple[str, ...]) -> None:
    """Show a solver: its parameters, ladder, source; or a problem: its equations, its reference and certified digits.

    \b
    Examples:
      odebench show scipy-ivp
      odebench show 'van-der-pol[mu=100]'
      odebench show robertson --plot robertson.png
      odebench show lorenz --latex
    """
    from ..report import catalogue

    host = open_host(plugins)
    click.echo(catalogue.latex(host, name) if latex else catalogue.show(host, name))
    if plot is not None:
        from .. import references
        from ..report.plots import files, solution
        from ..report.progress import bar

        ivp = catalogue.selected_ivp(host, name)
        with bar(name) as progress:
            reference = references.reference(ivp, progress)
        path = plot if plot.name else Path(f"{name.partition('[')[0]}.png")
        files.save(solution.solution(name, ivp, reference.y), path)
        click.echo(f"figure       {path}")


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...", shell_complete=completers.runs)
@click.option(
    "--format", "style", type=click.Choice(["rich", "markdown", "csv", "latex"]), default="rich", show_default=True
)
@click.option(
    "--columns",
    multiple=True,
    metavar="A,B,...",
    help="Which columns: headings as in the table, or names as in comparison.csv.",
)
@click.option(
    "--sort",
    multiple=True,
    metavar="COLUMN",
    help="Sort by a column, from the greatest with - before it; several with commas. [default: error, time]",
)
@filter_options
@click.option(
    "--at-error", type=float, metavar="E", help="The time in which each method comes to this error, along its ladder."
)
@click.option(
    "--at-time", type=float, metavar="S", help="The error to which each comes in so many seconds, along its ladder."
)
@click.option(
    "--expected-time",
    type=float,
    metavar="E",
    help="The mean time to come to this error, with the attempts that fail.",
)
@click.option("--rank-anew", is_flag=True, help="Rank the cases that are shown among themselves.")
@debug_option
def table(
    runs: tuple[str, ...],
    style: str,
    columns: tuple[str, ...],
    sort: tuple[str, ...],
    filters: dict[str, tuple[str, ...]],
    at_error: float | None,
    at_time: float | None,
    expected_time: float | None,
    rank_anew: bool,
) -> None:
    """Print the comparison of one or more runs: directories, or ids below results/. Default: the newest run there.

    Where several runs measured the same case, its samples are taken together, and it is ranked among all. What one
    run could not try for want of a library, and another could, is as the other says. Runs that were made under
    different circumstances are told.

    Of several values of one filter any will do; all filters have to. A filter changes no value: who is on the front,
    and how much slower the others are, is still said among all that was measured, but with --rank-anew.

    With --at-error or --at-time it is a row a method and not a case: read off between neighbouring rungs of measured
    ladders, never beyond them, and with the strongest classical baseline whatever is left out. With --expected-time it
    is likewise, of each method at the rung that takes least, over all its samples.

    \b
    Examples:
      odebench table
      odebench table -p 'decay[rate=1]' -s 'pinn-*' -s 'scipy-ivp[method=RK45]' --status ok
      odebench table results/baseline --format markdown
      odebench table --at-error 1e-6
      odebench table -s 'pinn-*' --expected-time 1e-4
      odebench table --format latex --columns solver,max-error,rhs_calls --sort -rhs_calls > table.tex
      odebench table monday tuesday --format csv > both.csv
    """
    from ..report import comparison, equal_error, expected

    if sum(limit is not None for limit in (at_error, at_time, expected_time)) > 1:
        raise click.UsageError("expected one of --at-error, --at-time and --expected-time, received more.")
    found = load(runs).select(**filters, rank_anew=rank_anew)
    if found.samples.empty:
        click.echo("Warning: nothing was measured yet: no samples.", err=True)
    notes = []
    if len(found.cases) < (every := len(found.whole.cases)):
        ranked = "themselves" if rank_anew else f"all {every}"
        notes.append(f"Shown are {len(found.cases)} of {every} cases, ranked among {ranked}.")
    if style == "csv":  # which has no place for it
        for note in notes:
            click.echo(note, err=True)
    if at_error is not None:
        equal_error.write(found.at_error(at_error), at_error, style, columns=columns, sort=sort, notes=notes)
    elif at_time is not None:
        equal_error.write(found.at_time(at_time), at_time, style, columns=columns, sort=sort, notes=notes)
    elif expected_time is not None:
        times = found.expected_time(expected_time)
        expected.write(times, expected_time, style, columns=columns, sort=sort, notes=notes)
    else:
        comparison.write([found.cases], style, columns=columns, sort=sort, notes=notes)


@click.command()
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

    from .. import environment

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
