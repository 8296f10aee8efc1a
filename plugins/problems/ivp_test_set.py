"""The ordinary differential equations of the Test Set for IVP Solvers (Bari and CWI), release 2.4, of moderate size."""

import math
from typing import Any

import numpy as np

from odebench import IVP, Problem, hookimpl, logarithmic_times, problem

from ._shared import TEST_SET, expect_positive, until


@problem(
    tags=["nonlinear", "system", "stiff"], source=f"{TEST_SET}: hires; Schaefer, J. theor. Biol. 49 (1975) 331-354"
)
def hires(*, t1: float = 321.8122) -> IVP:
    """High irradiance responses: 8 reactants of a plant's growth under light, from (1, 0, 0, 0, 0, 0, 0, 0.0057)."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c, d, e, f, g, h = (y[..., k] for k in range(8))
        bound = 280 * f * h
        return xp.stack(
            [
                -1.71 * a + 0.43 * b + 8.32 * c + 0.0007,
                1.71 * a - 8.75 * b,
                -10.03 * c + 0.43 * d + 0.035 * e,
                8.32 * b + 1.71 * c - 1.12 * d,
                -1.745 * e + 0.43 * f + 0.43 * g,
                -bound + 0.69 * d + 1.71 * e - 0.43 * f + 0.69 * g,
                bound - 1.81 * g,
                -bound + 1.81 * g,
            ],
            -1,
        )

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0057],
        t_eval=logarithmic_times(0.0, t1, 1e-3),  # a hundredth of the fastest time scale, 1 / 10
        invariants={"enzyme": lambda y: y[..., 6] + y[..., 7]},
    )


@problem(
    tags=["nonlinear", "system", "stiff"],
    source=f"{TEST_SET}: pollution; Verwer, SIAM J. Sci. Comput. 15 (1994) 1243-1250",
)
def pollution(*, t1: float = 60.0) -> IVP:
    """Air pollution: 25 reactions of 20 species, with rates from 1e-4 to 4e11 a minute."""
    k = (
        0.35, 26.6, 1.23e4, 8.6e-4, 8.2e-4, 1.5e4, 1.3e-4, 2.4e4, 1.65e4, 9e3, 0.022, 1.2e4, 1.88,
        1.63e4, 4.8e6, 3.5e-4, 0.0175, 1e8, 4.44e11, 1240.0, 2.1, 5.78, 0.0474, 1780.0, 3.12,
    )  # fmt: skip

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        y1, y2, y3, y4, y5, y6, y7, _, y9, y10, y11, _, y13, y14, _, y16, y17, _, y19, y20 = (
            y[..., i] for i in range(20)
        )
        reactants = (
            y1, y2 * y4, y5 * y2, y7, y7, y7 * y6, y9, y9 * y6, y11 * y2, y11 * y1, y13, y10 * y2, y14,
            y1 * y6, y3, y4, y4, y16, y16, y17 * y6, y19, y19, y1 * y4, y19 * y1, y20,
        )  # fmt: skip
        r = [rate * amount for rate, amount in zip(k, reactants, strict=True)]
        r1, r2, r3, r4, r5, r6, r7, r8, r9, r10, r11, r12, r13 = r[:13]
        r14, r15, r16, r17, r18, r19, r20, r21, r22, r23, r24, r25 = r[13:]
        return xp.stack(
            [
                -r1 - r10 - r14 - r23 - r24 + r2 + r3 + r9 + r11 + r12 + r22 + r25,
                -r2 - r3 - r9 - r12 + r1 + r21,
                -r15 + r1 + r17 + r19 + r22,
                -r2 - r16 - r17 - r23 + r15,
                -r3 + 2 * r4 + r6 + r7 + r13 + r20,
                -r6 - r8 - r14 - r20 + r3 + 2 * r18,
                -r4 - r5 - r6 + r13,
                r4 + r5 + r6 + r7,
                -r7 - r8,
                -r12 + r7 + r9,
                -r9 - r10 + r8 + r11,
                r9,
                -r11 + r10,
                -r13 + r12,
                r14,
                -r18 - r19 + r16,
                -r20,
                r20,
                -r21 - r22 - r24 + r23 + r25,
                -r25 + r24,
            ],
            -1,
        )

    y0 = [0.0] * 20
    y0[1], y0[3], y0[6], y0[7], y0[8], y0[16] = 0.2, 0.04, 0.1, 0.3, 0.01, 0.007
    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=y0,
        t_eval=logarithmic_times(0.0, t1, 1e-5),  # when the two fastest, 1 / (4 10^11) and 1 / (5 10^6), are over
        invariants={
            "nitrogen": lambda y: y[..., 0] + y[..., 1] + y[..., 12] + y[..., 14] + y[..., 18] + 2 * y[..., 19],
            "sulphur": lambda y: y[..., 16] + y[..., 17],
            "carbon": lambda y: (
                y[..., 6] + y[..., 7] + y[..., 9] + y[..., 11] + y[..., 13] + 2 * (y[..., 8] + y[..., 10] + y[..., 12])
            ),
        },
    )


@problem(
    tags=["nonlinear", "system", "stiff", "oscillatory"],
    source=f"{TEST_SET}: orego; Field & Noyes, J. Chem. Phys. 60 (1974) 1877-1884",
)
def orego(*, s: float = 77.27, w: float = 0.161, q: float = 8.375e-6, t1: float = 360.0) -> IVP:
    """The Oregonator: x' = s (y + x (1 - q x - y)), y' = (z - (1 + x) y) / s, z' = w (x - z), from (1, 2, 3).

    A model of the Belousov-Zhabotinskii reaction; x rises and falls by five powers of ten.
    """

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c = y[..., 0], y[..., 1], y[..., 2]
        return xp.stack([s * (b + a * (1 - q * a - b)), (c - (1 + a) * b) / s, w * (a - c)], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.0, 2.0, 3.0])


@problem(tags=["nonlinear", "system", "stiff"], source="Robertson 1966; Hairer & Wanner, Solving ODEs II, section IV.1")
def robertson(*, k1: float = 0.04, k2: float = 3e7, k3: float = 1e4, t1: float = 40.0) -> IVP:
    """a' = -k1 a + k3 b c, b' = k1 a - k3 b c - k2 b^2, c' = k2 b^2, from (1, 0, 0): rates nine powers of ten apart.

    `rober` goes on to t1 = 1e11.
    """
    expect_positive(k1=k1, k2=k2, k3=k3)

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c = y[..., 0], y[..., 1], y[..., 2]
        slow, fast, back = k1 * a, k2 * b**2, k3 * b * c
        return xp.stack([back - slow, slow - back - fast, fast], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0, 0.0, 0.0],
        t_eval=logarithmic_times(0.0, t1, 1e-5),  # a fiftieth of the time in which b settles, 1 / 2200
        invariants={"mass": lambda y: y[..., 0] + y[..., 1] + y[..., 2]},
    )


@problem(tags=["nonlinear", "system", "stiff"], source=f"{TEST_SET}: rober; Robertson 1966")
def rober(*, t1: float = 1e11) -> IVP:
    """The equations and initial values of `robertson`, on to where nearly all has become c."""
    return robertson(t1=t1)


@problem(
    tags=["nonlinear", "system", "stiff"],
    source=f"{TEST_SET}: e5; Enright, Hull & Lindberg, BIT 15 (1975) 10-48; Hairer & Wanner, Solving ODEs II",
)
def e5(*, t1: float = 1e13) -> IVP:
    """Pyrolysis: y1' = -A y1 - B y1 y3, y2' = A y1 - M C y2 y3, y4' = B y1 y3 - C y4, y3' = y2' - y4'.

    From (1.76e-3, 0, 0, 0) with A = 7.89e-10, B = 1.1e7, C = 1.13e3, M = 1e6; components as small as 1e-22 matter.
    """

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        y1, y2, y3, y4 = (y[..., k] for k in range(4))
        a, b, c, d = 7.89e-10 * y1, 1.1e7 * y1 * y3, 1.13e9 * y2 * y3, 1.13e3 * y4
        return xp.stack([-a - b, a - c, a - c - b + d, b - d], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.76e-3, 0.0, 0.0, 0.0],
        t_eval=logarithmic_times(0.0, t1, 1e-5),  # a fifth of the fastest time scale, 1 / 20000
        invariants={"difference": lambda y: y[..., 1] - y[..., 2] - y[..., 3]},
    )


@problem(
    tags=["nonlinear", "system", "stiff", "oscillatory"],
    source=f"{TEST_SET}: vdpol; Hairer & Wanner, Solving ODEs II, section IV.1",
)
def vdpol(*, epsilon: float = 1e-6, t1: float = 2.0) -> IVP:
    """x' = z, z' = ((1 - x^2) z - x) / epsilon, from (2, 0): van der Pol's oscillator in its own slow time."""
    expect_positive(epsilon=epsilon)

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        x, z = y[..., 0], y[..., 1]
        return xp.stack([z, ((1 - x**2) * z - x) / epsilon], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[2.0, 0.0])


