"""Reference solutions whose digits are known: what two independent methods in quadruple precision agree on.

A certificate is made once and kept: those of the built-in problems come with odebench, those of other problems lie in
a cache of the user's. It is found by what the problem is (initial state, times, breaks), and taken only where the
right-hand side is the same program, and gives in quadruple precision the very values that it gave then, all along the
solution: a parameter that differs by one unit in the last place is another problem.
"""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

from . import quadruple, tableaux
from .backends import Array
from .model import IVP
from .program import Program, Untraceable

SHIPPED = "odebench_plugins.references"
CACHE_VARIABLE = "ODEBENCH_CACHE"

MOST_STATES = 1000
"""Beyond, a reference in quadruple precision would take too long."""
STEPS = 20_000
"""Of an implicit method: what a reference that is made on first use may take."""
_EVALUATIONS = 300_000  # of the explicit method: a problem that takes more is stiff
_LOOKS = 100_000
_SAME = 2.0**-80  # relative difference of slopes that are the same; one last place of a double makes 2^-53


_NOT_ITS_FAULT = (MemoryError, ImportError)


class Uncertifiable(Exception):
    """No two methods reach the end; says why. How far two that do are apart is the certificate's error."""


@dataclass(frozen=True, eq=False)
class Certificate:
    """A solution and how far it may be from the truth."""

    times: Array
    """(2 n - 1,): those of `t_eval`, and the middle between each two."""
    y: Array
    """The states at `times`, (2 n - 1, d), rounded to double precision."""
    error: Array
    """(d,), in the unit of the state: for each component the largest disagreement of the methods, and the rounding."""
    methods: tuple[str, str]
    fingerprint: str
    """Of the right-hand side, see `_fingerprint`."""

    @property
    def digits(self) -> Array:
        """How many digits of each component's largest value are certain, (d,); infinite where it is always zero."""
        import numpy as np

        scale = np.abs(self.y).max(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(scale > 0, -np.log10(self.error / scale), math.inf)


def certify(ivp: IVP, progress: Callable[[float], None] = lambda done: None, steps: int = STEPS) -> Certificate:
    """Solve the problem twice in quadruple precision and compare.

    By Radau IIA with 11 stages, and by extrapolation, or where the problem is too stiff for that, by Lobatto IIIC with
    10 stages. Raises `Uncertifiable`.
    """
    import numpy as np

    if ivp.n_states > MOST_STATES:
        raise Uncertifiable(f"it has more than {MOST_STATES} states")
    times = with_middles(ivp.t_eval)
    largest = _largest(ivp)

    def implicit(scheme: tableaux.Scheme, begun: float) -> Any:
        return quadruple.implicit_runge_kutta(
            ivp, times, scheme, largest=largest, most_steps=steps, progress=lambda done: progress(begun + done / 2)
        )

    with np.errstate(all="ignore"):
        try:
            _slopes(ivp, ivp.t_span[0], ivp.y0)
        except _NOT_ITS_FAULT:
            raise
        except Exception as error:  # what a right-hand side does with an array of another kind
            raise Uncertifiable(
                f"its right-hand side cannot be evaluated in quadruple precision: {type(error).__name__}: {error}"
            ) from error
        try:
            first = implicit(tableaux.radau(11), 0.0)
            try:
                second = quadruple.extrapolation(
                    ivp,
                    times,
                    largest=largest,
                    most_evaluations=_EVALUATIONS,
                    progress=lambda done: progress(0.5 + done / 2),
                )
                methods = "Radau IIA (11 stages)", "extrapolated midpoint rule (order 24)"
            except (quadruple.TooCostly, quadruple.Stuck):
                second = implicit(tableaux.lobatto(10), 0.5)
                methods = "Radau IIA (11 stages)", "Lobatto IIIC (10 stages)"
        except quadruple.TooCostly:
            raise Uncertifiable("it takes too many steps in quadruple precision") from None
        except quadruple.Stuck as error:
            raise Uncertifiable(str(error)) from None
        except _NOT_ITS_FAULT:
            raise
        except Exception as error:
            raise Uncertifiable(f"{type(error).__name__} while it was certified: {error}") from error
    y = first.astype(np.float64)
    apart = np.abs((first - second).astype(np.float64)).max(axis=0)
    return Certificate(times, y, apart + np.spacing(np.abs(y).max(axis=0)), methods, _fingerprint(ivp, times, y))


def _largest(ivp: IVP) -> Array | None:
    """About the largest magnitude of each component, where it is soon known; for those that start from zero."""
    import numpy as np
    from scipy.integrate import solve_ivp

    if (ivp.y0 != 0).all():
        return None
    calls = 0

    def f(t: float, y: Array) -> Array:
        nonlocal calls
        calls += 1
        if calls > _LOOKS:
            raise quadruple.TooCostly
        return ivp.f(t, y)

    try:
        with np.errstate(all="ignore"):
            found = solve_ivp(
                f, ivp.t_span, ivp.y0, "Radau", rtol=1e-3, atol=1e-16 * (np.abs(ivp.y0).max() or 1.0), jac=ivp.jac
            )
    except quadruple.TooCostly:
        return None
    return np.abs(found.y).max(axis=1) if found.success and np.isfinite(found.y).all() else None


def find(ivp: IVP) -> Certificate | None:
    """The certificate of this problem, where one was made."""
    for path in _candidates(ivp):
        with suppress(OSError, ValueError, KeyError, BadZipFile):  # somebody else is writing it, or it is damaged
            certificate = _read(path)
            if _is_of(certificate, ivp):
                return certificate
    return None


def keep(certificate: Certificate, ivp: IVP, directory: Path | None = None, name: str = "") -> Path:
    """Write it into `directory`, by default the cache, so that `find` finds it; returns where."""
    import numpy as np

    directory = directory or cache()
    directory.mkdir(parents=True, exist_ok=True)
    which = name or certificate.fingerprint[:12]
    path = directory / f"{which}.{_digest(ivp)}.npz"
    unfinished = path.with_suffix(f".{os.getpid()}.part")
    with unfinished.open("wb") as file:
        np.savez_compressed(
            file,
            times=certificate.times,
            y=certificate.y,
            error=certificate.error,
            methods=np.array(certificate.methods),
            fingerprint=np.array(certificate.fingerprint),
        )
    os.replace(unfinished, path)
    return path


def summary(certificate: Certificate) -> str:
    """Its digits and methods, in a line."""
    digits = certificate.digits
    worst, best = digits.min(), digits.max()
    span = f"{worst:.1f}" if best - worst < 0.1 or not math.isfinite(best) else f"{worst:.1f} to {best:.1f}"
    return f"{span} digits, by {' and '.join(certificate.methods)}"


def cache() -> Path:
    """Where certificates of other problems than odebench's are kept: `ODEBENCH_CACHE`, or the user's cache."""
    from platformdirs import user_cache_path

    named = os.environ.get(CACHE_VARIABLE)
    return Path(named) if named else user_cache_path("odebench") / "references"


def shipped() -> Path:
    """Where those of the built-in problems lie."""
    return Path(next(iter(import_module(SHIPPED).__path__)))


def _candidates(ivp: IVP) -> Iterator[Path]:
    digest = _digest(ivp)
    for directory in (shipped(), cache()):
        yield from sorted(directory.glob(f"*.{digest}.npz"))


def _digest(ivp: IVP) -> str:
    """Stands for everything of a problem that is known without evaluating it."""
    parts = [ivp.y0.tobytes(), ivp.t_eval.tobytes(), repr(ivp.breaks).encode()]
    return hashlib.sha256(b" ".join(parts)).hexdigest()[:16]


def with_middles(t_eval: Array) -> Array:
    """The times (n,), and the middle between each two: (2 n - 1,)."""
    import numpy as np

    times = np.empty(2 * t_eval.size - 1)
    times[::2] = t_eval
    times[1::2] = t_eval[:-1] + np.diff(t_eval) / 2
    return times


def _slopes(ivp: IVP, t: Any, y: Array) -> tableaux.QuadArray:
    """The right-hand side in quadruple precision."""
    import numpy as np

    states = tableaux.quad(y)
    slopes = np.asarray(ivp.rhs(tableaux.quad(t)[()], states, np))
    if slopes.dtype != states.dtype:
        raise TypeError(f"it returns {slopes.dtype} where it is given quadruple precision")
    return slopes


def _fingerprint(ivp: IVP, times: Array, y: Array) -> str:
    """Stands for the right-hand side: its program, where it can be traced, and its values on its solution.

    These are rounded to 2^-80 of the largest of their component, well below what a change of the last place of a
    parameter makes, and well above what another machine's library makes of them.
    """
    import numpy as np

    with np.errstate(all="ignore"):
        slopes = _slopes(ivp, times, y)
        double = slopes.astype(np.float64)
        finite = np.isfinite(double)
        largest = np.abs(np.where(finite, double, 0.0)).max(axis=0)
        unit = np.ldexp(_SAME, np.frexp(np.where(largest > 0, largest, 1.0))[1])  # a power of two
        whole = np.rint(np.where(finite, slopes, tableaux.quad(0.0)) / tableaux.quad(unit))
        high = whole.astype(np.float64)
        low = (whole - tableaux.quad(high)).astype(np.float64)
    try:
        program = repr(Program(ivp.rhs, ivp.n_states))
    except Untraceable:
        program = ""
    parts = [program.encode(), finite.tobytes(), (high + 0.0).tobytes(), (low + 0.0).tobytes()]  # no negative zeros
    return hashlib.sha256(b" ".join(parts)).hexdigest()


def _is_of(certificate: Certificate, ivp: IVP) -> bool:
    if certificate.y.shape != (2 * ivp.t_eval.size - 1, ivp.n_states):
        return False
    try:
        return _fingerprint(ivp, certificate.times, certificate.y) == certificate.fingerprint
    except _NOT_ITS_FAULT:
        raise
    except Exception:  # the certified one can be evaluated in quadruple precision
        return False


def _read(path: Path) -> Certificate:
    import numpy as np

    with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        first, second = (str(method) for method in file["methods"])
        return Certificate(file["times"], file["y"], file["error"], (first, second), str(file["fingerprint"]))
