"""STIFF DETEST, the stiff test set, families A to C; after TOMS 648 where that differs from the paper of 1975.

Solutions are compared from about a hundredth of the fastest time scale on, which a comment beside `t_eval` names.
"""

import math
from typing import Any

import numpy as np

from odebench import IVP, Problem, hookimpl, logarithmic_times, problem

from ._shared import STIFF_DETEST


@problem(tags=["linear", "system", "stiff"], source=f"{STIFF_DETEST}: A1")
def stiff_detest_a1(*, t1: float = 20.0) -> IVP:
    """y1' = -0.5 y1, y2' = -y2, y3' = -100 y3, y4' = -90 y4, from (1, 1, 1, 1): four decays side by side."""
    rates = (0.5, 1.0, 100.0, 90.0)

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        return xp.stack([-rate * y[..., k] for k, rate in enumerate(rates)], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0, 1.0, 1.0, 1.0],
        exact=lambda t: np.stack([np.exp(-rate * t) for rate in rates], axis=-1),
        t_eval=logarithmic_times(0.0, t1, 1e-4),  # time scale 1 / 100
    )


@problem(tags=["linear", "system", "stiff"], source=f"{STIFF_DETEST}: A2")
def stiff_detest_a2(*, t1: float = 120.0) -> IVP:
    """y1' = -1800 y1 + 900 y2, yi' = y(i-1) - 2 yi + y(i+1) for i = 2 ... 8, y9' = 1000 y8 - 2000 y9 + 1000, from 0:
    a chain that fills from one end."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        inner = [y[..., k - 1] - 2 * y[..., k] + y[..., k + 1] for k in range(1, 8)]
        first, last = -1800 * y[..., 0] + 900 * y[..., 1], 1000 * y[..., 7] - 2000 * y[..., 8] + 1000
        return xp.stack([first, *inner, last], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[0.0] * 9,
        t_eval=logarithmic_times(0.0, t1, 5e-6),  # time scale 1 / 2000
    )


@problem(tags=["linear", "system", "stiff"], source=f"{STIFF_DETEST}: A3")
def stiff_detest_a3(*, t1: float = 20.0) -> IVP:
    """y1' = -10^4 y1 + 100 y2 - 10 y3 + y4, y2' = -10^3 y2 + 10 y3 - 10 y4, y3' = -y3 + 10 y4, y4' = -0.1 y4,
    from (1, 1, 1, 1): each component is driven by the slower ones."""
    c4 = 10 / 0.9  # of exp(-0.1 t) in y3
    c3 = 1 - c4  # of exp(-t) in y3
    b4 = 10 * (c4 - 1) / 999.9
    b3 = 10 * c3 / 999
    b2 = 1 - b3 - b4  # of exp(-1000 t) in y2
    a4 = (100 * b4 - 10 * c4 + 1) / 9999.9
    a3 = (100 * b3 - 10 * c3) / 9999
    a2 = 100 * b2 / 9000
    a1 = 1 - a2 - a3 - a4  # of exp(-10000 t) in y1

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c, d = (y[..., k] for k in range(4))
        return xp.stack([-1e4 * a + 100 * b - 10 * c + d, -1e3 * b + 10 * c - 10 * d, -c + 10 * d, -0.1 * d], -1)

    def exact(t: Any) -> Any:
        e1, e2, e3, e4 = np.exp(-1e4 * t), np.exp(-1e3 * t), np.exp(-t), np.exp(-0.1 * t)
        y1 = a1 * e1 + a2 * e2 + a3 * e3 + a4 * e4
        return np.stack([y1, b2 * e2 + b3 * e3 + b4 * e4, c3 * e3 + c4 * e4, e4], axis=-1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0, 1.0, 1.0, 1.0],
        exact=exact,
        t_eval=logarithmic_times(0.0, t1, 1e-6),  # time scale 1 / 10^4
    )


@problem(tags=["linear", "system", "stiff"], source=f"{STIFF_DETEST}: A4")
def stiff_detest_a4(*, t1: float = 1.0) -> IVP:
    """yi' = -i^5 yi for i = 1 ... 10, from 1 each: ten decays with rates from 1 to 100,000."""
    rates = [float(i**5) for i in range(1, 11)]

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        return xp.stack([-rate * y[..., k] for k, rate in enumerate(rates)], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0] * 10,
        exact=lambda t: np.stack([np.exp(-rate * t) for rate in rates], axis=-1),
        t_eval=logarithmic_times(0.0, t1, 1e-7),  # time scale 1 / 10^5
    )


