"""Installed plugins that point nowhere, need a newer odebench, crash the interpreter or hang: real ones, imported."""

import json
import os
import signal
import subprocess
import sys

import pytest

from odebench import Solution, importing, problem, solver
from odebench.errors import PluginError
from odebench.host import Host

pytestmark = pytest.mark.process

if sys.platform == "win32":
    pytest.skip("there is no flock to remember a crash by", allow_module_level=True)

SOUND = """
from odebench import Solution, hookimpl, solver

@solver
def sound(ivp, t_eval):
    return Solution([ivp.y0 for _ in t_eval])

@hookimpl
def odebench_solvers():
    return [sound]
"""


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A directory of installed distributions, which processes and hosts of the test find; its cache is its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"))
    monkeypatch.syspath_prepend(tmp_path / "site")
    yield tmp_path / "site"
    for name in [name for name in sys.modules if name.startswith("plugin_")]:
        del sys.modules[name]


def install(site, name, code=SOUND, *, entry=None, version="1.0", requires=()):
    """A distribution as an installer leaves it, with one module `plugin_NAME`, or none."""
    info = site / f"odebench_{name}-{version}.dist-info"
    info.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: odebench-{name}", f"Version: {version}"]
    (info / "METADATA").write_text("\n".join([*lines, *(f"Requires-Dist: {line}" for line in requires), ""]))
    (info / "entry_points.txt").write_text(f"[odebench]\n{name} = {entry or f'plugin_{name}'}\n")
    if code is not None:
        (site / f"plugin_{name}.py").write_text(code)


def plugin_of(name):
    """Return the plugin as this process loads it."""
    (plugin,) = [p for p in Host().plugins if p.origin.name == f"odebench-{name}"]
    return plugin


def error_of(name):
    return plugin_of(name).error


def command(*arguments, patience=None):
    program = f"from odebench import importing\nimportlib = importing\nimporting.PATIENCE_S = {patience}\n"
    program += "from odebench.cli import main\nmain(prog_name='odebench')"
    return [sys.executable, *(["-c", program] if patience is not None else ["-m", "odebench"]), *arguments]


def odebench(cwd, *arguments):
    return subprocess.run(command(*arguments), cwd=cwd, capture_output=True, text=True, check=False, timeout=120)


def listed(cwd):
    """Return the plugins that a new process lists, by the last part of their names."""
    done = odebench(cwd, "list", "plugins", "--json")
    assert done.returncode == 0, done.stderr
    return {plugin["name"].removeprefix("odebench-"): plugin for plugin in json.loads(done.stdout)}


def left(tmp_path):
    return list((tmp_path / "cache" / "odebench" / "imports").iterdir())


# -- entry points that point nowhere, and plugins made for another odebench ---------------------------------------


@pytest.mark.parametrize(
    ("entry", "code", "says"),
    [
        ("plugin_gone", None, ["names 'plugin_gone'", "no module 'plugin_gone'", "Correct it"]),
        ("plugin_gone:x", SOUND, ["no 'x' in it", "Correct it"]),
        ("plugin_gone.deep", SOUND, ["no module 'plugin_gone.deep'", "Correct it"]),
        ("plugin gone!", SOUND, ["names 'plugin gone!'", "expected a module"]),
        ("plugin_gone", "import no_such_module\n", ["ModuleNotFoundError", "no_such_module", "line 1 of plugin_gone"]),
    ],
)
def test_an_entry_point_that_points_nowhere_says_what_to_correct(site, entry, code, says):
    install(site, "gone", code, entry=entry)
    error = error_of("gone")
    assert [part for part in says if part not in error] == []


def test_an_entry_point_may_name_a_thing_in_a_module(site):
    install(site, "whole", SOUND + "import sys\nme = sys.modules[__name__]\n", entry="plugin_whole:me")
    assert error_of("whole") is None


def test_a_distribution_whose_metadata_is_gone_is_called_by_its_entry_point(site):
    install(site, "bare")
    (site / "odebench_bare-1.0.dist-info" / "METADATA").unlink()
    (plugin,) = [p for p in Host().plugins if p.origin.location == "plugin_bare"]
    assert (plugin.origin.name, plugin.origin.version, plugin.error) == ("bare", "", None)


