"""`odebench export`."""

from __future__ import annotations

from pathlib import Path

import click

from . import completers
from .options import debug_option, formats_option


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...", shell_complete=completers.runs)
@formats_option(("csv", "parquet", "jsonl"), "May be repeated, or several after commas. [default: csv]")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="New directory; of several runs each in one of its own below it. [default: where the run is]",
)
@debug_option
def export(runs: tuple[str, ...], formats: tuple[str, ...], output: Path | None) -> None:
    """Write the tables of runs anew: as CSV, as Parquet with types, and the journal as JSON lines.

    Runs are directories, or ids below results/; by default the newest there. Tables are made of the journal, or of
    measurements.csv where that is all there is. Parquet needs pyarrow.

    \b
    Examples:
      odebench export
      odebench export results/baseline --format parquet -o baseline
      odebench export monday tuesday --format csv,parquet -o both
    """
    from .. import exporting, results

    found = results.load(*runs).runs
    for run in found:
        directory = output / run.id if output is not None and len(found) > 1 else output
        written = exporting.export(run, formats, directory)
        click.echo(f"written to {written}: {', '.join(sorted(path.name for path in written.iterdir()))}")
