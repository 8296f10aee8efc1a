"""DETEST, the nonstiff test set, families A to C, after Hull, Enright, Fellen & Sedgwick (1972)."""

from typing import Any

import numpy as np

from odebench import IVP, Problem, hookimpl, problem

from ._shared import DETEST, cosine_growth, spiral

# A: single equations


@problem(tags=["linear", "scalar", "nonstiff"], source=f"{DETEST}: A1")
def detest_a1(*, t1: float = 20.0) -> IVP:
    """y' = -y, y(0) = 1: the negative exponential."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        return -y

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.0], exact=lambda t: np.exp(-t)[:, None])


@problem(tags=["nonlinear", "scalar", "nonstiff"], source=f"{DETEST}: A2")
def detest_a2(*, t1: float = 20.0) -> IVP:
    """y' = -y^3 / 2, y(0) = 1: a special case of the Riccati equation."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        return -0.5 * y * y * y

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.0], exact=lambda t: 1 / np.sqrt(t + 1)[:, None])


@problem(
    tags=["linear", "scalar", "nonstiff", "oscillatory"],
    source=f"{DETEST}: A3",
)
def detest_a3(*, t1: float = 20.0) -> IVP:
    """y' = y cos t, y(0) = 1: an oscillatory problem."""
    return cosine_growth(t1)


@problem(tags=["nonlinear", "scalar", "nonstiff"], source=f"{DETEST}: A4")
def detest_a4(*, t1: float = 20.0) -> IVP:
    """y' = (y / 4) (1 - y / 20), y(0) = 1: a logistic curve."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        return y / 4 * (1 - y / 20)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.0], exact=lambda t: 20 / (1 + 19 * np.exp(-t / 4))[:, None])


@problem(tags=["nonlinear", "scalar", "nonstiff"], source=f"{DETEST}: A5")
def detest_a5(*, t1: float = 20.0) -> IVP:
    """y' = (y - t) / (y + t), y(0) = 4: a spiral curve, log(t^2 + y^2) / 2 + arctan(y / t) = log 4 + pi / 2 for t > 0.

    It turns back where y = -t, at t = 29.84, so t1 must lie before that.
    """
    return spiral(t1)


# B: small systems


@problem(
    tags=["nonlinear", "system", "nonstiff", "oscillatory"],
    source=f"{DETEST}: B1",
)
def detest_b1(*, t1: float = 20.0) -> IVP:
    """y1' = 2 (y1 - y1 y2), y2' = -(y2 - y1 y2), from (1, 3): the growth of two conflicting populations."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b = y[..., 0], y[..., 1]
        return xp.stack([2 * (a - a * b), -(b - a * b)], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0, 3.0],
        invariants={"first_integral": lambda y: y[..., 0] - np.log(y[..., 0]) + 2 * (y[..., 1] - np.log(y[..., 1]))},
    )


@problem(tags=["linear", "system", "nonstiff"], source=f"{DETEST}: B2")
def detest_b2(*, t1: float = 20.0) -> IVP:
    """y1' = -y1 + y2, y2' = y1 - 2 y2 + y3, y3' = y2 - y3, from (2, 0, 1): a linear chemical reaction."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c = y[..., 0], y[..., 1], y[..., 2]
        return xp.stack([-a + b, a - 2 * b + c, b - c], -1)

    def exact(t: Any) -> Any:
        slow, fast = np.exp(-t) / 2, np.exp(-3 * t) / 2
        return np.stack([1 + slow + fast, -np.expm1(-3 * t), 1 - slow + fast], axis=-1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[2.0, 0.0, 1.0],
        exact=exact,
        invariants={"mass": lambda y: y[..., 0] + y[..., 1] + y[..., 2]},
    )


@problem(tags=["nonlinear", "system", "nonstiff"], source=f"{DETEST}: B3")
def detest_b3(*, t1: float = 20.0) -> IVP:
    """y1' = -y1, y2' = y1 - y2^2, y3' = y2^2, from (1, 0, 0): a nonlinear chemical reaction."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, square = y[..., 0], y[..., 1] ** 2
        return xp.stack([-a, a - square, square], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[1.0, 0.0, 0.0],
        invariants={"mass": lambda y: y[..., 0] + y[..., 1] + y[..., 2]},
    )