@pytest.mark.parametrize(
    ("requirement", "line"),
    [
        ("odebench>=9", "pip install --upgrade 'odebench>=9'"),
        ("odebench (>=9.1)", "pip install --upgrade 'odebench>=9.1'"),
        ("odebench<0.1", "pip install --upgrade odebench-other"),
        ("odebench>=0.1,<10", None),
        ("odebench", None),
        ("odebench>=9; python_version < '3'", None),
        ("odebench-heun>=9", None),
        ("odebench !!", None),
    ],
)
def test_a_plugin_made_for_another_odebench_is_refused_unimported(site, requirement, line):
    install(site, "other", SOUND if line is None else "1 / 0\n", requires=["numpy", requirement])
    error = error_of("other")
    assert (error is None) == (line is None)
    assert error is None or error.endswith(f"this is 0.1.0: {line}")


NEWER = "This is odebench 0.1.0; if a newer one has it: pip install --upgrade odebench"


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("from odebench import hookimpl\n@hookimpl\ndef odebench_colours(): pass\n", "unknown hook 'odebench_colours'"),
        ("from odebench import hookimpl\n@hookimpl\ndef odebench_run_started(run, sky): pass\n", "asks for sky"),
        (
            "from odebench import solver\n@solver(colour=1)\ndef s(ivp, t_eval): pass\n",
            "@solver has no option 'colour'",
        ),
        ("from odebench import problem\n@problem(order=1)\ndef p(): pass\n", "@problem has no option 'order'"),
        ("from odebench import Rainbow\n", "cannot import name 'Rainbow'"),
        ("import odebench.rainbow\n", "No module named 'odebench.rainbow'"),
    ],
)
def test_what_this_version_does_not_know_is_named_with_what_to_upgrade(site, code, says):
    install(site, "newer", code)
    error = error_of("newer")
    assert says in error
    assert error.endswith(NEWER)


def test_a_hook_that_is_optional_is_passed_over_where_it_is_not_known(site):
    install(site, "newer", SOUND + "\n@hookimpl(optionalhook=True)\ndef odebench_colours(sky):\n    1 / 0\n")
    assert error_of("newer") is None


def test_options_that_there_are_are_taken():
    assert solver(order=2, ladder=[], tags=["a"], requires=[], source="b")(lambda ivp, t_eval: Solution([])).order == 2
    for wrong in (2.5, "2"):
        with pytest.raises(PluginError, match=f"expected order as a whole number, received {wrong!r}"):
            solver(order=wrong)(lambda ivp, t_eval: Solution([]))
    with pytest.raises(PluginError, match="Did you mean 'tags'"):
        problem(tag=["stiff"])


# -- imports that end the process, or do not end -------------------------------------------------------------------

SEGFAULT = "import ctypes\nctypes.string_at(0)\n"


def test_an_import_that_crashes_the_interpreter_is_left_out_of_the_next_start(site, tmp_path):
    install(site, "crash", SEGFAULT)
    install(site, "sound")
    first = odebench(tmp_path, "list", "plugins")
    assert first.returncode == -signal.SIGSEGV
    assert f'File "{site / "plugin_crash.py"}", line 2' in first.stderr  # where
    plugins = listed(tmp_path)
    error = plugins["crash"]["error"]
    for part in ("crashed the interpreter", "version or its files change", "--retry", "-c 'import plugin_crash'"):
        assert part in error
    assert plugins["sound"]["brings"] == ["sound"]
    # nor do workers import it
    done = odebench(tmp_path, "run", "-s", "sound", "-p", "decay", "--repeats", "1", "-o", "out")
    assert done.returncode == 0, done.stderr
    assert "Warning: not loaded: plugin_crash" in done.stderr
    assert '"status": "ok"' in (tmp_path / "out" / "measurements.jsonl").read_text().replace('":"', '": "')
    assert odebench(tmp_path, "list", "plugins", "--retry").returncode == -signal.SIGSEGV
    assert "crashed" in listed(tmp_path)["crash"]["error"]
    (site / "plugin_crash.py").write_text(SOUND.replace("sound", "mended"))
    assert [solver.name for solver in plugin_of("crash").brings] == ["mended"]
    assert left(tmp_path) == []