@problem(tags=["linear", "system", "stiff", "oscillatory"], source=f"{STIFF_DETEST}: B1")
def stiff_detest_b1(*, t1: float = 20.0) -> IVP:
    """y1' = -y1 + y2, y2' = -100 y1 - y2, y3' = -100 y3 + y4, y4' = -10^4 y3 - 100 y4, from (1, 0, 1, 0):
    a slowly and a fast damped oscillation, with eigenvalues -1 +- 10i and -100 +- 100i."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c, d = (y[..., k] for k in range(4))
        return xp.stack([-a + b, -100 * a - b, -100 * c + d, -1e4 * c - 100 * d], -1)

    def exact(t: Any) -> Any:
        slow, fast = np.exp(-t), np.exp(-100 * t)
        return np.stack(
            [slow * np.cos(10 * t), -10 * slow * np.sin(10 * t), fast * np.cos(100 * t), -100 * fast * np.sin(100 * t)],
            axis=-1,
        )

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0, 0.0, 1.0, 0.0],
        exact=exact,
        t_eval=logarithmic_times(0.0, t1, 1e-4),  # time scale 1 / 141
    )


def _damped_oscillation_and_decays(alpha: float, t1: float) -> IVP:
    """B2-B5: eigenvalues -10 +- alpha i, -4, -1, -0.5, -0.1."""
    rates = (4.0, 1.0, 0.5, 0.1)

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b = y[..., 0], y[..., 1]
        decays = [-rate * y[..., k] for k, rate in enumerate(rates, start=2)]
        return xp.stack([-10 * a + alpha * b, -alpha * a - 10 * b, *decays], -1)

    def exact(t: Any) -> Any:
        size, cos, sin = np.exp(-10 * t), np.cos(alpha * t), np.sin(alpha * t)
        return np.stack([size * (cos + sin), size * (cos - sin), *(np.exp(-rate * t) for rate in rates)], axis=-1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0] * 6,
        exact=exact,
        t_eval=logarithmic_times(0.0, t1, 0.01 / math.hypot(10.0, alpha)),  # time scale 1 / |-10 +- alpha i|
    )


@problem(tags=["linear", "system", "stiff", "oscillatory"], source=f"{STIFF_DETEST}: B2")
def stiff_detest_b2(*, t1: float = 20.0) -> IVP:
    """y1' = -10 y1 + a y2, y2' = -a y1 - 10 y2, y3' = -4 y3, y4' = -y4, y5' = -0.5 y5, y6' = -0.1 y6, from 1 each,
    with a = 3: a damped oscillation beside four decays."""
    return _damped_oscillation_and_decays(3.0, t1)


@problem(tags=["linear", "system", "stiff", "oscillatory"], source=f"{STIFF_DETEST}: B3")
def stiff_detest_b3(*, t1: float = 20.0) -> IVP:
    """The equations and initial values of B2 with a = 8: eigenvalues -10 +- 8i."""
    return _damped_oscillation_and_decays(8.0, t1)


@problem(tags=["linear", "system", "stiff", "oscillatory"], source=f"{STIFF_DETEST}: B4")
def stiff_detest_b4(*, t1: float = 20.0) -> IVP:
    """The equations and initial values of B2 with a = 25: eigenvalues -10 +- 25i."""
    return _damped_oscillation_and_decays(25.0, t1)


@problem(tags=["linear", "system", "stiff", "oscillatory"], source=f"{STIFF_DETEST}: B5")
def stiff_detest_b5(*, t1: float = 20.0) -> IVP:
    """The equations and initial values of B2 with a = 100: eigenvalues -10 +- 100i, near the imaginary axis."""
    return _damped_oscillation_and_decays(100.0, t1)


@problem(tags=["nonlinear", "system", "stiff"], source=f"{STIFF_DETEST}: C1")
def stiff_detest_c1(*, t1: float = 20.0) -> IVP:
    """y1' = -y1 + y2^2 + y3^2 + y4^2, y2' = -10 y2 + 10 (y3^2 + y4^2), y3' = -40 y3 + 40 y4^2, y4' = -100 y4 + 2,
    from (1, 1, 1, 1): the fast components drive the slow ones."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c, d = (y[..., k] for k in range(4))
        return xp.stack(
            [-a + (b**2 + c**2 + d**2), -10 * b + 10 * (c**2 + d**2), -40 * c + 40 * d**2, -100 * d + 2], -1
        )

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0, 1.0, 1.0, 1.0],
        t_eval=logarithmic_times(0.0, t1, 1e-4),  # time scale 1 / 100
    )


