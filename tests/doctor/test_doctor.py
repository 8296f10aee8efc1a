"""The doctor on any solver, seen through its dense output alone; its command; its page."""

import io
import json
import re
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.paths import ROOT

from odebench import Monitor, Solution, SolverFailed, Unsupported, hookimpl, solver
from odebench.cases import Variant
from odebench.doctor import PATHOLOGIES, Examiner, Unexaminable, diagnoses, examine, one_variant, seed_luck
from odebench.host import Host
from odebench.provenance import Conditions
from odebench.report import diagnosis
from odebench.runner import Plan, Sampling
from odebench.worker import Stage, Worker

PAGE = ROOT / "docs" / "doctor.md"
SMOOTH = ["decay", "logistic", "harmonic-oscillator", "lagaris-1", "lagaris-2", "lagaris-3", "cosine-integral"]
HEALTHY = [
    "scipy-ivp[rtol=1e-8]",
    "rk4",
    "euler[steps=20000]",
    "analytic",
    "scipy-ivp",
    "random-feature-collocation",
    "chebyshev-collocation",
]


def reported(name, dense, losses, *, chance=False):
    """A solver that reports these losses and returns dense(ivp, seed)."""

    def solve(ivp, t_eval, *, seed=0, monitor: Monitor | None = None):
        answer = dense(ivp, seed)
        for step, loss in enumerate(losses):
            monitor(step, loss, answer)
        return Solution(answer(t_eval), answer)

    def without_chance(ivp, t_eval, *, monitor: Monitor | None = None):
        return solve(ivp, t_eval, monitor=monitor)

    function = solve if chance else without_chance
    function.__name__ = name
    return solver(function)


def constant(value):
    return lambda ivp, seed: lambda t: np.full((t.size, ivp.n_states), value)


def wrong_rate(ivp, seed):
    return lambda t: np.exp(-1.5 * t)[:, None]


def lucky(ivp, seed):
    return lambda t: ivp.exact(t) * (1.0 if seed % 2 else 0.5) + 1e-6


FALLING = [10.0**-k for k in range(12)]
STUCK = [0.3, 0.25] + [0.24] * 10
METHODS = [
    reported("zero", constant(0.0), [1.0] * 12),
    reported("best_constant", constant(0.5), [0.5] * 12),
    reported("promising", wrong_rate, FALLING),
    reported("stuck", wrong_rate, STUCK),
    reported("lucky", lucky, FALLING, chance=True),
    reported("right", lambda ivp, seed: ivp.exact, FALLING, chance=True),
    reported("overflowing", lambda ivp, seed: ivp.exact, [1.0, 10.0, float("nan")]),
]


@solver
def giving_up(ivp, t_eval, *, monitor: Monitor | None = None):
    for step in range(20):
        monitor(step, 10.0**step, ivp.exact)
    raise SolverFailed("the steps became too small")


@solver
def refusing(ivp, t_eval, *, points=0):
    raise ValueError(f"expected points of 3 or more, received {points}")


@solver
def failing_late(ivp, t_eval, *, monitor: Monitor | None = None):
    for step in range(20):
        monitor(step, 10.0**step, ivp.exact)
    raise np.linalg.LinAlgError("singular matrix")


@solver
def shouting(ivp, t_eval, *, monitor: Monitor | None = None):
    for step in range(20):
        monitor(step, 10.0**step, ivp.exact)
    raise SolverFailed("\x1b[31mred\x1b]0;title\x07")


@solver
def unwilling(ivp, t_eval):
    raise Unsupported("it has no mass matrix")


@pytest.fixture(scope="module")
def host():
    made = Host()
    bring = hookimpl(lambda: [*METHODS, giving_up, failing_late, refusing, shouting, unwilling])
    assert made.register(SimpleNamespace(odebench_solvers=bring), "test").error is None
    return made


@pytest.fixture
def checkup(host):
    def made(name, problem="decay", params=None, **options):
        problem_variant = Variant(problem, host.problem(problem).resolve({}))
        return examine(host, problem_variant, Variant(name, host.solver(name).resolve(params or {})), **options)

    return made


def names(found):
    return [diagnosis.pathology for diagnosis in found.diagnoses]


