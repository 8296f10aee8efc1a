"""`odebench help`: a command's manual page, and what holds for all commands."""

from __future__ import annotations

import inspect
import sys
import textwrap
from collections.abc import Sequence

import click

from . import completers

EXIT_STATUS = (
    ("0", "Done."),
    (
        "1",
        "No: a row is not ok with --strict, a run is worse, a problem cannot be certified, a rule is broken.",
    ),
    ("2", "Refused: a wrong option, selection, plugin or file. The message says what was expected."),
    ("3", "A fault of odebench itself. --debug shows where."),
    ("130", "Interrupted by Ctrl-C, SIGTERM or SIGHUP. What was measured before is on disk."),
    ("141", "The program that read the output has ended, as head does."),
)
ENVIRONMENT = (
    ("ODEBENCH_PLUGINS", "Plugin files that every command loads, with a colon between them; on Windows a semicolon."),
    (
        "ODEBENCH_CACHE",
        "Directory of references certified here. [default: odebench/references in the user's cache]",
    ),
    ("OMP_NUM_THREADS", "And its like for other libraries: a run sets them for its solvers, to --threads."),
    ("NO_COLOR", "Not empty: no colours."),
    ("FORCE_COLOR", "Not empty: colours also where the output is no terminal."),
    ("TERM", "dumb: no colours, and lines in place of a bar that moves."),
    ("COLUMNS", "Width of tables and help, in place of the terminal's."),
    ("PAGER", "What `odebench help` shows its pages with on a terminal."),
)
FILES = (
    (
        "results/RUN/",
        "A run: run.json, the journal measurements.jsonl, and the tables made from it.",
    ),
    ("~/.cache/odebench/", "References certified here, where the system keeps its caches there."),
)


@click.command("help")
@click.argument("command", required=False, shell_complete=completers.commands)
@click.pass_context
def help_(context: click.Context, command: str | None) -> None:
    """Show the manual page of a command, or of odebench: options, examples, exit status, environment, files.

    \b
    Examples:
      odebench help
      odebench help run
    """
    root = context.find_root()
    group = root.command
    assert isinstance(group, click.Group)
    if command is None:
        page = _page(root, "odebench", group)
    elif (found := group.get_command(root, command)) is None:
        from ..errors import did_you_mean

        raise click.UsageError(f"no command {command!r}. {did_you_mean(command, group.list_commands(root))}")
    else:
        page = _page(click.Context(found, parent=root, info_name=command), f"odebench-{command}", found)
    if sys.stdout.isatty():
        click.echo_via_pager(page)
    else:
        click.echo(page, nl=False)


def _page(context: click.Context, name: str, command: click.Command) -> str:
    """The page as text, as wide as help is."""
    summary, description, examples = _parts(command)
    out = context.make_formatter()
    _section(out, "NAME", [f"{name} - {summary.rstrip('.')}"])
    _section(out, "SYNOPSIS", [command.get_usage(context).removeprefix("Usage: ")])
    _section(out, "DESCRIPTION", description)
    options = [record for p in command.get_params(context) if (record := p.get_help_record(context)) is not None]
    _list(out, "OPTIONS", options)
    if isinstance(command, click.Group):
        shorts = [(n, command.commands[n].get_short_help_str(limit=120)) for n in command.list_commands(context)]
        _list(out, "COMMANDS", shorts)
    _section(out, "EXAMPLES", ["\b\n" + "\n".join(examples)])
    _list(out, "EXIT STATUS", EXIT_STATUS)
    _list(out, "ENVIRONMENT", ENVIRONMENT)
    _list(out, "FILES", FILES)
    return out.getvalue()


def _parts(command: click.Command) -> tuple[str, list[str], list[str]]:
    """The first sentence of a command's help, its paragraphs, and the lines of its examples."""
    text, _, examples = inspect.cleandoc(command.help or "").partition("\b\nExamples:\n")
    paragraphs = text.strip().split("\n\n")
    return " ".join(paragraphs[0].split()), paragraphs, textwrap.dedent(examples).rstrip().splitlines()


def _section(out: click.HelpFormatter, heading: str, paragraphs: Sequence[str]) -> None:
    out.write(f"{heading}\n")
    out.indent()
    out.indent()
    for paragraph in paragraphs:
        out.write_text(paragraph)
        out.write("\n")
    out.dedent()
    out.dedent()


def _list(out: click.HelpFormatter, heading: str, rows: Sequence[tuple[str, str]]) -> None:
    out.write(f"{heading}\n")
    out.indent()
    out.indent()
    out.write_dl(rows)
    out.dedent()
    out.dedent()
    out.write("\n")
