"""What the journal keeps for figures: each problem's solution once, each case's error over time once."""

import json
from collections import Counter

import numpy as np
import pytest

import odebench
from odebench import IVP, over_time, references
from odebench.journal import Run

PLUGIN = """
import os
import numpy as np
from odebench import IVP, Solution, SolverFailed, hookimpl, problem, solver

@solver
def crashes(ivp, t_eval):
    os._exit(3)

@solver
def fails(ivp, t_eval):
    raise SolverFailed("as it always does")

@solver
def late(ivp, t_eval, *, seed):
    if not os.path.exists("once"):
        open("once", "w").close()
        raise SolverFailed("only the first time")
    return Solution(np.tile(ivp.y0, (t_eval.size, 1)))

@problem
def cooling():
    return IVP(rhs=lambda t, y, xp: -y / 2, t_span=(0, 1), y0=[1.0], exact=lambda t: np.exp(-t / 2)[:, None])

@hookimpl
def odebench_solvers():
    return [crashes, fails, late]

@hookimpl
def odebench_problems():
    return [cooling]
"""


def system(n_states, n_times, **more):
    """y_j' = -(j + 1) y_j, and so y_j = exp(-(j + 1) t)."""
    rates = np.arange(1.0, n_states + 1)
    return IVP(
        rhs=lambda t, y, xp: xp.stack([-rate * y[..., j] for j, rate in enumerate(rates)], -1),
        t_span=(0, 1),
        y0=np.ones(n_states),
        t_eval=np.linspace(0, 1, n_times),
        exact=lambda t: np.exp(-t[:, None] * rates),
        **more,
    )


def kept(ivp, y):
    """What comes back of it, by way of JSON."""
    return over_time.from_json(json.loads(json.dumps(over_time.to_json(ivp, y, equations=True))))


def test_a_small_solution_is_kept_whole():
    ivp = system(3, 150)
    found = kept(ivp, ivp.exact(ivp.t_eval))
    np.testing.assert_array_equal(found.t, ivp.t_eval)
    np.testing.assert_allclose(found.y, ivp.exact(ivp.t_eval), rtol=1e-6)
    assert (found.names, found.n_states, found.logarithmic) == (("y1", "y2", "y3"), 3, False)
    assert found.latex == odebench.equations(ivp).latex()
    assert kept(system(1, 5), np.ones((5, 1))).names == ("y",)


def test_of_a_large_one_eight_components_at_200_times_from_the_first_to_the_last():
    ivp = system(40, 1001)
    found = kept(ivp, ivp.exact(ivp.t_eval))
    assert (found.t.shape, found.y.shape) == ((200,), (200, 8))
    assert (found.t[0], found.t[-1], found.names[0], found.names[-1]) == (0.0, 1.0, "y1", "y40")
    for name, component in zip(found.names, found.y.T, strict=True):
        np.testing.assert_allclose(component, np.exp(-found.t * int(name[1:])), rtol=1e-6)
    assert found.n_states == 40
    assert found.latex.count("&=") == 8
    assert len(json.dumps(over_time.to_json(ivp, ivp.exact(ivp.t_eval), equations=True))) < 25_000


def test_times_that_grow_geometrically_are_marked():
    ivp = IVP(
        rhs=lambda t, y, xp: -y, t_span=(0, 1), y0=[1.0], t_eval=odebench.logarithmic_times(0, 1, 1e-6), exact=None
    )
    assert kept(ivp, np.ones((ivp.t_eval.size, 1))).logarithmic


def test_equations_that_cannot_be_written_out_or_take_long_are_left_out(host):
    for name in ("detest-f1", "beam"):  # one branches on the state, the other would fill pages
        ivp = host.problem(name)()
        assert kept(ivp, np.ones((ivp.t_eval.size, ivp.n_states))).latex is None
    many = 501
    large = IVP(rhs=lambda t, y, xp: -y, t_span=(0, 1), y0=np.ones(many), t_eval=[0, 1.0])
    assert kept(large, np.ones((2, many))).latex is None


@pytest.mark.parametrize("weights", [None, [1.0, 0.0], [2.0, 3.0]])
@pytest.mark.parametrize("n_times", [2, 99, 100, 101, 1000])
def test_the_largest_error_of_each_stretch_is_kept_and_so_the_largest_of_all(weights, n_times):
    ivp = system(2, n_times, weights=weights)
    y_ref = ivp.exact(ivp.t_eval)
    y = y_ref + np.random.default_rng(n_times).normal(size=y_ref.shape)
    found = over_time.errors(ivp, y, y_ref)
    assert len(found["t"]) == len(found["abs_error"]) == min(n_times, 100)
    assert found["t"] == sorted(found["t"])
    distances = [[abs(a - b) for a, b in zip(*rows, strict=True)] for rows in zip(y, y_ref, strict=True)]
    by_hand = [max(d * w for d, w in zip(row, weights or [1, 1], strict=True)) for row in distances]
    assert max(found["abs_error"]) == pytest.approx(max(by_hand), rel=1e-6)
    for t, error in zip(found["t"], found["abs_error"], strict=True):
        k = int(np.abs(ivp.t_eval - t).argmin())
        assert error == pytest.approx(by_hand[k], rel=1e-6)
    if n_times == 1000:  # the control: every tenth time alone misses it
        assert max(by_hand[::10]) < max(by_hand)


