"""Run the command line as a user does, and read what it writes."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path
from unittest import mock

from click.testing import CliRunner

from odebench.cli import main

# These commands leave the calling process as it was, so tests call them without starting a process.
_IN_PROCESS_COMMANDS = {
    *("list", "show", "table", "compare", "plot", "run", "report", "export"),
    *("check", "doctor", "env", "certify"),
}
# These options are about the process itself.
_PROCESS_OPTIONS = {"dask", "--debug"}
_IGNORED_BY_DEFAULT = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


def read_csv(path: Path) -> list[dict[str, str]]:
    """Return the rows of a CSV file, as strings."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@contextmanager
def torch_as_found() -> Iterator[None]:
    """Restore torch's defaults and generators, and NumPy's generator, at the end."""
    import numpy as np
    import torch

    dtype, numpy_state = torch.get_default_dtype(), np.random.get_state()
    with torch.random.fork_rng():
        try:
            yield
        finally:
            torch.set_default_dtype(dtype)
            torch.set_default_device(None)
            np.random.set_state(numpy_state)


def run_odebench(
    directory: Path, arguments: tuple[str, ...], environment: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run the command line in a directory, in this process where that makes no difference.

    Starting a process takes longer than most commands. Solvers run in their own processes all the same, unless
    `--executor inline` is given.
    """
    clean = {k: v for k, v in os.environ.items() if not k.startswith("ODEBENCH")} | environment
    if (
        arguments[0] not in _IN_PROCESS_COMMANDS
        or not _PROCESS_OPTIONS.isdisjoint(arguments)
        or any(name.startswith("PYTHON") for name in environment)
    ):
        command = [sys.executable, "-m", "odebench", *arguments]
        return subprocess.run(
            command, cwd=directory, env=clean, capture_output=True, text=True, check=False, timeout=300
        )
    handlers = {
        ending: signal.getsignal(ending) for ending in (signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM))
    }
    with chdir(directory), mock.patch.dict(os.environ, clean, clear=True), warnings.catch_warnings():
        warnings.simplefilter("default")
        for category in _IGNORED_BY_DEFAULT:  # as Python does, where pytest makes errors of warnings
            warnings.simplefilter("ignore", category)
        try:
            done = CliRunner().invoke(main, arguments, prog_name="odebench")
        finally:
            for ending, handler in handlers.items():
                signal.signal(ending, handler)
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)
