"""`odebench certify`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from . import completers
from .options import debug_option, open_host, plugin_option


@click.command()
@click.argument("problems", nargs=-1, metavar="[PROBLEM]...", shell_complete=completers.selections("problem"))
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="Where to keep them. [default: the cache]"
)
@click.option(
    "--steps", type=click.IntRange(1), help="Steps an implicit method may take. [default: as many as in a run]"
)
@click.option("--all", "everything", is_flag=True, help="Every problem there is.")
@click.option("--again", is_flag=True, help="Also where there is a reference already.")
@plugin_option
@debug_option
def certify(
    problems: tuple[str, ...],
    output: Path | None,
    steps: int | None,
    everything: bool,
    again: bool,
    plugins: tuple[str, ...],
) -> None:
    """Make reference solutions of problems without an exact one: what two methods in quadruple precision agree on.

    A run makes those that it lacks by itself, and keeps them; this makes them beforehand. Exit status 1 where a problem
    cannot be certified.

    \b
    Examples:
      odebench certify 'lotka-volterra[alpha=[1,2,3]]'
      odebench certify my-problem --plugin my_problem.py
    """
    from .. import certification
    from ..cases import Variants, label
    from ..report.progress import bar

    host = open_host(plugins)
    if everything == bool(problems):
        raise click.UsageError("name the problems, or take --all of them.")
    # what is another problem's solution is found under that one's name
    problems = problems or tuple(p.name for p in host.problems.values() if "duplicate" not in p.tags)
    failed = False
    for variant in Variants(problems, host.problem):
        problem = host.problem(variant.name)
        typed = label(variant.name, variant.params, problem.resolve({}))
        ivp = problem(**variant.params)
        if ivp.exact is not None:
            click.echo(f"{typed}: has an exact solution")
            continue
        if not again and (found := certification.find(ivp)) is not None:
            click.echo(f"{typed}: {certification.summary(found)}, kept before")
            continue
        try:
            with bar(typed) as progress:
                certificate = certification.certify(ivp, progress, steps or certification.STEPS)
        except certification.Uncertifiable as error:
            click.echo(f"{typed}: not certified: {error}", err=True)
            failed = True
            continue
        certification.keep(certificate, ivp, output, variant.name if output else "")
        click.echo(f"{typed}: {certification.summary(certificate)}")
    if failed:
        sys.exit(1)
