"""`odebench report`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from . import completers
from .options import debug_option, filter_options


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...", shell_complete=completers.runs)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Where to write it. [default: report.html in the run's directory; of several runs, here]",
)
@filter_options
@click.option("--rank-anew", is_flag=True, help="Rank the cases that are shown among themselves.")
@click.option("--open", "open_it", is_flag=True, help="Show it in the browser.")
@debug_option
def report(runs: tuple[str, ...], output: Path | None, open_it: bool, rank_anew: bool, filters: dict[str, Any]) -> None:
    """Write one or more runs as a page: one HTML file that needs no network. Default: the newest run.

    It says what ran, where, and what failed and why; problem by problem who is the fastest at what error, in words
    and as a plot whose axes can be chosen; and has every case in a table that can be filtered and sorted. Runs are
    directories, or ids below results/; several are taken together as 'odebench table' does.
    With -p, -s, --tag and --status only these cases are on the page, still ranked among all that was measured, and
    beside networks the strongest classical solvers; with --rank-anew they are alone.
    Needs plotly and jinja2: odebench[report].

    \b
    Examples:
      odebench report
      odebench report results/baseline -o baseline.html
      odebench report monday tuesday --open
      odebench report -p 'lotka*' -s scipy-ivp -o some.html
    """
    from .. import results
    from ..report import page

    found = results.load(*runs)
    if any(filters.values()):
        found = found.select(**filters, rank_anew=rank_anew)
    path = page.write(found, output)
    click.echo(f"page         {path}")
    if open_it:
        import webbrowser

        if not webbrowser.open(path.absolute().as_uri()):
            click.echo("Warning: no browser was found here; open the page in one.", err=True)
