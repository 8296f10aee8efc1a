"""STIFF DETEST, the stiff test set, families D to F; after TOMS 648 where that differs from the paper of 1975.

Solutions are compared from about a hundredth of the fastest time scale on, which a comment beside `t_eval` names.
"""

from typing import Any

from odebench import IVP, Problem, hookimpl, logarithmic_times, problem

from ._shared import ALGORITHM_648, STIFF_DETEST, van_der_pol


@problem(tags=["nonlinear", "system", "stiff"], source=f"{STIFF_DETEST}: D1")
def stiff_detest_d1(*, t1: float = 400.0) -> IVP:
    """y1' = 0.2 (y2 - y1), y2' = 10 y1 - (60 - 0.125 y3) y2 + 0.125 y3, y3' = 1, from 0: a nuclear reactor, driven by
    y3, which is the time."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c = y[..., 0], y[..., 1], y[..., 2]
        return xp.stack([0.2 * (b - a), 10 * a - (60 - 0.125 * c) * b + 0.125 * c, 0 * c + 1], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[0.0, 0.0, 0.0],
        t_eval=logarithmic_times(0.0, t1, 1.5e-4),  # time scale 1 / 60
    )


@problem(tags=["nonlinear", "system", "stiff"], source=f"{STIFF_DETEST}: D2")
def stiff_detest_d2(*, t1: float = 40.0) -> IVP:
    """y1' = -0.04 y1 + 0.01 y2 y3, y2' = 400 y1 - 100 y2 y3 - 3000 y2^2, y3' = 30 y2^2, from (1, 0, 0): the reactions
    of Robertson, rescaled."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c = y[..., 0], y[..., 1], y[..., 2]
        return xp.stack([-0.04 * a + 0.01 * b * c, 400 * a - 100 * b * c - 3000 * b**2, 30 * b**2], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0, 0.0, 0.0],
        t_eval=logarithmic_times(0.0, t1, 5e-6),  # time scale 1 / 2200, once y2 is at its balance of 0.365
        invariants={"mass": lambda y: y[..., 0] + 1e-4 * y[..., 1] + 1e-2 * y[..., 2]},
    )


@problem(tags=["nonlinear", "system", "stiff"], source=f"{STIFF_DETEST}: D3")
def stiff_detest_d3(*, t1: float = 20.0) -> IVP:
    """y1' = y3 - 100 y1 y2, y2' = y3 + 2 y4 - 100 y1 y2 - 20000 y2^2, y3' = -y3 + 100 y1 y2, y4' = -y4 + 10000 y2^2,
    from (1, 1, 0, 0): y1 and y2 join to y3, two of y2 to y4, and both come apart again."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c, d = (y[..., k] for k in range(4))
        joined, paired = 100 * a * b, 1e4 * b**2
        return xp.stack([c - joined, c + 2 * d - joined - 2 * paired, joined - c, paired - d], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0, 1.0, 0.0, 0.0],
        t_eval=logarithmic_times(0.0, t1, 2.5e-7),  # time scale 1 / 40000
        invariants={
            "first species": lambda y: y[..., 0] + y[..., 2],
            "second species": lambda y: y[..., 1] + y[..., 2] + 2 * y[..., 3],
        },
    )


@problem(tags=["nonlinear", "system", "stiff"], source=f"{STIFF_DETEST}: D4")
def stiff_detest_d4(*, t1: float = 50.0) -> IVP:
    """y1' = -0.013 y1 - 1000 y1 y3, y2' = -2500 y2 y3, y3' = y1' + y2', from (1, 1, 0): a chemical reaction."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c = y[..., 0], y[..., 1], y[..., 2]
        first, second = -0.013 * a - 1000 * a * c, -2500 * b * c
        return xp.stack([first, second, first + second], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0, 1.0, 0.0],
        t_eval=logarithmic_times(0.0, t1, 3e-6),  # time scale 1 / 3500
        invariants={"mass": lambda y: y[..., 0] + y[..., 1] - y[..., 2]},
    )