@pytest.fixture
def bench(tmp_path, odebench):
    """Run the command line with the plugin; its rows."""
    (tmp_path / "plugin.py").write_text(PLUGIN)

    def run(*arguments, output="run", executor="inline"):
        new = ("-o", output, "--executor", executor) if output else ()
        done = odebench("run", "--plugin", "plugin.py", *arguments, "-q", *new)
        assert done.returncode == 0, done.stderr
        return list(Run.open(tmp_path / output).measurements()) if output else []

    return run


def test_each_problem_has_its_solution_once_and_each_case_its_error(tmp_path, host, bench):
    names = ("-s", "euler[steps=[10,20]]", "-s", "analytic", "-p", "decay[rate=[1,2]]", "-p", "lotka-volterra")
    rows = bench(*names, "--repeats", "3")
    told = Counter((row.problem, tuple(row.problem_params.items())) for row in rows if row.reference_solution)
    assert list(told.values()) == [1, 1, 1]
    errors = {row.case_id: row for row in rows if row.error_over_time}
    assert Counter(row.case_id for row in rows if row.error_over_time) == dict.fromkeys(errors, 1)
    assert errors.keys() == {row.case_id for row in rows if row.status == "ok"}

    found = odebench.load(tmp_path / "run")
    assert len(found.solutions) == 3
    for (problem, params), solution in found.solutions.items():
        ivp = host.problem(problem)(**json.loads(params))
        np.testing.assert_allclose(solution.y, references.reference(ivp).y, rtol=1e-6)
        assert solution.latex is None  # whoever reads it has the problem, and need not wait for sympy while it runs
    largest = found.errors_over_time.groupby("case_id")["abs_error"].max()
    first = found.samples[found.samples["repeat"] == 0].set_index("case_id")["max_abs_error"].dropna()
    assert largest.to_dict() == pytest.approx(first.to_dict(), rel=1e-6)
    assert list(found.errors_over_time.columns) == ["case_id", "t", "abs_error"]
    assert not {"reference_solution", "error_over_time"} & {*found.samples.columns}


def test_the_equations_of_problems_that_others_need_not_have_are_kept(tmp_path, bench):
    bench("-s", "rk4", "-p", "cooling", "--quick")
    (solution,) = odebench.load(tmp_path / "run").solutions.values()
    assert solution.latex == "\\begin{aligned}\ny' &= - \\frac{y}{2}\n\\end{aligned}"


def test_they_are_there_whoever_fails_first(bench):
    rows = bench("-s", "crashes", "-s", "fails", "-s", "late", "-p", "decay", "--seeds", "3", executor="process")
    solution = [row.solver for row in rows if row.reference_solution]
    assert solution == ["fails"]  # the first that came back
    assert [(row.solver, row.repeat) for row in rows if row.error_over_time] == [("late", 1)]


def test_a_resumed_run_and_one_of_earlier_samples_have_them_too(tmp_path, bench):
    first = bench("-s", "euler", "-s", "rk4", "-p", "decay", "--repeats", "2", output="results/first")
    assert [row.solver for row in first if row.reference_solution] == ["euler"]
    # asked for in another order, so that the sample that has it is not the one that wants it
    bench("-s", "rk4", "-p", "decay", "--repeats", "2", "--reuse", output="results/second")
    (solution,) = odebench.load(tmp_path / "results/first").solutions.values()
    (again,) = odebench.load(tmp_path / "results/second").solutions.values()
    np.testing.assert_array_equal(again.y, solution.y)
    assert odebench.load(tmp_path / "results/second").samples["run_id"].unique() == [first[0].run_id]  # nothing anew

    journal = tmp_path / "results/first" / "measurements.jsonl"
    journal.write_text("")
    bench("--resume", "results/first", output=None)
    resumed = odebench.load(tmp_path / "results/first")
    assert (len(resumed.solutions), resumed.errors_over_time["case_id"].nunique()) == (1, 2)


def test_a_run_without_them_has_none(tmp_path, row):
    run = Run.create(tmp_path / "run", {})
    run.append(row(reason='a text that says "error_over_time": {"t": 1}'))
    found = odebench.Results([run])
    assert found.solutions == {}
    assert len(found.errors_over_time) == 0
