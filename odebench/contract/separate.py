"""A solver held to the contract in a process of its own: one that hangs, or crashes the interpreter, is a finding."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from ..errors import one_line
from .contract import RULES, SECONDS, Contract
from .rule import BROKEN, Finding, Outcome, Rule
from .subject import Subject, locate_by_name

RULE_S = 120.0
"""What one rule may take before the process is ended."""


def hold_apart(
    name: str,
    parameters: Mapping[str, Any],
    files: Sequence[Path],
    rules: Sequence[str],
    *,
    rule_s: float = RULE_S,
    seconds: float = SECONDS,
    on_begin: Callable[[Rule], None] = lambda rule: None,
) -> Iterator[Outcome]:
    """What comes of each of these rules for the solver registered under that name, with these plugin files."""
    known: dict[str, Outcome] = {}
    given = set()
    while left := [rule for rule in rules if rule not in known]:
        order = {
            "name": name,
            "parameters": dict(parameters),
            "files": [str(file) for file in files],
            "rules": left,
            "known": [outcome.as_data() for outcome in known.values()],
            "seconds": seconds,
        }
        for outcome in _one_process(order, rule_s, on_begin):
            known[outcome.rule.name] = outcome
            if outcome.rule.name in rules and outcome.rule.name not in given:
                given.add(outcome.rule.name)
                yield outcome


def _one_process(order: dict[str, Any], rule_s: float, on_begin: Callable[[Rule], None]) -> Iterator[Outcome]:
    """The outcomes of one process; the last one says how it ended, where that was in the middle of a rule."""
    start = f"import sys; sys.path[:] = {[p for p in sys.path if p]!r}"
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", f"{start}; from odebench.contract.separate import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            start_new_session=True,  # a process group of its own, to be ended together
        )
        assert process.stdin is not None
        assert process.stdout is not None
        said: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=_read, args=(process.stdout, said), daemon=True).start()
        at = order["rules"][0]
        try:
            with suppress(BrokenPipeError):
                process.stdin.write(json.dumps(order))
                process.stdin.close()
            while True:
                try:
                    message = said.get(timeout=rule_s)
                except queue.Empty:
                    yield _ended(at, f"took longer than {rule_s:g} s and was ended", order)
                    return
                if message is None:
                    code = process.wait()
                    if code != 0:
                        yield _ended(at, _how(code, output), order)
                    return
                if "begins" in message:
                    at = message["begins"]
                    on_begin(RULES[at])
                else:
                    yield _outcome(message)
        finally:
            with suppress(OSError):
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()
            process.stdout.close()


def _ended(rule: str, how: str, order: Mapping[str, Any]) -> Outcome:
    parameters = "".join(f", {key}={value!r}" for key, value in order["parameters"].items())
    call = "\n".join(
        [
            "from odebench.testing import PROBLEMS",
            locate_by_name(order["name"], [Path(file) for file in order["files"]]),
            "ivp = PROBLEMS['decay'].ivp()",
            f"solver(ivp, ivp.t_eval{parameters})",
        ]
    )
    return Outcome(RULES[rule], BROKEN, findings=(Finding(f"the process {how}.", call),))


def _how(code: int, output: IO[bytes]) -> str:
    if code >= 0:
        how = f"ended with exit status {code}"
    else:
        with suppress(ValueError):
            how = f"was killed by {signal.Signals(-code).name}"
    output.seek(0, os.SEEK_END)
    output.seek(max(0, output.tell() - 4096))
    lines = output.read().decode(errors="replace").partition("Fatal Python error")[0].splitlines()
    last = [line.strip() for line in lines if line.strip()][-1:]
    return f"{how}; its last output: {one_line(last[0])}" if last else how


def _read(stream: IO[str], said: queue.SimpleQueue[dict[str, Any] | None]) -> None:
    with suppress(ValueError, OSError):  # what is not ours, or the end of the process
        for line in stream:
            said.put(json.loads(line))
    said.put(None)


def _outcome(data: Mapping[str, Any]) -> Outcome:
    findings = tuple(Finding(**finding) for finding in data["findings"])
    return Outcome(RULES[data["rule"]], data["status"], data["why"], findings, data["seconds"])


def serve() -> None:
    """What runs in the process: an order comes in, and a line goes out when a rule begins and when it ends."""
    import faulthandler

    from ..environment import limit_threads
    from ..host import Host

    order = json.loads(sys.stdin.read())
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a solver prints is no answer
    faulthandler.enable()
    limit_threads(1)

    def say(**message: Any) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    files = [Path(file) for file in order["files"]]
    solver = Host(files, from_environment=False).solver(order["name"])
    contract = Contract(
        Subject(solver, order["parameters"], locate=locate_by_name(order["name"], files)),
        seconds=order["seconds"],
        known=map(_outcome, order["known"]),
        on_begin=lambda rule: say(begins=rule.name),
    )
    for rule in order["rules"]:
        contract.outcome(rule)
        for outcome in contract.outcomes.values():
            say(**outcome.as_data())
