"""The physics-informed networks solve what they should, and differentiate by time."""

import warnings
from functools import cache

import numpy as np
import pytest
from helpers.hosts import HOST
from helpers.optional import lazy, optional

from odebench import IVP, Diverged, Monitor, SolverFailed, Unsupported
from odebench.errors import BadParameter

torch = optional("torch", "the networks need torch")
pinn_autograd = lazy("odebench_plugins.solvers.pinn_autograd")
training = lazy("odebench_plugins.support.pinn.training")

# many here are trained for a moment only, or wrongly
pytestmark = [
    pytest.mark.training,
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore:the network does not satisfy the equation"),
]

AUTOGRAD, DIFFERENCES = HOST.solver("pinn-autograd"), HOST.solver("pinn-finite-difference")
DECAY = HOST.problem("decay")()
THREAD = HOST.problem("decay")(rate=2.0, t0=1.0, t1=5.0)  # the thread's second case: y' = -2y on [1, 5]
PROBLEMS = {"y' = -y": DECAY, "the thread's y' = -2y": THREAD, "logistic": HOST.problem("logistic")()}
SEEDS = [0, 1, 2]
SLOW = pytest.mark.slow
OTHER_SEEDS_SLOW = [0, pytest.param(1, marks=SLOW), pytest.param(2, marks=SLOW)]


@cache
def at_defaults(solver, problem, seed):
    """Return the solution at the solver's defaults, solved once per process, and the warnings of that solve."""
    ivp = PROBLEMS[problem]
    with warnings.catch_warnings(record=True) as issued:
        warnings.simplefilter("always")
        solution = solver(ivp, ivp.t_eval, seed=seed)
    return solution, [str(warning.message) for warning in issued]


DECAY_NAME, THREAD_NAME, LOGISTIC_NAME = PROBLEMS


def error(ivp, solution):
    return np.abs(solution.y - ivp.exact(ivp.t_eval)).max()


def constant_error(ivp):
    return np.abs(ivp.y0 - ivp.exact(ivp.t_eval)).max()


def trained_with(derivative, ivp, **parameters):
    settings = training.Settings.of(AUTOGRAD.resolve(parameters))
    return training.solve(ivp, ivp.t_eval, settings, seed=0, derivative=derivative)


def detached(predict, t):
    """The control: the right derivative, cut off from the weights."""
    t, y, dy_dt = pinn_autograd.reverse_mode(predict, t)
    return t, y, dy_dt.detach()


def by_the_prediction(predict, t):
    """The control: what the thread took for the derivative, which is 1 whatever the weights."""
    y = predict(t)
    return t, y, torch.ones_like(y)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("problem", "bound"), [(DECAY_NAME, 1e-8), (THREAD_NAME, 1e-7)])
def test_autograd_at_its_defaults_solves_both_cases_of_the_thread(problem, bound, seed):
    ivp = PROBLEMS[problem]
    assert error(ivp, at_defaults(AUTOGRAD, problem, seed)[0]) <= bound
    assert not constant_error(ivp) <= bound


@pytest.mark.parametrize(
    ("optimizer", "epochs"), [("levenberg-marquardt", 200), ("lbfgs", 100), pytest.param("lbfgs", 500, marks=SLOW)]
)
def test_a_wrong_derivative_does_not_solve_it(optimizer, epochs):
    settings = {"optimizer": optimizer, "epochs": epochs}
    assert error(DECAY, trained_with(pinn_autograd.reverse_mode, DECAY, **settings)) <= 1e-3
    for wrong in (detached, by_the_prediction):
        assert not error(DECAY, trained_with(wrong, DECAY, **settings)) <= 1e-3


@pytest.mark.parametrize("derivative", ["by-hand", "forward", "reverse"])
def test_every_way_to_differentiate_solves_it(derivative):
    assert error(DECAY, AUTOGRAD(DECAY, DECAY.t_eval, derivative=derivative, epochs=20)) <= 1e-8
    assert not constant_error(DECAY) <= 1e-8


@pytest.mark.parametrize("seed", SEEDS)
def test_backward_differences_end_at_implicit_eulers_error(seed):
    h = 0.1
    implicit_euler = (1 + h) ** -np.arange(21.0)
    floor = np.abs(implicit_euler - np.exp(-h * np.arange(21))).max()
    assert floor == pytest.approx(0.0177, abs=5e-5)
    solution, _ = at_defaults(DIFFERENCES, DECAY_NAME, seed)
    assert error(DECAY, solution) == pytest.approx(floor, rel=0.02)
    assert np.abs(solution.y[::5, 0] - implicit_euler).max() <= 1e-6  # not only as wrong, but wrong in the same way
    assert constant_error(DECAY) != pytest.approx(floor, rel=0.02)
    assert error(DECAY, at_defaults(AUTOGRAD, DECAY_NAME, seed)[0]) != pytest.approx(floor, rel=0.02)


