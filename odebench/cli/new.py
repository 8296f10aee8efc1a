"""`odebench new`."""

from __future__ import annotations

from pathlib import Path

import click

from .options import debug_option, open_host


@click.command()
@click.argument("kind", type=click.Choice(["solver", "problem"]))
@click.argument("name", metavar="NAME")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="The directory to make. It must not exist. [default: NAME]",
)
@click.option("--author", help="Who stands in LICENSE and pyproject.toml. [default: git's user.name]")
@debug_option
def new(kind: str, name: str, output: Path | None, author: str | None) -> None:
    """Write a plugin of your own to start from: a distribution that installs, is listed, and passes its tests.

    It is called odebench-NAME, and has a working example where your solver or problem goes, its test, README.md,
    LICENSE, and a workflow that tests it on GitHub.

    \b
    Examples:
      odebench new solver my-solver
      odebench new problem my-problem -o ~/code/odebench-my-problem --author 'Ada Lovelace'
    """
    from .. import scaffold

    public = scaffold.checked_name(open_host((), warn=False), kind, name)
    directory = output or Path(name)
    files = scaffold.create(kind, public, directory, author)
    click.echo(f"odebench-{public} is in {directory}:")
    for file in files:
        click.echo(f"  {file}")
    click.echo(
        f"\nNext:\n  cd {directory}\n  pip install -e '.[test]'\n  {scaffold.run_command(kind, public)}\n  pytest"
    )
