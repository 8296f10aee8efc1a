"""`odebench compare`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from . import completers
from .options import debug_option, filter_options, warn

if TYPE_CHECKING:
    from ..results import Results

OBJECTED = 1


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN RUN...", shell_complete=completers.runs)
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
@filter_options
@debug_option
def compare(
    runs: tuple[str, ...],
    style: str,
    fail_above: str | None,
    fail_on_accuracy: bool,
    strict: bool,
    filters: dict[str, tuple[str, ...]],
) -> None:
    """Say what has changed between runs: directories, or ids below results/.

    Cases are paired by their id. A time has changed where a test that is corrected for the number of cases says so;
    what the runs differ in otherwise, as machine or versions, is said first. Exit status: 0 done; 1 with --fail-above,
    --fail-on-accuracy or --strict, there is an objection; 2 usage, or nothing to compare; 3 a fault of odebench itself.

    More than two runs are a history, in the order in which they began: at which of them the time of a case has come
    to another level and stayed there. --fail-above and the like are for two.

    \b
    Examples:
      odebench compare monday tuesday
      odebench compare results/main results/branch --fail-above 5% --fail-on-accuracy
      odebench compare main branch --format markdown > comment.md
      odebench compare main branch --format csv > changes.csv
      odebench compare main branch -p 'decay*' --tag neural
      odebench compare nightly/*
    """
    from .. import results
    from ..analysis import changes, circumstances, gate
    from ..errors import BadQuestion, BadRun
    from ..report import changes as words
    from ..report import history

    slowdown = None if fail_above is None else gate.fraction(fail_above)
    loaded = _loaded(runs)
    every = results.Results(found.runs[0] for found in loaded)
    notes = list(circumstances.warnings(every.runs))
    if style in ("csv", "json"):  # which have no place for them
        warn(notes)
    chosen = every.select(**filters, rank_anew=False) if any(filters.values()) else every
    if len(loaded) > 2:
        if slowdown is not None or fail_on_accuracy or strict:
            raise BadQuestion("expected two runs with --fail-above, --fail-on-accuracy or --strict, received more.")
        history.write(chosen.history(), style, notes)
        return
    first, last = loaded
    before, after = runs
    table = last.since(first, None if chosen is every else chosen.cases["case_id"])
    if not (table["presence"] == "").any():
        raise BadRun(
            f"the runs have no case in common: {len(first.cases)} in '{before}', {len(last.cases)} in '{after}'. "
            "Cases are paired by problem, solver and their parameters."
        )
    together = changes.overall(table)
    words.write(table, together, style, every.runs, notes)
    objections = gate.objections(table, together, slowdown=slowdown, accuracy=fail_on_accuracy, strict=strict)
    for objection in objections:
        click.echo(f"Objection: {objection}.", err=True)
    if objections:
        sys.exit(OBJECTED)


def _loaded(names: Sequence[str]) -> list[Results]:
    """Each run by itself; raises `BadRun` for fewer than two, and for one that is named twice."""
    from .. import results
    from ..errors import BadRun

    if len(names) < 2:
        raise BadRun(f"expected two runs or more, received one, '{names[0]}'. Name the one it is compared with first.")
    loaded: dict[str, tuple[str, Results]] = {}
    for name in names:
        found = results.load(name)
        run_id = found.runs[0].id
        if run_id in loaded:
            raise BadRun(f"'{loaded[run_id][0]}' and '{name}' are the same run, {run_id}. Name different ones.")
        loaded[run_id] = (name, found)
    return [found for _, found in loaded.values()]
