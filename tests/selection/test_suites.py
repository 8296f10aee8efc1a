"""Suites say what to run: those that come with odebench, and one's own."""

import re

import pytest
from helpers.commands import read_csv
from helpers.paths import ROOT

from odebench import suites
from odebench.cases import Variants
from odebench.errors import BadSuite, UnknownName
from odebench.suites import Suite, built_in, load

GUIDE = (ROOT / "docs" / "suites.md").read_text()
LEAST = 'description = "d"\nsolvers = ["rk4"]\n'


def written(directory, text):
    path = directory / "mine.toml"
    path.write_text(text)
    return str(path)


def test_those_of_the_readme_and_of_the_field_are_there():
    assert {"founding", "nonstiff", "stiff", "neural", "scaling"} <= built_in().keys()
    assert {entry["name"]: entry["description"] for entry in suites.described()} == {
        name: load(name).description for name in built_in()
    }


@pytest.mark.parametrize("name", built_in())
def test_a_built_in_suite_names_problems_and_solvers_that_there_are(name, host):
    suite = load(name)
    assert suite.description.endswith(".")
    assert len(Variants(suite.selected_problems(host), host.problem)) >= 1
    assert len(Variants(suite.solvers, host.solver, ladder=suite.ladder)) >= 1
    for selection in suite.selected_problems(host):  # each with parameters that its problem takes
        for variant in Variants([selection], host.problem):
            assert host.problem(variant.name)(**variant.params).n_states >= 1


@pytest.mark.parametrize(("name", "tag"), [("stiff", "stiff"), ("nonstiff", "nonstiff")])
def test_suites_by_tag_take_every_problem_that_fits_once(name, tag, host):
    chosen = load(name).selected_problems(host)
    assert chosen == sorted(chosen)
    tags = {name: {*problem.tags} for name, problem in host.problems.items()}
    assert {*chosen} == {name for name in tags if tag in tags[name] and not {"large", "duplicate"} & tags[name]}
    everything = Suite("all", tags=(tag,)).selected_problems(host)
    assert {"large", "duplicate"} & set().union(*(tags[name] for name in everything))  # what is left out is there


def test_problems_of_large_size_stop_where_references_do(host):
    from odebench.certification import MOST_STATES

    made = [host.problem(v.name)(**v.params) for v in Variants(load("scaling").problems, host.problem)]
    assert max(ivp.n_states for ivp in made) == 1000
    assert all(ivp.exact is not None or ivp.n_states <= MOST_STATES for ivp in made)


def test_problems_by_name_come_first_and_none_twice(host):
    suite = Suite("d", problems=("lorenz", "decay"), tags=("chaotic",), without_tags=("conservative",))
    assert suite.selected_problems(host) == ["lorenz", "decay", "duffing"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot read the suite '.*mine.toml': No such file"),
        ("description = ", "the suite '.*mine.toml': Invalid value"),
        (LEAST + 'problem = ["decay"]', "unknown key 'problem'. Did you mean 'problems'?"),
        (LEAST + 'problems = "decay"', "expected a list of texts for 'problems', received 'decay'"),
        (LEAST + "problems = [1]", r"expected a list of texts for 'problems', received \[1\]"),
        (LEAST + 'tags = ["stiff"]\nladder = 1', "expected true or false for 'ladder', received 1"),
        (LEAST + 'tags = ["stiff"]\nrepeats = 0', "expected a whole number of 1 or more for 'repeats', received 0"),
        (LEAST + 'tags = ["stiff"]\nseeds = true', "expected a whole number of 1 or more for 'seeds', received True"),
        (LEAST.replace('"d"', "1") + 'tags = ["stiff"]', "expected a text for 'description', received 1"),
        ('problems = ["decay"]', "it lacks description and solvers"),
        (LEAST, "it lacks problems, or tags to choose them by"),
    ],
)
def test_a_suite_that_cannot_be_read_says_why(text, says, tmp_path):
    path = written(tmp_path, text) if text is not None else str(tmp_path / "mine.toml")
    with pytest.raises(BadSuite, match=says):
        load(path)


def test_tags_that_no_problem_has_are_an_error_that_names_both_kinds(host):
    with pytest.raises(BadSuite, match=r"no problem has the tags stiff, chaotic\."):
        Suite("d", tags=("stiff", "chaotic")).selected_problems(host)
    with pytest.raises(BadSuite, match=r"no problem has the tags scalar and none of the tags linear, nonlinear\."):
        Suite("d", tags=("scalar",), without_tags=("linear", "nonlinear")).selected_problems(host)


def test_a_name_that_is_none_is_an_error_that_says_what_to_do():
    with pytest.raises(UnknownName, match=r"unknown suite 'stif'. Did you mean 'stiff'.*--suite mine\.toml"):
        load("stif")


def test_the_guides_suite_loads_as_written(tmp_path, host):
    (text,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    suite = load(written(tmp_path, text))
    assert (suite.ladder, suite.repeats, suite.seeds) == (True, 3, 5)
    chosen = suite.selected_problems(host)
    assert chosen[0] == "kepler[eccentricity=[0.1,0.9]]"
    assert "harmonic-oscillator" in chosen
    assert not {"van-der-pol", "advection"} & {*chosen}
    assert len(Variants(suite.solvers, host.solver)) == 3


def test_the_command_line_replaces_what_the_suite_says(odebench, tmp_path):
    suite = written(
        tmp_path, 'description = "d"\nsolvers = ["rk4", "euler"]\nproblems = ["decay", "growth"]\nrepeats = 2\n'
    )

    def cases(*options):
        done = odebench("run", "--suite", suite, "-q", "--executor", "inline", "-o", "run", *options)
        assert done.returncode == 0, done.stderr
        rows = read_csv(tmp_path / "run" / "comparison.csv")
        for file in (tmp_path / "run").iterdir():
            file.unlink()
        (tmp_path / "run").rmdir()
        return {(row["problem"], row["solver"], row["samples"]) for row in rows}

    assert cases() == {(p, s, "2") for p in ("decay", "growth") for s in ("rk4", "euler")}
    assert cases("-p", "logistic") == {("logistic", s, "2") for s in ("rk4", "euler")}
    assert cases("-s", "rk4", "--repeats", "1") == {(p, "rk4", "1") for p in ("decay", "growth")}
