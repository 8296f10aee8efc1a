"""Pages made from the code: methods, problems and commands, each said once, where it is written."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, cast

import click
from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from odebench import Problem, Solver, certification, equations, pytest_plugin
from odebench.cases import selection_text, value_text
from odebench.cli import main
from odebench.errors import Untraceable
from odebench.host import Host

_EQUATIONS, _NUMBERS = 6, 6  # of a problem, that one reads
host = cache(Host)


def plain(text: str) -> str:
    """A docstring as Markdown: its backticks are code, and nothing else in it is markup."""
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(part if k % 2 else re.sub(r"([\\*_<>\[\]|#$~])", r"\\\1", part) for k, part in enumerate(parts))


def docstring(thing: Problem | Solver) -> str:
    """The docstring, as paragraphs."""
    return plain(inspect.getdoc(thing.function) or "")


def table(rows: list[tuple[str, ...]], header: tuple[str, ...]) -> str:
    """A Markdown table."""
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("\n", " ") for cell in line) + " |" for line in lines)


def code(text: str) -> str:
    """Text as code within a table."""
    return "`" + text.replace("|", "\\|") + "`" if text else ""


def facts(pairs: list[tuple[str, str]]) -> str:
    """What is known, by name, without what is not."""
    return "\n".join(f"- {name}: {value}" for name, value in pairs if value)


def parameters(thing: Problem | Solver) -> str:
    """Its parameters as a table: what the signature says."""
    rows = [(code(p.name), code(value_text(p.default)), plain(p.expected)) for p in thing.parameters.values()]
    return table(rows, ("parameter", "default", "takes")) if rows else ""


def rungs(solver: Solver) -> str:
    """The first and last rung of its ladder."""
    if not solver.ladder:
        return ""
    varied = [k for k in solver.ladder[0] if len({repr(rung[k]) for rung in solver.ladder}) > 1]
    first, last = ({k: solver.ladder[i][k] for k in varied} for i in (0, -1))
    return (
        f"{len(solver.ladder)} rungs, {code(selection_text(solver.name, first))} "
        f"to {code(selection_text(solver.name, last))}"
    )


def overview() -> Iterator[str]:
    """All solvers in a table."""
    rows = [
        (f"[{name}](#{name})", plain(s.description), str(s.order or ""), ", ".join(map(code, s.tags)))
        for name, s in sorted(host().solvers.items())
    ]
    yield table(rows, ("solver", "what it is", "order", "tags"))


def solvers() -> Iterator[str]:
    """Every solver by itself."""
    for name, s in sorted(host().solvers.items()):
        yield f"## {name}"
        yield docstring(s)
        yield facts(
            [
                ("order", str(s.order or "")),
                ("source", plain(s.source)),
                ("tags", ", ".join(map(code, s.tags))),
                ("requires", ", ".join(map(code, s.requires))),
                ("chance", "takes a seed" if s.uses_chance else ""),
                ("progress", "reports to a monitor" if s.reports else ""),
                ("ladder", rungs(s)),
            ]
        )
        yield parameters(s)


def problems() -> Iterator[str]:
    """Every problem, by the file it stands in."""
    families: dict[str, list[Problem]] = {}
    for p in sorted(host().problems.values(), key=lambda p: (p.function.__module__, _line(p))):
        families.setdefault(p.function.__module__, []).append(p)
    for module, members in families.items():
        about = inspect.getdoc(inspect.getmodule(members[0].function)) or module
        yield f"## {plain(about.splitlines()[0].rstrip('.'))}"
        for p in members:
            yield f"### {p.name}"
            yield docstring(p)
            yield from problem(p)


def problem(p: Problem) -> Iterator[str]:
    """One problem at its defaults."""
    ivp = p()
    try:
        yield f"$$\n{equations(ivp, _EQUATIONS).latex()}\n$$"
    except Untraceable as error:
        yield f"Its equations are not written out: {plain(str(error))}."
    found = None if ivp.exact else certification.find(ivp)
    known = "exact solution" if ivp.exact else f"certified: {certification.summary(found)}" if found else "numeric"
    initial = ", ".join(f"{v:.6g}" for v in ivp.y0[:_NUMBERS]) + (", ..." if ivp.n_states > _NUMBERS else "")
    yield facts(
        [
            ("states", str(ivp.n_states)),
            ("time span", f"{ivp.t_span[0]:g} to {ivp.t_span[1]:g}"),
            ("initial state", initial),
            ("reference", plain(known)),
            ("invariants", ", ".join(map(plain, ivp.invariants))),
            ("tags", ", ".join(map(code, p.tags))),
            ("source", plain(p.source)),
        ]
    )
    yield parameters(p)


def _line(thing: Problem | Solver) -> int:
    return inspect.unwrap(thing.function).__code__.co_firstlineno


def commands() -> Iterator[str]:
    """Every command, as its own help has it."""
    context = click.Context(main, info_name="odebench")
    for name, command in main.commands.items():
        yield f"## odebench {name}"
        inner = click.Context(command, parent=context, info_name=name, max_content_width=100, terminal_width=100)
        yield f"```text\n{command.get_help(inner)}\n```"


def pytest_options() -> Iterator[str]:
    """The options that pytest is given, as its plugin declares them."""

    rows: list[tuple[str, ...]] = []

    class Group:
        """Takes note of the options of a group."""

        def addoption(self, name: str, help: str = "", metavar: str = "", **_: Any) -> None:
            rows.append((code(f"{name} {metavar}".strip()), plain(help)))

    class Parser:
        """Has one group."""

        def getgroup(self, *_: str) -> Group:
            return Group()

    pytest_plugin.pytest_addoption(cast(Any, Parser()))
    yield table(rows, ("option", "what"))


def directive(make: Callable[[], Iterator[str]]) -> type[SphinxDirective]:
    """A directive that puts a page's generated part where it stands."""

    class Generated(SphinxDirective):
        def run(self) -> list[nodes.Node]:
            text = "\n\n".join(filter(None, make()))
            node = nodes.Element()
            self.state.nested_parse(StringList(text.splitlines(), make.__name__), 0, node, match_titles=True)
            self.env.note_reread()  # the code may have changed
            return node.children

    return Generated


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    for make in (overview, solvers, problems, commands, pytest_options):
        app.add_directive(f"generated-{make.__name__.replace('_', '-')}", directive(make))
    return {"parallel_read_safe": True}
