"""One base class, one exception per cause.

Whatever odebench itself refuses is an `OdebenchError`; its message says what was expected, what came and
what to try. A solver speaks to the host through `SolverFailed`, `Diverged` and `Unsupported`, which become rows.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class OdebenchError(Exception):
    """Base of everything odebench refuses; the command line prints its message and exits with status 2."""


class PluginError(OdebenchError):
    """A plugin that cannot be used: it is missing, does not parse, raises, registers nothing or misspells a hook."""


class DuplicateName(PluginError):
    """Two plugins register the same name."""


class UnknownName(OdebenchError):
    """A solver, problem or run that nobody registered."""

    def __init__(self, kind: str, name: str, known: Iterable[str], remedy: str = "") -> None:
        known = sorted(known)
        super().__init__(" ".join(filter(None, [f"unknown {kind} {name!r}.", did_you_mean(name, known), remedy])))


class BadSelection(OdebenchError):
    """A selection such as 'scipy-ivp[rtol=1e-6]' that cannot be read."""


class BadParameter(OdebenchError):
    """A parameter that does not exist, or a value of the wrong type."""


class BadProblem(OdebenchError):
    """An initial value problem that contradicts itself: shapes, time span, right-hand side or exact solution."""


class BadSolution(OdebenchError):
    """What a solver returned is not a solution at `t_eval`."""


class OutputError(OdebenchError):
    """A run directory that cannot be written."""


class BadRun(OdebenchError):
    """A directory that is not a run, or a run that cannot be read."""


class BadQuestion(OdebenchError):
    """A question that what was measured cannot answer."""


class NothingToDraw(OdebenchError):
    """A figure for which the runs hold nothing."""


class ClusterError(OdebenchError):
    """A Dask cluster that cannot be reached, or no longer."""


class BadSuite(OdebenchError):
    """A suite's file that cannot be read."""


class SolverFailed(Exception):
    """Raised by a solver that tried and did not succeed; the row's status is `failed`, its reason the message."""


class Diverged(Exception):
    """Raised by a solver whose solution is no longer finite; the status is `diverged`, as where it returns one."""


class Unsupported(Exception):
    """Raised by a solver that cannot do this problem at all; the row's status is `unsupported`."""


class Untraceable(Unsupported):
    """The right-hand side does something that cannot be recorded, such as a branch that depends on the state."""


_MOST = 1000


def one_line(message: object) -> str:
    """A message as it can stand in a table: on one line, and without what UTF-8 cannot hold."""
    try:
        text = str(message)
    except Exception as error:  # a plugin's exception may do anything
        text = f"<its message raised {type(error).__name__}>"
    line = " ".join(text[:_MOST].split()).encode("utf-8", "backslashreplace").decode()
    return line if len(text) <= _MOST else f"{line} ..."


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence that offers the nearest known names, or lists them all where none is near."""
    known = list(known)
    folded = {k.lower().replace("_", "-"): k for k in known}
    wanted = name.lower().replace("_", "-")
    near = [folded[k] for k in difflib.get_close_matches(wanted, folded, n=3)]
    if near and difflib.SequenceMatcher(None, wanted, near[0].lower()).ratio() > 0.9:
        return f"Did you mean {near[0]!r}?"
    near += [k for key, k in folded.items() if wanted and wanted in key and k not in near][: 3 - len(near)]
    if near:
        return f"Did you mean {' or '.join(repr(k) for k in near)}?"
    return f"Known: {', '.join(known)}." if known else ""


def in_a_newer_one() -> str:
    """A sentence for what this version does not know."""
    from . import __version__

    return f"This is odebench {__version__}; if a newer one has it: pip install --upgrade odebench"
