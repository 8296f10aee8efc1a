// The page: what is chosen, in what colours, on what paper.
const mountOf = (view) => document.querySelector(`[data-view="${view}"]`);

/** The problem as mathematics; the MathML comes from odebench, which lets harmless elements alone through. */
function equations(problem) {
  if (!problem.mathml) return [missing("Its equations cannot be written here: the run did not record them, and no problem of this name that can be written out is installed.")];
  const box = el("div", { class: "equation", tabindex: "0", role: "group", "aria-label": "The equations" });
  box.append(document.importNode(new DOMParser().parseFromString(problem.mathml.replace("<math", '<math xmlns="http://www.w3.org/1998/Math/MathML"'), "application/xml").documentElement, true));
  return [box];
}

function problemView(mount) {
  const body = el("div", {});
  const draw = (k) => {
    const problem = DATA.problems[k], number = CASES.strings.indexOf(problem.label);
    const rows = [];
    for (let row = 0; row < N_CASES; row++) if (CASES.words.problem_label[row] === number) rows.push(row);
    forget(body);
    body.replaceChildren(el("h3", { class: "chosen" }, problem.label), ...equations(problem), solutionFigure(problem), workPrecision(problem.label, rows, problem.captions), errorFigure(problem));
  };
  mount.append(el("div", { class: "controls" }, choice("problem", DATA.problems.map((p, k) => [k, p.label]), 0, (k) => draw(Number(k)))), body);
  draw(0);
}

function theme() {
  const button = document.getElementById("theme"), order = ["system", "light", "dark"];
  const set = (name, keep) => {
    if (name === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = name;
    button.textContent = `Theme: ${name}`;
    button.dataset.name = name;
    try { if (keep) localStorage.setItem("odebench-theme", name); } catch { /* a page from a file may have no storage */ }
    if (keep) redrawAll();
  };
  let kept = null;
  try { kept = localStorage.getItem("odebench-theme"); } catch { /* see above */ }
  set(order.includes(kept) ? kept : "system", false);
  button.addEventListener("click", () => set(order[(order.indexOf(button.dataset.name) + 1) % 3], true));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawAll);
  const print = (now) => { if (now !== printing) { printing = now; for (const figure of FIGURES) now || figure.drawn ? figure.redraw() : null; } };
  matchMedia("print").addEventListener("change", (event) => print(event.matches));
  addEventListener("beforeprint", () => print(true));
  addEventListener("afterprint", () => print(false));
}

theme();
const VIEWS = { problem: problemView, solvers: solversView, training: trainingView, table: casesTable };
if (N_CASES) for (const [name, view] of Object.entries(VIEWS)) if (mountOf(name)) view(mountOf(name));
touched = performance.now();
document.documentElement.dataset.ready = "true";
