"""What a peer costs through odebench over a direct call of it: at most 5 % or 20 microseconds, whichever is more."""

import importlib
import inspect
import math
import statistics
import time

import pytest
from helpers.paths import DIRECT_CALLS

from odebench.cases import Case, Task, Variant
from odebench.host import Host
from odebench.provenance import Conditions
from odebench.worker import Worker

HOST = Host()
PEERS = sorted(path.stem for path in DIRECT_CALLS.glob("*.py"))
RATIO, MICROSECONDS = 1.05, 20.0
SAMPLE_S = 0.002  # of either call, looped where it is shorter, so that the clock is fine enough
BUDGET_S = 8.0


def looped(call, loops):
    def many():
        for _ in range(loops):
            call()

    return many


def loops_for(call):
    """How often it is called in a sample of some milliseconds."""
    call()
    return max(1, math.ceil(SAMPLE_S / min(seconds(call) for _ in range(3))))


def seconds(call):
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def both(name, problem):
    """The plugin's call and the direct one, with the parameters of the ladder's middle."""
    plugin = HOST.solver(name.replace("_", "-"))
    if reason := HOST.missing(plugin):
        pytest.skip(reason)
    module = importlib.import_module(f"helpers.direct_calls.{name}")
    if hasattr(module, "RUNGS") and problem != module.PROBLEM:
        pytest.skip("it trains: one problem is enough")
    rungs = getattr(module, "RUNGS", plugin.ladder)
    rung = plugin.resolve(rungs[len(rungs) // 2])
    ivp = HOST.problem(problem)()
    taken = inspect.signature(module.direct).parameters
    direct = module.direct(problem, ivp, **{k: v for k, v in rung.items() if k in taken})
    seed = {"seed": 0} if plugin.uses_chance else {}
    return (lambda: plugin(ivp, ivp.t_eval, **rung, **seed)), direct


@pytest.mark.parametrize("problem", ["decay", "lotka-volterra"])
@pytest.mark.parametrize("name", PEERS)
def test_a_peer_through_odebench_over_a_direct_call(name, problem, benchmark, figure):
    """The median of ratios and of differences, of samples taken in turn."""
    through, direct = both(name, problem)
    loops = loops_for(direct)
    through, direct = looped(through, loops), looped(direct, loops)
    benchmark.pedantic(through, rounds=1)
    rounds = max(5, min(101, int(BUDGET_S / (2 * seconds(direct)))))
    pairs = [(seconds(through), seconds(direct)) for _ in range(rounds)]
    ratio = statistics.median(a / b for a, b in pairs)
    more_us = 1e6 * statistics.median((a - b) / loops for a, b in pairs)
    figure(f"{name} through odebench over a direct call, {problem}", ratio, "x")
    figure(f"{name} through odebench beyond a direct call, {problem}", more_us, "us")
    assert ratio <= RATIO or more_us <= MICROSECONDS, f"{ratio:.3f} times, {more_us:.1f} microseconds more"


def test_a_row_shows_the_microseconds_in_which_heyoka_solves_decay(benchmark, figure):
    """`wall_s` of `odebench run -s heyoka -p decay`, measured by its worker, over a direct call in a loop."""
    solver = HOST.solver("heyoka")
    if reason := HOST.missing(solver):
        pytest.skip(reason)
    case = Case(Variant("decay", HOST.problem("decay").resolve({})), Variant("heyoka", solver.resolve({})))
    worker = Worker(HOST, Conditions("run"))
    direct_heyoka = importlib.import_module("helpers.direct_calls.heyoka").direct
    direct = direct_heyoka("decay", HOST.problem("decay")(), **solver.resolve({}))
    loops = loops_for(direct)
    direct = looped(direct, loops)
    worker.measure(Task(case, 0, 0))
    benchmark.pedantic(direct, rounds=1)
    rows, calls = [], []
    for k in range(1, 52):
        rows.append(worker.measure(Task(case, 0, k)).wall_s)
        calls.append(seconds(direct) / loops)
    row_us, call_us = 1e6 * statistics.median(rows), 1e6 * statistics.median(calls)
    figure("a row of heyoka on decay", row_us, "us", 40.0)
    figure("a row of heyoka on decay, beyond a direct call", row_us - call_us, "us", MICROSECONDS)
