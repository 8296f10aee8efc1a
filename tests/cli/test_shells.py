"""TAB in real shells: what is typed, completed and run there arrives as these arguments."""

import os
import pty
import select
import shutil
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.process

ODEBENCH = """#!/bin/sh
if [ -n "$_ODEBENCH_COMPLETE" ]; then
    {python} -c 'from odebench.cli import main; main(prog_name="odebench")'
    echo >> {asked}
else
    printf 'RAN'; printf '<%s>' "$@"; echo
fi
"""
TERMINAL = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # the terminal of this session
os.execvp(sys.argv[1], sys.argv[1:])
"""
SCRIPT = "{python} -m odebench completion {shell}"
START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "bind 'set enable-bracketed-paste off'; eval \"$({script})\""),
    "zsh": (
        ["zsh", "-f", "-i"],
        'unset zle_bracketed_paste; autoload compinit; compinit -D -u; eval "$({script})"',
    ),
    "fish": (["fish", "--no-config", "-i"], "{script} | source"),
}


class Shell:
    """A shell on a terminal of its own, with an `odebench` that says with which arguments it was run."""

    def __init__(self, name, folder):
        self.asked = folder / "asked"
        self.asked.touch()
        script = folder / "bin" / "odebench"
        script.parent.mkdir()
        script.write_text(ODEBENCH.format(python=sys.executable, asked=self.asked))
        script.chmod(0o755)
        command, ready = START[name]
        variables = {"HOME": str(folder), "PATH": f"{script.parent}:{os.environ['PATH']}", "TERM": "vt100"}
        self.terminal, inner = pty.openpty()
        self.process = subprocess.Popen(  # pty.fork() would fork this process, whose libraries may have threads
            [sys.executable, "-I", "-S", "-c", TERMINAL, *command],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            cwd=folder,
            env={**os.environ, **variables, "XDG_DATA_HOME": str(folder)},
            start_new_session=True,
        )
        os.close(inner)
        self.seen = ""
        self.type(ready.format(script=SCRIPT.format(python=sys.executable, shell=name)) + "; odebench ready\r")
        self.until("RAN<ready>")

    def type(self, keys):
        os.write(self.terminal, keys.encode())

    def until(self, text):
        """Read what is shown until a text appears."""
        deadline = time.monotonic() + 60
        while text not in self.seen:
            assert time.monotonic() < deadline, f"{text!r} is not in {self.seen!r}"
            if select.select([self.terminal], [], [], 0.1)[0]:
                self.seen += os.read(self.terminal, 65536).decode(errors="replace")
        shown, _, self.seen = self.seen.partition(text)
        return shown

    def run(self, line):
        """The arguments with which odebench is run, where TAB and then Return are pressed behind the line."""
        asked = self.asked.stat().st_size
        self.type(f"{line}\t")
        deadline = time.monotonic() + 60
        while self.asked.stat().st_size == asked:
            assert time.monotonic() < deadline, f"TAB asked nothing: {self.seen!r}"
            time.sleep(0.02)
        self.type("\r")
        shown = self.until("RAN")
        arguments = self.until(">\r")
        return arguments.removeprefix("<").split("><"), shown

    def end(self):
        self.process.kill()
        self.process.wait()
        os.close(self.terminal)


@pytest.fixture(params=START)
def shell(request, tmp_path):
    if shutil.which(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    shell = Shell(request.param, tmp_path)
    yield shell
    shell.end()


def test_lines_are_completed_in_a_real_shell(shell, tmp_path):
    (tmp_path / "mine.py").write_text(
        "import odebench\n\n@odebench.solver\ndef my_solver(ivp, t_eval, *, way: int = 1):\n    '''Mine.'''\n\n"
        "@odebench.hookimpl\ndef odebench_solvers():\n    return [my_solver]\n"
    )
    (tmp_path / "results" / "monday").mkdir(parents=True)
    (tmp_path / "results" / "monday" / "run.json").touch()
    for line, expected in {
        "odebench sho": ["show"],
        "odebench run -s eul": ["run", "-s", "euler"],
        "odebench run --executor=in": ["run", "--executor=inline"],
        "odebench run -s 'euler[steps=7": ["run", "-s", "euler[steps=7]"],
        r"odebench run -s euler\[steps=7": ["run", "-s", "euler[steps=7]"],
        "odebench run --plugin mine.py -s my": ["run", "--plugin", "mine.py", "-s", "my-solver"],
        "odebench table mon": ["table", "monday"],
        "odebench run --plugin mi": ["run", "--plugin", "mine.py"],
        "odebench table res": ["table", "results"],
    }.items():
        arguments, shown = shell.run(line)
        assert [argument.removesuffix("/") for argument in arguments] == expected, shown  # zsh takes the slash away
        assert "Traceback" not in shown
