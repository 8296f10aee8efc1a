"""How much the hidden weights matter: the table of docs/networks.md, printed by `python docs/hidden_weights.py`."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from odebench import Monitor
from odebench.host import Host
from odebench.references import reference

SEEDS = range(3)
CASES = [
    ("decay", (4, 8, 16, 24), {}),
    ("logistic", (8, 24), {}),
    ("lotka-volterra", (12, 24), {"windows": 10}),
]
ALONE = {"optimizer": "adam", "epochs": 1, "learning_rate": 1e-15, "refit": True}  # as drawn, but for the last layer


class Movement(Monitor):
    """Keeps the first layer's weights as they were first and last seen, by network."""

    def __init__(self) -> None:
        self.seen: dict[int, list[Any]] = {}

    def __call__(self, step: int, loss: float | None, dense: Any, *, network: Any = None, points: Any = None) -> None:
        first = network.layers[0]
        weights = np.concatenate([first.weight.detach().numpy().ravel(), first.bias.detach().numpy()])
        self.seen.setdefault(id(network), [network, weights, weights])[2] = weights

    def parts(self) -> list[float]:
        """By what part of their length they moved, a number a window."""
        return [float(np.linalg.norm(b - a) / np.linalg.norm(a)) for _, a, b in self.seen.values()]


def main() -> None:
    """Print a row a problem and width."""
    warnings.simplefilter("ignore")  # networks that do not solve it say so
    host = Host()
    solver = host.solver("pinn-autograd")
    print("| problem | width | all weights trained | output layer alone | moved |\n|---|---|---|---|---|")
    for name, widths, chosen in CASES:
        ivp = host.problem(name)()
        y = reference(ivp, lambda done: None).y
        for width in widths:
            trained, alone, moved = [], [], []
            for seed in SEEDS:
                movement = Movement()
                solution = solver(ivp, ivp.t_eval, seed=seed, width=width, monitor=movement, **chosen)
                trained.append(np.abs(solution.y - y).max())
                moved += movement.parts()
                solution = solver(ivp, ivp.t_eval, seed=seed, width=width, **ALONE, **chosen)
                alone.append(np.abs(solution.y - y).max())
            cells = [f"{min(x):.0e} to {max(x):.0e}" for x in (trained, alone, moved)]
            print(f"| {name} | {width} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
