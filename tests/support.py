"""Small things that several tests call."""

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

# the rest changes the process it runs in, or is about it
_IN_THIS_PROCESS = ("list", "show", "table", "compare", "plot", "run", "report")
_OF_A_PROCESS = {"inline", "dask", "--debug", "-h", "--help"}
_UNASKED = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


def read_csv(path: Path) -> list[dict[str, str]]:
    """A CSV file as Python's own reader sees it."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@contextmanager
def torch_as_found() -> Iterator[None]:
    """Put torch's defaults and generators, and NumPy's, back at the end."""
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
    """The command line in a directory: in this process where that makes no difference, which saves its start.

    What it measures is measured in processes of its own all the same.
    """
    clean = {k: v for k, v in os.environ.items() if not k.startswith("ODEBENCH")} | environment
    if (
        arguments[0] not in _IN_THIS_PROCESS
        or not _OF_A_PROCESS.isdisjoint(arguments)
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
        for category in _UNASKED:  # as Python has it, and not as errors
            warnings.simplefilter("ignore", category)
        try:
            done = CliRunner().invoke(main, arguments, prog_name="odebench")
        finally:
            for ending, handler in handlers.items():
                signal.signal(ending, handler)
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout, done.stderr)