@pytest.mark.parametrize(("difference", "bound"), [("central", 1e-3), ("fourth-order", 1e-5), ("spectral", 1e-8)])
@pytest.mark.parametrize("seed", OTHER_SEEDS_SLOW)
def test_other_differences_end_far_below_that_floor(difference, bound, seed):
    assert error(DECAY, DIFFERENCES(DECAY, DECAY.t_eval, difference=difference, seed=seed)) <= bound
    assert not constant_error(DECAY) <= bound


@pytest.mark.parametrize("initial_condition", ["hard", "soft"])
@pytest.mark.parametrize("name", ["pinn-autograd", "pinn-finite-difference"])
def test_systems_and_other_time_spans(name, initial_condition):
    points = {"points": 201} if name == "pinn-finite-difference" else {}
    for ivp in (HOST.problem("harmonic-oscillator")(periods=0.5), HOST.problem("decay")(rate=1e-6, t0=1e6, t1=3e6)):
        solution = HOST.solver(name)(ivp, ivp.t_eval, seed=0, initial_condition=initial_condition, **points)
        assert error(ivp, solution) <= 0.03
        assert not constant_error(ivp) <= 0.03


@pytest.mark.parametrize(
    ("periods", "windows", "epochs"), [(4, 8, 40), pytest.param(8, 16, 200, marks=SLOW)], ids=["4 periods", "8 periods"]
)
def test_a_span_too_long_for_one_network_is_reported_and_windows_help(periods, windows, epochs):
    ivp = HOST.problem("harmonic-oscillator")(periods=periods)
    with pytest.warns(UserWarning, match=r"the problem's own time scales long: try windows=\d+"):
        alone = AUTOGRAD(ivp, ivp.t_eval, width=12, epochs=epochs)
    assert not error(ivp, alone) <= 1e-2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        in_windows = AUTOGRAD(ivp, ivp.t_eval, width=12, windows=windows, epochs=epochs)
    assert error(ivp, in_windows) <= 1e-4
    assert not constant_error(ivp) <= 1e-4
    assert in_windows.stats["n_parameters"] == windows * alone.stats["n_parameters"]
    np.testing.assert_array_equal(in_windows.dense(ivp.t_eval), in_windows.y)


@pytest.mark.parametrize(
    ("chosen", "bound"),
    [
        ({"trial": "exponential"}, 1e-8),
        ({"trial": "taylor"}, 1e-8),
        ({"collocation": "grid"}, 1e-8),
        ({"collocation": "random"}, 1e-7),
        ({"collocation": "resampled", "resample_every": 5}, 1e-7),
        ({"weighting": "attention"}, 1e-8),
        ({"weighting": "equal"}, 1e-8),
        ({"causality": 10.0}, 1e-8),
        ({"weighting": "balanced", "initial_condition": "soft"}, 1e-8),
        ({"windows": 2, "warm_start": True}, 1e-8),
        ({"steepness": None}, 1e-8),
        ({"depth": 2}, 1e-8),
        ({"dtype": "float32"}, 1e-4),
        ({"optimizer": "ssbroyden", "epochs": 200}, 1e-4),
        ({"optimizer": "lbfgs", "epochs": 200}, 1e-3),
        ({"optimizer": "lbfgs", "refit": True, "epochs": 20}, 1e-8),
        ({"optimizer": "adam", "epochs": 300}, 0.05),
        ({"optimizer": "adam", "schedule": "exponential", "learning_rate": 0.1, "epochs": 300}, 0.05),
        ({"optimizer": "adam", "schedule": "constant", "learning_rate": 0.02, "epochs": 200}, 0.05),
        pytest.param({"optimizer": "adam", "epochs": 600}, 0.05, marks=SLOW),
        pytest.param({"optimizer": "adam", "schedule": "exponential", "epochs": 600}, 0.05, marks=SLOW),
        pytest.param(
            {"optimizer": "adam", "schedule": "constant", "learning_rate": 0.02, "epochs": 600}, 0.05, marks=SLOW
        ),
        pytest.param({"optimizer": "ssbroyden"}, 1e-4, marks=SLOW),
        pytest.param({"optimizer": "lbfgs"}, 1e-3, marks=SLOW),
        ({"activation": "sin"}, 1e-8),
        ({"activation": "gelu"}, 1e-8),
        ({"activation": "silu"}, 1e-8),
        ({"activation": "softplus"}, 1e-8),
    ],
    ids=str,
)
def test_every_choice_solves_it_and_differs_from_the_others(chosen, bound):
    solution = AUTOGRAD(DECAY, DECAY.t_eval, **chosen)
    assert error(DECAY, solution) <= bound
    assert not constant_error(DECAY) <= bound
    assert np.abs(solution.y - at_defaults(AUTOGRAD, DECAY_NAME, 0)[0].y).max() > 0


