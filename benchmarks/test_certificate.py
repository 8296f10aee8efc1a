"""What a bound on the error costs beside the solution it is of."""

from odebench.certificate import certificate
from odebench.host import Host


def test_a_certificate_over_its_solution(benchmark, paired, figure):
    """Lotka-Volterra by RK45 at rtol 1e-8, with dense output: its certificate against its solve."""
    host = Host()
    ivp = host.problem("lotka-volterra")()
    asked = {"rtol": 1e-8, "atol": 1e-11, "dense_output": True}

    def solve():
        return host.solver("scipy-ivp")(ivp, ivp.t_eval, **asked)

    solution = solve()

    def certify():
        return certificate(ivp, solution.y, solution.dense)

    benchmark.pedantic(certify, rounds=3)
    figure("a certificate over its solve, Lotka-Volterra, RK45 at 1e-8", paired(certify, solve, 31), "x", 5.0)
    figure("a certificate of two states", 1e3 * benchmark.stats.stats.median, "ms")


def test_a_certificate_of_a_large_linear_system(benchmark, figure):
    """The heat equation at 100 points, whose panels have one matrix."""
    host = Host()
    ivp = host.problem("heat")()
    exact = ivp.exact(ivp.t_eval)
    found = benchmark.pedantic(lambda: certificate(ivp, exact + 1e-6, lambda t: ivp.exact(t) + 1e-6), rounds=1)
    assert 1e-6 <= found.value < 1.01e-6
    figure("a certificate of 100 states, linear", benchmark.stats.stats.median, "s")