@pytest.mark.parametrize(
    ("method", "pathology", "said"),
    [
        ("zero", "trivial-solution", "the zero output's, with the right derivative"),
        ("best-constant", "trivial-solution", "the least of any constant, 0.5"),
        ("promising", "low-loss-wrong-solution", "the loss does not see what is wrong"),
        ("stuck", "stalled-training", "has stayed at 0.24"),
        ("overflowing", "learning-rate-too-high", "not finite from step 2 on, after 10"),
        ("giving-up", "learning-rate-too-high", "the steps overshoot"),
        ("failing-late", "learning-rate-too-high", "the steps overshoot"),
    ],
)
def test_what_a_solver_that_hands_over_no_network_has_is_found(checkup, method, pathology, said):
    found = checkup(method)
    assert names(found) == [pathology]
    assert said in found.diagnoses[0].finding
    assert found.diagnoses[0].value > found.diagnoses[0].threshold
    assert names(checkup("right")) == []


def test_luck_is_seen_over_seeds_and_not_where_all_seeds_are_alike(checkup):
    found = checkup("lucky", seeds=6)
    seeds = [e.seed % 2 for e in found.examinations]
    assert len({*seeds}) == 2  # both kinds are among the six
    assert names(found)[-1] == "seed-luck"
    assert f"{seeds.count(0)} of 6 seeds" in {d.seeds for d in found.diagnoses}
    assert names(checkup("right", seeds=6)) == []


@pytest.mark.parametrize("problem", SMOOTH)
@pytest.mark.parametrize("selection", HEALTHY)
def test_nothing_is_found_on_healthy_solvers(host, selection, problem):
    found = examine(host, one_variant(problem, host.problem), one_variant(selection, host.solver))
    assert names(found) == []


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("problem", SMOOTH)
def test_nothing_is_found_on_the_network_at_its_defaults(checkup, problem):
    assert names(checkup("pinn-autograd", problem, seeds=1)) == []


@pytest.mark.parametrize(
    ("selection", "problem", "remedy"),
    [
        ("euler[steps=100]", "decay[rate=1e4]", {"steps": 1000}),
        ("rk4", "vdpol", {"steps": 1000}),
        pytest.param("rk4", "van-der-pol[mu=100]", {"steps": 1000}, marks=pytest.mark.slow),
        ("scipy-ivp[rtol=0.3,atol=0.3]", "harmonic-oscillator[periods=10]", {"rtol": 0.003, "atol": 0.003}),
    ],
)
def test_a_classical_method_on_too_stiff_or_too_long_a_span_is_told_so(host, selection, problem, remedy):
    found = examine(host, one_variant(problem, host.problem), one_variant(selection, host.solver))
    assert names(found) == ["span-too-long"]
    assert ("a stiff problem" in found.diagnoses[0].finding) == ("harmonic" not in problem)
    assert found.diagnoses[0].parameters == remedy


def test_what_a_solver_says_does_not_reach_the_terminal_raw(checkup):
    out = io.StringIO()
    diagnosis.print_checkup("shouting", checkup("shouting"), out)
    assert "red" in out.getvalue()
    assert not {"\x1b", "\x07"} & set(out.getvalue())


def test_a_solver_that_cannot_is_said_to_be_so(checkup):
    with pytest.raises(Unexaminable, match="does not do this problem: it has no mass matrix"):
        checkup("unwilling")
    with pytest.raises(Unexaminable, match="raised ValueError: expected points of 3 or more, received 0"):
        checkup("refusing")
    assert checkup("failing-late").worst.ended == "raised LinAlgError: singular matrix"


def test_what_was_not_examined_is_said(checkup):
    (examination,) = checkup("rk4").examinations
    assert examination.unseen == ["its training: the solver reports to no monitor"]
    (examination,) = checkup("zero").examinations
    assert [line.partition(":")[0] for line in examination.unseen] == ["its loss", "its units and gradients"]


def test_an_examiner_may_sit_beside_a_monitor_of_ones_own(host):
    ivp = host.problem("decay")()
    examiner, seen = Examiner(ivp), []

    class Both(Monitor):
        def __call__(self, step, loss, dense, *, network=None, points=None):
            seen.append(step)
            examiner(step, loss, dense, network=network, points=points)

    solution = host.solver("zero")(ivp, ivp.t_eval, monitor=Both())
    found = diagnoses(examiner.examination(solution, truth=ivp.exact(ivp.t_eval)))
    assert len(seen) == 12
    assert [d.pathology for d in found] == ["trivial-solution"]
    unknown = diagnoses(examiner.examination(solution))  # without a reference the residual has to do
    assert [d.pathology for d in unknown] == ["trivial-solution"]


