"""What was raised, as the status and the reason of a row."""

from __future__ import annotations

import traceback
from pathlib import Path

from . import measurement
from .errors import BadProblem, BadSolution, Diverged, SolverFailed, Unsupported, one_line

READ_ONLY = "y0 and t_eval are read-only: work on a copy"

_HERE = str(Path(__file__).parent)
_TRACEBACK = 8192


def outcome(error: BaseException) -> tuple[str, str]:
    """Status and reason of what was raised."""
    match error:
        case Unsupported():
            return measurement.UNSUPPORTED, one_line(error)
        case Diverged():
            return measurement.DIVERGED, one_line(error)
        case SolverFailed() | BadSolution() | BadProblem():
            return measurement.FAILED, one_line(error)
        case MemoryError():
            return measurement.OUT_OF_MEMORY, described(error)
        case ImportError() if _is_a_librarys(error):
            return (
                measurement.UNAVAILABLE,
                f"a library it needs is installed and cannot be imported: {described(error)}; install it again",
            )
        case ValueError() if "read-only" in str(error):
            return measurement.FAILED, f"{described(error)}: it tried to change its input; {READ_ONLY}"
    return measurement.FAILED, described(error)


def abridged_traceback(error: BaseException) -> str | None:
    """Its beginning and its end, as much as one reads; None for what a solver or the host raised to say so."""
    if isinstance(error, (Diverged, BadProblem, BadSolution, SolverFailed, Unsupported)):
        return None
    text = "".join(traceback.format_exception(error))
    return text if len(text) <= _TRACEBACK else f"{text[: _TRACEBACK // 2]}\n[...]\n{text[-_TRACEBACK // 2 :]}"


def described(error: BaseException) -> str:
    """What was raised, and where in the plugin: the last line of the first file that is not odebench's."""
    what = f"called sys.exit({error.code!r})" if isinstance(error, SystemExit) else type(error).__name__
    message = "" if isinstance(error, SystemExit) else one_line(error)
    outside = _frames_outside(error)
    where = ""
    if outside:
        frame = [f for f in outside if f.filename == outside[0].filename][-1]
        where = f" ({frame.name}, line {frame.lineno} of {Path(frame.filename).name})"
    return f"{what}{': ' if message else ''}{message}{where}"


def _is_a_librarys(error: ImportError) -> bool:
    """Whether it was raised beyond the plugin's own file or package: within what that imports."""
    frames = [f for f in _frames_outside(error) if "importlib" not in f.filename]
    if not frames:
        return False
    plugin = Path(frames[0].filename)
    if (plugin.parent / "__init__.py").exists():
        plugin = plugin.parent
    return not Path(frames[-1].filename).is_relative_to(plugin)


def _frames_outside(error: BaseException) -> list[traceback.FrameSummary]:
    return [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(_HERE)]