@problem(tags=["nonlinear", "system", "stiff"], source=f"{STIFF_DETEST}: D5")
def stiff_detest_d5(*, t1: float = 100.0) -> IVP:
    """y1' = 0.01 - (1 + (y1 + 1000) (y1 + 1)) s, y2' = 0.01 - (1 + y2^2) s, with s = 0.01 + y1 + y2, from (0, 0):
    the kinetics of a reactor."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b = y[..., 0], y[..., 1]
        s = 0.01 + a + b
        return xp.stack([0.01 - (1 + (a + 1000) * (a + 1)) * s, 0.01 - (1 + b**2) * s], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[0.0, 0.0],
        t_eval=logarithmic_times(0.0, t1, 1e-5),  # time scale 1 / 1012
    )


@problem(tags=["nonlinear", "system", "stiff"], source=f"{STIFF_DETEST}: D6")
def stiff_detest_d6(*, t1: float = 1.0) -> IVP:
    """y1' = -y1 + 10^8 y3 (1 - y1), y2' = -10 y2 + 3 10^7 y3 (1 - y2), y3' = -y1' - y2', from (1, 0, 0): charge in an
    insulator, free (y3) or held in either of two kinds of traps."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c = y[..., 0], y[..., 1], y[..., 2]
        first, second = -a + 1e8 * c * (1 - a), -10 * b + 3e7 * c * (1 - b)
        return xp.stack([first, second, -first - second], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0, 0.0, 0.0],
        t_eval=logarithmic_times(0.0, t1, 3e-10),  # time scale 1 / (3 10^7)
        invariants={"charge": lambda y: y[..., 0] + y[..., 1] + y[..., 2]},
    )


@problem(tags=["nonlinear", "system", "stiff"], source=f"{STIFF_DETEST}: E1")
def stiff_detest_e1(*, t1: float = 1.0) -> IVP:
    """y1' = y2, y2' = y3, y3' = y4, y4' = (y1^2 - sin y1 - g^4) y1 + (y2 y3 / (y1^2 + 1) - 4 g^3) y2 + (1 - 6 g^2) y3
    + (10 exp(-y4^2) - 4 g) y4 + 1, from 0, with g = 100: a controlled system that goes to rest near y1 = 1e-8."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c, d = (y[..., k] for k in range(4))
        last = (
            (a**2 - xp.sin(a) - 1e8) * a
            + (b * c / (a**2 + 1) - 4e6) * b
            + (1 - 6e4) * c
            + (10 * xp.exp(-(d**2)) - 400) * d
            + 1
        )
        return xp.stack([b, c, d, last], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[0.0, 0.0, 0.0, 0.0],
        t_eval=logarithmic_times(0.0, t1, 1e-4),  # time scale 1 / 148
    )


@problem(tags=["nonlinear", "system", "stiff", "oscillatory"], source=f"{STIFF_DETEST}: E2; end time of algorithm 648")
def stiff_detest_e2(*, t1: float = 10.0) -> IVP:
    """y1' = y2, y2' = 5 (1 - y1^2) y2 - y1, from (2, 0): the oscillator of van der Pol, mildly stiff."""
    return van_der_pol(5.0, t1)


@problem(tags=["nonlinear", "system", "stiff"], source=f"{STIFF_DETEST}: E3")
def stiff_detest_e3(*, t1: float = 500.0) -> IVP:
    """y1' = -(55 + y3) y1 + 65 y2, y2' = 0.0785 (y1 - y2), y3' = 0.1 y1, from (1, 1, 0): a problem from physics."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c = y[..., 0], y[..., 1], y[..., 2]
        return xp.stack([-(55 + c) * a + 65 * b, 0.0785 * (a - b), 0.1 * a], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0, 1.0, 0.0],
        t_eval=logarithmic_times(0.0, t1, 2e-4),  # time scale 1 / 55
        invariants={
            "first integral": lambda y: y[..., 0] + 65 / 0.0785 * y[..., 1] - 100 * y[..., 2] + 5 * y[..., 2] ** 2
        },
    )