def test_without_a_reference_the_residual_held_out_betrays_a_low_loss(host):
    ivp = host.problem("decay")()
    for name, expected in (("promising", ["low-loss-wrong-solution"]), ("right", [])):
        examiner = Examiner(ivp)
        solution = host.solver(name)(ivp, ivp.t_eval, monitor=examiner)
        assert [d.pathology for d in diagnoses(examiner.examination(solution))] == expected


@pytest.mark.parametrize("asked", [True, False])
def test_the_doctors_look_at_a_solution_is_a_stage_of_its_own(host, asked):
    stages = []
    worker = Worker(host, Conditions("run", doctor=asked), on_stage=stages.append)
    (task, *_) = Plan(host, Sampling(repeats=1), problems=["decay"], solvers=["stuck"])
    assert [d.pathology for d in worker.measure(task).diagnoses] == (["stalled-training"] if asked else [])
    assert (Stage.EXAMINE in stages) == asked


# -- the command ---------------------------------------------------------------------------------------------------

MINE = """
import numpy as np
from odebench import Monitor, Solution, hookimpl, solver

@solver
def mine(ivp, t_eval, *, learning_rate=10.0, monitor: Monitor):
    "Gradient descent on one number, the rate of an exponential."
    rate = 0.0
    def dense(t): return np.exp(-rate * t)[:, None]
    for step in range(60):
        loss = (rate - 1) ** 2
        monitor(step, loss, dense)
        rate -= learning_rate * 2 * (rate - 1)
    return Solution(dense(t_eval), dense, {"final_loss": (rate - 1) ** 2})

@hookimpl
def odebench_solvers(): return [mine]
"""


@pytest.fixture
def mine(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    return ("--plugin", "mine.py", "-p", "decay")


def test_the_command_says_what_is_wrong_and_tries_the_remedy(odebench, mine):
    done = odebench("doctor", "mine[learning_rate=1.2]", *mine, "--try")
    assert done.returncode == 0, done.stderr
    text = " ".join(done.stdout.split())
    assert "1. learning-rate-too-high" in text
    assert "try learning_rate=0.12" in text
    before, after = re.findall(r"^ *(before|after) .*$", done.stdout, re.MULTILINE)
    assert (before, after) == ("before", "after")
    assert re.search(r"^ *after +learning_rate=0.12 .* none", done.stdout, re.MULTILINE)


def test_json_is_data(odebench, mine):
    done = odebench("doctor", "mine[learning_rate=1.2]", *mine, "--try", "--json")
    data = json.loads(done.stdout)
    (found,) = data["findings"]
    assert found["pathology"] == "learning-rate-too-high"
    assert found["parameters"] == {"learning_rate": 0.12}
    (trial,) = data["tried"]
    assert trial["changed"] == {"learning_rate": 0.12}
    assert trial["findings"] == []
    assert trial["max_abs_error"][0] < 1e-3


def test_nothing_found_is_said(odebench):
    done = odebench("doctor", "rk4", "-p", "logistic", "--try")
    assert done.returncode == 0, done.stderr
    assert "nothing was found" in done.stdout
    assert "explains" not in done.stdout
    assert "not examined: its training" in done.stdout
    coarse = odebench("doctor", "euler[steps=10]", "-p", "decay")
    assert "nothing was found that explains the error of 0.0" in coarse.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rk5"], "unknown solver 'rk5'"),
        (["rk4", "-p", "decai"], "unknown problem 'decai'"),
        (["rk4[step=1]"], "no parameter 'step'"),
        (["rk4[steps=[1,2]]"], "expected one value a parameter"),
        (["analytic", "-p", "lorenz"], "does not do this problem"),
    ],
)
def test_bad_input_is_refused(odebench, arguments, message):
    done = odebench("doctor", *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


# -- the page ------------------------------------------------------------------------------------------------------


def test_the_page_has_every_pathology_as_the_code_has_it():
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in PAGE.read_text().splitlines()
        if re.match(r"\| `[a-z0-9-]+` \|", line)
    ]
    expected = [
        [f"`{p.name}`", p.description, p.signal, f"{p.threshold:g}", p.remedy] for p in (*PATHOLOGIES, seed_luck)
    ]
    assert rows == expected
