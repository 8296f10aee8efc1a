"""The time span holds more of the problem's own times than the method can take in at once."""

from __future__ import annotations

import math

from .diagnosis import Evidence, more_windows, multiplied, pathology
from .examination import Examination

_BAD = 1e-2  # of the solution's size
_LOOKED_AT = 50
_MOST_STATES = 200
_A_WINDOW = 10  # of the problem's own times


@pathology(
    kind="method",
    signal="length of the time span in the problem's own times: t1 - t0 times the largest eigenvalue of df/dy",
    threshold=30.0,
    remedy="time windows, each starting where the one before ended; for a stiff problem an implicit method, such as "
    "scipy-ivp[method=Radau].",
)
def span_too_long(examination: Examination) -> Evidence | None:
    """The time span is too long for one network, or the problem too stiff for the method.

    Judged where the error is above 1 % of the solution's size.
    """
    judged = examination.error if examination.error is not None else examination.defect
    if judged is None or judged <= _BAD:
        return None
    rates = _rates(examination)
    if rates is None:
        return None
    fastest, decaying = rates
    value = fastest * examination.span
    stiff = decaying > 0.9 * fastest and value > 1000
    until = _until(examination)
    along = f" The solution is right until t = {until:.3g}." if until is not None else ""
    many = "too many for one network" if examination.looks else "many for the method as it is set"
    what = "a stiff problem, which an implicit method takes in its stride" if stiff else many
    shorter = more_windows(examination.parameters, max(2, math.ceil(min(value, 1e4) / _A_WINDOW)))
    now = examination.parameters
    tolerances = zip(multiplied(now, "rtol", 0.01), multiplied(now, "atol", 0.01), strict=False)
    finer = (*multiplied(now, "steps", 10), *({**rtol, **atol} for rtol, atol in tolerances))
    remedies = ({"method": "Radau"}, shorter, *finer) if stiff else (shorter, *finer, {"method": "Radau"})
    return Evidence(
        value,
        f"The time span is {value:.3g} of the problem's own times long, by its fastest rate of {fastest:.3g}: "
        f"{what}.{along}",
        remedies,
    )


def _rates(examination: Examination) -> tuple[float, float] | None:
    """The largest magnitude of df/dy's eigenvalues along the solution, and that of those that decay."""
    import numpy as np

    ivp = examination.ivp
    states = examination.truth if examination.truth is not None else examination.y
    if ivp.jac is None or states is None or ivp.n_states > _MOST_STATES:
        return None
    every = max(1, ivp.t_eval.size // _LOOKED_AT)
    fastest = decaying = 0.0
    for t, y in zip(ivp.t_eval[::every], states[::every], strict=True):
        with np.errstate(all="ignore"):
            matrix = ivp.jac(float(t), y)
        matrix = np.asarray(matrix.toarray() if hasattr(matrix, "toarray") else matrix)
        if not np.isfinite(matrix).all():
            continue
        values = np.linalg.eigvals(matrix)
        fastest = max(fastest, float(np.abs(values).max()))
        decaying = max(decaying, float(-values.real.min()))
    return fastest, decaying


def _until(examination: Examination) -> float | None:
    """Up to which time the error is small, where that is a tenth of the span at least, and not all of it."""
    import numpy as np

    if examination.y is None or examination.truth is None:
        return None
    wrong = np.abs(examination.y - examination.truth).max(axis=1) > _BAD * examination.size
    t = examination.ivp.t_eval[int(wrong.argmax())]
    return float(t) if wrong.any() and t - examination.ivp.t_span[0] > 0.1 * examination.span else None