@problem(tags=["nonlinear", "system", "stiff"], source=f"{STIFF_DETEST}: E4; after Krogh")
def stiff_detest_e4(*, t1: float = 1000.0) -> IVP:
    """With s = (y1 + y2 + y3 + y4) / 2 and zi = s - yi: z1' = (z1^2 - z2^2) / 2 + 10 (z1 + z2), z2' = z1 z2
    - 10 (z1 - z2), z3' = z3^2 - 1000 z3, z4' = z4^2 - 0.01 z4, from y = (0, -2, -1, -1): a spiral from near an unstable
    to a stable point, among slow and fast decays."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        half = 0.5 * (y[..., 0] + y[..., 1] + y[..., 2] + y[..., 3])
        a, b, c, d = (half - y[..., k] for k in range(4))
        slopes = [0.5 * (a**2 - b**2) + 10 * (a + b), a * b - 10 * (a - b), c**2 - 1000 * c, d**2 - 0.01 * d]
        half_slope = 0.5 * (slopes[0] + slopes[1] + slopes[2] + slopes[3])
        return xp.stack([half_slope - slope for slope in slopes], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[0.0, -2.0, -1.0, -1.0],
        t_eval=logarithmic_times(0.0, t1, 1e-5),  # time scale 1 / 1002
    )


@problem(tags=["nonlinear", "system", "stiff"], source=f"{STIFF_DETEST}: E5")
def stiff_detest_e5(*, t1: float = 1000.0) -> IVP:
    """y1' = -7.89e-10 y1 - 1.1e7 y1 y3, y2' = 7.89e-10 y1 - 1.13e9 y2 y3, y4' = 1.1e7 y1 y3 - 1.13e3 y4, y3' = y2'
    - y4', from (1.76e-3, 0, 0, 0): a chemical pyrolysis, with amounts down to 1e-11."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c, d = (y[..., k] for k in range(4))
        start, second = 7.89e-10 * a, 1.13e9 * b * c
        third, fourth = 1.1e7 * a * c, 1.13e3 * d
        return xp.stack([-start - third, start - second, start - second - third + fourth, third - fourth], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.76e-3, 0.0, 0.0, 0.0],
        t_eval=logarithmic_times(0.0, t1, 5e-7),  # time scale 1 / 20000
        invariants={"balance": lambda y: y[..., 1] - y[..., 2] - y[..., 3]},
    )


@problem(tags=["nonlinear", "system", "stiff"], source=f"{ALGORITHM_648}: F1; after Luss & Amundson 1968")
def stiff_detest_f1(*, t1: float = 1000.0) -> IVP:
    """y1' = 1.3 (y3 - y1) + 10400 k y2, y2' = 1880 (y4 - y2 (1 + k)), y3' = 1752 - 269 y3 + 267 y1,
    y4' = 0.1 + 320 y2 - 321 y4, with k = 0.006 exp(20.7 - 15000 / y1), from (761, 0, 600, 0.1): temperatures and
    partial pressures in a reactor with a fluidized bed of catalyst."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c, d = (y[..., k] for k in range(4))
        k = 6e-3 * xp.exp(20.7 - 1.5e4 / a)
        return xp.stack(
            [
                1.3 * (c - a) + 1.04e4 * k * b,
                1.88e3 * (d - b * (1 + k)),
                1752 - 269 * c + 267 * a,
                0.1 + 320 * b - 321 * d,
            ],
            -1,
        )

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[761.0, 0.0, 600.0, 0.1],
        t_eval=logarithmic_times(0.0, t1, 5e-6),  # time scale 1 / 2250
    )


@problem(tags=["nonlinear", "system", "stiff"], source=f"{ALGORITHM_648}: F2")
def stiff_detest_f2(*, t1: float = 240.0) -> IVP:
    """y1' = -y1 - y1 y2 + 294 y2, y2' = y1 (1 - y2) / 98 - 3 y2, from (1, 0): the kinetics of a reaction."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b = y[..., 0], y[..., 1]
        return xp.stack([-a - a * b + 294 * b, a * (1 - b) / 98 - 3 * b], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0, 0.0],
        t_eval=logarithmic_times(0.0, t1, 2.5e-3),  # time scale 1 / 4
    )


