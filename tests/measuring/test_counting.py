"""What a solver evaluates is counted by the host; where that cannot be, there is no number."""

from __future__ import annotations

from contextlib import suppress

import numpy as np
import pytest
from helpers.commands import read_csv

from odebench import IVP, Solution, Unsupported, Untraceable, compile_once, provenance, solver
from odebench.counting import counted
from odebench.host import Host
from odebench.provenance import Conditions


def oscillator() -> IVP:
    return IVP(lambda t, y, xp: xp.stack([y[..., 1], -xp.sin(y[..., 0])], -1), (0.0, 1.0), [1.0, 0.0])


def test_calls_are_counted_and_batches_by_their_states():
    ivp, counts = counted(oscillator())
    assert (counts.rhs_calls, counts.jac_calls) == (0, 0)
    ivp.f(0.0, ivp.y0)
    ivp.rhs(0.0, ivp.y0, np)
    ivp.rhs(np.zeros(5), np.zeros((5, 2)), np)
    ivp.rhs(0.0, np.zeros((3, 4, 2), complex), np)
    ivp.jac(0.0, ivp.y0)
    assert (counts.rhs_calls, counts.jac_calls, counts.uncounted) == (1 + 1 + 5 + 12, 1, None)


def test_it_is_the_same_problem_and_the_original_knows_nothing_of_it():
    original = oscillator()
    ivp, counts = counted(original)
    for name in ("y0", "t_eval", "t_span", "exact", "breaks", "weights", "invariants"):
        assert getattr(ivp, name) is getattr(original, name)
    state = np.array([0.3, -0.2])
    assert (ivp.f(0.1, state) == original.f(0.1, state)).all()
    assert (ivp.jac(0.1, state) == original.jac(0.1, state)).all()
    assert ivp.sparsity is original.sparsity
    original.f(0.0, state)
    assert (counts.rhs_calls, counts.jac_calls, counts.uncounted) == (1, 1, None)


def test_what_was_compiled_for_the_problem_is_not_taken_for_the_counted_one():
    compiled = []

    @compile_once
    def rhs_of(ivp):
        compiled.append(ivp)
        inner(ivp)
        ivp.f(0.0, ivp.y0)  # to see whether it works: of no solve but the first
        return ivp.f

    @compile_once
    def inner(ivp):
        ivp.rhs(np.zeros(5), np.zeros((5, 2)), np)
        ivp.jac(0.0, ivp.y0)

    original = oscillator()
    rhs_of(original)
    ivp, counts = counted(original)
    rhs_of(ivp)(0.0, ivp.y0)
    assert compiled == [original, ivp]
    assert (counts.rhs_calls, counts.jac_calls, counts.uncounted) == (1, 0, None)
    assert rhs_of(original) is original.f


def test_what_traces_while_it_compiles_is_not_counted():
    ivp, counts = counted(oscillator())
    compile_once(jax_jit)(ivp)
    assert "out of the host's sight" in counts.uncounted


def test_ivp_trace_is_refused_so_that_what_can_do_without_it_is_counted():
    ivp, counts = counted(oscillator())
    with pytest.raises(Untraceable, match="out of the host's sight"):
        traced(ivp)
    ivp.f(0.0, ivp.y0)
    assert (counts.rhs_calls, counts.uncounted) == (1, None)


def traced(ivp):
    ivp.trace(0.0, [1.0, 0.0], {"sin": np.sin})


def torch_vmap(ivp):
    torch = pytest.importorskip("torch")
    torch.func.vmap(lambda y: ivp.rhs(0.0, y, torch))(torch.zeros(7, 2))


def jax_jit(ivp):
    jax = pytest.importorskip("jax")
    jax.jit(lambda y: ivp.rhs(0.0, y, jax.numpy))(np.zeros(2))


@pytest.mark.parametrize("use", [torch_vmap, jax_jit])
def test_a_method_that_takes_the_equation_itself_is_not_counted(use):
    ivp, counts = counted(oscillator())
    use(ivp)
    assert "out of the host's sight" in (counts.uncounted or "")


def test_tensors_with_values_are_counted():
    ivp, counts = counted(oscillator())
    torch = pytest.importorskip("torch")
    t = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    y = torch.zeros(4, 2, dtype=torch.float64, requires_grad=True)
    ivp.rhs(t, y, torch).sum().backward()
    assert (counts.rhs_calls, counts.uncounted) == (4, None)
    jax = pytest.importorskip("jax")
    ivp.rhs(0.0, jax.numpy.zeros((3, 2)), jax.numpy)
    assert (counts.rhs_calls, counts.uncounted) == (7, None)


