"""What the doctor rests on: slopes, recomputed losses, pushes that leave no trace, remedies that the solver has."""

from typing import Literal

import numpy as np
import pytest

from odebench import IVP, Monitor, Solution, solver
from odebench.doctor import Examiner, diagnoses, losses, samples
from odebench.doctor.diagnosis import applicable, more_windows, multiplied

PENDULUM = IVP(rhs=lambda t, y, xp: xp.stack([y[..., 1], -xp.sin(y[..., 0])], -1), t_span=(1.0, 4.0), y0=[1.0, 0.5])


def curve(a):
    """A smooth curve (n, 2) that solves nothing."""

    def dense(t):
        assert t.min() >= 1.0
        assert t.max() <= 4.0  # nobody promised more
        return np.stack([np.sin(a * t), np.exp(-a * t)], axis=-1)

    return dense


def test_slopes_are_those_of_the_dense_output_up_to_the_ends_of_the_span():
    t = np.linspace(1.0, 4.0, 31)
    sample = samples.take(PENDULUM, curve(2.0), t)
    exact = np.stack([2 * np.cos(2 * t), -2 * np.exp(-2 * t)], axis=-1)
    bend = np.stack([-4 * np.sin(2 * t), 4 * np.exp(-2 * t)], axis=-1)
    np.testing.assert_allclose(sample.slope, exact, atol=1e-11)
    np.testing.assert_allclose(sample.curvature, bend, atol=1e-7)
    assert samples.rms(sample.slope - exact) <= 10 * sample.slope_error <= 1e-10
    np.testing.assert_array_equal(sample.start, curve(2.0)(np.array([1.0]))[0])


def test_a_kink_makes_slopes_that_are_known_to_be_off():
    t = np.linspace(1.0, 4.0, 31)
    sample = samples.take(PENDULUM, lambda t: np.abs(np.stack([t - 2.501, t], axis=-1)), t)
    assert sample.slope_error > 1e-3


def watched(loss_of, curves=(0.5, 0.8, 1.1, 1.4, 1.7, 2.0)):
    """An examination of reports whose losses are `loss_of(sample)`."""
    points = np.linspace(1.0, 4.0, 21)
    examiner = Examiner(PENDULUM)
    for step, a in enumerate(curves):
        examiner(step, loss_of(samples.take(PENDULUM, curve(a), points)), curve(a), points=points)
    y = curve(curves[-1])(PENDULUM.t_eval)
    return examiner.examination(Solution(y, curve(curves[-1])))


def test_the_error_is_the_columns_weighted_as_the_problem_asks():
    def error(weights):
        ivp = IVP(rhs=lambda t, y, xp: 0 * y, t_span=(0.0, 1.0), y0=[1.0, 8.0], weights=weights)
        truth = np.tile(ivp.y0, (ivp.t_eval.size, 1))
        found = Examiner(ivp).examination(Solution(truth + np.array([0.5, 4.0])), truth=truth)
        return found.max_abs_error, found.error

    assert error(None) == (4.0, 0.5)
    assert error([1.0, 0.0]) == (0.5, 0.5)  # of a size of 1, as the second component does not count
    assert error([1.0, 0.25]) == (1.0, 0.5)


def mismatch(sample):
    return np.square(sample.start - PENDULUM.y0)


@pytest.mark.parametrize(
    ("loss", "weights"),
    [
        (lambda s: np.mean(s.residual**2), (1, 0)),
        (lambda s: np.mean(s.residual**2) + np.mean(mismatch(s)), (1, 1)),
        (lambda s: np.sum(s.residual**2) + np.sum(mismatch(s)), (42, 2)),
        (lambda s: np.mean(np.sum(s.residual**2, axis=1)) + np.sum(mismatch(s)), (2, 2)),
        (lambda s: 2.25 * np.mean(s.residual**2), (2.25, 0)),
        (lambda s: 0.37 * np.mean(s.residual**2) + 81 * np.mean(mismatch(s)), (0.37, 81)),
    ],
)
def test_the_weights_of_a_right_loss_are_found(loss, weights):
    examination = watched(lambda s: float(loss(s)))
    found = losses.match(examination, losses.RIGHT)
    assert found.holds
    np.testing.assert_allclose([found.residual_weights[0], found.condition_weight], weights, rtol=1e-6)
    for wrong in (losses.BY_PREDICTION, *losses.BY_SCALED_TIME, losses.OF_THE_SUM, losses.EVERY_PAIR):
        assert not losses.match(examination, wrong).holds


