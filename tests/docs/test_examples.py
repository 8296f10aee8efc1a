"""The plugins that stand as examples do what they say, through the hooks alone."""

import json
import socket
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.paths import ROOT

from odebench import Solution, hookimpl, solver
from odebench.errors import OutputError
from odebench.executors import InlineExecutor
from odebench.host import Host
from odebench.journal import Run
from odebench.provenance import Conditions
from odebench.runner import Plan, Sampling, describe, run
from odebench.worker import Worker

pytestmark = pytest.mark.docs

EXAMPLES = ROOT / "examples"


@solver
def constant(ivp, t_eval):
    return Solution(np.tile(ivp.y0, (t_eval.size, 1)))


@solver
def hopeless(ivp, t_eval, *, k=0):
    raise ValueError(f"not with {k}")


@pytest.fixture
def bench(tmp_path):
    """Run solvers on problems with a plugin file; the rows, and what was warned of."""

    def measure(example, problems, solvers, executor=InlineExecutor, repeats=1, settings=None):
        host = Host([EXAMPLES / example])
        module = next(m for name, m in sys.modules.items() if name.startswith(f"_odebench_plugin_{example[:-3]}_"))
        vars(module).update(settings or {})
        ours = SimpleNamespace(odebench_solvers=hookimpl(lambda: [constant, hopeless]))
        assert host.register(ours, "ours").error is None
        sampling, asked = Sampling(repeats=repeats), {"problems": problems, "solvers": solvers}
        plan = Plan(host, sampling, **asked)
        record = Run.create(tmp_path / "run", describe(host, plan, asked, {}))
        run(record, plan, executor(Worker(host, Conditions(record.id))), host)
        return list(record.measurements())

    return measure


def test_energy_drift_is_the_rate_at_which_energy_is_lost_or_won(bench, host):
    solvers = ["euler[steps=2000]", "rk4[steps=2000]", "analytic", "constant"]
    rows = bench("energy_drift.py", ["harmonic-oscillator", "decay"], solvers)
    drift = {(row.problem, row.solver): row.metrics["energy_drift"] for row in rows}
    ivp = host.problem("harmonic-oscillator")()
    # explicit Euler multiplies the energy of y'' = -y by 1 + h^2 in each step
    h = (ivp.t_span[1] - ivp.t_span[0]) / 2000
    t = ivp.t_eval - ivp.t_span[0]
    grown = np.polyfit(t, (1 + h**2) ** (t / h) - 1, 1)[0]
    assert grown > 1e-5
    assert drift["harmonic-oscillator", "euler"] == pytest.approx(grown, rel=1e-2)
    assert abs(drift["harmonic-oscillator", "rk4"]) < 1e-7
    assert abs(drift["harmonic-oscillator", "analytic"]) < 1e-13
    assert abs(drift["harmonic-oscillator", "constant"]) < 1e-13  # it says nothing of the error
    assert {row.status for row in rows} == {"ok"}
    assert {drift["decay", name] for name in ("euler", "rk4", "analytic", "constant")} == {None}


@contextmanager
def chat(answer=lambda handler: handler.send_response(200)):
    """A server on loopback that keeps what it is told; its address and what it has heard."""
    heard = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            heard.append((self.headers["Content-Type"], json.loads(body)))
            answer(self)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", heard
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def webhook(bench, monkeypatch):
    """Run a sound and a hopeless solver with the observer that tells a chat at this address."""
    monkeypatch.setenv("no_proxy", "*")

    def measure(address, patience_s=5.0, **options):
        monkeypatch.setenv("ODEBENCH_WEBHOOK", address)
        hopeless = [f"hopeless[k={list(range(7))}]".replace(" ", "")]
        settings = {"PATIENCE_S": patience_s}
        return bench("webhook.py", ["decay"], ["euler", "analytic", *hopeless], settings=settings, **options)

    return measure


def test_a_chat_hears_of_the_start_the_first_failures_and_the_end(webhook, tmp_path):
    with chat() as (address, heard):
        rows = webhook(address, repeats=2)
    assert {kind for kind, _ in heard} == {"application/json"}
    assert all(list(body) == ["text"] for _, body in heard)
    started, *failures, ended = [body["text"] for _, body in heard]
    run_id = rows[0].run_id
    assert started == f"odebench {run_id} begins: euler, analytic, hopeless[k=[0,1,2,3,4,5,6]] on decay"
    assert len(failures) == 5  # of seven
    for k, text in enumerate(failures):
        assert text.startswith(f"hopeless on decay: failed: ValueError: not with {k} (hopeless, line ")
    assert ended == f"odebench {run_id} is complete: {len(rows)} samples, 7 of them failed"


def is_unharmed(rows):
    return [row.status for row in rows] == ["ok"] * 2 + ["failed"] * 7


def test_a_chat_that_is_down_is_a_warning(webhook):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        with pytest.warns(
            UserWarning, match=r"run_finished .* 7 messages were not delivered: URLError ConnectionRefusedError [0-9]+$"
        ):
            assert is_unharmed(webhook(f"http://127.0.0.1:{taken.getsockname()[1]}"))


def test_a_chat_that_refuses_is_a_warning(webhook):
    with (
        chat(lambda handler: handler.send_response(404)) as (address, _),
        pytest.warns(UserWarning, match="7 messages were not delivered: HTTPError 404$"),
    ):
        assert is_unharmed(webhook(address))


def test_a_chat_that_never_answers_is_not_waited_for(webhook):
    enough = threading.Event()
    with chat(lambda handler: enough.wait(60)) as (address, _):
        with pytest.warns(UserWarning, match=r"the chat was too slow: not all messages were sent within 0\.2 s"):
            rows = webhook(address, patience_s=0.2)
        assert not enough.is_set()  # the run has ended before the chat's first answer
        enough.set()
    assert is_unharmed(rows)


SECRET = "T0-SECRET"


@pytest.mark.parametrize(
    "address",
    [
        "",
        SECRET,
        f"chat.invalid/hooks/{SECRET}",
        f"ftp://chat.invalid/{SECRET}",
        f"https:///{SECRET}",
        f"https://chat.invalid/{SECRET} more",
        f"https://chat.invalid/{SECRET}\x7f",
        f"https://chat.invalid/é{SECRET}",
        f"https://chat.invalid:{SECRET}/",
        f"https://[{SECRET}/",
        f"http://127.0.0.1:1/{SECRET}",
    ],
)
def test_no_warning_has_the_secret_of_an_address(webhook, address):
    with pytest.warns(UserWarning, match="WEBHOOK|not delivered") as warned:
        assert is_unharmed(webhook(address))
    (text,) = [str(warning.message) for warning in warned if "webhook.py" in str(warning.message)]
    what = ["set ODEBENCH_WEBHOOK to the address", "ODEBENCH_WEBHOOK is no address: ", "not delivered: URLError "]
    assert sum(part in text for part in what) == 1
    assert not any(SECRET.lower() in str(warning.message).lower() for warning in warned)


def test_an_address_with_blanks_around_it_is_told(webhook):
    with chat() as (address, heard):
        webhook(f" {address}\n")
    assert heard


def test_a_run_that_fails_tells_its_observers(webhook):
    class FullDisk(InlineExecutor):
        def run(self, tasks):
            yield from [next(super().run(tasks))]
            raise OutputError("no room left")

    with chat() as (address, heard), pytest.raises(OutputError, match="no room left"):
        webhook(address, executor=FullDisk)
    assert heard[-1][1]["text"].endswith("is failed: 1 samples, 0 of them failed")
