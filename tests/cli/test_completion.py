"""What is offered on TAB, asked as the scripts of the shells ask."""

import os

import pytest
from click.testing import CliRunner

from odebench import cli
from odebench.cli.completion import escaped, split
from odebench.cli.selecting import continuations

pytestmark = pytest.mark.process

BREAKS = " \t\n\"'><=;|&(:"  # bash's


@pytest.fixture(scope="module")
def known(host):
    return {**host.solvers, **host.problems}


@pytest.fixture
def offered(monkeypatch, tmp_path):
    """The words offered behind a line, in an empty directory."""
    monkeypatch.chdir(tmp_path)

    def ask(line, shell="fish", breaks=""):
        variables = {"COMP_LINE": line, "COMP_WORDBREAKS": breaks, "_ODEBENCH_COMPLETE": f"{shell}_complete"}
        done = CliRunner().invoke(cli.main, prog_name="odebench", env=variables)
        assert done.exit_code == 0  # standard error is thrown away by the scripts
        return [entry.split("\t")[1] for entry in done.stdout.splitlines() if entry]

    return ask


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("odebench run -s eul", ["euler"]),
        ("odebench run -s 'eul", ["euler", "euler["]),
        ("odebench run -p robertso", ["robertson"]),
        ("odebench run --suite sti", ["stiff"]),
        ("odebench run --executor=in", ["--executor=inline"]),
        ("odebench run --executor in", ["inline"]),
        ("odebench show eul", ["euler"]),
        ("odebench show robertso", ["robertson"]),
        ("odebench doctor pinn-a", ["pinn-autograd"]),
        ("odebench doctor pinn-autograd -p robertso", ["robertson"]),
        ("odebench watch pinn-a", ["pinn-autograd"]),
        ("odebench certify decay robertso", ["robertson"]),
        ("odebench help complet", ["completion"]),
        ("odebench completion ", ["bash", "zsh", "fish"]),
        ("odebench complet", ["completion"]),
        ("odebench run --no-such-option", []),
        ("odebench run -s no-such[", []),
    ],
)
def test_every_argument_completes(offered, line, expected):
    assert offered(line) == expected


def test_a_selection_is_completed_to_its_end(known):
    def texts(begun):
        return [offer.text for offer in continuations(begun, known)]

    methods = known["scipy-ivp"].parameters["method"].choices
    assert texts("euler") == ["euler", "euler["]
    assert texts("scipy-ivp[")[0] == "scipy-ivp[method="
    assert texts("scipy-ivp[me") == [f"scipy-ivp[method={method}" for method in methods]
    assert texts("scipy-ivp[method=Rad") == ["scipy-ivp[method=Radau]", "scipy-ivp[method=Radau,"]
    assert "scipy-ivp[method=Radau,method=" not in texts("scipy-ivp[method=Radau,")
    assert texts("scipy-ivp[method=[RK45,D") == ["scipy-ivp[method=[RK45,DOP853]", "scipy-ivp[method=[RK45,DOP853,"]
    assert texts("scipy-ivp[method=[RK45,DOP853]") == [
        "scipy-ivp[method=[RK45,DOP853]]",
        "scipy-ivp[method=[RK45,DOP853],",
    ]
    assert texts("scipy-ivp[dense-output=t") == ["scipy-ivp[dense-output=true]", "scipy-ivp[dense-output=true,"]
    assert texts("euler[steps=7") == ["euler[steps=7]"]
    assert texts("euler[steps=7]") == ["euler[steps=7]"]
    assert texts("euler[steps=x") == texts("euler[stops=7") == texts("euler[steps=7]]") == []
    assert {f"euler[steps={rung['steps']}" for rung in known["euler"].ladder} <= {*texts("euler[steps=")}


def test_what_is_offered_alone_is_whole(known):
    """A shell closes the quote behind it."""
    for name, thing in known.items():
        for begun in (name[:-1], f"{name}[", *(f"{name}[{parameter}=" for parameter in thing.parameters)):
            offers = continuations(begun, known, quoted=True)
            assert len(offers) != 1 or not offers[0].goes_on, offers


def test_no_value_is_typed_unasked(known):
    """A shell types what all offers begin with."""
    for name, thing in known.items():
        for parameter in thing.parameters:
            offers = [offer.text for offer in continuations(f"{name}[{parameter}", known)]
            common = os.path.commonprefix(offers)  # noqa: RUF071  (of texts, not of paths)
            assert common.removesuffix("=") == f"{name}[{parameter}", offers


