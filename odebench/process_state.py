"""What a solver may change in its process beside its own variables, put back so that the next case does not notice."""

from __future__ import annotations

import decimal
import gc
import locale
import os
import random
import resource
import signal
import sys
import warnings
from contextlib import suppress
from typing import Any

_LIMITS = [value for name, value in vars(resource).items() if name.startswith("RLIMIT_")]
_SEED = 0  # of the global generators, for solvers that draw from them unseeded


class ProcessState:
    """The state of this process when it was made, for `restore`."""

    def __init__(self, threads: int) -> None:
        import numpy as np

        self.threads = threads
        random.seed(_SEED)
        np.random.seed(_SEED)
        self._random, self._numpy_random = random.getstate(), np.random.get_state()
        self._directory = os.getcwd()
        self._environment = dict(os.environ)
        self._streams = {fd: os.dup(fd) for fd in (0, 1, 2)}
        self._python_streams = sys.stdin, sys.stdout, sys.stderr
        self._signals = {s: signal.getsignal(s) for s in signal.valid_signals() if signal.getsignal(s) is not None}
        self._path = list(sys.path)
        self._filters = list(warnings.filters)
        self._recursion_limit = sys.getrecursionlimit()
        self._decimal = decimal.getcontext().copy()
        self._locale = locale.setlocale(locale.LC_ALL)
        self._umask = os.umask(0)
        os.umask(self._umask)
        self._errstate = np.geterr()
        self._switch_interval, self._gc_threshold = sys.getswitchinterval(), gc.get_threshold()
        self._mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
        self._affinity = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
        self._nice = os.nice(0)
        self._limits = {limit: resource.getrlimit(limit) for limit in _LIMITS}
        self._modules = 0
        self._thread_pools: Any = None

    def restore(self) -> None:
        """Put everything back."""
        import numpy as np

        if torch := sys.modules.get("torch"):
            _restore_torch(torch, self.threads)
        random.setstate(self._random)
        np.random.set_state(self._numpy_random)
        np.seterr(**self._errstate)
        with suppress(OSError):
            os.chdir(self._directory)
        if os.environ != self._environment:
            os.environ.clear()
            os.environ.update(self._environment)
        self._restore_streams()
        self._restore_signals()
        sys.path[:] = self._path
        warnings.filters[:] = self._filters  # type: ignore[index]  # a list, whatever its stub says
        sys.setrecursionlimit(self._recursion_limit)
        decimal.setcontext(self._decimal.copy())
        locale.setlocale(locale.LC_ALL, self._locale)
        os.umask(self._umask)
        gc.enable()
        gc.set_threshold(*self._gc_threshold)
        sys.setswitchinterval(self._switch_interval)
        sys.settrace(None)
        sys.setprofile(None)
        if self._affinity is not None and os.sched_getaffinity(0) != self._affinity:
            os.sched_setaffinity(0, self._affinity)
        for limit, before in self._limits.items():
            if resource.getrlimit(limit) != before:
                with suppress(ValueError, OSError):  # a hard limit only goes down
                    resource.setrlimit(limit, before)
        self._restore_threads()

    def is_lost(self) -> bool:
        """Whether something has changed that cannot be put back."""
        return os.nice(0) != self._nice or any(resource.getrlimit(k) != v for k, v in self._limits.items())

    def _restore_streams(self) -> None:
        for fd, spare in self._streams.items():
            try:
                changed = not os.path.samestat(os.fstat(fd), os.fstat(spare))
            except OSError:
                changed = True
            if changed:
                os.dup2(spare, fd)
        sys.stdin, sys.stdout, sys.stderr = self._python_streams

    def _restore_signals(self) -> None:
        for timer in (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF):
            signal.setitimer(timer, 0)
        signal.pthread_sigmask(signal.SIG_SETMASK, self._mask)
        for number, handler in self._signals.items():
            if signal.getsignal(number) is not handler:
                signal.signal(number, handler)

    def _restore_threads(self) -> None:
        from threadpoolctl import ThreadpoolController

        if len(sys.modules) != self._modules:  # what was imported may have brought a thread pool
            self._modules, self._thread_pools = len(sys.modules), ThreadpoolController()
        for pool in self._thread_pools.lib_controllers:
            if pool.num_threads != self.threads:
                pool.set_num_threads(self.threads)


def _restore_torch(torch: Any, threads: int) -> None:
    """What a new process would find; what is so already is left alone, as setting it may import half of torch."""
    torch.set_default_dtype(torch.float32)
    torch.set_grad_enabled(True)
    if torch.get_default_device().type != "cpu":
        torch.set_default_device(None)
    if torch.get_float32_matmul_precision() != "highest":
        torch.set_float32_matmul_precision("highest")
    torch.set_flush_denormal(False)
    torch.autograd.set_detect_anomaly(False)
    if torch.are_deterministic_algorithms_enabled():
        torch.use_deterministic_algorithms(False)
    torch.manual_seed(_SEED)
    if torch.get_num_threads() != threads:
        torch.set_num_threads(threads)