def _pleiades_invariants() -> dict[str, Any]:
    stars = range(7)  # of mass 1 to 7; the state is x, y, x', y' of each

    def energy(y: Any) -> Any:
        kinetic = sum(0.5 * (k + 1) * (y[..., 14 + k] ** 2 + y[..., 21 + k] ** 2) for k in stars)
        return kinetic - sum(
            (j + 1) * (k + 1) / np.sqrt((y[..., j] - y[..., k]) ** 2 + (y[..., 7 + j] - y[..., 7 + k]) ** 2)
            for k in stars
            for j in range(k)
        )

    return {
        "energy": energy,
        "momentum_x": lambda y: sum((k + 1) * y[..., 14 + k] for k in stars),
        "momentum_y": lambda y: sum((k + 1) * y[..., 21 + k] for k in stars),
        "angular_momentum": lambda y: sum(
            (k + 1) * (y[..., k] * y[..., 21 + k] - y[..., 7 + k] * y[..., 14 + k]) for k in stars
        ),
    }


@problem(
    tags=["nonlinear", "system", "nonstiff", "conservative"],
    source=f"{TEST_SET}: pleiades; Hairer, Norsett & Wanner, Solving ODEs I, section II.10",
)
def pleiades(*, t1: float = 3.0) -> IVP:
    """Seven stars in a plane, of mass 1 to 7, under gravity; several come close to one another before t = 3.

    The state is the seven x, the seven y, and their speeds in the same order.
    """

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b = [y[..., k] for k in range(7)], [y[..., 7 + k] for k in range(7)]
        ax, ay = [0.0 * a[0] for _ in range(7)], [0.0 * a[0] for _ in range(7)]
        for k in range(7):
            for j in range(k):
                dx, dy = a[j] - a[k], b[j] - b[k]
                cubed = (dx * dx + dy * dy) ** 1.5
                fx, fy = dx / cubed, dy / cubed
                ax[k], ay[k] = ax[k] + (j + 1) * fx, ay[k] + (j + 1) * fy
                ax[j], ay[j] = ax[j] - (k + 1) * fx, ay[j] - (k + 1) * fy
        return xp.stack([y[..., 14 + k] for k in range(14)] + ax + ay, -1)

    x0, y0 = [3.0, 3.0, -1.0, -3.0, 2.0, -2.0, 2.0], [3.0, -3.0, 2.0, 0.0, 0.0, -4.0, 4.0]
    vx0, vy0 = [0.0, 0.0, 0.0, 0.0, 0.0, 1.75, -1.5], [0.0, 0.0, 0.0, -1.25, 1.0, 0.0, 0.0]
    return IVP(rhs=rhs, t_span=(0.0, t1), y0=x0 + y0 + vx0 + vy0, invariants=_pleiades_invariants())


