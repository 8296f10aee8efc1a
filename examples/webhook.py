"""A run observer: tells a chat when a run begins, which cases fail, and when it ends.

    ODEBENCH_WEBHOOK=https://chat.example.org/hooks/abc odebench run --plugin examples/webhook.py

Slack, Mattermost and others give out such addresses as "incoming webhooks", which take JSON with a "text". Messages are
sent beside the run, which never waits for them but at its end, and then for a few seconds at most. What is not
delivered is a warning. Whoever has the address can write to the chat: no message and no warning has any of it.
"""

import json
import os
import queue
import threading
import urllib.parse
import urllib.request

from odebench import hookimpl

VARIABLE = "ODEBENCH_WEBHOOK"
PATIENCE_S = 5.0
"""For the chat to answer, and at the end of the run for all that is still to be sent."""
MOST_FAILURES = 5
"""Cases that failed of which the chat hears one by one; the last message has the number of all samples."""


class Chat:
    """Sends messages one after the other, in a thread of its own that does not keep the process alive."""

    def __init__(self, address):
        self.address, self.waiting, self.lost = address, queue.SimpleQueue(), []
        self.samples = self.failed = 0
        self.told = set()
        self.thread = threading.Thread(target=self._send_all, daemon=True)
        self.thread.start()

    def say(self, text):
        """Have it sent, without waiting."""
        self.waiting.put(text)

    def close(self):
        """Wait a little until all is sent; raises `RuntimeError` where it is not."""
        self.waiting.put(None)
        self.thread.join(PATIENCE_S)
        if self.thread.is_alive():
            raise RuntimeError(f"the chat was too slow: not all messages were sent within {PATIENCE_S:g} s of the end")
        if self.lost:
            raise RuntimeError(f"{len(self.lost)} messages were not delivered: {self.lost[-1]}")

    def _send_all(self):
        while (text := self.waiting.get()) is not None:
            body = json.dumps({"text": text}).encode()
            try:
                request = urllib.request.Request(self.address, body, {"Content-Type": "application/json"})
                with urllib.request.urlopen(request, timeout=PATIENCE_S):
                    pass
            except Exception as error:  # whatever is wrong with the network, the chat or the address
                self.lost.append(_kind(error))


def _kind(error):
    """What went wrong, without the error's own words, which may have the address in them."""
    cause = getattr(error, "reason", None)  # of a URLError
    named = [type(part).__name__ for part in (error, cause) if isinstance(part, Exception)]
    numbers = [getattr(error, "code", None), getattr(cause, "errno", None)]
    return " ".join([*named, *(str(number) for number in numbers if isinstance(number, int))])


def _checked(address):
    """The address, as one that messages can be sent to; says what was expected, and not what came."""
    address = address.strip()
    try:
        parts = urllib.parse.urlsplit(address)
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or not address.isascii() or not address.isprintable() or " " in address:
        raise RuntimeError(f"{VARIABLE} is no address: expected https://, a host and a path, without blanks")
    return address


_chats = {}  # by run


@hookimpl
def odebench_run_started(run):
    """Say what is to be done; a warning where nobody said whom to tell, or nobody can be told there."""
    address = os.environ.get(VARIABLE)
    if not address:
        raise RuntimeError(f"set {VARIABLE} to the address of the chat's webhook")
    chat = _chats[run.id] = Chat(_checked(address))
    asked = run.meta["asked"]
    goes_on = "goes on" if run.meta.get("resumed") else "begins"
    chat.say(f"odebench {run.id} {goes_on}: {', '.join(asked['solvers'])} on {', '.join(asked['problems'][:5])}")


@hookimpl
def odebench_measured(measurement):
    """Count, and of the first cases that failed say why."""
    for chat in _chats.values():
        chat.samples += 1
        if measurement.status in ("ok", "unsupported", "unavailable"):
            continue
        chat.failed += 1
        if len(chat.told) < MOST_FAILURES and measurement.case_id not in chat.told:
            chat.told.add(measurement.case_id)
            what = f"{measurement.solver} on {measurement.problem}: {measurement.status}"
            chat.say(f"{what}: {measurement.reason}")


@hookimpl
def odebench_run_finished(run):
    """Say how it ended: complete, interrupted or failed."""
    if (chat := _chats.pop(run.id, None)) is not None:
        chat.say(f"odebench {run.id} is {run.meta['status']}: {chat.samples} samples, {chat.failed} of them failed")
        chat.close()