def test_a_loss_of_something_else_is_not_recognised():
    examination = watched(lambda s: float(np.mean(np.abs(s.residual))))
    for hypothesis in (losses.RIGHT, losses.BY_PREDICTION, losses.EVERY_PAIR, *losses.DIFFERENCES):
        assert not losses.match(examination, hypothesis).holds


def test_one_report_is_too_little_to_blame_a_derivative():
    def wrong(sample):
        return float(np.mean((sample.slope.sum(axis=1, keepdims=True) - sample.f) ** 2))

    assert [d.pathology for d in diagnoses(watched(wrong))][:1] == ["wrong-variable"]
    assert "wrong-variable" not in [d.pathology for d in diagnoses(watched(wrong, curves=(0.5,)))]


@pytest.mark.parametrize(
    "slope", [lambda s: 3.0 * s.slope, lambda s: np.ones_like(s.slope)], ids=["by scaled time", "by the prediction"]
)
def test_a_loss_of_another_derivative_is_named(slope):
    found = diagnoses(watched(lambda s: float(np.mean((slope(s) - s.f) ** 2))))
    assert [d.pathology for d in found][:1] == ["wrong-variable"]


def test_very_many_reports_are_thinned_out_and_the_last_kept():
    examiner = Examiner(PENDULUM)
    for step in range(30_001):
        examiner(step, 1.0 if step != 12_345 else float("nan"), curve(1.0))
    kept = examiner.examination(None, ended="it was enough").losses
    assert len(kept) <= 10_001
    assert [kept[0][0], kept[-1][0]] == [0, 30_000]
    assert len(examiner.looks) < 100


@solver
def choosy(ivp, t_eval, *, optimizer: Literal["adam", "lbfgs"] = "adam", name="any", points=10, step=0.1):
    return Solution(t_eval)


def test_a_remedy_is_one_that_the_solver_has_and_has_not_taken():
    now = choosy.resolve({})
    wanted = [{"windows": 4}, {"optimizer": "newton"}, {"name": "tanh"}, {"optimizer": "adam"}, {"points": 40}]
    assert applicable(wanted, choosy, now) == {"points": 40}
    assert applicable(wanted[:4], choosy, now) is None  # what a word means that is not listed, nobody knows
    assert applicable([{"optimizer": "lbfgs"}], choosy, now) == {"optimizer": "lbfgs"}
    assert applicable(wanted, None, now) is None
    assert multiplied(now, "points", 4) == ({"points": 40},)
    assert multiplied(now, "step", 0.1) == ({"step": pytest.approx(0.01)},)
    assert multiplied(now, "name", 2) == multiplied(now, "epochs", 2) == ()
    assert [more_windows({"windows": has}, 4)["windows"] for has in (1, 2, 8)] == [4, 4, 16]


# -- with networks -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam"])
def test_being_examined_changes_no_digit_of_a_network(optimizer):
    torch = pytest.importorskip("torch", reason="a network")
    from helpers.doctor_faults import planted

    torch.set_num_threads(1)
    ivp = IVP(rhs=lambda t, y, xp: -y, t_span=(0.0, 2.0), y0=[1.0])
    asked = {"epochs": 40, "optimizer": optimizer, "seed": 3}
    alone = planted(ivp, ivp.t_eval, monitor=Monitor(), **asked)
    examiner = Examiner(ivp)
    watched = planted(ivp, ivp.t_eval, monitor=examiner, **asked)
    np.testing.assert_array_equal(alone.y, watched.y)
    assert sum(len(look.pushes) for look in examiner.looks) > 100


def test_a_gradient_of_another_loss_than_the_one_reported_is_known_for_it():
    pytest.importorskip("torch", reason="a network")
    from helpers.doctor_faults import planted

    from odebench.doctor import gradients

    ivp = IVP(rhs=lambda t, y, xp: -y, t_span=(0.0, 2.0), y0=[1.0])
    off = []
    for weighted in (False, True):
        examiner = Examiner(ivp)
        asked = {"optimizer": "adam", "epochs": 10, "weighted": weighted}
        off.append(gradients.disagreement(examiner.examination(planted(ivp, ivp.t_eval, monitor=examiner, **asked))))
    assert off[0] < 1e-4
    assert off[1] > 0.1


