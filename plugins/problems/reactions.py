"""Chemical reactions."""

from typing import Any

from odebench import IVP, Problem, hookimpl, problem

from ._shared import expect_positive


@problem(
    tags=["nonlinear", "system", "nonstiff"],
    source="Michaelis & Menten, Biochem. Z. 49 (1913) 333-369; Briggs & Haldane, Biochem. J. 19 (1925) 338-339",
)
def michaelis_menten(
    *,
    binding: float = 100.0,
    unbinding: float = 1.0,
    catalysis: float = 10.0,
    substrate: float = 1.0,
    enzyme: float = 0.1,
    t1: float = 5.0,
) -> IVP:
    """S + E <-> C -> E + P by mass action, from (S, E, C, P) = (substrate, enzyme, 0, 0): an enzyme at work."""
    expect_positive(binding=binding, unbinding=unbinding, catalysis=catalysis, substrate=substrate, enzyme=enzyme)

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        s, e, c = y[..., 0], y[..., 1], y[..., 2]
        bound, made = binding * s * e - unbinding * c, catalysis * c
        return xp.stack([-bound, made - bound, bound - made, made], -1)

    return IVP(
        rhs=rhs,
        t_span=(0.0, t1),
        y0=[substrate, enzyme, 0.0, 0.0],
        invariants={
            "enzyme": lambda y: y[..., 1] + y[..., 2],
            "substrate": lambda y: y[..., 0] + y[..., 2] + y[..., 3],
        },
    )


@problem(
    tags=["nonlinear", "system", "oscillatory", "nonstiff"],
    source="Lefever & Nicolis 1971; Hairer, Norsett & Wanner, Solving ODEs I, section I.16",
)
def brusselator(*, a: float = 1.0, b: float = 3.0, t1: float = 20.0) -> IVP:
    """x' = a + x^2 y - (b + 1) x, y' = b x - x^2 y, from (1.5, 3): a reaction that settles on a limit cycle."""
    expect_positive(a=a, b=b)

    def rhs(t: Any, y: Any, xp: Any) -> Any:
        x, z = y[..., 0], y[..., 1]
        made = x**2 * z
        return xp.stack([a + made - (b + 1) * x, b * x - made], -1)

    return IVP(rhs=rhs, t_span=(0.0, t1), y0=[1.5, 3.0])


@hookimpl
def odebench_problems() -> list[Problem]:
    return [michaelis_menten, brusselator]