@problem(tags=["nonlinear", "system", "stiff"], source=f"{ALGORITHM_648}: F3")
def stiff_detest_f3(*, t1: float = 100.0) -> IVP:
    """y1 + y2 <-> y3 <-> y4 <-> y5 + y2 with rates 1e7 and 10, 1e4 and 1e-3, 10 and 1e7, from (4e-6, 1e-6, 0, 0, 0):
    y2 turns y1 into y5 and back, as an enzyme does."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c, d, e = (y[..., k] for k in range(5))
        bind, bind_back = 1e7 * b * a, 1e7 * b * e
        return xp.stack(
            [
                -bind + 10 * c,
                -bind - bind_back + 10 * c + 10 * d,
                bind - 1.001e4 * c + 1e-3 * d,
                1e4 * c - 10.001 * d + bind_back,
                10 * d - bind_back,
            ],
            -1,
        )

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[4e-6, 1e-6, 0.0, 0.0, 0.0],
        t_eval=logarithmic_times(0.0, t1, 1e-6),  # time scale 1 / 10^4
        invariants={
            "substrate": lambda y: y[..., 0] + y[..., 2] + y[..., 3] + y[..., 4],
            "enzyme": lambda y: y[..., 1] + y[..., 2] + y[..., 3],
        },
    )


@problem(tags=["nonlinear", "system", "stiff", "oscillatory"], source=f"{ALGORITHM_648}: F4; after Field & Noyes 1974")
def stiff_detest_f4(*, t1: float = 300.0) -> IVP:
    """y1' = s (y2 - y1 y2 + y1 - q y1^2), y2' = (-y2 - y1 y2 + y3) / s, y3' = w (y1 - y3), with s = 77.27,
    q = 8.375e-6, w = 0.161, from (4, 1.1, 4): the Oregonator over about one period."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c = y[..., 0], y[..., 1], y[..., 2]
        return xp.stack([77.27 * (b - a * b + a - 8.375e-6 * a**2), (-b - a * b + c) / 77.27, 0.161 * (a - c)], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[4.0, 1.1, 4.0])


@problem(tags=["nonlinear", "system", "stiff"], source=f"{ALGORITHM_648}: F5")
def stiff_detest_f5(*, t1: float = 100.0) -> IVP:
    """y1 + y2 <-> y4 with rates 3e11 and 2e7, y1 + y3 <-> y4 with rates 9e11 and 1e8, from (3.365e-7, 8.261e-3,
    1.642e-3, 9.38e-6): y1 turns y2 into y3 and back."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c, d = (y[..., k] for k in range(4))
        second, third = 3e11 * a * b, 9e11 * a * c
        return xp.stack(
            [-second + 1.2e8 * d - third, -second + 2e7 * d, -third + 1e8 * d, second - 1.2e8 * d + third], -1
        )

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[3.365e-7, 8.261e-3, 1.642e-3, 9.38e-6],
        t_eval=logarithmic_times(0.0, t1, 2.5e-12),  # time scale 1 / (4 10^9)
        invariants={
            "carrier": lambda y: y[..., 0] + y[..., 3],
            "carried": lambda y: y[..., 1] + y[..., 2] + y[..., 3],
        },
    )


@hookimpl
def odebench_problems() -> list[Problem]:
    return [
        stiff_detest_d1,
        stiff_detest_d2,
        stiff_detest_d3,
        stiff_detest_d4,
        stiff_detest_d5,
        stiff_detest_d6,
        stiff_detest_e1,
        stiff_detest_e2,
        stiff_detest_e3,
        stiff_detest_e4,
        stiff_detest_e5,
        stiff_detest_f1,
        stiff_detest_f2,
        stiff_detest_f3,
        stiff_detest_f4,
        stiff_detest_f5,
    ]
