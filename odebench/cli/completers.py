"""What is offered on TAB for an argument."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from click.shell_completion import CompletionItem

from .completion import Word

Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem[str]]]


def selections(*kinds: str) -> Completer:
    """Offers names of the kinds, "solver" and "problem", with their parameters and values."""

    def complete(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
        from .selecting import continuations

        host = _host(context)
        known = {name: thing for kind in kinds for name, thing in sorted(getattr(host, f"{kind}s").items())}
        quoted = isinstance(context.obj, Word) and context.obj.quote != ""
        return [
            CompletionItem(offer.text, help=offer.about, goes_on=offer.goes_on)
            for offer in continuations(incomplete, known, quoted=quoted)
        ]

    return complete


def suites(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Offers the suites that come with odebench, and files."""
    from ..suites import described

    offered = [
        CompletionItem(s["name"], help=s["description"]) for s in described() if s["name"].startswith(incomplete)
    ]
    return offered or [CompletionItem(incomplete, type="file")]


def runs(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Offers the ids below results/, the newest first, and directories with a run in them."""
    folder, slash, begun = incomplete.rpartition("/")
    parent = Path(folder + slash).expanduser()
    offered = [folder + slash + name for name in _runs_in(parent, begun)]
    if not slash:
        offered += [name for name in _runs_in(Path("results"), begun) if name not in offered]
    return [CompletionItem(name) for name in offered] or [CompletionItem(incomplete, type="dir")]


def _runs_in(parent: Path, begun: str) -> list[str]:
    with suppress(OSError):
        found = [path.parent for path in parent.glob("*/run.json") if path.parent.name.startswith(begun)]
        return [path.name for path in sorted(found, key=lambda path: path.stat().st_mtime, reverse=True)]
    return []


def files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Leaves it to the shell to offer files."""
    return [CompletionItem(incomplete, type="file")]


def commands(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Offers the commands themselves, for help."""
    root = context.find_root()
    return root.command.shell_complete(root, incomplete) if not incomplete.startswith("-") else []


def _host(context: click.Context) -> Any:
    """The host with the plugin files that stand earlier on the line; without those that do not load."""
    from ..errors import OdebenchError
    from ..host import Host

    named = [os.path.expandvars(path) for path in context.params.get("plugins") or ()]
    for keep, from_environment in ((named, True), ([], True), (named, False), ([], False)):
        with suppress(OdebenchError):
            return Host(keep, from_environment=from_environment, remember=False)  # TAB changes nothing
    raise AssertionError("the built-in plugins load without files")
