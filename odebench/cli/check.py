"""`odebench check`."""

from __future__ import annotations

from typing import Any

import click

from . import completers
from .options import debug_option, plugin_option

BROKEN = 1


@click.command()
@click.argument("solvers", nargs=-1, metavar="SOLVER|FILE...", shell_complete=completers.selections("solver"))
@click.option("-k", "--rule", "rules", multiple=True, metavar="RULE", help="Only this rule; may be repeated.")
@click.option("--rules", "list_rules", is_flag=True, help="List the rules, and check nothing.")
@click.option(
    "--timeout",
    "rule_s",
    type=click.FloatRange(0, min_open=True),
    default=120.0,
    show_default=True,
    metavar="S",
    help="Seconds one rule may take; one that takes longer is ended, and broken.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@plugin_option
@debug_option
@click.pass_context
def check(
    ctx: click.Context,
    solvers: tuple[str, ...],
    rules: tuple[str, ...],
    list_rules: bool,
    rule_s: float,
    as_json: bool,
    plugins: tuple[str, ...],
) -> None:
    """Hold a solver to the contract: what every solver plugin must keep, and with what call to see where it does not.

    SOLVER is a name, or NAME[parameter=value]; FILE a Python file, each of whose solvers is checked. They run in a
    process of their own: one that hangs or crashes is a finding. Exit status 0: all rules that apply are kept; 1: one
    is broken, or was not tried; 2: there is nothing to check.

    \b
    Examples:
      odebench check my_solver.py
      odebench check my-solver --plugin my_solver.py -k time-shift
      odebench check 'scipy-ivp[method=Radau,dense_output=true]' euler
      odebench check --rules
    """
    import json

    from ..report import contract

    if list_rules:
        click.echo(contract.rules_as_json() if as_json else contract.rules())
        return
    if not solvers:
        raise click.UsageError("expected a solver's name, or a Python file with one; see 'odebench list solvers'.")
    from ..contract import chosen, hold_apart, to_check
    from ..host import Host

    names = chosen(rules)
    checked: list[dict[str, Any]] = []
    subjects = to_check(solvers, plugins, Host)
    for subject in subjects:
        if not as_json:
            click.echo(subject.title)
        outcomes = []
        for outcome in hold_apart(subject.name, subject.parameters, subject.files, names, rule_s=rule_s):
            outcomes.append(outcome)
            if not as_json:
                click.echo(contract.line(outcome))
        checked.append({"solver": subject.title, "rules": [outcome.as_data() for outcome in outcomes]})
        if not as_json:
            click.echo(contract.summary(outcomes) + "\n")
    if as_json:
        click.echo(json.dumps(checked, indent=2, ensure_ascii=False))
    if any(rule["status"] in ("broken", "not tried") for one in checked for rule in one["rules"]):
        ctx.exit(BROKEN)