@problem(
    tags=["nonlinear", "system", "nonstiff", "oscillatory"],
    source=f"{DETEST}: B4",
)
def detest_b4(*, t1: float = 20.0) -> IVP:
    """y1' = -y2 - y1 y3 / r, y2' = y1 - y2 y3 / r, y3' = y1 / r, r = sqrt(y1^2 + y2^2), from (3, 0, 0): on a torus."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c = y[..., 0], y[..., 1], y[..., 2]
        r = xp.sqrt(a**2 + b**2)
        return xp.stack([-b - a * c / r, a - b * c / r, a / r], -1)

    def exact(t: Any) -> Any:
        radius = 2 + np.cos(t)
        return np.stack([radius * np.cos(t), radius * np.sin(t), np.sin(t)], axis=-1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[3.0, 0.0, 0.0],
        exact=exact,
        invariants={"height_less_sine": lambda y: y[..., 2] - y[..., 1] / np.sqrt(y[..., 0] ** 2 + y[..., 1] ** 2)},
    )


@problem(
    tags=["nonlinear", "system", "nonstiff", "oscillatory", "conservative"],
    source=f"{DETEST}: B5",
)
def detest_b5(*, t1: float = 20.0) -> IVP:
    """y1' = y2 y3, y2' = -y1 y3, y3' = -0.51 y1 y2, from (0, 1, 1): Euler's equations of a free rigid body.

    The components are the elliptic functions sn, cn and dn of parameter 0.51.
    """

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        a, b, c = y[..., 0], y[..., 1], y[..., 2]
        return xp.stack([b * c, -a * c, -0.51 * a * b], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[0.0, 1.0, 1.0],
        invariants={
            "circle": lambda y: y[..., 0] ** 2 + y[..., 1] ** 2,
            "ellipse": lambda y: 0.51 * y[..., 0] ** 2 + y[..., 2] ** 2,
        },
    )


# C: moderate systems


def _total(y: Any) -> Any:
    return y.sum(axis=-1)


@problem(tags=["linear", "system", "nonstiff"], source=f"{DETEST}: C1")
def detest_c1(*, t1: float = 20.0) -> IVP:
    """y1' = -y1, yi' = y(i-1) - yi for i = 2..9, y10' = y9, from (1, 0, ..., 0): a radioactive decay chain."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        inner = [y[..., i - 1] - y[..., i] for i in range(1, 9)]
        return xp.stack([-y[..., 0], *inner, y[..., 8]], -1)

    def exact(t: Any) -> Any:
        terms = [np.exp(-t)]
        for i in range(1, 60):
            terms.append(terms[-1] * t / i)
        # the end of the chain: what the others lack to 1, or where that would cancel, the rest of the series of 1
        last = np.where(t < 5, sum(terms[9:]), 1 - sum(terms[:9]))
        return np.stack([*terms[:9], last], axis=-1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.0] + [0.0] * 9, exact=exact, invariants={"mass": _total})


@problem(tags=["linear", "system", "nonstiff"], source=f"{DETEST}: C2")
def detest_c2(*, t1: float = 20.0) -> IVP:
    """y1' = -y1, yi' = (i - 1) y(i-1) - i yi for i = 2..9, y10' = 9 y9, from (1, 0, ..., 0): another decay chain."""

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        inner = [float(i) * y[..., i - 1] - float(i + 1) * y[..., i] for i in range(1, 9)]
        return xp.stack([-y[..., 0], *inner, 9.0 * y[..., 8]], -1)

    def exact(t: Any) -> Any:
        left, gone = np.exp(-t), -np.expm1(-t)
        return np.stack([*(left * gone**i for i in range(9)), gone**9], axis=-1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.0] + [0.0] * 9, exact=exact, invariants={"mass": _total})


def _diffusion(t: Any, y: Any, xp: Any, n: int) -> Any:
    """yi' = y(i-1) - 2 yi + y(i+1) with zeros beyond both ends."""
    inner = [y[..., i - 1] - 2 * y[..., i] + y[..., i + 1] for i in range(1, n - 1)]
    return xp.stack([-2 * y[..., 0] + y[..., 1], *inner, y[..., n - 2] - 2 * y[..., n - 1]], -1)


@problem(tags=["linear", "system", "nonstiff"], source=f"{DETEST}: C3")
def detest_c3(*, t1: float = 20.0) -> IVP:
    """yi' = y(i-1) - 2 yi + y(i+1) for i = 1..10, y0 = y11 = 0, from (1, 0, ..., 0): diffusion on a line."""
    n = 10

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        return _diffusion(t, y, xp, n)

    def exact(t: Any) -> Any:
        modes = np.arange(1, n + 1) * (np.pi / (n + 1))
        shapes = np.sin(np.outer(modes, np.arange(1, n + 1)))
        decays = np.exp(-4 * np.sin(modes / 2) ** 2 * t[:, None])
        return decays * (2 / (n + 1) * np.sin(modes)) @ shapes

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.0] + [0.0] * (n - 1), exact=exact)


@problem(tags=["linear", "system", "nonstiff"], source=f"{DETEST}: C4")
def detest_c4(*, t1: float = 20.0) -> IVP:
    """yi' = y(i-1) - 2 yi + y(i+1) for i = 1..51, y0 = y52 = 0, from (1, 0, ..., 0): as C3, on more points.

    The components' sizes fall from 1 to 2e-14: the sum over modes, as in C3, would lose the last ones to rounding.
    """
    n = 51

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        return _diffusion(t, y, xp, n)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.0] + [0.0] * (n - 1))


