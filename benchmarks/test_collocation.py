"""Collocation against every method of solve_ivp, each at its fastest rung that is accurate enough."""

import time

import numpy as np
import pytest

from odebench import suites
from odebench.host import Host
from odebench.references import reference

HOST = Host()
RANDOM, CHEBYSHEV = "random-feature-collocation", "chebyshev-collocation"
METHODS = ["RK45", "RK23", "DOP853", "Radau", "BDF", "LSODA"]
TEN = suites.load("neural").problems
FURTHER = [{"rtol": 1e-13, "atol": 1e-16}, {"rtol": 3e-14, "atol": 1e-17}]  # rungs beyond scipy-ivp's own
TOO_LONG_S = 0.3  # what takes so long need not be tried with more effort
STIFF = {"robertson": {"t1": 1e11}, "van-der-pol": {"mu": 1000.0, "t1": 2000.0}, "hires": {}}


@pytest.fixture(autouse=True)
def _quiet():
    with np.errstate(all="ignore"):
        yield


def seconds(call, times=5):
    def once():
        start = time.perf_counter()
        call()
        return time.perf_counter() - start

    return min(once() for _ in range(times))


def climbed(ivp, name, error, *, too_long=TOO_LONG_S, **parameters):
    """The rungs of a solver's ladder: (error, seconds, call)."""
    solver, rungs = HOST.solver(name), []
    for rung in [*solver.ladder, *FURTHER]:
        asked = {**rung, **parameters}

        def call(asked=asked):
            return solver(ivp, ivp.t_eval, **asked)

        try:
            off = error(call().y)
        except Exception:
            continue  # a rung the method cannot take
        took = seconds(call, 1)
        took = took if took > too_long else min(took, seconds(call))
        rungs.append((off, took, call))
        if took > too_long:
            break
    return rungs


def fastest(rungs, target):
    """The quickest call with an error of no more than this; None where there is none."""
    return min(((took, call) for off, took, call in rungs if off <= target), key=lambda rung: rung[0], default=None)


def fastest_method(ladders, target):
    """The quickest of several solvers to that error: (seconds, name, call)."""
    found = [(*best, name) for name, rungs in ladders.items() if (best := fastest(rungs, target))]
    return min(found, key=lambda best: best[0], default=None)


def max_error(ivp):
    y_ref = reference(ivp).y
    return lambda y: float(np.abs(y - y_ref).max())


def test_decay_to_thirteen_digits(benchmark, figure, paired):
    ivp = HOST.problem("decay")()
    error = max_error(ivp)
    _, ours = fastest(climbed(ivp, RANDOM, error), 1e-13)
    ladders = {method: climbed(ivp, "scipy-ivp", error, method=method) for method in METHODS}
    _, theirs, method = fastest_method(ladders, 1e-12)
    benchmark(ours)
    figure(f"decay: random features to 1e-13 over {method} to 1e-12", paired(ours, theirs, 200), "x", 1)


def ratios_on(problem, name, ladders, targets, paired):
    """By target: the time of a solver over that of the fastest method of solve_ivp, and which that is."""
    ivp = HOST.problem(problem)()
    rungs = climbed(ivp, name, max_error(ivp))
    ratios = {}
    for target in targets:
        ours, theirs = fastest(rungs, target), fastest_method(ladders, target)
        if theirs is not None:
            ratio = paired(ours[1], theirs[1], 31) if ours else float("inf")
            ratios[target] = (ratio, theirs[2])
    return ratios


def test_the_front_on_ten_smooth_problems(benchmark, figure, paired):
    """Ahead at every error from 1e-10 down that a method of solve_ivp reaches."""
    targets = [1e-10, 1e-11, 1e-12]

    def count():
        behind = {RANDOM: 0, CHEBYSHEV: 0}
        for problem in TEN:
            ivp = HOST.problem(problem)()
            ladders = {m: climbed(ivp, "scipy-ivp", max_error(ivp), method=m) for m in METHODS}
            for name in behind:
                ratios = ratios_on(problem, name, ladders, targets, paired)
                for target, (ratio, method) in ratios.items():
                    figure(f"{problem} to {target:.0e}: {name.partition('-c')[0]} over {method}", ratio, "x")
                behind[name] += max((ratio for ratio, _ in ratios.values()), default=0.0) > 1
        return behind

    behind = benchmark.pedantic(count, rounds=1)
    figure("of ten problems, not on the front: chebyshev-collocation", behind[CHEBYSHEV], "")
    figure("of ten problems, not on the front: random-feature-collocation", behind[RANDOM], "", 2)


def share_kept(name, rtol, **parameters):
    """The share of the nonstiff library solved within ten times the tolerance, in percent, and what was not."""
    missed, problems = [], [p for p in HOST.problems.values() if "nonstiff" in p.tags and "large" not in p.tags]
    for problem in problems:
        ivp = problem()
        y_ref = reference(ivp).y
        try:
            y = HOST.solver(name)(ivp, ivp.t_eval, rtol=rtol, atol=rtol / 1000, **parameters).y
            off = float((np.abs(y - y_ref) / (rtol / 1000 + rtol * np.abs(y_ref).max(axis=0))).max())
        except Exception:
            off = float("inf")
        if not off <= 10:
            missed.append(f"{problem.name} ({off:.0f}x)")
    return 100 - 100 * len(missed) / len(problems), missed


def test_tolerances_are_kept_on_the_nonstiff_library(benchmark, figure):
    for name in (CHEBYSHEV, RANDOM):
        for rtol in (1e-4, 1e-6, 1e-8, 1e-10, 1e-12):
            kept, missed = share_kept(name, rtol)
            print(name, rtol, f"{kept:.1f} % within tenfold; not", ", ".join(missed))
            bound = 10 if name == RANDOM else float("inf")
            figure(f"rtol {rtol:.0e} missed by more than tenfold: {name}", 100 - kept, "%", bound)
    for method in ("DOP853", "LSODA"):  # for scale
        for rtol in (1e-4, 1e-6, 1e-8, 1e-10, 1e-12):
            kept, _ = share_kept("scipy-ivp", rtol, method=method)
            figure(f"rtol {rtol:.0e} missed by more than tenfold: {method}", 100 - kept, "%")
    benchmark.pedantic(lambda: share_kept(RANDOM, 1e-8), rounds=1)


@pytest.mark.parametrize("problem", STIFF)
def test_stiff_problems_beside_radau(benchmark, figure, paired, problem):
    """Relative to the largest value of each component; LSODA, the fastest of the six here, is for scale."""
    ivp = HOST.problem(problem)(**STIFF[problem])
    y_ref = reference(ivp).y
    largest = np.abs(y_ref).max(axis=0)

    def error(y):
        return float((np.abs(y - y_ref) / largest).max())

    tight = {"atol": 1e-12 * float(largest.min())}
    ours = climbed(ivp, RANDOM, error, **tight)
    for method, bound in (("Radau", 10), ("LSODA", float("inf"))):
        rungs = climbed(ivp, "scipy-ivp", error, too_long=2.0, method=method, **tight)
        for digits in (6, 8, 10):
            if (theirs := fastest(rungs, 10.0**-digits)) is None:
                continue
            mine = fastest(ours, 10.0**-digits)
            ratio = paired(mine[1], theirs[1], 5) if mine else float("inf")
            figure(f"{problem} to {digits} digits: random features over {method}", ratio, "x", bound)
    figure(f"{problem}: least error of random features, in 1e-6", min(off for off, _, _ in ours) / 1e-6, "", 1)
    benchmark.pedantic(fastest(ours, 1e-6)[1], rounds=3)