def test_the_hard_condition_holds_whatever_the_weights_and_the_soft_one_only_after_training():
    untrained = {"epochs": 1, "optimizer": "adam", "learning_rate": 1e-12, "seed": 0}
    for trial in ("linear", "exponential", "taylor"):
        assert AUTOGRAD(DECAY, DECAY.t_eval, trial=trial, **untrained).y[0, 0] == 1.0
    assert abs(AUTOGRAD(DECAY, DECAY.t_eval, initial_condition="soft", **untrained).y[0, 0] - 1) > 0.01


@pytest.mark.parametrize("optimizer", ["levenberg-marquardt", "ssbroyden", "lbfgs", "adam"])
def test_one_seed_one_result_and_another_seed_another(optimizer):
    runs = [AUTOGRAD(DECAY, DECAY.t_eval, epochs=5, optimizer=optimizer, seed=seed).y for seed in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert np.abs(runs[0] - runs[2]).max() > 0


@pytest.mark.parametrize("optimizer", ["levenberg-marquardt", "ssbroyden", "lbfgs", "adam"])
def test_all_weights_are_trained(optimizer):
    moved = []

    class Looking(Monitor):
        def __call__(self, step, loss, dense, *, network=None, points=None):
            moved.append([p.detach().clone() for p in network.parameters()])

    AUTOGRAD(DECAY, DECAY.t_eval, optimizer=optimizer, epochs=50, width=6, monitor=Looking())
    for first, last in zip(moved[0], moved[-1], strict=True):
        assert ((last - first).abs() > 1e-3 * first.abs()).all()


def test_training_stops_where_it_was_asked_to():
    early = AUTOGRAD(DECAY, DECAY.t_eval, optimizer="lbfgs", epochs=200, tolerance=1e-3)
    late = AUTOGRAD(DECAY, DECAY.t_eval, optimizer="lbfgs", epochs=200)
    assert late.stats["final_loss"] < early.stats["final_loss"] <= 1e-6
    assert early.stats["epochs"] < late.stats["epochs"]


def test_what_the_monitor_is_handed_belongs_together():
    seen = []

    class Looking(Monitor):
        def __call__(self, step, loss, dense, *, network, points):
            with torch.no_grad():
                outputs = network(torch.tensor(points - 1.0)[:, None])[:, 0].numpy()
            np.testing.assert_allclose(1 + points / 2 * outputs, dense(points)[:, 0], rtol=1e-12)
            slope = (dense(points + 1e-6) - dense(points - 1e-6))[:, 0] / 2e-6
            assert loss == pytest.approx(np.mean((slope + dense(points)[:, 0]) ** 2), rel=1e-4, abs=1e-12)
            norm = sum(float(p.grad.square().sum()) for p in network.parameters()) ** 0.5
            seen.append((step, loss, norm))

    for optimizer in ("levenberg-marquardt", "ssbroyden", "adam", "lbfgs"):
        seen.clear()
        solution = AUTOGRAD(DECAY, DECAY.t_eval, optimizer=optimizer, epochs=5, monitor=Looking())
        assert [step for step, *_ in seen][:5] == list(range(5))
        assert all(norm > 0 for *_, norm in seen)
        assert solution.stats["epochs"] == 5


def test_sizes_are_used():
    sizes = {
        (width, depth): AUTOGRAD(DECAY, DECAY.t_eval, width=width, depth=depth, epochs=2).stats["n_parameters"]
        for width, depth in [(8, 1), (9, 1), (8, 3)]
    }
    assert sizes == {(8, 1): 8 + 8 + 8 + 1, (9, 1): 9 + 9 + 9 + 1, (8, 3): 8 + 8 + 2 * (64 + 8) + 8 + 1}


@pytest.mark.parametrize("solver", [AUTOGRAD, DIFFERENCES], ids=lambda solver: solver.name)
@pytest.mark.parametrize(
    "bad", [{"width": 0}, {"depth": 0}, {"points": 2}, {"epochs": 0}, {"epochs": -5}, {"windows": 0}], ids=str
)
def test_sizes_below_the_least_are_refused(solver, bad):
    ((name, value),) = bad.items()
    with pytest.raises(ValueError, match=rf"expected {name} of . or more, received {value}"):
        solver(DECAY, DECAY.t_eval, seed=0, **bad)


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (
            {"dtype": "float32", "tolerance": 1e-9},
            "expected tolerance of 1e-05 or more with dtype=float32.*use dtype=float64",
        ),
        ({"tolerance": -1.0}, "expected tolerance of 0 or more, received -1.0"),
        ({"learning_rate": 0.1}, "expected no learning_rate with optimizer=levenberg-marquardt, received 0.1"),
        ({"optimizer": "adam", "learning_rate": -0.1}, "expected learning_rate above 0, received -0.1"),
        ({"steepness": 0.0}, "expected steepness above 0"),
        ({"weighting": "balanced"}, "expected initial_condition=soft with weighting=balanced"),
    ],
    ids=str,
)
def test_parameters_that_contradict_each_other_are_refused(bad, said):
    with pytest.raises(ValueError, match=said):
        AUTOGRAD(DECAY, DECAY.t_eval, **bad)


