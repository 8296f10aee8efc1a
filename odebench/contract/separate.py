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
import time
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
_FAREWELL_S = 10.0  # for a process that says no more to end in
_ELSEWHERE = 0.75  # of that, for what a rule does in yet another process: it ends before the rule does


def hold_apart(
    name: str,
    parameters: Mapping[str, Any],
    files: Sequence[Path],
    rules: Sequence[str],
    *,
    rule_s: float = RULE_S,
    seconds: float | None = None,
    on_begin: Callable[[Rule], None] = lambda rule: None,
) -> Iterator[Outcome]:
    """What comes of each of these rules for the solver registered under that name, with these plugin files.

    `seconds`: after so many, no further rule is begun; without it, after twice what one rule may take, and 120.
    """
    if seconds is None:
        seconds = max(SECONDS, 2 * rule_s)
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
            "patience_s": _ELSEWHERE * rule_s,
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
            # -u: what was printed before a crash is not lost with it
            [sys.executable, "-u", "-P", "-c", f"{start}; from odebench.contract.separate import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
            start_new_session=True,  # a process group of its own, where there are any, to be ended together
        )
        assert process.stdin is not None
        assert process.stdout is not None
        said: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        threading.Thread(target=_read, args=(process.stdout, said), daemon=True).start()
        at, began = order["rules"][0], time.perf_counter()
        answered = set()

        def ended(how: str) -> Outcome:
            return _ended(at, how, order, time.perf_counter() - began)

        try:
            with suppress(BrokenPipeError):
                process.stdin.write(json.dumps(order))
                process.stdin.close()
            while True:
                try:
                    message = said.get(timeout=rule_s)
                except queue.Empty:
                    yield ended(f"took longer than {rule_s:g} s and was ended")
                    return
                if message is None:
                    if left := [rule for rule in order["rules"] if rule not in answered]:
                        at = left[0] if at in answered else at
                        yield ended(_how(process, output))
                    return
                if "begins" in message:
                    at, began = message["begins"], time.perf_counter()
                    on_begin(RULES[at])
                else:
                    answered.add(message["rule"])
                    yield _outcome(message)
        finally:
            if hasattr(os, "killpg"):  # on Windows what the solver has started itself is left to it
                with suppress(OSError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.wait()
            process.stdout.close()


def _ended(rule: str, how: str, order: Mapping[str, Any], seconds: float) -> Outcome:
    parameters = "".join(f", {key}={value!r}" for key, value in order["parameters"].items())
    call = "\n".join(
        [
            "from odebench.testing import PROBLEMS",
            locate_by_name(order["name"], [Path(file) for file in order["files"]]),
            "ivp = PROBLEMS['decay'].ivp()",
            f"solver(ivp, ivp.t_eval{parameters})",
        ]
    )
    return Outcome(RULES[rule], BROKEN, findings=(Finding(f"the process {how}.", call),), seconds=seconds)


def _how(process: subprocess.Popen[str], output: IO[bytes]) -> str:
    """How the process ended, which says no more."""
    try:
        code = process.wait(_FAREWELL_S)
    except subprocess.TimeoutExpired:
        return "went on, but closed or garbled what it answers through"
    how = f"ended with exit status {code}" if code >= 0 else f"was killed by {_signal(-code)}"
    output.seek(0, os.SEEK_END)
    output.seek(max(0, output.tell() - 4096))
    lines = output.read().decode(errors="replace").partition("Fatal Python error")[0].splitlines()
    last = [line.strip() for line in lines if line.strip()][-1:]
    return f"{how}; its last output: {one_line(last[0])}" if last else how


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one that has no name, such as those for programs' own use
        return f"signal {number}"


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
        Subject(
            solver,
            order["parameters"],
            locate=locate_by_name(order["name"], files),
            patience_s=order["patience_s"],
        ),
        seconds=order["seconds"],
        known=map(_outcome, order["known"]),
        on_begin=lambda rule: say(begins=rule.name),
    )
    for rule in order["rules"]:
        contract.outcome(rule)
        for outcome in contract.outcomes.values():
            say(**outcome.as_data())
