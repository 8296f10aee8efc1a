"""How torchdiffeq is called, what it counts, and what its complaints mean."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torchdiffeq import odeint

from odebench import IVP, Array, Diverged, Solution, SolverFailed, Unsupported, compile_once

from .reasons import why

_TRY = "try a smaller rtol or more steps, or a stiff solver"


class Slope:
    """The right-hand side of torch's time () and state (d,), and torchdiffeq's callbacks: it counts calls and steps."""

    def __init__(self, ivp: IVP, most: float) -> None:
        self.rhs, self.most = ivp.rhs, most
        self.calls = self.tried = self.rejected = 0

    def __call__(self, t: torch.Tensor, y: torch.Tensor) -> Any:
        self.calls += 1
        return self.rhs(t, y, torch)

    def callback_step(self, t: Any, y: Any, dt: Any) -> None:
        if self.tried >= self.most:
            raise SolverFailed(
                f"max_steps of {self.most:,} was reached at t = {float(t):.6g}, {self.rejected:,} of them rejected; "
                "try more, a larger rtol, or a stiff solver"
            )
        self.tried += 1


class AdaptiveSlope(Slope):
    """One of a method with error control: it alone may reject a step."""

    def callback_reject_step(self, t: Any, y: Any, dt: Any) -> None:
        self.rejected += 1


def adaptive(ivp: IVP, t_eval: Array, method: str, max_steps: int, rtol: float, atol: float) -> Solution:
    """The solution under error control, by at most so many steps."""
    if max_steps < 1:
        raise ValueError(f"expected max_steps of 1 or more, received {max_steps}")
    slope = AdaptiveSlope(ivp, max_steps)
    y = _solved(ivp, t_eval, slope, method=method, rtol=rtol, atol=atol)
    return Solution(y, stats={"steps": slope.tried - slope.rejected, "rhs_calls": slope.calls})


def fixed(ivp: IVP, t_eval: Array, method: str, steps: int, max_order: int) -> Solution:
    """The solution by so many equal steps."""
    if steps < 1 or not 4 <= max_order <= 12:
        raise ValueError(f"expected steps of 1 or more and max_order of 4 to 12, received {steps} and {max_order}")
    slope, grid = Slope(ivp, math.inf), torch.linspace(*ivp.t_span, steps + 1, dtype=torch.float64, device="cpu")
    at = (t_eval - t_eval[0]) / (t_eval[-1] - t_eval[0]) * steps
    # a cubic costs a call of the right-hand side for each time, also where that is a step's end
    between = "linear" if abs(at - at.round()).max() < 1e-9 * steps else "cubic"
    options: dict[str, Any] = {"grid_constructor": lambda f, y0, t: grid, "interp": between}
    if method.endswith("adams"):
        options["max_order"] = max_order
    y = _solved(ivp, t_eval, slope, method=method, options=options)
    return Solution(y, stats={"steps": slope.tried, "rhs_calls": slope.calls})


def _solved(ivp: IVP, t_eval: Array, slope: Slope, **arguments: Any) -> Array:
    """The states (n, d). Raises what a row says where torchdiffeq, which asserts, has given up."""
    with _float64(), torch.no_grad():
        y0, times = _tensors(ivp, t_eval.tobytes())
        try:
            y: Array = odeint(slope, y0, times, **arguments).numpy()
        except AssertionError as error:
            if "non-finite" in str(error):
                raise Diverged(f"y is not finite after {slope.tried:,} steps; {_TRY}") from error
            raise SolverFailed(f"{error} after {slope.tried:,} steps; {_TRY}") from error
    return y


@compile_once
def _tensors(ivp: IVP, times: bytes) -> tuple[torch.Tensor, torch.Tensor]:
    """y0 (d,) and the times (n,); raises `Unsupported` where torch cannot evaluate the right-hand side."""
    t = torch.frombuffer(bytearray(times), dtype=torch.float64)
    y0 = torch.tensor(ivp.y0, dtype=torch.float64, device="cpu")
    try:
        f = ivp.rhs(t[0], y0, torch)
        kind = f"{f.dtype} of shape {tuple(f.shape)}"
    except Exception as error:  # it may fail in any way a right-hand side can
        raise Unsupported(
            f"torch cannot evaluate its right-hand side: {why(error)}; write it with arithmetic and functions of xp "
            "alone, components taken as y[..., 0]"
        ) from error
    if f.dtype != torch.float64 or f.shape != y0.shape:
        raise Unsupported(f"its right-hand side is {kind} with torch, not torch.float64 of shape {tuple(y0.shape)}")
    return y0, t


@contextmanager
def _float64() -> Iterator[None]:
    """Within it what a right-hand side makes without a dtype is float64; afterwards the session's own default holds."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)