def test_inside_a_network_units_and_the_order_of_weights_are_seen():
    torch = pytest.importorskip("torch", reason="a network")
    from odebench.doctor import network as networks

    net = torch.nn.Sequential(torch.nn.Linear(1, 3), torch.nn.ReLU(), torch.nn.Linear(3, 2), torch.nn.ReLU()).double()
    t = torch.linspace(0, 1, 5, dtype=torch.float64)[:, None]
    net[2].bias.data = torch.tensor([-5.0, 1.0], dtype=torch.float64)
    (net(t) ** 2).sum().backward()
    with torch.no_grad():
        inside = networks.look_inside(net, lambda: net(t))
        hidden, output = inside.layers
        np.testing.assert_array_equal(hidden.after, np.maximum(hidden.before, 0))
        np.testing.assert_array_equal(output.after, net(t).numpy())
        assert (hidden.is_output, output.is_output) == (False, True)
        np.testing.assert_array_equal(inside.entry, t.numpy())
        np.testing.assert_array_equal(inside.gradient[:3], net[0].weight.grad.numpy().ravel())
        before = inside.weights.copy()
        with networks.pushed(net, 7, 0.25):  # 3 weights, 3 biases, then the second layer's weights
            assert float(net[2].weight.ravel()[1]) == before[7] + 0.25
            assert np.count_nonzero(networks.weights(net) - before) == 1
        np.testing.assert_array_equal(networks.weights(net), before)
    examiner = Examiner(PENDULUM)
    for step, network in enumerate([net, net, torch.nn.Linear(1, 3), torch.nn.Linear(1, 3)]):
        examiner(step, 1.0, curve(1.0), network=network)
    assert examiner.moves.kept == ((1, 0.0),)  # one network has not moved; another one is not a move
    assert not networks.is_network(torch.nn.ReLU())
    assert not networks.is_network("no module")


def test_the_layer_that_is_named_saturated_is_the_one_that_is():
    torch = pytest.importorskip("torch", reason="a network")
    from odebench.doctor.saturation import saturation

    parts = (torch.nn.Linear(1, 1), torch.nn.ReLU(), torch.nn.Linear(1, 1), torch.nn.Tanh(), torch.nn.Linear(1, 2))
    net = torch.nn.Sequential(*parts).double()
    for inputs, named in ((50.0, ["saturation"]), (1.0, [])):  # of tanh; 1 is the healthy control
        for parameter, value in zip(net.parameters(), (0.0, 1.0, 0.0, inputs), strict=False):
            parameter.data.fill_(value)
        examiner = Examiner(PENDULUM)

        def dense(t):
            return net(torch.tensor(t[:, None])).detach().numpy()

        examiner(0, 1.0, dense, network=net, points=PENDULUM.t_eval)
        found = saturation.diagnose(examiner.examination(None, ended="it was enough"))
        assert [d.pathology for d in [found] if d is not None] == named
        assert found is None or "a layer whose inputs reach 50:" in found.finding


def difference_matrix(t, width):
    """The derivative of the polynomials through the nearest `width` points, by fitting them."""
    rows = np.zeros((t.size, t.size))
    for n in range(t.size):
        first = min(max(n - width // 2, 0), t.size - width)
        for k in range(first, first + width):
            others = [j for j in range(first, first + width) if j != k]
            lagrange = np.polynomial.Polynomial.fromroots(t[others]) / np.prod(t[k] - t[others])
            rows[n, k] = lagrange.deriv()(t[n])
    return rows


@pytest.mark.parametrize("width", [3, 5, 9])
def test_losses_of_differences_over_uneven_points_are_recognised(width):
    points = 2.5 - 1.5 * np.cos(np.pi * np.arange(9) / 8)
    matrix = difference_matrix(points, width)
    examiner = Examiner(PENDULUM)
    for step, a in enumerate((0.5, 0.8, 1.1, 1.4)):
        y = curve(a)(points)
        loss = np.mean((matrix @ y - PENDULUM.rhs(points, y, np)) ** 2)
        examiner(step, loss, curve(a), points=points)
    examination = examiner.examination(None, ended="it was enough")
    holding = [losses.match(examination, hypothesis).holds for hypothesis in losses.DIFFERENCES]
    assert holding == [False, False, False, width == 3, width == 5, width == 9]
    assert not losses.match(examination, losses.RIGHT).holds


def test_the_course_of_several_windows_is_that_of_the_worst():
    torch = pytest.importorskip("torch", reason="a network")
    from odebench.doctor import courses

    examiner = Examiner(PENDULUM)
    for window, last in enumerate((1e-9, 1e-3, 1e-8)):
        network = torch.nn.Linear(1, 2)
        for k in range(20):
            examiner(20 * window + k, last ** (k / 19), curve(1.0), network=network)
    examination = examiner.examination(None, ended="it was enough")
    assert examination.restarts == (20, 40)
    assert [step for step, _ in courses.finite_losses(examination)] == list(range(20, 40))
    assert courses.swing(examination) < 1.01  # over all windows it would be large
