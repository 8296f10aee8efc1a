// All cases: filtered, sorted, a page at a time.
const PER_PAGE = 50;
const FIRST_SHOWN = [ERROR, TIME, "slowdown_vs_best_at_this_error", "rhs_calls"];

/** The cases, the most accurate of each problem first, and of as accurate ones the fastest. */
function inOrder() {
  const of = (key, row) => value(key, row) ?? Infinity;
  const before = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  const number = new Map([...new Set(CASES.words.problem_label)].map((problem, k) => [problem, k]));
  const place = CASES.words.problem_label.map((problem) => number.get(problem));
  return CASES.marks.map((_, row) => row).sort((a, b) => place[a] - place[b] || before(of(ERROR, a), of(ERROR, b)) || before(of(TIME, a), of(TIME, b)) || a - b);
}

function casesTable(mount) {
  const known = Object.entries(DATA.tags).map(([column, of]) => [column, new Map(Object.entries(of))]);
  const tags = [...new Set(known.flatMap(([, of]) => [...of.values()].flat()))].sort();
  const tagged = (row, tag) => known.some(([column, of]) => of.get(word(column, row))?.includes(tag));
  const shown = new Set(FIRST_SHOWN.filter((key) => COLUMN.has(key)));
  const state = { text: "", problem: "", curve: "", status: "", tag: "", mark: "", sort: null, down: false, page: 0 };
  const everything = inOrder();
  const searched = CASES.marks.map((_, row) => row).map((row) => `${word("problem_label", row)} ${word("label", row)} ${word("reason", row)}`.toLowerCase());
  let found = everything;

  const status = el("p", { role: "status", class: "shown" });
  const table = el("table", { id: "cases" });
  const update = (change) => { Object.assign(state, { page: 0 }, change); look(); };
  const distinct = (name) => [...new Set(CASES.words[name].map((k) => CASES.strings[k]))].map((v) => [v, v]);
  const previous = el("button", { type: "button", onclick: () => { state.page--; draw(); } }, "Previous page");
  const next = el("button", { type: "button", onclick: () => { state.page++; draw(); } }, "Next page");
  const search = el("input", { type: "search", oninput: () => update({ text: search.value.toLowerCase() }) });
  const controls = el("div", { class: "controls" },
    labelled("contains", search),
    choice("problem", [["", "all"], ...distinct("problem_label")], "", (problem) => update({ problem })),
    choice("solver", [["", "all"], ...distinct("curve")], "", (curve) => update({ curve })),
    choice("status", [["", "all"], ...distinct("status")], "", (s) => update({ status: s })),
    ...(tags.length ? [choice("tag", [["", "all"], ...tags.map((tag) => [tag, tag])], "", (tag) => update({ tag }))] : []),
    choice("marked", [["", "all"], ...DATA.markNames.map((m) => [m, m])], "", (mark) => update({ mark })));
  const picker = el("details", {}, el("summary", {}, "Columns"), el("div", { class: "controls" }, DATA.columns.map(({ key, title }) => {
    const box = el("input", { type: "checkbox", checked: shown.has(key), onchange: () => { box.checked ? shown.add(key) : shown.delete(key); draw(); } });
    return el("label", { class: "check" }, box, title);
  })));
  const clear = el("button", { type: "button", onclick: () => {
    for (const field of controls.querySelectorAll("select, input")) field.value = "";
    update({ text: "", problem: "", curve: "", status: "", tag: "", mark: "", sort: null, down: false });
  } }, "Show all");
  controls.append(clear);
  const download = el("button", { type: "button", onclick: () => save("cases.csv", csv([header().map(([key]) => key), ...found.map(cells)])) }, "Download these cases (CSV)");

  const header = () => [["problem_label", "problem"], ["label", "solver"], ...DATA.columns.map((c) => [c.key, c.title]), ["samples", "samples"], ["status", "status"], ["reason", "reason"], ["marks", "marks"]];
  const cells = (row) => header().map(([key]) => (key === "samples" ? CASES.samples[row] : key === "marks" ? marksOf(row).join("; ") : key in CASES.words ? word(key, row) : value(key, row)));
  const heads = () => {
    const numbers = [...DATA.columns.filter((c) => shown.has(c.key)).map((c) => [c.key, c.title, "number"]), ["samples", "samples", "number"]];
    const first = numbers.filter(([key]) => key === ERROR || key === TIME);
    return [["problem_label", "problem"], ["label", "solver"], ...first, ["status", "remarks"], ...numbers.filter((head) => !first.includes(head))];
  };

  function look() {
    const { text, problem, curve, mark } = state;
    found = everything.filter((row) => (!text || searched[row].includes(text)) && (!problem || word("problem_label", row) === problem) &&
      (!curve || word("curve", row) === curve) && (!state.status || word("status", row) === state.status) && (!state.tag || tagged(row, state.tag)) && (!mark || marked(row, mark)));
    if (state.sort !== null) {
      const key = state.sort, sign = state.down ? -1 : 1;
      const of = key === "samples" ? (row) => CASES.samples[row] : key in CASES.words ? (row) => word(key, row) : (row) => value(key, row);
      const keyed = found.map((row) => [of(row), row]);
      keyed.sort(([a, i], [b, j]) => (a === null || b === null ? (a === null) - (b === null) : sign * (a < b ? -1 : a > b ? 1 : 0)) || i - j);
      found = keyed.map(([, row]) => row);
    }
    draw();
  }

  function draw() {
    const pages = Math.max(1, Math.ceil(found.length / PER_PAGE));
    state.page = Math.min(Math.max(state.page, 0), pages - 1);
    const first = state.page * PER_PAGE, rows = found.slice(first, first + PER_PAGE);
    const of = found.length === N_CASES ? "" : `, of ${N_CASES.toLocaleString("en")} in all`;
    status.textContent = found.length ? `Cases ${first + 1} to ${first + rows.length} of ${found.length.toLocaleString("en")}${of}.` : `No case is like this${of}.`;
    previous.disabled = state.page === 0;
    next.disabled = state.page === pages - 1;
    const focused = document.activeElement?.dataset?.key;
    table.replaceChildren(
      el("thead", {}, el("tr", {}, heads().map(([key, title, kind]) => el("th", { scope: "col", class: kind, "aria-sort": state.sort === key ? (state.down ? "descending" : "ascending") : null },
        el("button", { type: "button", "data-key": key, onclick: () => update({ sort: key, down: state.sort === key && !state.down }) }, title))))),
      el("tbody", {}, rows.map((row) => el("tr", {}, heads().map(([key]) => cell(key, row))))));
    if (focused) table.querySelector(`button[data-key="${CSS.escape(focused)}"]`)?.focus();
  }

  function cell(key, row) {
    if (key === "samples") return el("td", { class: "number" }, String(CASES.samples[row]));
    if (key === "status") {
      const reason = word("reason", row), ok = word("status", row) === "ok";
      return el("td", { class: "words" }, marksOf(row).map((mark) => el("span", { class: `mark ${mark.replace(/ /g, "-")}` }, mark)),
        ok ? null : el("span", { class: "status" }, word("status", row) + (reason ? ": " : "")), reason || null);
    }
    if (key in CASES.words) return el("td", { class: "name" }, word(key, row));
    const floor = key === ERROR && marked(row, "at reference floor") ? "≤ " : "";
    return el("td", { class: "number" }, floor + written(value(key, row), COLUMN.get(key).kind));
  }

  mount.append(controls, picker, el("div", { class: "wide", tabindex: "0", role: "region", "aria-label": "The table of cases" }, table), status,
    el("div", { class: "controls pager" }, previous, next, download));
  look();
}
