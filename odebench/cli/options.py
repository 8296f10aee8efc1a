"""What several commands share."""

from __future__ import annotations

from typing import Any

import click

from . import completers

INTERRUPTED = 130


def _debug(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    ctx.meta["odebench.debug"] = value


debug_option = click.option("--debug", is_flag=True, expose_value=False, callback=_debug, help="Show tracebacks.")
plugin_option = click.option(
    "--plugin",
    "plugins",
    multiple=True,
    metavar="FILE",
    shell_complete=completers.files,
    help="Load solvers and problems from a Python file; may be repeated.",
)


def open_host(plugins: tuple[str, ...], *, warn: bool = True) -> Any:
    """The host with these plugin files; says which plugins could not be loaded."""
    from ..host import Host

    host = Host(plugins)
    if warn and host.broken:
        names = ", ".join(p.origin.location for p in host.broken)
        click.echo(f"Warning: not loaded: {names}; 'odebench list plugins' says why.", err=True)
    return host