@problem(tags=["nonlinear", "system", "stiff", "large"], source=f"{TEST_SET}: medical Akzo Nobel")
def medical_akzo_nobel(*, n: int = 200, t1: float = 20.0) -> IVP:
    """Antibodies u that enter a tissue and bind to a substrate v there: u_t = u_xx - 100 u v, v_t = -100 u v.

    The half line is mapped to [0, 1] by z = x / (x + 4), with n points; the state is u_1, v_1, u_2, v_2, ... from
    u = 0, v = 1. At the border u is 2 until t = 5 and 0 after: the right-hand side jumps there.
    """
    if n < 2:
        raise ValueError(f"expected n >= 2, received {n}")
    step = 1 / n
    # u_t = alpha u_z + beta u_zz - 100 u v; both vanish at the last point, z = 1
    inner = [(k * step - 1) for k in range(1, n)]
    alpha = [2 * d**3 / 16 / (2 * step) for d in inner]
    beta = [d**4 / 16 / step**2 for d in inner]

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        u, v = [y[..., 2 * k] for k in range(n)], [y[..., 2 * k + 1] for k in range(n)]
        border = [2 * until(t, 5.0, xp), *u]
        parts = []
        for k in range(n):
            bound = 100 * (u[k] * v[k])
            if k < n - 1:
                left, right = border[k], u[k + 1]
                flow = beta[k] * (left - 2 * u[k] + right) + alpha[k] * (right - left)
                parts += [flow - bound, -bound]
            else:
                parts += [-bound, -bound]
        return xp.stack(parts, -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[0.0, 1.0] * n, breaks=[5.0])


