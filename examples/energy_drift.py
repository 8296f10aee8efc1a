"""A metric: how fast a solver lets the energy grow or shrink, from start to end.

odebench run --plugin examples/energy_drift.py -p harmonic-oscillator -s rk4 -s euler
"""

import numpy as np

from odebench import hookimpl


def energy_drift(y, y_ref, ivp):
    """The slope of the relative energy over time, in 1 / the problem's unit of time; NaN where there is no energy.

    It is that of the straight line that fits best, so that a method whose energy only swings to and fro, as that of a
    symplectic one does, has next to none. `y_ref` is not needed: the energy says it without a reference.
    """
    if "energy" not in ivp.invariants:
        return float("nan")  # an empty cell
    energy, start = ivp.invariants["energy"](y), float(ivp.invariants["energy"](ivp.y0))
    slope, _ = np.polyfit(ivp.t_eval - ivp.t_span[0], (energy - start) / abs(start), 1)
    return slope


@hookimpl
def odebench_metrics():
    """One column of measurements.csv, by this name."""
    return {"energy_drift": energy_drift}
