"""`odebench compare`."""

from __future__ import annotations

import sys

import click

from . import completers
from .options import debug_option

OBJECTED = 1


@click.command()
@click.argument("before", shell_complete=completers.runs)
@click.argument("after", shell_complete=completers.runs)
@click.option(
    "--format",
    "style",
    type=click.Choice(["rich", "markdown", "csv", "json"]),
    default="rich",
    show_default=True,
    help="Markdown is made for pull requests.",
)
@click.option(
    "--fail-above",
    metavar="SHARE",
    help="Exit status 1 at a significant slowdown above it, such as 5% or 0.05, or where a case is no longer ok.",
)
@click.option(
    "--fail-on-accuracy", is_flag=True, help="Exit status 1 where an error has grown or a case is no longer ok."
)
@click.option("--strict", is_flag=True, help="Exit status 1 where a case is no longer ok, gone, or not judged.")
@debug_option
def compare(before: str, after: str, style: str, fail_above: str | None, fail_on_accuracy: bool, strict: bool) -> None:
    """Say what has changed between two runs: directories, or ids below results/.

    Cases are paired by their id. A time has changed where a test that is corrected for the number of cases says so;
    what the runs differ in otherwise, as machine or versions, is said first. Exit status: 0 done; 1 with --fail-above,
    --fail-on-accuracy or --strict, there is an objection; 2 usage, or nothing to compare; 3 a fault of odebench itself.

    \b
    Examples:
      odebench compare monday tuesday
      odebench compare results/main results/branch --fail-above 5% --fail-on-accuracy
      odebench compare main branch --format markdown > comment.md
      odebench compare main branch --format csv > changes.csv
    """
    from .. import results
    from ..analysis import changes, gate
    from ..errors import BadRun
    from ..report import changes as words

    slowdown = None if fail_above is None else gate.fraction(fail_above)
    first, last = results.load(before), results.load(after)
    runs = [*first.runs, *last.runs]
    if first.runs[0].id == last.runs[0].id:
        raise BadRun(f"'{before}' and '{after}' are the same run, {runs[0].id}. Name two.")
    for run in runs:
        if run.meta["status"] != "complete":
            click.echo(f"Warning: run {run.id} is not complete, but {run.meta['status']}.", err=True)
    table = last.since(first)
    if not (table["presence"] == "").any():
        raise BadRun(
            f"the runs have no case in common: {len(first.cases)} in '{before}', {len(last.cases)} in '{after}'. "
            "Cases are paired by problem, solver and their parameters."
        )
    different = results.differences(runs)
    notes = [f"The runs differ in {', '.join(different)}: their times may, too."] if different else []
    together = changes.overall(table)
    if style == "csv":
        table.to_csv(sys.stdout, index=False, lineterminator="\n")
    elif style == "json":
        click.echo(words.as_json(table, together, runs[0].id, runs[-1].id, different))
    elif style == "markdown":
        click.echo(words.markdown(table, together, runs[0].id, runs[-1].id, notes))
    else:
        for note in notes:
            click.echo(note)
        words.print_changes(table, together)
    objections = gate.objections(table, together, slowdown=slowdown, accuracy=fail_on_accuracy, strict=strict)
    for objection in objections:
        click.echo(f"Objection: {objection}.", err=True)
    if objections:
        sys.exit(OBJECTED)