def _slow_drives_fast(beta: float, t1: float) -> IVP:
    """C2-C5: eigenvalues -1, -10, -40, -100."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c, d = (y[..., k] for k in range(4))
        return xp.stack(
            [
                -a + 2,
                -10 * b + beta * a**2,
                -40 * c + 4 * beta * (a**2 + b**2),
                -100 * d + 10 * beta * (a**2 + b**2 + c**2),
            ],
            -1,
        )

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0, 1.0, 1.0, 1.0],
        t_eval=logarithmic_times(0.0, t1, 1e-4),  # time scale 1 / 100
    )


@problem(tags=["nonlinear", "system", "stiff"], source=f"{STIFF_DETEST}: C2")
def stiff_detest_c2(*, t1: float = 20.0) -> IVP:
    """y1' = -y1 + 2, y2' = -10 y2 + b y1^2, y3' = -40 y3 + 4 b (y1^2 + y2^2), y4' = -100 y4
    + 10 b (y1^2 + y2^2 + y3^2), from (1, 1, 1, 1), with b = 0.1: the slow components drive the fast ones."""
    return _slow_drives_fast(0.1, t1)


@problem(tags=["nonlinear", "system", "stiff"], source=f"{STIFF_DETEST}: C3")
def stiff_detest_c3(*, t1: float = 20.0) -> IVP:
    """The equations and initial values of C2 with b = 1."""
    return _slow_drives_fast(1.0, t1)


@problem(tags=["nonlinear", "system", "stiff"], source=f"{STIFF_DETEST}: C4")
def stiff_detest_c4(*, t1: float = 20.0) -> IVP:
    """The equations and initial values of C2 with b = 10."""
    return _slow_drives_fast(10.0, t1)


@problem(tags=["nonlinear", "system", "stiff"], source=f"{STIFF_DETEST}: C5")
def stiff_detest_c5(*, t1: float = 20.0) -> IVP:
    """The equations and initial values of C2 with b = 20."""
    return _slow_drives_fast(20.0, t1)


@hookimpl
def odebench_problems() -> list[Problem]:
    return [
        stiff_detest_a1,
        stiff_detest_a2,
        stiff_detest_a3,
        stiff_detest_a4,
        stiff_detest_b1,
        stiff_detest_b2,
        stiff_detest_b3,
        stiff_detest_b4,
        stiff_detest_b5,
        stiff_detest_c1,
        stiff_detest_c2,
        stiff_detest_c3,
        stiff_detest_c4,
        stiff_detest_c5,
    ]
