"""A plugin distribution to start from: `odebench new` writes one, from the files in `templates/`."""

from __future__ import annotations

import builtins
import datetime
import importlib.util
import json
import keyword
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from importlib import metadata, resources
from importlib.machinery import NamespaceLoader
from pathlib import Path
from string import Template

import odebench

from .errors import OutputError, PluginError
from .host import Host

_LONGEST = 100  # a file's name may have 255 bytes, its own extension and prefix among them
PREFIX = "odebench-"
"""Before the plugin's name it makes the distribution's, as in pytest-xdist: no module is called as a method is."""

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_RUN = {"solver": "odebench run -s {name} -p decay", "problem": "odebench run -p {name} -s scipy-ivp"}


def checked_name(host: Host, kind: str, asked: str) -> str:
    """The public name of a new solver or problem, such as `my-solver` for `my_solver` or `odebench-my-solver`.

    Raises `PluginError` for what cannot be a function's name, or is something else's already.
    """
    name = asked.replace("_", "-").removeprefix(PREFIX)
    function = name.replace("-", "_")
    if not _NAME.fullmatch(name):
        raise PluginError(
            f"expected a name of lower-case letters, digits and hyphens that begins with a letter, received {asked!r}. "
            f"Try {_suggested(kind, asked)!r}."
        )
    if len(name) > _LONGEST:
        raise PluginError(f"expected a name of {_LONGEST} letters at most, received {len(name)}. Try 'my-{kind}'.")
    if keyword.iskeyword(function) or hasattr(builtins, function) or function in {*vars(odebench), "np", "exact"}:
        raise PluginError(f"{asked!r} means something in Python or in a plugin already. Try {'my-' + name!r}.")
    if name.startswith("test"):
        raise PluginError(f"pytest would take {function}() for a test. Try {'my-' + name!r}.")
    if name in (host.solvers if kind == "solver" else host.problems):
        raise PluginError(f"there is a {kind} {name!r}: see 'odebench show {name}'. Try {'my-' + name!r}.")
    for taken in (name, PREFIX + name):
        if _is_installed(taken):
            raise PluginError(f"there is a distribution or module {taken!r} already. Try {'my-' + name!r}.")
    return name


def _suggested(kind: str, asked: str) -> str:
    words = re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", "-", asked).lower()) or [kind]
    return "-".join(words if words[0][0].isalpha() and words != [kind] else ["my", *words])


def _is_installed(name: str) -> bool:
    """Whether a distribution or a module has the name; a folder that happens to be in sight is no module."""
    try:
        metadata.distribution(name)
    except metadata.PackageNotFoundError:
        spec = importlib.util.find_spec(name.replace("-", "_"))
        return spec is not None and spec.origin is not None and not isinstance(spec.loader, NamespaceLoader)
    return True


def create(kind: str, name: str, directory: Path, author: str | None = None) -> list[str]:
    """Write the distribution of a solver or problem into a new directory: all of it, or nothing.

    name: as `checked_name` gives it. author: for LICENSE and pyproject.toml; by default git's `user.name`. Returns the
    files' paths in the directory. Raises `OutputError` where the directory exists or cannot be written.
    """
    function = name.replace("-", "_")
    author = author or _git_user() or f"the authors of {PREFIX}{name}"
    values = {
        "kind": kind,
        "name": name,
        "function": function,
        "title": "".join(word.capitalize() for word in name.split("-")),
        "run": run_command(kind, name),
        "author": author,
        "quoted_author": json.dumps(author, ensure_ascii=False),
        "year": str(datetime.date.today().year),
        "version": odebench.__version__,
    }
    templates = {
        "pyproject.toml": "pyproject.toml",
        f"odebench_{function}.py": f"{kind}.py",
        f"tests/test_{function}.py": f"test_{kind}.py",
        "README.md": "README.md",
        "LICENSE": "LICENSE",
        ".gitignore": "gitignore",
        ".github/workflows/test.yml": "test.yml",
    }
    folder = resources.files("odebench") / "templates"
    files = {
        path: Template((folder / f"{template}.tmpl").read_text(encoding="utf-8")).substitute(values)
        for path, template in templates.items()
    }
    _write(files, directory)
    return list(files)


def run_command(kind: str, name: str) -> str:
    """What shows the new plugin at work."""
    return _RUN[kind].format(name=name)


def _write(files: Mapping[str, str], directory: Path) -> None:
    """Write the files beside the directory, and give it its name when they are complete."""
    if directory.exists() or directory.is_symlink():
        raise OutputError(f"'{directory}' exists, and nothing in it is touched. Name another with -o DIR.")
    unfinished = directory.with_name(f".{directory.name}.{os.getpid()}.unfinished")
    try:
        for path, text in files.items():
            file = unfinished / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
        unfinished.rename(directory)
    except OSError as error:
        raise OutputError(f"cannot write '{directory}': {error.strerror or error}. Name another with -o DIR.") from None
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _git_user() -> str:
    """The name that git puts on commits; nothing where there is no git or it has none."""
    try:
        command = ["git", "config", "user.name"]
        done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", check=False)
    except OSError:
        return ""
    return done.stdout.strip()