def test_bash_is_offered_what_stands_behind_its_breaks(offered):
    def bash(line):
        return offered(line, "bash", BREAKS)

    assert bash("odebench run -s scipy-ivp[method=Rad") == [r"Radau\]", "Radau,"]
    assert bash("odebench run -s 'scipy-ivp[method=Rad") == ["scipy-ivp[method=Radau]", "scipy-ivp[method=Radau,"]
    assert bash("odebench run --executor=in") == ["inline"]
    assert bash("odebench run --solver=eul") == ["euler"]


def test_a_line_is_split_as_the_shell_does():
    words = split(r"""odebench 'a b' c\ d "e'f"g 'h=i""", BREAKS)
    assert [word.text for word in words] == ["odebench", "a b", "c d", "e'fg", "h=i"]
    assert (words[-1].quote, words[-1].replaced) == ("'", 0)
    assert [word.replaced for word in split(r"a=b c\=d 'e'f", BREAKS)] == [2, 0, 1]
    assert split("odebench ")[-1].text == ""
    assert escaped("a[b='c']", "") == r"a\[b=\'c\'\]"
    assert escaped("$1", '"') == r"\$1"
    assert (escaped("a b", "'"), escaped("it's", "'")) == ("a b", None)


SOLVER = """
import odebench
print("on standard output")

@odebench.solver
def mine(ivp, t_eval, *, colour: str = "it's red"):
    "Mine."

@odebench.hookimpl
def odebench_solvers():
    return [mine]
"""


def test_plugins_named_before_count_and_broken_ones_do_no_harm(offered, tmp_path, monkeypatch):
    (tmp_path / "mine.py").write_text(SOLVER)
    (tmp_path / "broken.py").write_text("import no_such_module")
    monkeypatch.setenv("FOLDER", str(tmp_path))
    assert offered("odebench run -s min") == []
    assert offered("odebench run --plugin mine.py -s min") == ["mine"]
    assert offered("odebench run --plugin $FOLDER/mine.py -s min") == ["mine"]
    assert offered("odebench run --plugin broken.py -s eul") == ["euler"]
    assert offered("odebench run --plugin no-such.py -s eul") == ["euler"]
    monkeypatch.setenv("ODEBENCH_PLUGINS", "mine.py")
    assert offered("odebench run -s min") == ["mine"]
    assert offered("odebench run -s 'mine[colour=", "bash") == []  # cannot stand between single quotes
    monkeypatch.setenv("ODEBENCH_PLUGINS", "broken.py")
    assert offered("odebench run -s eul") == ["euler"]
    assert offered("odebench run --plugin mine.py -s min") == ["mine"]


def test_runs_are_offered_by_id_or_path_and_the_newest_first(offered, tmp_path):
    assert offered("odebench table ") == [""]  # the shell offers directories
    for k, name in enumerate(["results/monday", "results/tuesday", "elsewhere/monk"]):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "run.json").touch()
        os.utime(tmp_path / name, (k, k))
    (tmp_path / "results" / "no-run").mkdir()
    assert offered("odebench table ") == ["tuesday", "monday"]
    assert offered("odebench table monday t") == ["tuesday"]
    assert offered("odebench run --resume mon") == ["monday"]
    assert offered("odebench watch --run elsewhere/") == ["elsewhere/monk"]
    assert offered("odebench table results/m") == ["results/monday"]


def test_a_fault_while_completing_is_not_shown(offered, monkeypatch):
    monkeypatch.setattr("odebench.host.Host.__init__", lambda *_, **__: 1 / 0)
    assert offered("odebench run -s sci") == []


def test_the_script_is_printed_for_each_shell_and_no_other():
    for shell, line in {"bash": "complete -o nosort", "zsh": "#compdef odebench", "fish": "complete --command"}.items():
        done = CliRunner().invoke(cli.main, ["completion", shell], prog_name="odebench")
        assert done.exit_code == 0
        assert line in done.stdout
        sourced = CliRunner().invoke(cli.main, prog_name="odebench", env={"_ODEBENCH_COMPLETE": f"{shell}_source"})
        assert sourced.stdout == done.stdout
    assert CliRunner().invoke(cli.main, ["completion", "csh"]).exit_code == 2