@problem(
    tags=["nonlinear", "system", "stiff", "oscillatory", "large"],
    source=f"{TEST_SET}: beam; Hairer & Wanner, Solving ODEs II, section IV.1",
)
def beam(*, n: int = 40, t1: float = 5.0) -> IVP:
    """A thin elastic beam of n rigid pieces, held at one end, its other end pulled by a force until t = pi.

    The state is the n angles and their n speeds, from rest; the force is 1.5 sin(t)^2 (-1, 1) up to t = pi.
    """
    if n < 2:
        raise ValueError(f"expected n >= 2, received {n}")

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        angle, speed = [y[..., k] for k in range(n)], [y[..., n + k] for k in range(n)]
        force = 1.5 * xp.sin(t) ** 2 * until(t, math.pi, xp)
        bend = [angle[k + 1] - angle[k] for k in range(n - 1)]
        sine, cosine = [xp.sin(b) for b in bend], [xp.cos(b) for b in bend]
        pull = []
        for k in range(n):
            below = bend[k - 1] if k > 0 else 2 * angle[0]  # the piece before the first lies at minus its angle
            above = bend[k] if k < n - 1 else 0.0 * angle[k]
            pull.append(n**4 * (above - below) + n**2 * (force * (xp.cos(angle[k]) + xp.sin(angle[k]))))
        # C w = D pull + speed^2, C tridiagonal: solved by elimination from the first row down
        diagonal: list[Any] = [1.0] + [2.0] * (n - 2) + [3.0]
        right = []
        for k in range(n):
            side = speed[k] ** 2
            if k > 0:
                side = side - sine[k - 1] * pull[k - 1]
            if k < n - 1:
                side = side + sine[k] * pull[k + 1]
            right.append(side)
        pivot = [diagonal[0]]
        for k in range(1, n):
            ratio = cosine[k - 1] / pivot[k - 1]
            pivot.append(diagonal[k] - cosine[k - 1] * ratio)
            right[k] = right[k] + ratio * right[k - 1]
        w = [right[n - 1] / pivot[n - 1]]
        for k in reversed(range(n - 1)):
            w.insert(0, (right[k] + cosine[k] * w[0]) / pivot[k])
        # accelerations: C pull + D w
        parts = []
        for k in range(n):
            part = diagonal[k] * pull[k]
            if k > 0:
                part = part - cosine[k - 1] * pull[k - 1] - sine[k - 1] * w[k - 1]
            if k < n - 1:
                part = part - cosine[k] * pull[k + 1] + sine[k] * w[k + 1]
            parts.append(part)
        return xp.stack(speed + parts, -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[0.0] * (2 * n), breaks=[math.pi])


@hookimpl
def odebench_problems() -> list[Problem]:
    return [
        hires,
        pollution,
        orego,
        robertson,
        rober,
        e5,
        vdpol,
        pleiades,
        medical_akzo_nobel,
        beam,
    ]