def test_differences_that_cannot_be_taken_are_refused():
    with pytest.raises(ValueError, match="expected collocation=chebyshev with difference=spectral, received grid"):
        DIFFERENCES(DECAY, DECAY.t_eval, difference="spectral", collocation="grid")
    with pytest.raises(ValueError, match="expected points of 5 or more for this difference, received 4"):
        DIFFERENCES(DECAY, DECAY.t_eval, difference="fourth-order", points=4)


def test_an_unknown_activation_is_refused():
    with pytest.raises(BadParameter, match="'tanh', 'sin', 'gelu', 'silu', 'softplus', 'relu'"):
        AUTOGRAD.resolve({"activation": "swish"})


def test_a_gpu_that_is_not_there_is_said_so(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(Unsupported, match="device=cuda was asked for, and torch sees no GPU"):
        AUTOGRAD(DECAY, DECAY.t_eval, device="cuda")


def test_a_gpu_gives_the_same_solution():
    if not torch.cuda.is_available():
        pytest.skip("torch sees no GPU on this machine")
    for optimizer in ("levenberg-marquardt", "ssbroyden", "lbfgs", "adam"):
        chosen = {"optimizer": optimizer, "epochs": 5}
        there = AUTOGRAD(DECAY, DECAY.t_eval, device="cuda", **chosen)
        here = AUTOGRAD(DECAY, DECAY.t_eval, device="cpu", **chosen)
        np.testing.assert_allclose(there.y, here.y, atol=1e-6, err_msg=optimizer)


@pytest.mark.parametrize("optimizer", ["levenberg-marquardt", "ssbroyden", "lbfgs", "adam"])
def test_a_loss_that_is_no_number_is_a_divergence_with_epoch_and_last_loss(optimizer):
    calls = 0

    def rhs(t, y, xp):
        nonlocal calls
        calls += xp.__name__ == "torch"
        return -y / (calls < 12)  # from its twelfth call on it is infinite

    ivp = IVP(rhs, (0.0, 2.0), [1.0], exact=DECAY.exact)
    with np.errstate(divide="ignore"), pytest.raises(Diverged, match=r"not finite at epoch \d+; the last finite loss"):
        AUTOGRAD(ivp, ivp.t_eval, optimizer=optimizer, epochs=50)


def test_a_right_hand_side_that_torch_cannot_evaluate_is_said_so():
    ivp = IVP(
        lambda t, y, xp: -xp.asarray(np.asarray(y, dtype=float) if xp is np else y.no_such_thing), (0.0, 1.0), [1.0]
    )
    with pytest.raises(Unsupported, match="cannot be evaluated for a batch of torch's tensors: AttributeError"):
        AUTOGRAD(ivp, ivp.t_eval)
    detour = IVP(lambda t, y, xp: -y + 0 * np.interp(np.asarray(t), [0, 1], [0, 1])[..., None], (0.0, 1.0), [1.0])
    for solver in (AUTOGRAD, DIFFERENCES, HOST.solver("nnode")):
        with pytest.raises(Unsupported, match="cannot be evaluated for a batch of torch's tensors: RuntimeError"):
            solver(detour, detour.t_eval)


@pytest.mark.parametrize("solver", [AUTOGRAD, DIFFERENCES], ids=["autograd", "differences"])
@pytest.mark.parametrize("problem", PROBLEMS)
@pytest.mark.parametrize("seed", OTHER_SEEDS_SLOW)
def test_a_network_that_satisfies_the_equation_warns_of_nothing(solver, problem, seed):
    assert at_defaults(solver, problem, seed)[1] == []


def test_a_network_that_does_not_satisfy_the_equation_says_so():
    """Also where the span is no reason, and where the problem is so stiff that windows would not help."""
    with pytest.warns(UserWarning, match="does not satisfy the equation .* try more windows, epochs, points or width"):
        AUTOGRAD(DECAY, DECAY.t_eval, optimizer="adam", epochs=1)
    stiff = HOST.problem("van-der-pol")(mu=1000.0)
    with pytest.warns(UserWarning, match="does not satisfy the equation .* try an implicit method"):
        AUTOGRAD(stiff, stiff.t_eval, epochs=2)


@pytest.mark.parametrize("refit", [False, True])
def test_a_network_of_dead_units_is_a_solution_all_the_same(refit):
    """Its least-squares systems are singular."""
    alive = []

    class Looking(Monitor):
        def __call__(self, step, loss, dense, *, network=None, points=None):
            with torch.no_grad():
                own = torch.tensor(points - 1.0)[:, None]  # on [0, 2] the network's own time is t - 1
                alive.append(int((network.layers[0](own) > 0).any(dim=0).sum()))

    for seed in range(20):  # of few units with PyTorch's weights, some bend outside of the window, and away from it
        alive.clear()
        solution = AUTOGRAD(
            DECAY,
            DECAY.t_eval,
            activation="relu",
            width=2,
            steepness=None,
            refit=refit,
            epochs=20,
            seed=seed,
            monitor=Looking(),
        )
        assert np.isfinite(solution.y).all()
        if alive[0] < 2:
            break
    assert alive[0] < 2
    assert alive[-1] < 2  # nothing brings it back


def test_causal_weights_keep_a_network_from_settling_at_the_wrong_fixed_point():
    """The logistic equation is satisfied by y = 0 as well: from there on, a network that got there too early stays."""
    ivp = PROBLEMS[LOGISTIC_NAME]
    seeds = [4, 7, 9]
    for seed in seeds:
        assert error(ivp, at_defaults(AUTOGRAD, LOGISTIC_NAME, seed)[0]) <= 1e-5
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        captured = [error(ivp, AUTOGRAD(ivp, ivp.t_eval, seed=seed, weighting="equal")) for seed in seeds]
    assert max(captured) > 0.5
    implicit_euler = [error(ivp, at_defaults(DIFFERENCES, LOGISTIC_NAME, seed)[0]) for seed in SEEDS]
    np.testing.assert_allclose(implicit_euler, implicit_euler[0], rtol=0.05)
    assert implicit_euler[0] < 0.1
    assert not constant_error(ivp) < 0.1


def test_a_jacobian_that_would_not_fit_is_said_so():
    ivp = IVP(lambda t, y, xp: -y, (0.0, 1.0), np.ones(400))
    with pytest.raises(Unsupported, match=r"Jacobian of 12800 residuals by 10048 weights would take 1.0 GiB; use opti"):
        AUTOGRAD(ivp, ivp.t_eval)
    by_first_order = AUTOGRAD(ivp, ivp.t_eval, optimizer="lbfgs", epochs=50, width=8)
    exact = np.exp(-ivp.t_eval)[:, None]
    assert np.abs(by_first_order.y - exact).max() < 0.1
    assert not np.abs(ivp.y0 - exact).max() < 0.1


def test_least_squares_that_cannot_be_solved_are_said_so(monkeypatch):
    def fails(*arguments, **options):
        raise torch.linalg.LinAlgError("does not have full rank")

    monkeypatch.setattr(torch.linalg, "lstsq", fails)
    for chosen in ({"points": 96}, {"optimizer": "adam", "epochs": 2, "refit": True}):
        with pytest.raises(
            SolverFailed, match=r"least-squares system of .* cannot be solved .*does not have full rank"
        ):
            AUTOGRAD(DECAY, DECAY.t_eval, **chosen)