# what the built-in solvers claim ------------------------------------------------------------------------------


def branching() -> IVP:
    """A problem that cannot be traced, so that it has no Jacobian."""

    def rhs(t, y, xp):
        return xp.where(xp.asarray(t) > 0.5, -1.0, -2.0)[..., None] * y

    return IVP(rhs, (0.0, 1.0), [1.0, 2.0])


METHODS = ("RK45", "RK23", "DOP853", "Radau", "BDF", "LSODA")
CASES = [
    ("euler", {"steps": 200}),
    ("rk4", {"steps": 200}),
    *(("scipy-ivp", {"method": method}) for method in METHODS),
    *(("chebyshev-collocation", {"iteration": iteration}) for iteration in ("auto", "newton")),
    ("random-feature-collocation", {}),
]


OTHERS = [
    s.name for s in Host().solvers.values() if s.name not in dict(CASES) and not {"neural", "oracle"} & set(s.tags)
]


def expect_true_claims(method, ivp, /, **params):
    """Skips the test as soon as the solver turns out to be one that cannot be counted."""
    twin, counts = counted(ivp)
    rhs = twin.rhs

    def watched(t, y, xp):
        slope = rhs(t, y, xp)
        if counts.uncounted:
            pytest.skip(counts.uncounted)
        return slope

    vars(twin)["rhs"] = watched
    given = method.resolve(params) | ({"seed": 1} if method.uses_chance else {})
    try:
        claimed = method.function(twin, twin.t_eval, **given).stats
    except Untraceable as error:
        pytest.skip(str(error))
    assert counts.rhs_calls > 0
    for name in ("rhs_calls", "jac_calls"):
        assert claimed.get(name, getattr(counts, name)) == getattr(counts, name), name


def various(host):
    """One state, a few, many, and a problem without a Jacobian."""
    large = host.problem("brusselator-1d")(t1=0.1)
    assert large.n_states > 32
    assert branching().jac is None
    return host.problem("decay")(), host.problem("hires")(t1=1.0), large, branching()


@pytest.mark.parametrize(("name", "params"), CASES)
def test_what_a_solver_claims_is_so(host, name, params):
    for ivp in various(host):
        expect_true_claims(host.solver(name), ivp, **params)


@pytest.mark.parametrize("name", OTHERS)
def test_what_any_other_solver_claims_is_so(host, name):
    method = host.solver(name)
    if reason := host.missing(method):
        pytest.skip(reason)
    for ivp in various(host):
        with suppress(Unsupported):
            expect_true_claims(method, ivp)


def test_a_false_claim_and_one_that_cannot_be_checked_are_told_from_true_ones():
    @solver
    def some(ivp, t_eval, *, claims=1, traced=False):
        slope = ivp.trace(0.0, [1.0, 0.0], {"sin": np.sin}) if traced else ivp.f(0.0, ivp.y0)
        return Solution(np.tile(slope, (t_eval.size, 1)), stats={"rhs_calls": claims})

    expect_true_claims(some, oscillator())
    with pytest.raises(AssertionError, match="rhs_calls"):
        expect_true_claims(some, oscillator(), claims=2)
    with pytest.raises(pytest.skip.Exception, match="out of the host's sight"):
        expect_true_claims(some, oscillator(), traced=True)


# in a run -----------------------------------------------------------------------------------------------------

