"""A right-hand side is tried with another package's numbers before anything is solved."""

from collections.abc import Iterator
from contextlib import contextmanager

from odebench import Unsupported


@contextmanager
def attempt(what: str, remedy: str) -> Iterator[None]:
    """Whatever is raised within is `Unsupported`, in one line: `what` failed, why, and the remedy."""
    try:
        yield
    except Exception as error:  # it may fail in any way a right-hand side can
        said = str(error).partition("\n")[0].rstrip(".")
        raise Unsupported(f"{what}: {type(error).__name__}: {said}; {remedy}") from error
