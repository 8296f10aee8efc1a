"""The page as a file: complete by itself, safe whatever names are in it, and honest about what is missing."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
import subprocess
import sys

import pytest
from helpers.optional import optional
from helpers.page_runs import Parsed, make_run
from helpers.plot_runs import sample

import odebench
from odebench.errors import OutputError
from odebench.report import page
from odebench.report.page import data, overview

for _package in ("jinja2", "plotly"):
    optional(_package, "pip install 'odebench[report]' writes the page")

NASTY = "</script><script>alert(1)</script>&\"'<b>\n--><!--"


def payload(parsed: Parsed) -> dict:
    (text,) = [text for attributes, text in parsed.scripts if attributes.get("id") == "data"]
    return json.loads(text)


@pytest.fixture
def rendered(tmp_path, row):
    def render(*rows, **meta):
        return page.render(odebench.load(make_run(tmp_path / "run", rows, **meta)))

    return render


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The page of a run of two cases."""
    rows = [sample("one", 1.0, 1e-3), sample("two", 1.0, 1e-3)]
    return page.render(odebench.load(make_run(tmp_path_factory.mktemp("runs") / "run", rows)))


def from_elsewhere(parsed: Parsed) -> list[str]:
    """Whatever a browser would fetch to show it."""
    linked = [
        a.get(k) for tag, a in parsed.tags for k in ("src", "href", "data", "poster", "srcset", "action") if k in a
    ]
    return [address for address in linked if address and not address.startswith("#")]


def test_everything_is_in_the_file(plain):
    parsed, text = Parsed(plain), plain
    assert from_elsewhere(parsed) == []
    style = text.partition("<style>")[2].partition("</style>")[0]
    assert "url(" not in style
    assert "@import" not in style
    assert from_elsewhere(Parsed('<img src="https://example.org/a.png"><link href="x.css">')) != []
    assert len(text.encode()) < 8 * 2**20


def test_only_its_own_scripts_may_run_and_the_network_is_forbidden(plain):
    parsed = Parsed(plain)
    (policy,) = [a["content"] for tag, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe-inline" not in policy.partition("script-src")[2].partition(";")[0]
    run = [text for attributes, text in parsed.scripts if attributes.get("type") != "application/json"]
    assert len(run) == 2
    for script in run:
        assert f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'" in policy
        assert "\r" not in script  # a browser would make it another one


def test_names_stay_names(rendered, row):
    text = rendered(
        row(NASTY, case_id="1", problem=NASTY, problem_params={NASTY: NASTY}),
        row("two", case_id="2", status="failed", reason=NASTY),
        asked={"solvers": [NASTY]},
        environment={"cpu": NASTY, "odebench": NASTY},
    )
    parsed = Parsed(text)
    assert len(parsed.scripts) == 3
    assert sum(tag == "b" for tag, _ in parsed.tags) == 4  # the page's own, around its counts
    strings = payload(parsed)["cases"]["strings"]
    assert NASTY in strings
    assert any(s.startswith(NASTY) for s in strings)
    assert NASTY.split("\n")[0] in parsed.text
    assert len(Parsed(f"<script>{json.dumps(NASTY)}</script>").scripts) == 2  # what escaping is there for


def test_numbers_keep_five_digits_and_what_json_does_not_know_is_said():
    assert [data.number(v) for v in (math.pi * 1e-7, 62.0, math.nan, None, math.inf, -math.inf, 0.0, 1e300)] == [
        3.1416e-07, 62, None, None, "inf", "-inf", 0, 1e300,
    ]  # fmt: skip
    assert json.loads(data.script_json({"<&\u2028": "</script>"})) == {"<&\u2028": "</script>"}


def test_rows_are_marked(rendered, row):
    cases = payload(
        Parsed(
            rendered(
                row("one", 1.0, 1e-3),
                row("told", 1e-6, 1e-17, oracle=True),
                row("slow", 2.0, 1e-3),
                *(row("shaky", s, 1e-5, repeat=k) for k, s in enumerate((1.0, 1.0, 9.0))),
            )
        )
    )["cases"]
    solvers = [cases["strings"][k] for k in cases["words"]["curve"]]
    marks = {
        s: [m for k, m in enumerate(data.MARKS) if bits >> k & 1]
        for s, bits in zip(solvers, cases["marks"], strict=True)
    }
    assert marks == {"one": [], "told": ["at reference floor", "oracle"], "slow": [], "shaky": ["front", "unstable"]}


def test_failures_are_grouped_by_status_and_reason_whatever_its_numbers(tmp_path, row):
    rows = [
        row("one", case_id=f"a{k}", problem_params={"k": k}, status="failed", reason=f"step 1e-{k} too small")
        for k in range(3)
    ]
    rows += [row("two", case_id="b", status="timeout", reason="more than 3 s"), row("three", case_id="c")]
    table = data.cases(odebench.load(make_run(tmp_path / "run", rows)))
    groups = overview.failures(table)
    assert [(g["status"], g["cases"], g["reason"], g["several"]) for g in groups] == [
        ("failed", 3, "step 1e-0 too small", True),
        ("timeout", 1, "more than 3 s", False),
    ]


def test_runs_that_differ_are_told_first(tmp_path, row):
    one = make_run(tmp_path / "a", [row(run_id="a")])
    two = make_run(tmp_path / "b", [row("two", run_id="b")], protocol={"repeats": 1, "threads": 4})
    parsed = Parsed(page.render(odebench.load(one, two)))
    assert "The runs differ in threads (1, 4)" in parsed.text
    assert "differ" not in Parsed(page.render(odebench.load(one))).text


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "There is no case in this run"),
        (
            [{"status": "failed", "reason": "no", "seconds": None, "error": None}],
            "The one case was not solved: failed.",
        ),
        ([{}], "The one case was solved."),
        ([{"error": math.inf, "seconds": 0.0, "status": "diverged"}], "The one case was not solved: diverged."),
    ],
)
def test_a_run_with_little_in_it_is_a_page_that_says_so(tmp_path, row, rows, said):
    made = [row(**{k: None if v == math.inf else v for k, v in fields.items()}) for fields in rows]
    assert said in Parsed(page.render(odebench.load(make_run(tmp_path / "run", made)))).text


