"""Inside a torch module: what goes in, what its units do, its weights and gradients, and its answer to a push."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from ..backends import Array

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Mask: TypeAlias = NDArray[np.bool_]
else:
    Mask: TypeAlias = Any


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer of units at n inputs, before and after its activation function, each (n, width)."""

    before: Array
    after: Array
    is_output: bool
    """Whether it is the network's last; one without an activation function is left out."""


@dataclass(frozen=True, eq=False)
class Inside:
    """A network as it was at one report."""

    precision: str
    """That of its weights: float64, or float32 for anything less."""
    entry: Array | None
    """What its first layer was given for the times of `t_eval`, (n, k); None where its modules were not called."""
    layers: tuple[Layer, ...]
    weights: Array
    """All that is trained, in one vector (p,)."""
    gradient: Array | None
    """The loss's gradient as the method has it, (p,); None where it keeps none."""


def is_network(thing: Any) -> bool:
    """Whether it is a torch module with weights, and torch is there to look into it."""
    import sys

    torch = sys.modules.get("torch")
    return torch is not None and isinstance(thing, torch.nn.Module) and any(p.requires_grad for p in thing.parameters())


def look_inside(network: Any, evaluate: Callable[[], Any]) -> Inside:
    """What happens in the network while `evaluate()` runs it; neither its weights nor its gradients are changed."""
    import torch

    calls: list[tuple[bool, Any, Any]] = []  # whether it has weights, input, output; in the order of the calls
    outputs: list[Any] = []

    def seen(module: Any, arguments: Any, output: Any) -> None:
        tensors = [a for a in arguments if isinstance(a, torch.Tensor)]
        if tensors and isinstance(output, torch.Tensor) and tensors[0].dim() == output.dim() == 2:
            calls.append((any(True for _ in module.parameters(recurse=False)), tensors[0].detach(), output.detach()))

    def ended(module: Any, arguments: Any, output: Any) -> None:
        if isinstance(output, torch.Tensor):
            outputs.append(output.detach())

    leaves = [m for m in network.modules() if next(m.children(), None) is None]
    handles = [m.register_forward_hook(seen) for m in leaves]
    handles.append(network.register_forward_hook(ended))
    try:
        evaluate()
    finally:
        for handle in handles:
            handle.remove()
    weighted = [(entered, left) for has_weights, entered, left in calls if has_weights]
    trained = [p for p in network.parameters() if p.requires_grad]
    gradients = [p.grad for p in trained]
    return Inside(
        precision="float64" if trained[0].dtype == torch.float64 else "float32",
        entry=_array(weighted[0][0]) if weighted else None,
        layers=tuple(_layers(weighted, outputs)),
        weights=_flat(trained),
        gradient=None if all(g is None for g in gradients) else _flat([_or_zero(p) for p in trained]),
    )


def weights(network: Any) -> Array:
    """All that is trained, in one vector (p,)."""
    return _flat([p for p in network.parameters() if p.requires_grad])


@contextmanager
def pushed(network: Any, index: int, by: float) -> Iterator[None]:
    """The network with one weight, counted as in `weights`, moved for a while."""
    for p in network.parameters():
        if not p.requires_grad:
            continue
        if index < p.numel():
            break
        index -= p.numel()
    kept = p.data
    # other storage in its place, so that a graph that is still to be walked back finds its own untouched
    p.data = kept.clone()
    p.data.reshape(-1)[index] += by
    try:
        yield
    finally:
        p.data = kept


def _layers(weighted: list[tuple[Any, Any]], outputs: list[Any]) -> Iterator[Layer]:
    """Each layer of weights, its output and what became of that before the next."""
    for k, (_, before) in enumerate(weighted):
        is_output = k + 1 == len(weighted)
        after = (outputs[-1] if outputs else None) if is_output else weighted[k + 1][0]
        if after is None or after.shape != before.shape or (is_output and bool((after == before).all())):
            continue
        yield Layer(_array(before), _array(after), is_output)


def _or_zero(parameter: Any) -> Any:
    import torch

    return torch.zeros_like(parameter) if parameter.grad is None else parameter.grad


def _flat(tensors: list[Any]) -> Array:
    import numpy as np

    return np.concatenate([_array(t).ravel() for t in tensors])


def _array(tensor: Any) -> Array:
    import numpy as np

    array: Array = np.array(tensor.detach().double().cpu().numpy())
    return array
