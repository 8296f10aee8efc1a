"""What several commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from .. import measurement
from . import completers

if TYPE_CHECKING:
    from ..results import Results

INTERRUPTED = 130
_Command = TypeVar("_Command", bound=Callable[..., Any])


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


def filter_options(command: Callable[..., None]) -> Callable[..., None]:
    """`-p`, `-s`, `--tag` and `--status`; the command gets them as `filters`, for `Results.select(**filters)`."""

    @functools.wraps(command)
    def filtered(**options: Any) -> None:
        filters = {name: options.pop(name) for name in ("problem", "solver", "tag", "status")}
        command(**options, filters=filters)

    for option in (
        click.option(
            "--status",
            type=click.Choice(measurement.STATUSES),
            multiple=True,
            metavar="STATUS",
            help="Only cases that ended so: ok, failed, ...; may be repeated.",
        ),
        click.option(
            "--tag",
            multiple=True,
            metavar="TAG",
            help="Only cases of problems or solvers with this tag, as stiff; may be repeated.",
        ),
        click.option(
            "-s",
            "--solver",
            multiple=True,
            metavar="SOLVER",
            shell_complete=completers.selections("solver"),
            help="Only cases of this solver, as run takes it; * stands for any letters; may be repeated.",
        ),
        click.option(
            "-p",
            "--problem",
            multiple=True,
            metavar="PROBLEM",
            shell_complete=completers.selections("problem"),
            help="Only cases of this problem, as run takes it; * stands for any letters; may be repeated.",
        ),
    ):
        filtered = option(filtered)
    return filtered


def warn(sentences: Iterable[str]) -> None:
    """On standard error, a line each."""
    from ..text import plain

    for sentence in sentences:
        click.echo(f"Warning: {sentence[:1].lower()}{plain(sentence[1:])}", err=True)


def load(runs: Sequence[str]) -> Results:
    """These runs together, or the newest; says what is to be known before their numbers are believed."""
    from .. import results
    from ..analysis import circumstances

    found = results.load(*runs)
    warn(circumstances.warnings(found.runs))
    return found


def open_host(plugins: tuple[str, ...], *, warn: bool = True) -> Any:
    """The host with these plugin files; says which plugins could not be loaded."""
    from ..host import Host

    host = Host(plugins)
    if warn and host.broken:
        names = ", ".join(p.origin.location for p in host.broken)
        click.echo(f"Warning: not loaded: {names}; 'odebench list plugins' says why.", err=True)
    return host


def formats_option(choices: Sequence[str], help: str) -> Callable[[_Command], _Command]:
    """--format, which may be repeated and takes several after commas; the command is passed a tuple `formats`."""

    def split(ctx: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
        names = [name.strip() for value in values for name in value.split(",")]
        return tuple(dict.fromkeys(click.Choice(choices).convert(name, option, ctx) for name in names))

    return click.option(
        "--format", "formats", multiple=True, metavar="|".join(choices), default=("csv",), callback=split, help=help
    )
