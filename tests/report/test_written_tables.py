"""Tables that people read: signs, and names that no style takes for its own."""

import csv
import io
import math
import re
import shutil
import subprocess

import numpy as np
import pytest
from helpers.optional import lazy
from helpers.plot_runs import results, sample

import odebench
from odebench.analysis import aggregate, changes
from odebench.errors import BadSelection
from odebench.journal import Run
from odebench.report import changes as changes_in_words
from odebench.report import columns, comparison, latex, tables

pd = lazy("pandas")
markdown_it = lazy("markdown_it")

ODD = [
    "a,b",
    'it\'s "so"',
    "two\nlines",
    "<b>&amp;</b><script>alert(1)</script>",
    "50% of $x_1$ \\ {} ~^# & more",
    "\\input{secret}",
    "[link](http://x.y)",
    "![i](j)",
    "*",
    "[1ex]",
    "_so_ **bold** `code` a_b",
    "a|b||c",
    "[red]markup[/red]",
    "\x1b[31mred",
    "-- and ''quotes'' ``",
    "é ü ß λ Ω ≤ 中",
    "=1+1",
]


def written(frame, style, **options):
    out = io.StringIO()
    tables.write(frame, style, out, **options)
    return out.getvalue()


def compared(*rows, tmp_path):
    run = Run.create(tmp_path / f"run{len(list(tmp_path.iterdir()))}", {})
    for one in rows:
        run.append(one)
    run.close()
    return odebench.load(run.directory).cases


# -- every name reads as itself -------------------------------------------------------------------------------------


def one_line(name):
    return " ".join("".join(sign if sign.isprintable() else " " for sign in name).split())


@pytest.mark.parametrize("name", ODD)
def test_csv_reads_back(name):
    frame = pd.DataFrame({"solver": [name, "other"], name: [0.1, math.inf]})
    back = list(csv.DictReader(io.StringIO(written(frame, "csv"))))
    assert [row["solver"] for row in back] == [name, "other"]
    assert [float(row[name]) for row in back] == [0.1, math.inf]


@pytest.mark.parametrize("name", ODD)
def test_markdown_reads_as_the_name_by_another_reader(name):
    frame = pd.DataFrame({name: [name, "other"], "n": [1, 2]})
    page = written(frame, "markdown", title=name, notes=[name])
    html = markdown_it.MarkdownIt("commonmark").enable("table").enable("strikethrough").render(page)
    cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", html)
    assert len(cells) == 6
    for shown in (cells[0], cells[2]):
        assert one_line(plain_of(shown)) == one_line(name)
    assert "<script" not in html
    assert "<a " not in html
    assert "<img" not in html


def plain_of(html):
    import html as entities

    assert "<" not in html, html  # nothing became emphasis, code or a link
    return entities.unescape(html)


def test_a_markdown_table_that_did_not_escape_would_be_found():
    page = "| a | n |\n| --- | --- |\n| _so_ **bold** | 1 |\n"
    (cell,) = re.findall(r"<td>(.*bold.*?)</td>", markdown_it.MarkdownIt("commonmark").enable("table").render(page))
    with pytest.raises(AssertionError):
        plain_of(cell)


@pytest.mark.parametrize("name", ODD)
def test_a_terminal_shows_the_name_and_obeys_nothing(name):
    shown = written(pd.DataFrame({name: [name], "n": [1]}), "rich", title=name, notes=[name])
    assert "\x1b" not in shown
    assert shown.count(one_line(name)) >= 4  # title, heading, cell and note


@pytest.fixture(scope="module")
def changed(tmp_path_factory):
    """Return the changes from one run to another in which a case fails for each odd reason, and the two runs."""
    same = [sample("same", 1.0, 1e-3, repeat=k) for k in range(3)]
    good = [sample(f"breaks{k}", 1.0, 1e-3) for k in range(len(ODD))]
    broken = [sample(f"breaks{k}", None, None, status="failed", reason=reason) for k, reason in enumerate(ODD)]
    directory = tmp_path_factory.mktemp("runs")
    before, after = (results(directory / name, [*rows, *same]) for name, rows in (("a", good), ("b", broken)))
    return after.since(before), [before.runs[0], after.runs[0]]


