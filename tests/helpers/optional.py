"""Packages that are not always installed: tests that need one are skipped without it, and import it when they run."""

from __future__ import annotations

import importlib
from functools import cache
from importlib.util import find_spec
from typing import Any

import pytest


@cache
def is_installed(name: str) -> bool:
    """Return whether a package can be found; it is not imported."""
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # the parent package of a dotted name
        return False


class LazyModule:
    """A module that is imported when one of its attributes is first used."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:
        if attribute.startswith("_"):  # pytest asks for private attributes of what it collects
            raise AttributeError(attribute)
        return getattr(importlib.import_module(self._name), attribute)


def optional(name: str, reason: str) -> Any:
    """Return a package that is imported on first use; skip the test module if it is not installed.

    Collecting tests stays fast, as a package such as torch takes seconds to import.
    """
    if not is_installed(name):
        pytest.skip(f"needs {name}: {reason}", allow_module_level=True)
    return LazyModule(name)


def lazy(name: str) -> Any:
    """Return a module that is imported on first use."""
    return LazyModule(name)


def needs(*names: str) -> pytest.MarkDecorator:
    """Return a mark that skips a test unless these packages are installed."""
    missing = [name for name in names if not is_installed(name)]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")