_C5_GRAVITY = 2.95912208286
_C5_SUN = 1.00000597682  # with the four inner planets
_C5_PLANETS = (0.954786104043e-3, 0.285583733151e-3, 0.437273164546e-4, 0.517759138449e-4, 0.277777777778e-5)
_C5_POSITIONS = [
    *(3.42947415189, 3.35386959711, 1.35494901715),
    *(6.64145542550, 5.97156957878, 2.18231499728),
    *(11.2630437207, 14.6952576794, 6.27960525067),
    *(-30.1552268759, 1.65699966404, 1.43785752721),
    *(-21.1238353380, 28.4465098142, 15.3882659679),
]
_C5_VELOCITIES = [
    *(-0.557160570446, 0.505696783289, 0.230578543901),
    *(-0.415570776342, 0.365682722812, 0.169143213293),
    *(-0.325325669158, 0.189706021964, 0.0877265322780),
    *(-0.0240476254170, -0.287659532608, -0.117219543175),
    *(-0.176860753121, -0.216393453025, -0.0148647893090),
]


def _c5_parts(y: Any) -> tuple[Any, Any, Any, Any]:
    """Masses, positions and velocities (..., 5, 3) of the planets, and the mass of all."""
    masses = np.array(_C5_PLANETS)
    positions = y[..., :15].reshape(*y.shape[:-1], 5, 3)
    velocities = y[..., 15:].reshape(*y.shape[:-1], 5, 3)
    return masses, positions, velocities, _C5_SUN + masses.sum()


def _c5_energy(y: Any) -> Any:
    """The energy about the centre of mass, where the sun moves too."""
    masses, positions, velocities, total = _c5_parts(y)
    momentum = (masses[:, None] * velocities).sum(axis=-2)
    kinetic = ((masses[:, None] * velocities**2).sum(axis=(-2, -1)) - (momentum**2).sum(axis=-1) / total) / 2
    potential = -_C5_GRAVITY * _C5_SUN * (masses / np.sqrt((positions**2).sum(axis=-1))).sum(axis=-1)
    for j in range(5):
        for k in range(j):
            distance = np.sqrt(((positions[..., j, :] - positions[..., k, :]) ** 2).sum(axis=-1))
            potential = potential - _C5_GRAVITY * masses[j] * masses[k] / distance
    return kinetic + potential


def _c5_angular_momentum(y: Any, axis: int) -> Any:
    """A component of the angular momentum about the centre of mass."""
    masses, positions, velocities, total = _c5_parts(y)
    i, j = (axis + 1) % 3, (axis + 2) % 3

    def moment(x: Any, v: Any) -> Any:
        return x[..., i] * v[..., j] - x[..., j] * v[..., i]

    centre = (masses[:, None] * positions).sum(axis=-2)
    momentum = (masses[:, None] * velocities).sum(axis=-2)
    return (masses * moment(positions, velocities)).sum(axis=-1) - moment(centre, momentum) / total


@problem(
    tags=["nonlinear", "system", "nonstiff", "conservative"],
    source=f"{DETEST}: C5",
)
def detest_c5(*, t1: float = 20.0) -> IVP:
    """The five-body problem: Jupiter, Saturn, Uranus, Neptune and Pluto about the sun, as of 1972.

    Three coordinates of each planet relative to the sun, then their velocities; astronomical units, solar masses and
    hundreds of days.
    """

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        places = [[y[..., 3 * j + i] for i in range(3)] for j in range(5)]
        cubes = []  # the third powers of the distances to the sun
        for x in places:
            square = x[0] ** 2 + x[1] ** 2 + x[2] ** 2
            cubes.append(square * xp.sqrt(square))
        apart = {}  # and of those between planets
        for j in range(5):
            for k in range(j):
                square = sum((a - b) ** 2 for a, b in zip(places[j], places[k], strict=True))
                apart[j, k] = apart[k, j] = square * xp.sqrt(square)
        forces = []
        for j in range(5):
            for i in range(3):
                force = -(_C5_SUN + _C5_PLANETS[j]) * places[j][i] / cubes[j]
                for k in range(5):
                    if k != j:
                        pull = (places[k][i] - places[j][i]) / apart[j, k] - places[k][i] / cubes[k]
                        force = force + _C5_PLANETS[k] * pull
                forces.append(_C5_GRAVITY * force)
        return xp.stack([*(y[..., 15 + i] for i in range(15)), *forces], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=_C5_POSITIONS + _C5_VELOCITIES,
        invariants={
            "energy": _c5_energy,
            "angular_momentum_x": lambda y: _c5_angular_momentum(y, 0),
            "angular_momentum_y": lambda y: _c5_angular_momentum(y, 1),
            "angular_momentum_z": lambda y: _c5_angular_momentum(y, 2),
        },
    )


@hookimpl
def odebench_problems() -> list[Problem]:
    return [
        detest_a1,
        detest_a2,
        detest_a3,
        detest_a4,
        detest_a5,
        detest_b1,
        detest_b2,
        detest_b3,
        detest_b4,
        detest_b5,
        detest_c1,
        detest_c2,
        detest_c3,
        detest_c4,
        detest_c5,
    ]