@pytest.fixture
def changes_written(changed):
    """What `odebench compare` writes of a case that has come to fail for a reason, and of one that has not changed."""

    def write(reason, style):
        table, runs = changed
        table = table[table["solver"].isin(["same", f"breaks{ODD.index(reason)}"])]
        out = io.StringIO()
        changes_in_words.write(table, changes.overall(table), style, runs, [reason], file=out)
        return out.getvalue()

    return write


@pytest.mark.parametrize("reason", ODD)
def test_reasons_read_as_themselves_where_runs_are_compared(changes_written, reason, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # so that nothing is wrapped
    shown = changes_written(reason, "rich")
    assert "\x1b" not in shown
    assert shown.count(one_line(reason)) >= 2  # a note and a remark


@pytest.mark.parametrize("reason", ODD)
def test_reasons_read_as_themselves_in_a_pull_request(changes_written, reason):
    page = (
        markdown_it.MarkdownIt("commonmark")
        .enable("table")
        .enable("strikethrough")
        .render(changes_written(reason, "markdown"))
    )
    cells = [plain_of(cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", page)]
    assert len(cells) == 12
    assert one_line(f"status changed: ok -> failed ({reason})") in cells
    assert "<details><summary>1 case without a change</summary>" in page
    assert not re.search("<script|<a |<img", page)


TEX = shutil.which("pdflatex")


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """Compile a page of tables, with errors as errors."""

    def compile_(body):
        folder = tmp_path_factory.mktemp("tex")
        preamble = "\\documentclass{article}\n\\usepackage{booktabs}\n\\begin{document}\n"
        (folder / "page.tex").write_text(f"{preamble}{body}\n\\end{{document}}\n", encoding="utf-8")
        command = ["pdflatex", "-halt-on-error", "-interaction=nonstopmode", "-no-shell-escape", "page.tex"]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        return done.returncode, done.stdout.decode(errors="replace")

    return compile_


def odd_page():
    frame = pd.DataFrame({"name": ODD, **{name: [1e-3] * len(ODD) for name in ODD[:4]}})
    kept = frame.assign(wall_s=[1e-6] * len(ODD), error=[math.nan, math.inf, *[1e-9] * (len(ODD) - 2)])
    return written(kept, "latex", title=" ".join(ODD), notes=ODD)


@pytest.mark.skipif(TEX is None, reason="no TeX here")
def test_latex_compiles_with_any_name(compiled):
    status, said = compiled(odd_page())
    assert status == 0, said[-3000:]
    assert "secret" not in re.findall(r"File `(.*?)' not found", said)
    for planted in ((r"\_", "_"), ("{}[1ex]", "["), (r"\textbackslash{}input\{", "\\input{")):
        status, _ = compiled(odd_page().replace(*planted, 1))
        assert status != 0  # a sign that is not escaped would be found


def structure(page):
    """What strict reading finds wrong: groups and environments that do not close, signs that mean something."""
    bare = re.sub(r"\\[a-zA-Z]+|\\[^a-zA-Z]", " ", re.sub(r"(?m)^%.*$", "", page))
    wrong = [] if bare.count("{") == bare.count("}") else ["groups"]
    wrong += [] if page.count(r"\begin{") == page.count(r"\end{") else ["environments"]
    words = re.sub(r"\$[^$]*\$", "", bare)
    wrong += sorted(set(re.findall(r"[$#%^_~]", words)))
    rows = [line for line in page.splitlines() if line.endswith(r"\\")]
    ampersands = {len(re.findall(r"(?<!\\)&", line)) for line in rows}
    return wrong + (["columns"] if len(ampersands) > 1 else [])


def test_latex_is_balanced_and_escaped():
    assert structure(odd_page()) == []
    for planted, found in ((("\\& more &", "& more &"), "columns"), (("\\_", "_"), "_"), (("\\{", "{"), "groups")):
        assert found in structure(odd_page().replace(*planted, 1))
    assert r"\input" not in odd_page()


@pytest.mark.parametrize(
    ("shown", "tex"),
    [
        ("2.83e-07", r"$2.83 \times 10^{-7}$"),
        ("≤ 3.0e-16", r"$\leq 3.0 \times 10^{-16}$"),
        ("581 µs", r"$581$\,$\mu$s"),
        ("12.3x", r"$12.3\times$"),
        ("∞", r"$\infty$"),
        ("", ""),
        ("5", "$5$"),
    ],
)
def test_numbers_in_latex_are_mathematics(shown, tex):
    assert latex.number(shown) == tex


# -- signs ----------------------------------------------------------------------------------------------------------


def marked(*marks):
    column = columns.Column("name", "name", lambda row: row["name"], numeric=False, marks=lambda row: row["marks"])
    return tables.Table(pd.DataFrame({"name": ["a", "b", "c"], "marks": list(marks)}), [column])


@pytest.mark.parametrize("style", ["rich", "markdown", "latex"])
def test_a_footnote_is_a_sign_and_a_sentence_said_once(style):
    page = written([marked(["one"], ["two", "one"], []), marked([], ["three"], [])], style)
    if style == "latex":
        signs = [r"\textsuperscript{$\dagger$}", r"\textsuperscript{$\ddagger$}", r"\textsuperscript{\S{}}"]
        said = [r"$\dagger$ one", r"$\ddagger$ two", r"\S{} three"]
    else:
        signs, said = "†‡§", ["† one", "‡ two", "§ three"]
    assert f"a{signs[0]}" in page
    assert f"b{signs[1]}{signs[0]}" in page
    assert f"b{signs[2]}" in page
    assert [page.count(sentence) for sentence in said] == [1, 1, 1]
    assert f"c{signs[0]}" not in page


def test_there_are_always_more_signs():
    many = [marked([f"note {k}"], [], []) for k in range(12)]
    signs = tables.signed(many)
    assert len(set(signs.values())) == 12
    assert list(signs.values())[5:7] == ["††", "‡‡"]
    page = written(many, "rich")
    assert all(f"{sign} {note}" in page for note, sign in signs.items())


# -- the comparison -------------------------------------------------------------------------------------------------


@pytest.fixture
def cases(tmp_path, row):
    rows = [row("scattered", 1.0 + 0.4 * (k % 2), 1e-3, repeat=k, rhs_calls=20) for k in range(6)]
    rows += [row("steady", 2.0 + 0.001 * k, 1e-6, repeat=k, rhs_calls=100) for k in range(6)]
    rows += [row("told", 1e-6, 0.0, oracle=True), row("broken", None, None, status="failed", reason="a | b")]
    return compared(*rows, tmp_path=tmp_path)


def shown(cases, style, **options):
    out = io.StringIO()
    comparison.write([cases], style, out, **options)
    return out.getvalue()


def rows_of(page):
    return [[c.strip() for c in re.split(r"(?<!\\)\|", line)[1:-1]] for line in page.splitlines() if line[:1] == "|"][
        2:
    ]


def test_the_comparison_has_digits_signs_and_remarks(cases):
    assert rows_of(shown(cases, "markdown")) == [
        ["told†", "≤ 1.00e-16", "1.0 µs", "", "", "1", ""],
        ["steady", "1.00e-06", "2.00 s", "1.00x", "", "6", "front"],
        ["scattered", "1.00e-03", "1.2 s‡", "1.0x", "", "6", "front"],
        ["broken", "", "", "", "", "1", "failed: a \\| b"],
    ]
    assert "† oracle: is told" in shown(cases, "rich")
    assert "‡ unstable: its times scatter." in shown(cases, "markdown")


def test_columns_and_order_can_be_chosen(cases):
    page = shown(cases, "markdown", columns=["solver,rhs-calls", "max_abs_error_median"], sort=["-rhs_calls"])
    assert [row[:2] for row in rows_of(page)] == [
        ["steady", "100"],
        ["scattered", "20"],
        ["told†", ""],
        ["broken", ""],
    ]
    back = list(csv.DictReader(io.StringIO(shown(cases, "csv", columns=["solver", "time"], sort=["-time"]))))
    assert [row["solver"] for row in back] == ["steady", "scattered", "told", "broken"]
    assert float(back[0]["wall_s_median"]) == cases.set_index("solver").loc["steady", "wall_s_median"]


def test_ties_are_ordered_by_the_next_column(cases):
    frame = pd.DataFrame({"a": [1, 2, 1, 2], "b": [1.0, 2.0, math.nan, 4.0]})
    ordered = columns.ordered(frame, ["-a,-b"], columns.of(frame))
    assert ordered["b"].tolist()[:3] == [4.0, 2.0, 1.0]
    assert math.isnan(ordered["b"].tolist()[3])


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("solvr", "no column 'solvr'. Did you mean 'solver'"),
        ("rhs_cals", "Did you mean 'rhs_calls' or"),
        ("zzz", "Known: first-call, max-error"),
        ("", "no column ''"),
    ],
)
def test_an_unknown_column_is_refused_with_the_nearest(cases, word, said):
    for options in ({"columns": [word]}, {"sort": [f"-{word}"]}):
        with pytest.raises(BadSelection) as refused:
            shown(cases, "markdown", **options)
        assert said in str(refused.value) or said.startswith("Known")
        assert "no column" in str(refused.value)


@pytest.mark.parametrize("style", tables.STYLES)
def test_empty_failed_and_single_rows_and_infinities_are_tables(style, tmp_path, row):
    empty = shown(compared(tmp_path=tmp_path), style)
    assert empty.splitlines() == [",".join(aggregate.COLUMNS)] if style == "csv" else "no samples" in empty
    failed = shown(compared(row("a", None, None, status="failed", reason="why"), tmp_path=tmp_path), style)
    assert "why" in failed
    single = compared(row("one"), tmp_path=tmp_path)
    assert "one" in shown(single, style)
    endless = shown(single.assign(wall_s_median=np.inf, max_abs_error_median=-np.inf, first_s=np.nan), style)
    assert {"csv": "-inf", "latex": r"$-\infty$"}.get(style, "-∞") in endless
    for page in (empty, failed, endless):
        assert not re.search(r"\bnan\b|None", page, re.IGNORECASE)


@pytest.mark.parametrize("style", ["rich", "markdown", "latex"])
def test_a_frame_of_anything_is_shown(style):
    frame = pd.DataFrame(
        {
            "wall_s": [1e-3, math.nan],
            "max_rel_error": [1e-3, math.inf],
            "speedup": [2.0, math.nan],
            "peak_rss_mb": [12.0, 13.75],
            "steps": pd.array([3, None], dtype="Int64"),
            "ok": [True, False],
            "maybe": [True, None],
            "who": ["x", None],
        }
    )
    page = written(frame, style, title="anything")
    assert "(MiB)" in page
    assert not re.search(r"\bnan\b|None", page)
    assert "13.8" in page
    assert "yes" in page


def test_the_command_sorts_chooses_and_writes_latex(odebench, cases, tmp_path):
    (run,) = (path.name for path in tmp_path.iterdir() if path.name.startswith("run"))
    done = odebench("table", run, "--format", "latex", "--columns", "solver,time", "--sort", "-time")
    assert done.returncode == 0, done.stderr
    assert done.stdout.index("steady") < done.stdout.index("scattered") < done.stdout.index("told")
    assert r"\toprule" in done.stdout
    refused = odebench("table", run, "--sort", "tme")
    assert refused.returncode == 2
    assert "Did you mean 'time'" in refused.stderr
    some = odebench("table", run, "-s", "st*", "--format", "markdown")
    assert "Shown are 1 of 4 cases, ranked among all 4." in some.stdout


def test_very_many_cases_are_cut_short_in_a_terminal_only(tmp_path, row):
    rows = [row("one", problem_params={"rate": float(k)}, case_id=str(k)) for k in range(30)]
    cases = compared(*rows, tmp_path=tmp_path)
    out = io.StringIO()
    comparison.write([cases], "rich", out, most=10)
    assert "... and 20 more cases: see comparison.csv." in out.getvalue()
    assert "more cases" not in shown(cases, "markdown")
