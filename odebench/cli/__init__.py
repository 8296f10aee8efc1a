"""The commands; no logic of their own. Rooms are imported inside the commands, so that help is instant."""

from __future__ import annotations

import io
import os
import sys
import warnings
from typing import Any

import click

from .. import __version__
from ..errors import OdebenchError
from .certify import certify
from .check import check
from .compare import compare
from .completion import completion
from .doctor import doctor
from .export import export
from .look import env, list_, show, table
from .manual import help_
from .new import new
from .options import INTERRUPTED
from .plot import plot
from .report import report
from .run import run
from .watch import watch

USAGE_ERROR, INTERNAL_ERROR, BROKEN_PIPE = 2, 3, 141


class Commands(click.Group):
    """Turns what odebench refuses into a message and exit status 2; a traceback is shown only with --debug."""

    def invoke(self, ctx: click.Context) -> Any:
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:  # closed by who called: what is written there is for nobody
                setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  (until the end)
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="replace")  # a terminal or pipe that knows no ≤ shows a question mark
        warnings.showwarning = lambda message, *_: click.echo(f"Warning: {message}", err=True)
        try:
            returned = super().invoke(ctx)
            sys.stdout.flush()
            return returned
        except KeyboardInterrupt:
            ctx.exit(INTERRUPTED)
        except OdebenchError as error:
            _report(ctx, str(error), USAGE_ERROR)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)  # for what is still to be flushed
            os.dup2(nowhere, sys.stdout.fileno())
            ctx.exit(BROKEN_PIPE)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            _report(
                ctx,
                f"internal error: {type(error).__name__}: {error}\nRun it again with --debug to see where.",
                INTERNAL_ERROR,
            )


def _report(ctx: click.Context, message: str, status: int) -> None:
    if ctx.meta.get("odebench.debug"):
        raise
    click.echo(f"Error: {message}", err=True)
    ctx.exit(status)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, "-V", "--version", prog_name="odebench", message="%(prog)s %(version)s")
def main() -> None:
    """Compare ODE solvers: exact formulas, classical integrators and networks, on one clock and one yardstick.

    `odebench help` says more: exit status, environment, files. `odebench completion` has TAB complete names.

    \b
    Examples:
      odebench run                                           the founding comparison
      odebench run -p lotka-volterra -s scipy-ivp --ladder   a work-precision sweep
      odebench run -s 'scipy-ivp[method=[RK45,DOP853]]' -p 'decay[rate=[1,10]]'
      odebench run --plugin my_solver.py -s my-solver -s scipy-ivp -p decay
      odebench list solvers
      odebench show scipy-ivp
    """


for _command in (
    run,
    list_,
    show,
    certify,
    table,
    compare,
    plot,
    report,
    export,
    doctor,
    check,
    watch,
    new,
    env,
    completion,
    help_,
):
    main.add_command(_command)
