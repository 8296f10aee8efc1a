"""The state of a process that a solver shares with everybody: what it is, what has changed, and other values of it."""

from __future__ import annotations

import decimal
import locale
import os
import random
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from ..environment import THREAD_VARIABLES

_OTHER_LOCALES = ("de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8", "C")


class Surroundings:
    """The state when this was made: `changes` says in words what differs now, `restore` puts it back."""

    def __init__(self) -> None:
        self._before = _state()
        self._modules = set(sys.modules)

    def changes(self) -> list[str]:
        """What is other than it was, one phrase each; empty where nothing is."""
        now = _state()
        imported = not self._modules.issuperset(sys.modules)
        changed = []
        for name, value in now.items():
            if imported and name in _LIBRARIES_OWN:
                continue  # what a library does when it is imported is not the solver's affair
            # what was not imported before is compared with how it is when imported by itself
            before = self._before.get(name, _FRESH.get(name, value))
            if before != value:
                shown = f" ({_short(before)} became {_short(value)})" if _is_short(before) and _is_short(value) else ""
                changed.append(f"{name}{shown}")
        return changed

    def rewind(self) -> None:
        """Put the generators of random and numpy back: where a library was imported, who drew from them is unknown, and
        a solver that seeds them would find them the next time as it leaves them."""
        import numpy as np

        random.setstate(self._before["random's generator"])
        np.random.set_state(_unhashable(self._before["numpy's global generator"]))

    def restore(self) -> None:
        """Put everything back but the warnings' filters, which `warnings.catch_warnings` can do alone."""
        import numpy as np

        before = self._before
        self.rewind()
        np.seterr(**before["numpy.seterr"])
        with suppress(OSError):
            os.chdir(before["the working directory"])
        if os.environ != before["the environment's variables"]:
            os.environ.clear()
            os.environ.update(before["the environment's variables"])
        locale.setlocale(locale.LC_ALL, before["the locale"])
        sys.setrecursionlimit(before["the recursion limit"])
        decimal.getcontext().prec = before["the decimal precision"]
        if torch := sys.modules.get("torch"):
            torch.set_default_dtype(before.get("torch's default dtype", torch.float32))
            torch.set_grad_enabled(before.get("torch's gradients", True))
            if (state := before.get("torch's global generator")) is not None:
                torch.set_rng_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))
        if jax := sys.modules.get("jax"):
            jax.config.update("jax_enable_x64", before.get("JAX's x64 mode", False))


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for BLAS, OpenMP and torch, as a run has it by default; afterwards as many as before.

    A library that is first imported meanwhile stays at one: nothing says how many it would have taken.
    """
    from threadpoolctl import threadpool_limits

    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    torch = sys.modules.get("torch")
    threads = torch.get_num_threads() if torch else 1
    os.environ.update(dict.fromkeys(THREAD_VARIABLES, "1"))
    with threadpool_limits(limits=1):
        try:
            if torch:
                torch.set_num_threads(1)
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            if torch:
                torch.set_num_threads(threads)


@contextmanager
def other_surroundings() -> Iterator[None]:
    """Everything other than it is, and afterwards as it was."""
    import numpy as np

    kept = Surroundings()
    try:
        with tempfile.TemporaryDirectory() as directory:
            random.seed(987)
            np.random.seed(987)
            np.seterr(divide="raise", over="raise", invalid="raise")
            os.chdir(directory)
            os.environ["LANG"] = os.environ["LC_ALL"] = "de_DE.UTF-8"
            for name in _OTHER_LOCALES:
                with suppress(locale.Error):
                    locale.setlocale(locale.LC_ALL, name)
                    break
            decimal.getcontext().prec = 7
            if torch := sys.modules.get("torch"):
                torch.manual_seed(987)
                other = torch.float32 if torch.get_default_dtype() == torch.float64 else torch.float64
                torch.set_default_dtype(other)
            if jax := sys.modules.get("jax"):
                jax.config.update("jax_enable_x64", not jax.config.jax_enable_x64)
            try:
                yield
            finally:
                kept.restore()  # before the directory goes
    finally:
        kept.restore()


def _state() -> dict[str, Any]:
    import numpy as np

    state: dict[str, Any] = {
        "random's generator": random.getstate(),
        "numpy's global generator": _hashable(np.random.get_state()),
        "numpy.seterr": np.geterr(),
        "the working directory": _directory(),
        "the environment's variables": dict(os.environ),
        "the locale": locale.setlocale(locale.LC_ALL),
        "the warnings' filters": list(warnings.filters),
        "the recursion limit": sys.getrecursionlimit(),
        "the decimal precision": decimal.getcontext().prec,
    }
    if (torch := sys.modules.get("torch")) and hasattr(torch, "get_rng_state"):
        state |= {
            "torch's default dtype": torch.get_default_dtype(),
            "torch's gradients": torch.is_grad_enabled(),
            "torch's global generator": torch.get_rng_state().numpy().tobytes(),
        }
    if (jax := sys.modules.get("jax")) and hasattr(jax, "config"):
        state["JAX's x64 mode"] = bool(jax.config.jax_enable_x64)
    return state


_LIBRARIES_OWN = (
    "the environment's variables",
    "the warnings' filters",
    "random's generator",
    "numpy's global generator",
)


class _Fresh(dict[str, Any]):
    """How a library is when it has just been imported."""

    def get(self, name: str, default: Any = None) -> Any:
        if name == "torch's default dtype":
            return sys.modules["torch"].float32
        if name == "torch's gradients":
            return True
        if name == "JAX's x64 mode":
            return os.environ.get("JAX_ENABLE_X64", "").lower() in ("1", "true")
        return default


_FRESH = _Fresh()


def _directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "one that is gone"


def _hashable(state: Any) -> Any:
    name, keys, *rest = state
    return (name, keys.tobytes(), *rest)


def _unhashable(state: Any) -> Any:
    import numpy as np

    name, keys, *rest = state
    return (name, np.frombuffer(keys, dtype=np.uint32), *rest)


def _is_short(value: Any) -> bool:
    return not isinstance(value, (dict, list, tuple, bytes))


def _short(value: Any) -> str:
    return str(value)