def test_an_import_that_ends_the_process_is_left_out_until_another_version_is_installed(site, tmp_path):
    install(site, "exit", "import os\nos._exit(7)\n")
    assert odebench(tmp_path, "list").returncode == 7
    assert "crashed the interpreter" in listed(tmp_path)["exit"]["error"]
    (site / "odebench_exit-1.0.dist-info").rename(site / "old")
    install(site, "exit", None, version="1.1")
    assert odebench(tmp_path, "list").returncode == 7


def test_an_import_that_ends_well_or_raises_leaves_nothing_behind(site, tmp_path):
    install(site, "sound")
    install(site, "raising", "1 / 0\n")
    assert "ZeroDivisionError" in error_of("raising")
    assert error_of("sound") is None
    assert left(tmp_path) == []


@pytest.mark.parametrize("cache", ["/dev/null/cache", "/proc"])
def test_without_a_cache_that_can_be_written_plugins_are_imported_all_the_same(site, monkeypatch, cache):
    monkeypatch.setenv("XDG_CACHE_HOME", cache)
    install(site, "sound")
    assert error_of("sound") is None


SLEEPS = "import sys, time\nprint('begun', file=sys.stderr, flush=True)\ntime.sleep(600)\n"


def interrupted(cwd, patience, word, *options):
    """Return what a process prints that is interrupted by Ctrl-C, in the middle of an import, after it printed a word.

    The process heeds Ctrl-C also where this one ignores it, as in the background of a shell.
    """
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            command("list", *options, patience=patience), cwd=cwd, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, handler)
    printed = []
    with process:
        for line in process.stderr:
            printed.append(line)
            if word in line:
                process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    return "".join(printed)


def test_an_import_that_hangs_is_named_and_after_an_interrupt_left_out(site, tmp_path):
    install(site, "slow", SLEEPS)
    said = interrupted(tmp_path, 0.2, "Still importing")
    assert "Still importing the plugin plugin_slow of odebench-slow 1.0 after 0.2 s. Ctrl-C" in said
    assert "Interrupted while importing the plugin plugin_slow of odebench-slow 1.0; it is left out" in said
    error = listed(tmp_path)["slow"]["error"]
    assert "was not imported within" in error
    assert "--retry" in error


def test_a_file_that_hangs_is_named_and_since_it_is_asked_for_tried_again(site, tmp_path):
    (tmp_path / "slow.py").write_text(SLEEPS)
    said = interrupted(tmp_path, 0.2, "Still importing", "--plugin", "slow.py")
    assert f"Still importing the plugin file {tmp_path / 'slow.py'} after 0.2 s. Ctrl-C ends it.\n" in said
    assert said.splitlines()[-1] == f"Interrupted while importing the plugin file {tmp_path / 'slow.py'}."
    (tmp_path / "slow.py").write_text(SOUND)
    assert Host([tmp_path / "slow.py"]).solver("sound")


def test_an_import_that_is_interrupted_early_is_named_and_tried_again(site, tmp_path):
    install(site, "slow", SLEEPS)
    said = interrupted(tmp_path, 600, "begun")
    assert said.splitlines()[-1] == "Interrupted while importing the plugin plugin_slow of odebench-slow 1.0."
    assert left(tmp_path) == []


