"""The exact solution, evaluated: an oracle that shows what could at best be reached."""

from odebench import IVP, Array, Solution, Solver, Unsupported, hookimpl, solver


@solver(tags=["oracle"])
def analytic(ivp: IVP, t_eval: Array) -> Solution:
    """The problem's exact formula, where one is known.

    It is told the answer, so it is shown beside the solvers and never ranked among them.
    """
    if ivp.exact is None:
        raise Unsupported("no exact solution is known for this problem")
    return Solution(ivp.exact(t_eval), dense=ivp.exact)


@hookimpl
def odebench_solvers() -> list[Solver]:
    return [analytic]
