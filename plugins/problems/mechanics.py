"""Bodies that move without friction: pendulums, tops, planets and stars."""

from typing import Any

import numpy as np

from odebench import IVP, Problem, hookimpl, problem

from ._shared import DETEST, expect_positive, two_bodies


@problem(tags=["nonlinear", "system", "oscillatory", "conservative", "nonstiff"], source="Huygens 1673; textbook")
def pendulum(*, gravity: float = 9.81, length: float = 1.0, angle: float = 2.0, t1: float = 10.0) -> IVP:
    """a' = w, w' = -(gravity / length) sin a, from an angle (in radians, 0 below) at rest."""
    expect_positive(gravity=gravity, length=length)

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        return xp.stack([y[..., 1], -(gravity / length) * xp.sin(y[..., 0])], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[angle, 0.0],
        invariants={"energy": lambda y: 0.5 * (length * y[..., 1]) ** 2 - gravity * length * np.cos(y[..., 0])},
    )


@problem(tags=["nonlinear", "system", "chaotic", "conservative", "nonstiff"], source="Daniel Bernoulli 1738; textbook")
def double_pendulum(
    *,
    gravity: float = 9.81,
    length1: float = 1.0,
    length2: float = 1.0,
    mass1: float = 1.0,
    mass2: float = 1.0,
    angle1: float = 2.0,
    angle2: float = 2.0,
    t1: float = 10.0,
) -> IVP:
    """A pendulum hung on a pendulum, let go at rest; the state is the two angles (0 below) and their speeds."""
    expect_positive(length1=length1, length2=length2, mass1=mass1, mass2=mass2)
    both = mass1 + mass2

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, va, vb = (y[..., k] for k in range(4))
        sine, cosine = xp.sin(a - b), xp.cos(a - b)
        # both length1 va' + mass2 length2 cosine vb' = p, length1 cosine va' + length2 vb' = q
        p = -mass2 * length2 * sine * vb**2 - both * gravity * xp.sin(a)
        q = length1 * sine * va**2 - gravity * xp.sin(b)
        share = mass1 + mass2 * sine**2
        return xp.stack(
            [va, vb, (p - mass2 * cosine * q) / (length1 * share), (both * q - cosine * p) / (length2 * share)], -1
        )

    def energy(y: Any) -> Any:
        a, b, va, vb = (y[..., k] for k in range(4))
        speed1, speed2 = length1 * va, length2 * vb
        kinetic = 0.5 * both * speed1**2 + 0.5 * mass2 * speed2**2 + mass2 * speed1 * speed2 * np.cos(a - b)
        return kinetic - both * gravity * length1 * np.cos(a) - mass2 * gravity * length2 * np.cos(b)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[angle1, angle2, 0.0, 0.0], invariants={"energy": energy})


@problem(
    tags=["nonlinear", "system", "oscillatory", "conservative", "nonstiff"],
    source="Euler 1758; moments of inertia and initial values of Hairer, Norsett & Wanner, Solving ODEs I, II.10, EULR",
)
def rigid_body(*, inertia1: float = 0.5, inertia2: float = 2.0, inertia3: float = 3.0, t1: float = 20.0) -> IVP:
    """inertia1 w1' = (inertia2 - inertia3) w2 w3 and so on around, from (1, 0, 0.9): a body that spins freely."""
    expect_positive(inertia1=inertia1, inertia2=inertia2, inertia3=inertia3)
    a, b, c = (inertia2 - inertia3) / inertia1, (inertia3 - inertia1) / inertia2, (inertia1 - inertia2) / inertia3

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        w1, w2, w3 = y[..., 0], y[..., 1], y[..., 2]
        return xp.stack([a * w2 * w3, b * w3 * w1, c * w1 * w2], -1)

    def moment(y: Any, power: int) -> Any:
        return inertia1**power * y[..., 0] ** 2 + inertia2**power * y[..., 1] ** 2 + inertia3**power * y[..., 2] ** 2

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0, 0.0, 0.9],
        invariants={"energy": lambda y: 0.5 * moment(y, 1), "angular_momentum": lambda y: np.sqrt(moment(y, 2))},
    )


@problem(
    tags=["nonlinear", "system", "oscillatory", "conservative", "nonstiff"],
    source=f"Newton 1687; eccentricities 0.1, 0.3, ..., 0.9: {DETEST}: D1-D5",
)
def kepler(*, eccentricity: float = 0.6, t1: float = 20.0) -> IVP:
    """x'' = -x / r^3, y'' = -y / r^3, from an ellipse's nearest point, period 2 pi; state x, y, x', y'."""
    if not 0 <= eccentricity < 1:
        raise ValueError(f"expected eccentricity in [0, 1), received {eccentricity}")
    return two_bodies(eccentricity, t1)


@problem(
    tags=["nonlinear", "system", "conservative", "nonstiff"],
    source="Arenstorf, Amer. J. Math. 85 (1963) 27-35; Hairer, Norsett & Wanner, Solving ODEs I, section II.0",
)
def arenstorf(*, t1: float = 17.0652165601579625588917206249) -> IVP:
    """A satellite between earth and moon, in their turning frame, on a closed orbit of four loops.

    x'' = x + 2 y' - (1 - mu) (x + mu) / D1 - mu (x - 1 + mu) / D2, y'' = y - 2 x' - (1 - mu) y / D1 - mu y / D2, D1 and
    D2 the cubes of the distances, mu = 0.012277471; the state is x, y, x', y', and t1 the period.
    """
    moon = 0.012277471
    earth = 1 - moon

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, va, vb = (y[..., k] for k in range(4))
        to_earth = earth / ((a + moon) ** 2 + b**2) ** 1.5
        to_moon = moon / ((a - earth) ** 2 + b**2) ** 1.5
        return xp.stack(
            [
                va,
                vb,
                a + 2 * vb - to_earth * (a + moon) - to_moon * (a - earth),
                b - 2 * va - to_earth * b - to_moon * b,
            ],
            -1,
        )

    def jacobi(y: Any) -> Any:
        a, b, va, vb = (y[..., k] for k in range(4))
        pull = earth / np.sqrt((a + moon) ** 2 + b**2) + moon / np.sqrt((a - earth) ** 2 + b**2)
        return a**2 + b**2 + 2 * pull - va**2 - vb**2

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[0.994, 0.0, 0.0, -2.00158510637908252240537862224],
        invariants={"jacobi": jacobi},
    )


@problem(
    tags=["nonlinear", "system", "oscillatory", "chaotic", "conservative", "nonstiff"],
    source="Henon & Heiles, Astron. J. 69 (1964) 73-79",
)
def henon_heiles(*, x: float = 0.0, y: float = 0.1, vx: float = 0.5, vy: float = 0.0, t1: float = 100.0) -> IVP:
    """x'' = -x - 2 x y, y'' = -y - x^2 + y^2, from (x, y, vx, vy): a star in a galaxy; bounded below energy 1 / 6."""

    def energy(state: Any) -> Any:
        a, b, va, vb = (state[..., k] for k in range(4))
        return 0.5 * (va**2 + vb**2 + a**2 + b**2) + a**2 * b - b * b * b / 3

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b = y[..., 0], y[..., 1]
        return xp.stack([y[..., 2], y[..., 3], -a - 2 * a * b, -b - a**2 + b**2], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[x, y, vx, vy], invariants={"energy": energy})


@hookimpl
def odebench_problems() -> list[Problem]:
    return [pendulum, double_pendulum, rigid_body, kepler, arenstorf, henon_heiles]