def test_it_is_written_beside_the_run_and_never_over_what_is_not_its_own(tmp_path, row, monkeypatch):
    monkeypatch.chdir(tmp_path)
    one, two = make_run(tmp_path / "a", [row(run_id="a")]), make_run(tmp_path / "b", [row(run_id="b")])
    results = odebench.load(one)
    assert page.write(results) == one / "report.html"
    assert page.write(results) == one / "report.html"  # once more, over itself
    assert page.write(odebench.load(one, two)).resolve() == tmp_path / "report.html"
    (tmp_path / "diary.html").write_text("dear diary")
    with pytest.raises(OutputError, match="no page of odebench's"):
        page.write(results, tmp_path / "diary.html")
    assert (tmp_path / "diary.html").read_text() == "dear diary"
    with pytest.raises(OutputError, match="cannot write"):
        page.write(results, tmp_path / "nowhere" / "report.html")


def test_it_says_its_size(plain):
    size = float(re.search(r"This file is ([\d.]+) MiB", Parsed(plain).text)[1])
    assert size == pytest.approx(len(plain.encode()) / 2**20, abs=0.06)


@pytest.mark.absence
@pytest.mark.parametrize("missing", ["jinja2", "plotly"])
def test_a_missing_library_is_named_with_the_line_that_installs_it(tmp_path, row, missing):
    run = make_run(tmp_path / "run", [row()])
    script = (
        f"import sys\nsys.modules[{missing!r}] = None\nfrom odebench.cli import main\nmain(['report', {str(run)!r}])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"the page needs {missing}: pip install 'odebench[report]'" in done.stderr


def test_the_command_names_the_file(odebench, tmp_path, row):
    make_run(tmp_path / "results" / "r1", [row()])
    done = odebench("report")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "page         results/r1/report.html\n"
    assert odebench("report", "r1", "-o", "x.html").stdout == "page         x.html\n"
    assert "is not a directory" in odebench("report", "nothing").stderr


def test_some_cases_are_asked_for_and_the_others_counted(odebench, tmp_path, row):
    make_run(tmp_path / "results" / "r1", [row(), row("two"), row("three")])
    assert odebench("report", "r1", "-s", "one", "-s", "two").returncode == 0
    parsed = Parsed((tmp_path / "results" / "r1" / "report.html").read_text(encoding="utf-8"))
    assert "Shown are 2 of 3 cases, ranked among all 3." in parsed.text
    assert len(payload(parsed)["cases"]["marks"]) == 2
    assert odebench("report", "r1").returncode == 0
    parsed = Parsed((tmp_path / "results" / "r1" / "report.html").read_text(encoding="utf-8"))
    assert "Shown are" not in parsed.text