PLUGIN = """
import itertools
import os

import numpy as np
from odebench import Solution, hookimpl, solver

calls = itertools.count()


def euler(ivp, t_eval, f):
    y = [ivp.y0]
    for t, h in zip(t_eval, np.diff(t_eval)):
        y.append(y[-1] + h * f(t, y[-1]))
    return np.array(y)


@solver
def honest(ivp, t_eval):
    return Solution(euler(ivp, t_eval, ivp.f), stats={"rhs_calls": 100, "jac_calls": 0})


@solver
def liar(ivp, t_eval):
    return Solution(euler(ivp, t_eval, ivp.f), stats={"rhs_calls": 80, "jac_calls": 3, "counted_rhs_calls": 80})


@solver
def silent(ivp, t_eval):
    ivp.jac(0.0, ivp.y0)
    return Solution(euler(ivp, t_eval, ivp.f))


@solver
def restless(ivp, t_eval):
    return Solution(euler(ivp, t_eval, ivp.f) * (1 + 1e-6 * next(calls)), stats={"rhs_calls": 100})


@solver
def compiling(ivp, t_eval):
    f = ivp.trace
    return Solution(euler(ivp, t_eval, lambda t, y: np.array(f(t, y, {}))), stats={"rhs_calls": 7})


@solver
def idle(ivp, t_eval):
    return Solution(np.tile(ivp.y0, (t_eval.size, 1)), stats={"rhs_calls": 100})


@solver
def forking(ivp, t_eval):
    if os.fork() == 0:
        ivp.f(0.0, ivp.y0)
        os._exit(0)
    os.wait()
    return Solution(euler(ivp, t_eval, ivp.f), stats={"rhs_calls": 100})


@solver
def weary(ivp, t_eval):
    if hasattr(ivp.rhs, "__wrapped__"):
        raise RuntimeError("not once more")
    return Solution(euler(ivp, t_eval, ivp.f))


@solver
def picard(ivp, t_eval, *, monitor=None):
    y = np.repeat(ivp.y0[None], t_eval.size, axis=0)
    for step in range(1, 2000):
        slopes = ivp.rhs(t_eval, y, np)
        y = ivp.y0 + np.cumsum(np.diff(t_eval, prepend=t_eval[0])[:, None] * slopes, axis=0)
        monitor(step, None, lambda t: np.interp(t, t_eval, y[:, 0])[:, None])
    return Solution(y)


@hookimpl
def odebench_solvers():
    return [honest, liar, silent, restless, compiling, idle, forking, weary, picard]
"""


def test_a_run_counts_and_says_which_claims_are_false(tmp_path, odebench):
    (tmp_path / "claims.py").write_text(PLUGIN)
    names = ("honest", "liar", "silent", "restless", "compiling", "idle", "forking", "weary", "picard")
    solvers = [word for name in names for word in ("-s", name)]
    options = ("--plugin", "claims.py", *solvers, "-p", "decay", "--repeats", "2", "--target-error", "0.1", "-o", "run")
    done = odebench("run", "--count", *options, COLUMNS="300")
    assert done.returncode == 0, done.stderr
    first = {row["solver"]: row for row in read_csv(tmp_path / "run" / "measurements.csv") if row["repeat"] == "0"}
    again = [row for row in read_csv(tmp_path / "run" / "measurements.csv") if row["repeat"] == "1"]
    assert {row["status"] for row in first.values()} == {"ok"}

    def counts(row):
        return row["counted_rhs_calls"], row["counted_jac_calls"]

    assert (counts(first["honest"]), first["honest"]["reason"]) == (("100", "0"), "")
    assert counts(first["liar"]) == ("100", "0")
    assert first["liar"]["reason"] == "claims 80 rhs calls, made 100; claims 3 jac calls, made 0"
    assert first["liar"]["rhs_calls"] == "80"
    assert (counts(first["silent"]), first["silent"]["reason"]) == (("100", "1"), "")
    for name, why in {
        "restless": "not counted: one more solve came to another solution, by",
        "compiling": "not counted: it traces the equation",
        "idle": "not counted: it evaluated nothing that the host sees",
        "forking": "not counted: it evaluates the equation in other processes",
        "weary": "not counted: one more solve raised RuntimeError: not once more",
    }.items():
        assert counts(first[name]) == ("", "")
        assert first[name]["reason"].startswith(why)
    stopped = first["picard"]
    assert stopped["stopped_by"] == "target-error"
    assert int(stopped["counted_rhs_calls"]) == 101 * int(stopped["steps"])
    assert {counts(row) for row in again} == {("", "")}  # once a case
    compared = {row["solver"]: row for row in read_csv(tmp_path / "run" / "comparison.csv")}
    assert (compared["liar"]["rhs_calls"], compared["liar"]["counted_rhs_calls"]) == ("80.0", "100.0")
    assert "claims 80 rhs calls, made 100" in done.stdout

    journal = tmp_path / "run" / "measurements.jsonl"  # a run goes on as it began
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(line for line in lines if '"solver": "honest"' not in line))
    assert odebench("run", "--resume", "run", "--plugin", "claims.py").returncode == 0
    resumed = {row["solver"]: row for row in read_csv(tmp_path / "run" / "measurements.csv") if row["repeat"] == "0"}
    assert counts(resumed["honest"]) == ("100", "0")


def test_what_was_measured_without_counting_is_not_taken_for_what_was_counted(host):
    def context(**options):
        return provenance.context(host, "euler", "decay", Conditions("r", **options))

    assert context(count=True) != context() == context(count=False)
