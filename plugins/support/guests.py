"""Libraries of networks that bring their own ideas of torch: lent the process for one solve, and listened to."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from odebench import Unsupported

Report = Callable[[float], None]
"""Takes the loss; called where the weights, and their gradients in `grad`, are those that it belongs to."""


@contextmanager
def lent(load: Callable[[], Any], dtype: str, device: str, seed: int) -> Iterator[Any]:
    """What `load` imports, for as long as torch's defaults are its own and all it draws follows from the seed.

    Importing it is within, as that may change the defaults too. Afterwards torch's default dtype and device, and the
    global generators of torch and NumPy, are as they were. Raises `Unsupported` for a GPU that is not there.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise Unsupported("device=cuda, and torch sees no GPU on this machine; take device=cpu")
    dtype_before, device_before = torch.get_default_dtype(), torch.get_default_device()
    numpy_before = np.random.get_state()
    with torch.random.fork_rng():
        try:
            library = load()
            torch.set_default_dtype(getattr(torch, dtype))
            _set_device(device)
            torch.manual_seed(seed)
            np.random.seed(seed % 2**32)
            yield library
        finally:
            torch.set_default_dtype(dtype_before)
            _set_device(device_before.type if device_before.index is None else str(device_before))
            np.random.set_state(numpy_before)


def _set_device(device: str) -> None:
    """None for the CPU: to set it by name has the same effect, and makes every call of torch slower."""
    torch.set_default_device(None if device == "cpu" else device)


def columns(states: torch.Tensor) -> Sequence[torch.Tensor]:
    """(n, d) as d times (n, 1)."""
    return [states] if states.shape[1] == 1 else states.split(1, dim=1)


def before_each_step(optimizer: torch.optim.Optimizer, report: Report, loss: Callable[[], float]) -> None:
    """Report before each step that the optimizer makes, once gradients are there: by torch's own hook for that.

    An optimizer that evaluates the loss itself is listened to at the first evaluation of each of its steps, which is
    at the weights where the step begins; for the others `loss` says what it is.
    """

    def hook(optimizer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any] | None:
        closure = args[1] if len(args) > 1 else kwargs.get("closure")
        if closure is None:
            report(loss())
            return None
        to_be_reported = True

        def heard() -> Any:
            nonlocal to_be_reported
            value = closure()
            if to_be_reported:
                to_be_reported = False
                report(value.item())
            return value

        return (optimizer, heard), {}

    optimizer.register_step_pre_hook(hook)
