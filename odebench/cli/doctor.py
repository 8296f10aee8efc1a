"""`odebench doctor`."""

from __future__ import annotations

import click

from . import completers
from .options import debug_option, open_host, plugin_option


@click.command()
@click.argument("solver", metavar="SOLVER", shell_complete=completers.selections("solver"))
@click.option(
    "-p",
    "--problem",
    metavar="PROBLEM",
    default="decay",
    show_default=True,
    shell_complete=completers.selections("problem"),
    help="The problem to solve.",
)
@click.option(
    "--try",
    "try_it",
    is_flag=True,
    help="Solve it again with the remedy, and what is found then, and show before and after.",
)
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True, help="Solves, where chance is used.")
@click.option("--seed", type=int, default=0, show_default=True, help="Base seed; each solve's own is derived from it.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@plugin_option
@debug_option
def doctor(
    solver: str, problem: str, try_it: bool, seeds: int, seed: int, as_json: bool, plugins: tuple[str, ...]
) -> None:
    """Say why a solver does not solve a problem: what is wrong, how that was seen, and what would mend it.

    It watches the solver train, through its dense output and, where the solver hands its network and points to the
    monitor, its units and gradients. The root cause is named first.

    \b
    Examples:
      odebench doctor pinn-autograd -p decay
      odebench doctor 'pinn-autograd[epochs=5]' -p lotka-volterra --try
      odebench doctor my-solver --plugin my_solver.py -p 'decay[rate=2]' --seeds 1 --json
    """
    from ..cases import label
    from ..doctor import examine, one_variant, treat
    from ..environment import limit_threads
    from ..report import diagnosis
    from ..report.progress import bar

    host = open_host(plugins)
    method = one_variant(solver, host.solver)
    case = one_variant(problem, host.problem)
    limit_threads(1)
    name = label(method.name, method.params, host.solver(method.name).resolve({}))
    on = label(case.name, case.params, host.problem(case.name).resolve({}))
    with bar(f"{name} on {on}") as progress:
        before = examine(
            host, case, method, seeds=seeds, base_seed=seed, on_solved=lambda solved: progress(solved / seeds)
        )
    data = diagnosis.as_data(before)
    if not as_json:
        diagnosis.print_checkup(f"{name} on {on}", before)
    if try_it:
        with bar("trying the remedies") as progress:
            treatments = treat(host, before, base_seed=seed, on_round=progress)
        data["tried"] = [{"changed": dict(t.changed), **diagnosis.as_data(t.checkup)} for t in treatments]
        if treatments and not as_json:
            diagnosis.print_treatments(before, treatments)
        elif before.diagnoses and not as_json:
            click.echo("nothing to try: no parameter of the solver is the remedy")
    if as_json:
        click.echo(diagnosis.to_json(data))