def test_a_plugin_that_another_process_is_importing_is_not_taken_for_one_that_crashed(site, tmp_path, monkeypatch):
    waits = "import os, sys\nif 'WAIT' in os.environ:\n    print('begun', file=sys.stderr, flush=True)\n    input()\n"
    install(site, "shared", waits + SOUND)
    process = subprocess.Popen(
        command("list"),
        cwd=tmp_path,
        env=os.environ | {"WAIT": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stderr.readline() == "begun\n"
        assert len(left(tmp_path)) == 1
        assert listed(tmp_path)["shared"]["error"] is None
        assert len(left(tmp_path)) == 1
        printed, _ = process.communicate("\n")
        assert process.returncode == 0
    assert "sound" in printed
    assert left(tmp_path) == []


# -- processes that are told to end --------------------------------------------------------------------------------

STUCK = "import ctypes, os\nos.write(2, b'begun\\n')\nctypes.PyDLL(None).sleep(600)\n"  # in C, and holds on to the GIL


@pytest.mark.parametrize(
    ("code", "number", "remembered"),
    [
        pytest.param(STUCK, signal.SIGTERM, False, id="SIGTERM in C"),
        pytest.param(SLEEPS, signal.SIGHUP, False, id="SIGHUP in Python"),
        pytest.param(SLEEPS, signal.SIGKILL, True, id="SIGKILL in Python"),
        pytest.param(SLEEPS, signal.SIGTERM, False, id="SIGTERM in Python", marks=pytest.mark.slow),
        pytest.param(STUCK, signal.SIGHUP, False, id="SIGHUP in C", marks=pytest.mark.slow),
        pytest.param(STUCK, signal.SIGKILL, True, id="SIGKILL in C", marks=pytest.mark.slow),
    ],
)
def test_a_plugin_is_not_left_out_because_the_process_was_told_to_end(site, tmp_path, code, number, remembered):
    install(site, "slow", code)
    with subprocess.Popen(command("list"), cwd=tmp_path, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr.readline() == "begun\n"
        process.send_signal(number)
        assert process.wait(60) == -number
    if remembered:
        assert "was ended from outside" in error_of("slow")
    else:
        (tmp_path / "site" / "plugin_slow.py").write_text(SOUND)
        os.utime(tmp_path / "site" / "plugin_slow.py", (0, 0))  # it has not changed since
        assert error_of("slow") is None
        assert left(tmp_path) == []


def test_a_signal_that_does_not_end_the_process_ends_no_import(site, tmp_path):
    install(site, "calm", "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n" + SOUND)
    heard = []
    before = signal.signal(signal.SIGTERM, lambda *_: heard.append("told"))
    try:
        assert error_of("calm") is None
        assert heard == ["told"]
        os.kill(os.getpid(), signal.SIGTERM)
        assert heard == ["told"] * 2
    finally:
        signal.signal(signal.SIGTERM, before)
    assert left(tmp_path) == []


def test_a_plugin_keeps_the_signal_handler_that_it_sets(site):
    install(site, "keen", "import os, signal\nsignal.signal(signal.SIGHUP, lambda *_: os._exit(7))\n" + SOUND)
    program = "import os, signal\nfrom odebench.host import Host\nHost()\nos.kill(os.getpid(), signal.SIGHUP)\n"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 7


def test_pressing_tab_heeds_what_is_remembered_and_remembers_nothing(site, tmp_path):
    install(site, "exit", "import os\nos._exit(7)\n")
    tab = {"COMP_LINE": "odebench run -s eul", "_ODEBENCH_COMPLETE": "fish_complete"}

    def press():
        return subprocess.run(
            command(patience=5), cwd=tmp_path, env=os.environ | tab, capture_output=True, text=True, check=False
        )

    assert press().returncode == 7
    assert not (tmp_path / "cache" / "odebench" / "imports").exists()
    assert odebench(tmp_path, "list").returncode == 7
    assert press().stdout.startswith("plain\teuler")


def test_one_file_that_cannot_be_removed_hinders_neither_an_import_nor_the_others(site, tmp_path, monkeypatch):
    folder = tmp_path / "cache" / "odebench" / "imports"
    (folder / "0-is-a-directory").mkdir(parents=True)
    for name in ("1", "2"):
        (folder / name).touch()
    importing.forget()
    assert [path.name for path in left(tmp_path)] == ["0-is-a-directory"]
    install(site, "sound")
    monkeypatch.setattr(importing.Path, "unlink", lambda *_, **__: os.open("/dev/null/x", 0))
    assert error_of("sound") is None


def test_a_file_that_was_removed_while_it_was_opened_is_opened_anew(tmp_path, monkeypatch):
    path = tmp_path / "marker"
    opened, lock = [], importing.fcntl.flock

    def removed_in_between(file, how):
        if not opened:
            path.unlink()
        opened.append(file)
        lock(file, how)

    monkeypatch.setattr(importing.fcntl, "flock", removed_in_between)
    marker = importing.Marker(path, create=True)
    assert marker.write("crashed")
    assert path.read_text() == "crashed\n"
    marker.close()
